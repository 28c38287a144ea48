"""Queues held jobs while their list is short, round robin over tenants; ends jobs past their deadline or too old.

Pictures of batches have a line of their own, kept as long as the workers that stay can take at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.recording import halving
from gateway.recording.recorder import Recorder
from gateway.recording.transitions import fact
from gateway.rules.admission import SHORT_LIST, Limits, promote
from gateway.rules.batches import spare_room
from gateway.settings import LimitSettings
from proteus.errors import TooOld
from proteus.jobs import EventKind
from proteus.keys import JOBS, TAILOR
from proteus.queue import AnyQueue
from proteus.registry import WorkerState
from proteus.stages import kinds_on

LOCK: Final = "proteus:promote"
OVERDUE_LIMIT: Final = 200

GRACE: Final = timedelta(seconds=30)
"""A queue's own decision on a job's age comes first."""


class Promoter:
    """Moves held jobs into their queues, and ends those held or queued for too long.

    One gateway at a time promotes.
    """

    def __init__(
        self,
        ledger: Ledger,
        queues: Mapping[str, AnyQueue],
        recorder: Recorder,
        fleet: FleetWatch,
        *,
        limits: LimitSettings,
    ) -> None:
        self._ledger = ledger
        self._queues = queues
        self._limits = limits
        self._recorder = recorder
        self._fleet = fleet
        self._last: dict[str, str] = {}

    async def promote(self) -> int:
        """Fill both lists up to their short lengths; return how many moved in."""
        limits = self._fleet.limits
        async with self._ledger.lock(LOCK) as ours:
            if not ours:
                return 0
            pictures = await self._fill(JOBS, limits, engines=self._fleet.servable or ()) + await self._spare()
            preparations = await self._fill(
                TAILOR, replace(limits, held_below=SHORT_LIST), engines=[kind.value for kind in kinds_on(TAILOR)]
            )
        return pictures + preparations

    async def _fill(self, name: str, limits: Limits, *, engines: Collection[str]) -> int:
        async with self._ledger.read() as reads:
            held = await reads.backlog.held(per_tenant=limits.held_below, engines=engines, kinds=kinds_on(name))
            if not held:
                return 0
            lines: dict[str, list[str]] = {}
            for tenant, job_id, _ in held:
                lines.setdefault(tenant, []).append(job_id)
            waiting = (await self._queues[name].stats()).waiting
            turns = promote(
                {tenant: len(ids) for tenant, ids in lines.items()},
                waiting=waiting,
                limits=limits,
                last=self._last.get(name),
            )
            chosen = [lines[tenant].pop(0) for tenant in turns]
            rows = await reads.jobs.by_ids(chosen)
        if turns:
            self._last[name] = turns[-1]
        now = datetime.now(UTC)
        facts = [fact(rows[job_id], EventKind.PROMOTED, now=now) for job_id in chosen if job_id in rows]
        return len(await halving.each(self._recorder.settle, facts))

    async def _spare(self) -> int:
        """Put pictures of batches into their line, for workers that find nothing else; return how many."""
        view = self._fleet.view
        ready = [card for card in view.weavers if card.state is WorkerState.READY]
        if self._fleet.servable is None or not ready:
            return 0
        stats = await self._queues[JOBS].stats()
        room = spare_room(
            ready=len(ready),
            wanted=view.wanted_weavers,
            slots=view.batch_limit,
            waiting=stats.spare_waiting,
        )
        if not room:
            return 0
        offered = {name for card in ready for name in card.engines}
        async with self._ledger.read() as reads:
            rows = await reads.backlog.spare(limit=room, engines=offered)
        now = datetime.now(UTC)
        facts = [fact(row, EventKind.PROMOTED, now=now) for row in rows]
        return len(await halving.each(self._recorder.settle, facts))

    async def expire(self) -> int:
        """End jobs that wait outside the queues and can no longer be in time; return how many."""
        now = datetime.now(UTC)
        async with self._ledger.read() as reads:
            overdue = await reads.backlog.overdue(now, limit=OVERDUE_LIMIT)
        ended = [fact(row, EventKind.EXPIRED, now=now) for row in overdue]
        return len(await halving.each(self._recorder.settle, ended))

    async def expire_old(self, *, now: datetime | None = None) -> int:
        """End jobs that are too old; return how many.

        A queue ends its own old jobs and emits an event; this is for held jobs, and for those that a queue lost.
        """
        now = now or datetime.now(UTC)
        async with self._ledger.read() as reads:
            old = await reads.backlog.too_old(
                waiting_before=now - timedelta(seconds=self._limits.job_age_seconds) - GRACE,
                held_before=now - timedelta(seconds=self._limits.held_age_seconds),
                limit=OVERDUE_LIMIT,
            )
        facts = [fact(row, EventKind.EXPIRED, now=now, code=TooOld.code) for row in old]
        ended = {event.job_id for event in await halving.each(self._recorder.settle, facts)}
        for name, queue in self._queues.items():
            if own := [row.id for row in old if row.id in ended and row.kind.queue == name]:
                await queue.cancel(*own)
        return len(ended)
