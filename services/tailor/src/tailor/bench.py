"""The slots of a tailor: one thread and one parser each, shared by the queue's jobs and `POST /segment`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from queue import SimpleQueue
from typing import Final, TypeVar

from proteus.imaging import Limits
from proteus.worker.safety import SafetyCheck
from tailor.parsers.contract import Parser

T = TypeVar("T")

WAITING_PER_SLOT: Final = 4
"""Requests that may wait for each slot; more get 429 at once instead of a timeout later."""


class Bench:
    """Runs calls in threads and lends each of them a parser that no other call uses meanwhile.

    Args:
        parsers: One for each thread; an instance is used by one thread at a time.
        pose_model: Name of the pose model behind them.
        limits: Which pictures are accepted; the process has memory for one of them in each thread.
        safety: Examines uploads; None: nothing is examined, and what a tenant wants examined fails.
    """

    def __init__(
        self,
        parsers: Sequence[Parser],
        *,
        pose_model: str,
        limits: Limits | None = None,
        safety: SafetyCheck | None = None,
    ) -> None:
        self.slots = len(parsers)
        self.pose_model = pose_model
        self.limits = limits or Limits()
        self.safety = safety or SafetyCheck()
        self.requests = asyncio.Semaphore(self.slots * (1 + WAITING_PER_SLOT))
        """Places for the requests that run and those that wait."""
        self.name, self.version = parsers[0].name, parsers[0].version
        self._idle: SimpleQueue[Parser] = SimpleQueue()
        for parser in parsers:
            self._idle.put(parser)
        self._threads = ThreadPoolExecutor(max_workers=self.slots, thread_name_prefix="bench")

    async def run(self, call: Callable[[Parser], T]) -> T:
        """Return `call(parser)`, run in a thread."""

        def work() -> T:
            parser = self._idle.get()
            try:
                return call(parser)
            finally:
                self._idle.put(parser)

        return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)

    def close(self) -> None:
        """End the threads once they are idle."""
        self._threads.shutdown(wait=False, cancel_futures=True)
