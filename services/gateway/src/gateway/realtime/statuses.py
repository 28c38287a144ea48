"""A job's status: its state from the ledger, position and progress from the queue, and the estimate.

While Redis is away the answer lacks position and progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import structlog
from redis.exceptions import RedisError

from gateway.accounts.keeping import Keeping
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.ledger.jobs import JobRow
from gateway.ledger.tryons import TryonRow
from gateway.realtime.relay import Relay
from gateway.rules.outfits import position_of
from gateway.status.models import EtaBody, ProgressBody, StatusBody
from gateway.status.views import AddressOf, ClientView, status_of, view_of_tailor_job, view_of_tryon
from proteus.engines import CARDS
from proteus.errors import NotFound
from proteus.events import ClientEvent
from proteus.jobs import OUTSIDE, JobState, Stage, UserId
from proteus.queue import AnyQueue, JobView

log = structlog.get_logger()

RECHECK_SECONDS: Final = 10.0
"""A waiting client's status is read again at least this often."""


class Statuses:
    """Composes the statuses of jobs."""

    def __init__(
        self,
        ledger: Ledger,
        queues: Mapping[str, AnyQueue],
        fleet: FleetWatch,
        relay: Relay,
        *,
        address_of: AddressOf,
        keeping: Keeping,
        stopping: asyncio.Event,
    ) -> None:
        self._ledger = ledger
        self._queues = queues
        self._fleet = fleet
        self._relay = relay
        self._address_of = address_of
        self._keeping = keeping
        self._stopping = stopping

    async def of(self, user_id: UserId, job_id: str) -> StatusBody:
        """Return the status of a try-on (by job, unit or VTON id) or of a tailor job.

        Raises:
            NotFound: The user has no such job.
        """
        async with self._ledger.read() as reads:
            if job_id.startswith("seg_"):
                row = await reads.jobs.tailor_job(job_id, user_id=user_id)
                if row is None:
                    raise NotFound(f"There is no job {job_id[:80]!r} of yours.")
                return await self._tailor(row)
            entry = await reads.tryons.find(job_id.partition(":")[0], user_id=user_id)
            if entry is None:
                raise NotFound(f"There is no job {job_id[:80]!r} of yours.")
            units = (await reads.jobs.units_of([entry.id])).get(entry.id, [])
        return await self.of_tryon(entry, units)

    async def of_tryon(self, entry: TryonRow, units: Sequence[JobRow]) -> StatusBody:
        """Return the status of a try-on whose rows are at hand."""
        if not units:
            return status_of(entry, None, units=units)
        ends_at = self._keeping.until(units[0].tenant, entry.created_at, at_most=entry.expires_at)
        entry = replace(entry, expires_at=ends_at)
        looks = await self._look(units)
        seen = view_of_tryon([_overlaid(unit, looks.get(unit.id)) for unit in units])
        queued = [look for look in looks.values() if look and look.position is not None]
        last = max(queued, key=_place, default=None) if seen.status is JobState.QUEUED else None
        return status_of(
            entry,
            seen,
            units=units,
            position=last.position if last else None,
            eta=self._eta(entry, seen, last, list(looks.values()), behind=_behind(units)),
            progress=_progress_of(units, looks.values()) if seen.status is JobState.RUNNING else None,
        )

    async def within(self, user_id: UserId, job_id: str, *, seconds: float) -> StatusBody:
        """Return the status as soon as the job has ended, or after so many seconds."""
        if seconds <= 0:
            return await self.of(user_id, job_id)
        news = asyncio.Event()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds

        async def deliver(event: ClientEvent) -> None:
            if event.kind == "job":
                news.set()

        subscriber = await self._relay.subscribe(user_id, None, deliver)
        try:
            while True:
                news.clear()
                status = await self.of(user_id, job_id)
                left = deadline - loop.time()
                if status.ended or status.status == "draft" or left <= 0 or self._stopping.is_set():
                    return status
                await _first(news, self._stopping, seconds=min(left, RECHECK_SECONDS))
        finally:
            self._relay.unsubscribe(subscriber)

    async def _tailor(self, row: JobRow) -> StatusBody:
        look = (await self._look([row])).get(row.id)
        seen = view_of_tailor_job(_overlaid(row, look), self._address_of)
        position = look.position if look and seen.status is JobState.QUEUED else None
        return status_of(row, seen, units=[row], position=position)

    async def _look(self, rows: Sequence[JobRow]) -> dict[str, JobView | None]:
        ids = [row.id for row in rows if not row.terminal and row.stage not in OUTSIDE]
        if not ids:
            return {}
        try:
            views = await self._queues[rows[0].kind.queue].look(*ids)
        except (RedisError, OSError) as error:
            log.warning("status_without_redis", error=str(error))
            return {}
        return dict(zip(ids, views, strict=True))

    def _eta(
        self,
        entry: TryonRow,
        seen: ClientView,
        last: JobView | None,
        looks: Sequence[JobView | None],
        *,
        behind: int,
    ) -> EtaBody | None:
        if seen.status.terminal or entry.options["engine"] not in CARDS:
            return None
        engine, quality = entry.options["engine"], entry.options["quality"]
        if seen.status is JobState.RUNNING:
            pace = self._fleet.fleet(engine, quality).pace
            done = _progress(looks)
            share = behind + (1.0 - done.step / done.steps if done else 1.0)
            return EtaBody.of(pace.batch_seconds * share, pace.batch_seconds * max(share, 0.25) * 1.5)
        if any(look and look.parked for look in looks):
            return None  # It is unknown when a worker will offer its engine.
        if last is None:
            ahead = self._fleet.waiting_for(engine)
        else:
            ahead = (last.position if self._fleet.shares_workers(engine) else last.position_of_engine) or 0
        promise = self._fleet.eta(engine, quality, ahead=ahead)
        more = behind * self._fleet.fleet(engine, quality).pace.batch_seconds if behind else 0.0
        return EtaBody.of(promise.p50_seconds + more, promise.p90_seconds + 1.5 * more)


def _place(look: JobView) -> int:
    return look.position or 0


def _overlaid(row: JobRow, look: JobView | None) -> JobRow:
    """The row as it will be once the recorder has caught up with a claim."""
    if look is None or row.terminal or look.token < row.token:
        return row
    if look.state is JobState.RUNNING:
        return replace(row, state=JobState.RUNNING, stage=look.stage or Stage.FETCHING)
    return row


def _behind(units: Sequence[JobRow]) -> int:
    """Return how many pictures of an outfit come after the one that is next; of other try-ons none does."""
    if not position_of(units[0].variant):
        return 0
    return max(0, sum(not unit.terminal for unit in units) - 1)


def _progress_of(units: Sequence[JobRow], looks: Iterable[JobView | None]) -> ProgressBody | None:
    """Return the progress of a try-on; of an outfit over all its pictures, which are made one after the other."""
    now = _progress(looks)
    if now is None or not position_of(units[0].variant):
        return now
    done = sum(unit.state is JobState.COMPLETED for unit in units)
    return ProgressBody(step=done * now.steps + now.step, steps=len(units) * now.steps)


def _progress(looks: Iterable[JobView | None]) -> ProgressBody | None:
    running = [look for look in looks if look and look.state is JobState.RUNNING and look.steps]
    if not running:
        return None
    least = min(running, key=lambda look: look.step / look.steps)
    return ProgressBody(step=least.step, steps=least.steps)


async def _first(*events: asyncio.Event, seconds: float) -> None:
    """Wait until any of the events is set, at most so long."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
