"""Group commit: submits that arrive while one batch commits share the next one.

A lone item is handled at once, without extra cost. Under load the batch grows to the items that arrive meanwhile, so
that one commit and one round trip carry many: the busier the process, the less each item costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

from proteus.deadlines import call_seconds
from proteus.errors import DependencyUnavailable, ProteusError
from proteus.tracing import child

T = TypeVar("T")
R = TypeVar("R")

BATCH_MOST: Final = 64
"""Items in one batch: beyond it a batch saves little more and its first item waits for the last."""

BATCHES_AT_ONCE: Final = 2
"""While one batch waits for its commit, the next one is composed and sent."""


class GroupCommit(Generic[T, R]):
    """Runs items in batches, in the order they came; a few batches at a time.

    Args:
        work: Runs a batch and returns an answer per item. It does all of them or, when it raises, none.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._work = work
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._runs: set[asyncio.Task[None]] = set()

    async def do(self, item: T) -> R:
        """Run one item, within the deadline of a call. A cancelled caller does not stop it.

        Raises:
            DependencyUnavailable: It took longer.
            Exception: What `work` raised; for this item alone unless a dependency of the deployment failed.
        """
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if len(self._runs) < BATCHES_AT_ONCE:
            run = asyncio.create_task(self._run(), context=Context())  # No request's own: it serves many.
            self._runs.add(run)
            run.add_done_callback(self._runs.discard)
        try:
            with child("commit"):
                async with asyncio.timeout(call_seconds()):
                    return await answer
        except TimeoutError as error:
            # The client that gets this error will retry: an item that has not begun must not run as well.
            self._waiting = [waiting for waiting in self._waiting if waiting[1] is not answer]
            raise DependencyUnavailable("The database does not answer in time.") from error

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_MOST], self._waiting[BATCH_MOST:]
            await self._settle(batch)

    async def _settle(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._work([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, ProteusError):
                for one in batch:  # An item that cannot be done fails alone.
                    await self._settle([one])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), given in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(given)
