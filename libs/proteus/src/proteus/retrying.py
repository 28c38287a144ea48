"""Blocking calls to the object store, in threads, repeated while the store is away for a moment."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from proteus.deadlines import call_seconds
from proteus.errors import DependencyUnavailable

log = structlog.get_logger()

FIRST_PAUSE_SECONDS: Final = 0.2
PAUSE_CAP_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.5

REFUSED_SECONDS: Final = 10.0
"""How long a call that the store refuses (403) is retried: a missing right seldom comes back by itself, and some stores
answer the same for an object that is gone."""

CALL_SECONDS: Final = 75.0
"""Longest time that one call may wait for the store, by the client's own limits: three tries of 3 s to connect and 20 s
of silence, and the pauses between them."""

ANSWER_MARGIN_SECONDS: Final = 0.4
"""What remains of a deadline for the answer to the caller."""

T = TypeVar("T")


class Waits:
    """Whether a call to the store is running now. Of one job: its calls come one after another."""

    def __init__(self) -> None:
        self.waiting = False

    def __enter__(self) -> None:
        self.waiting = True

    def __exit__(self, *_raised: object) -> None:
        self.waiting = False


async def promptly(call: Callable[..., T], *args: object) -> T:
    """Return the result of `call(*args)`, run in a thread, within the caller's deadline.

    Raises:
        DependencyUnavailable: It took longer. The thread ends by itself, at the client's own deadline.
    """
    try:
        async with asyncio.timeout(call_seconds() - ANSWER_MARGIN_SECONDS):
            return await asyncio.to_thread(call, *args)
    except TimeoutError as error:
        raise DependencyUnavailable("The object store does not answer in time.") from error


async def retry_while_unavailable(
    call: Callable[..., T],
    *,
    seconds: float,
    moved: Callable[[], None] = lambda: None,
    waits: Callable[[], bool] = lambda: False,
    run: Callable[[Callable[..., T]], Awaitable[T]] = asyncio.to_thread,
) -> T:
    """Return the result of `call`, run in a thread.

    Args:
        call: Reads or writes the object store; safe to repeat.
        seconds: How long the call is retried while the store does not answer, with growing pauses.
        moved: Called before every retry: waiting for the store is not a deadlock.
        waits: Whether the call waits for the store now: `moved` is called then, too. A client's own time-outs may be
            longer than a lease, and a lease that ends meanwhile would count as a crash.
        run: Runs the call in a thread, with its arguments.

    Raises:
        DependencyUnavailable: It is still away.
    """
    started_at = time.monotonic()
    give_up = started_at + seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        trying = asyncio.ensure_future(run(call))
        try:
            while not (await asyncio.wait([trying], timeout=LOOK_SECONDS))[0]:
                if waits() and time.monotonic() < give_up + CALL_SECONDS:
                    moved()
            return trying.result()
        except DependencyUnavailable as error:
            last = min(give_up, started_at + REFUSED_SECONDS) if error.reason == "refused" else give_up
            if time.monotonic() + pause > last:
                raise
            log.warning("store_away", reason=error.message, pause_seconds=round(pause, 2))
        moved()
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        moved()
        pause = min(2 * pause, PAUSE_CAP_SECONDS)
