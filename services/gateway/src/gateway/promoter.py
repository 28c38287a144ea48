"""Held work moves in while the list is short, round robin over tenants; held work past its deadline ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gateway.admission import promote
from gateway.fleet import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.recorder import Recorder
from gateway.settling import PROMOTED, fact
from proteus.keys import JOBS
from proteus.queue import AnyQueue

LOCK: Final = "proteus:promote"
OVERDUE_LIMIT: Final = 200


class Promoter:
    """Lets held pictures into the queue. One gateway at a time does it."""

    def __init__(self, ledger: Ledger, queues: Mapping[str, AnyQueue], recorder: Recorder, fleet: FleetWatch) -> None:
        self._ledger = ledger
        self._queue = queues[JOBS]
        self._recorder = recorder
        self._fleet = fleet
        self._last: str | None = None

    async def promote(self) -> int:
        """Fill the list up to its short length; return how many moved in."""
        limits = self._fleet.limits
        async with self._ledger.lock(LOCK) as ours:
            if not ours:
                return 0
            async with self._ledger.read() as reads:
                held = await reads.held(per_tenant=limits.held_below)
                if not held:
                    return 0
                lines: dict[str, list[str]] = {}
                for tenant, job_id, _ in held:
                    lines.setdefault(tenant, []).append(job_id)
                waiting = (await self._queue.stats()).waiting
                turns = promote(
                    {tenant: len(ids) for tenant, ids in lines.items()},
                    waiting=waiting,
                    limits=limits,
                    last=self._last,
                )
                chosen = [lines[tenant].pop(0) for tenant in turns]
                rows = await reads.jobs(chosen)
            if turns:
                self._last = turns[-1]
            now = datetime.now(UTC)
            await self._recorder.settle([fact(rows[job_id], PROMOTED, now=now) for job_id in chosen if job_id in rows])
        return len(chosen)

    async def expire(self) -> int:
        """End what waits outside the queues and can no longer be in time; return how many."""
        now = datetime.now(UTC)
        async with self._ledger.read() as reads:
            overdue = await reads.overdue(now, limit=OVERDUE_LIMIT)
        if overdue:
            await self._recorder.settle([fact(row, "expired", now=now) for row in overdue])
        return len(overdue)
