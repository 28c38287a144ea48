"""The jobs of one session: those inside it, and those that wait outside, new or parked with all that was done for them.

    left = inside + outside        outside: not admitted yet, or taken out because the memory ran out

When the memory runs out, the later half is parked; whenever there is room again, the first ones outside come in. A
session that yields parks all of them: a later one begins with them where they stood. Jobs that join come between two
steps, and begin with their own first one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from proteus.errors import OutOfMemory
from proteus.jobs import JobId
from proteus.queue import Claimed
from proteus.worker.claims import Gone
from weaver.pipelines.contract import Finished, Session, WeaveJob


@dataclass(kw_only=True)
class BatchItem:
    """One job in the engine runner. `engine_seconds` grows by its share of every step.

    Attributes:
        parked: What `Session.park` returned when it made way; None: its next session begins with its first step.
    """

    job: Claimed
    inputs: WeaveJob
    fetch_seconds: float = 0.0
    engine_seconds: float = 0.0
    outcome: Finished | Gone | Exception | None = field(default=None, repr=False)
    parked: object = field(default=None, repr=False)


Emit = Callable[[Sequence[BatchItem]], None]
"""Called after each step with the batch items whose outcome is known."""


@dataclass
class Joiners:
    """Batch items that were claimed to join a session, until a step's end with room for them.

    Attributes:
        limit: Most pictures in the session.
        closed: None joins any more: the batch was split, to find the picture that breaks it.
    """

    items: list[BatchItem] = field(default_factory=list)
    limit: int = 0
    closed: bool = False

    def take(self, inside: int) -> list[BatchItem]:
        """Take out as many as there is room for beside those inside; into an empty session one at least."""
        count = 0 if self.closed else max(self.limit - inside, 0 if inside else 1)
        taken, self.items = self.items[:count], self.items[count:]
        return taken


@dataclass(frozen=True)
class SessionParts:
    """Whom a session tells what, and who may stop, disturb or join it."""

    emit: Emit
    stop: asyncio.Event
    make_way: asyncio.Event
    joiners: Joiners


class OpenBatch:
    """One session's jobs.

    Args:
        session: Open and empty; called in the engines' thread only.
        left: The jobs without an outcome; the owner takes out those that get one.
        in_thread: Runs a call in the engines' thread.
        emit: Receives the jobs that cannot be woven.
    """

    def __init__(
        self,
        session: Session,
        left: dict[JobId, BatchItem],
        *,
        in_thread: Callable[[Callable[[], Any]], Awaitable[Any]],
        emit: Emit,
    ) -> None:
        self.left = left
        self._session = session
        self._in_thread = in_thread
        self._emit = emit
        self._limit: int | None = None
        """As many as fit; None: nobody was too many yet."""
        self._outside = {job_id: item.parked for job_id, item in left.items()}
        """With what `Session.park` returned; None: never admitted."""
        for item in left.values():  # Spent: after an error the job begins anew.
            item.parked = None

    @property
    def inside(self) -> dict[JobId, BatchItem]:
        """The jobs that the next step advances."""
        return {job_id: item for job_id, item in self.left.items() if job_id not in self._outside}

    def join(self, item: BatchItem) -> None:
        """Add a job; `fill` lets it in."""
        self.left[item.job.id] = item
        self._outside[item.job.id] = None

    async def evict(self, job_ids: Sequence[JobId]) -> None:
        """Take jobs out that are not in `left` any more."""
        if not job_ids:
            return
        inside = [job_id for job_id in job_ids if job_id not in self._outside]
        self._outside = {job_id: parked for job_id, parked in self._outside.items() if job_id not in job_ids}
        await self._in_thread(partial(self._evict, inside))

    def take_not_started(self) -> list[BatchItem]:
        """Take out the jobs for which no step is done, unless those are all: another worker may do them."""
        waiting = [job_id for job_id in self._outside if not self.left[job_id].engine_seconds]
        if not waiting or not self.inside:
            return []
        for job_id in waiting:
            del self._outside[job_id]
        return [self.left.pop(job_id) for job_id in waiting]

    async def make_way(self) -> list[BatchItem]:
        """Take all jobs out, parked with all that was done for them; return them."""
        self._outside |= await self._in_thread(partial(self._park, list(self.inside)))
        items = list(self.left.values())
        for item in items:
            item.parked = self._outside[item.job.id]
        self.left.clear()
        return items

    async def fill(self) -> None:
        """Let jobs in until the session holds as many as fit."""
        for job_id, parked in list(self._outside.items()):
            count = len(self.inside)
            if self._limit is not None and count >= self._limit:
                return
            item = self.left[job_id]
            try:
                await self._in_thread(partial(self._enter, item, parked))
            except OutOfMemory as error:
                if count:
                    self._limit = count
                    return
                await self._give_up(job_id, error)
            except Exception as error:  # The job's own: its batch mates go on.
                settle(self.left.pop(job_id), error, self._emit)
            del self._outside[job_id]

    async def halve(self, error: OutOfMemory) -> int:
        """Park the later half of the jobs inside; fail a job that is alone there.

        Args:
            error: Why; the outcome of a job that does not fit alone.

        Returns:
            How many stay inside; 0: there was one.
        """
        inside = list(self.inside)
        if len(inside) == 1:
            await self._give_up(inside[0], error)
            return 0
        self._limit = (len(inside) + 1) // 2
        later = inside[self._limit :]
        self._outside = await self._in_thread(partial(self._park, later)) | self._outside
        return self._limit

    def _park(self, job_ids: Sequence[JobId]) -> dict[JobId, object]:
        return {job_id: self._session.park(job_id) for job_id in job_ids}

    def _enter(self, item: BatchItem, parked: object) -> None:
        if parked is None:
            self._session.admit(item.inputs)
        else:
            self._session.resume(parked)

    def _evict(self, job_ids: Sequence[JobId]) -> None:
        for job_id in job_ids:
            self._session.evict(job_id)

    async def _give_up(self, job_id: JobId, error: OutOfMemory) -> None:
        await self._in_thread(partial(self._evict, [job_id]))
        settle(self.left.pop(job_id), error, self._emit)


def settle(item: BatchItem, outcome: Gone | Exception, emit: Emit) -> None:
    """Give a job its outcome."""
    item.outcome = outcome
    emit([item])
