"""How a service ends: the first SIGTERM or SIGINT asks it to stop, the second one ends it at once.

`run_until_signalled` runs a service's main coroutine and hands it an event. The service waits on that event wherever it
sleeps, drains, and returns; nobody cancels it from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable

import structlog

from proteus.errors import ProteusError

log = structlog.get_logger()

FORCED_EXIT = 130
"""Exit status after the second signal."""


async def run_until_signalled(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main(stop)` until it returns; a signal sets `stop`.

    Args:
        main: The service. It hands back what is left undone and returns soon after `stop` is set.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            log.warning("forced_exit", signal=number.name)
            os._exit(FORCED_EXIT)
        log.info("stopping", signal=number.name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    try:
        await main(stop)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def run_service(main: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    """Run a service as `run_until_signalled` does; return its exit status: 1, and one line, if it cannot work here."""
    status = 0
    try:
        asyncio.run(run_until_signalled(main))
    except* ProteusError as group:
        for error in group.exceptions:
            log.error("cannot_work", reason=str(error))
        status = 1
    return status


async def wait(event: asyncio.Event, *, seconds: float) -> bool:
    """Sleep up to `seconds`, or until `event` is set; tell whether it is."""
    if not event.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout=max(0.0, seconds))
    return event.is_set()
