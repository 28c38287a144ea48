"""How a service ends: the first SIGTERM or SIGINT requests a stop, the second one ends it at once.

`run_until_signalled` runs a service's main coroutine and passes it an event. The service waits on that event wherever
it sleeps, drains, and returns; it is never cancelled from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog

from proteus.checked_settings import SettingRefused
from proteus.errors import ProteusError
from proteus.service import telemetry
from proteus.service.startup import kept
from proteus.settings import LogSettings

log = structlog.get_logger()

CANNOT_WORK: Final = 1
"""Exit status of a service that its settings, its weights or its licence policy do not let work."""

FORCED_EXIT: Final = 130
"""Exit status after the second signal."""

T = TypeVar("T")


class AnySettings(Protocol):
    """The part that all services' settings share."""

    @property
    def log(self) -> LogSettings:
        """How logs are written."""


Settings = TypeVar("Settings", bound=AnySettings)

_abandoned = threading.Event()

CANCEL_AGAIN_SECONDS: Final = 0.5
"""Longer than the `finally` of a cancelled task of ours takes."""


async def run_until_signalled(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main(stop)` until it returns; a signal sets `stop`.

    Args:
        main: The service. It hands back unfinished jobs and returns soon after `stop` is set.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    earlier = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

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
        for number, handler in earlier.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def cannot_work(group: BaseExceptionGroup[ProteusError]) -> int:
    """Log in one line for each reason why a service cannot work here; return its exit status."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            cannot_work(error)
        else:
            log.error("cannot_work", reason=error.message)
    return CANNOT_WORK


def read_settings(read: Callable[[], Settings], service: str) -> Settings | None:
    """Return a service's settings, and configure its logs by them; None if they cannot be used.

    The reason is logged then: the service ends with `CANNOT_WORK`.
    """
    try:
        settings = read()
    except SettingRefused as error:
        try:
            form = LogSettings()
        except SettingRefused:
            form = LogSettings.model_construct()
        telemetry.configure(form, service)
        log.error("cannot_work", reason=error.message)
        return None
    telemetry.configure(settings.log, service)
    return settings


def run_service(
    read: Callable[[], Settings],
    load: Callable[[], Callable[[Settings, asyncio.Event], Awaitable[None]]],
    *,
    service: str,
) -> int:
    """Read a service's settings, and run it as `run_until_signalled` does.

    Args:
        read: Returns the settings.
        load: Imports the service and returns its main coroutine: slow, so it runs once the settings are good.
        service: Its name.

    Returns:
        Its exit status: `CANNOT_WORK` if it cannot work here.
    """
    status = 0
    settings = read_settings(read, service)
    if settings is None:
        return CANNOT_WORK
    with kept():
        serve = load()
    try:
        asyncio.run(run_until_signalled(partial(serve, settings)))
    except* ProteusError as group:
        status = cannot_work(group)
    if _abandoned.is_set():
        # A thread is still at work in some library; an interpreter that shuts down around it may crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


async def run_unless_stopped(call: Callable[[], T], stop: asyncio.Event) -> T | None:
    """Return the result of a long blocking call, run in a thread; None as soon as `stop` is set, if that comes first.

    The thread then runs on: `run_service` ends the process without waiting for it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type] # what the call returned
        else:
            done.set_exception(error)

    def work() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as raised:  # The waiting task raises it again.
            error = raised
        with contextlib.suppress(RuntimeError):  # The loop is closed: no task waits any more.
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name="unless-stopped", daemon=True).start()
    stopped = asyncio.ensure_future(stop.wait())
    either: list[asyncio.Future[Any]] = [done, stopped]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
    if done.done():
        return done.result()
    _abandoned.set()
    done.cancel()
    return None


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended, however often it takes. The tasks keep their exceptions.

    Once is not enough in Python 3.11: `asyncio.wait_for`, through which redis-py sends every command of a client with a
    timeout, swallows a cancellation that arrives as the command ends.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)


async def wait(event: asyncio.Event, *, seconds: float) -> bool:
    """Sleep up to `seconds`, or until `event` is set; tell whether it is."""
    if not event.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout=max(0.0, seconds))
    return event.is_set()
