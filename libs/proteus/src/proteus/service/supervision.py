"""Background loops: each is restarted, counted, and checked by liveness.

A service makes one `Loops` and runs every background loop through it. `keep` runs a coroutine that should never end;
`repeat` makes a short call again and again. Any error of a loop is counted, logged once, and followed by a growing
pause and a new start, so that no message and no error reply ends a loop. `overdue` names the loop that has stopped
turning or has ended: the service then answers 503 at `/healthz`, and its supervisor replaces the process.

    loops = Loops()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(loops.keep("recorder", recorder.run, stop))
        tasks.create_task(loops.repeat("reap", queue.reap, stop, every_seconds=1.0))

A loop turns when it attempts something, successful or not. While a server is away every call ends at its deadline, so
the loop goes on turning and the process stays alive.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from proteus.deadlines import LOOP_CALL_SECONDS, as_loop
from proteus.replies import is_away
from proteus.service.lifecycle import wait

log = structlog.get_logger()

FIRST_PAUSE_SECONDS: Final = 0.25
PAUSE_CAP_SECONDS: Final = 2.0
"""How late a loop notices that its server is back; one attempt in two seconds is a negligible load."""

RECOVERED_SECONDS: Final = 30.0
"""A kept loop that ran for so long before it failed again had recovered: longer than any call's deadline."""

LEAST_SILENCE_SECONDS: Final = 60.0
"""No loop counts as stuck earlier: the longest pause and a slow machine must fit in."""

LOOP_ERRORS: Final = Counter("proteus_loop_errors_total", "Failed turns of a background loop.", ["loop"])
STUCK: Final = Gauge(
    "proteus_loop_stuck_ratio", "1 while a background loop has not turned for longer than it may, or ended.", ["loop"]
)


class Pulse:
    """The time when one loop last turned.

    Args:
        name: The loop, as metrics and `/healthz` name it.
        call_seconds: Deadline of its longest call.
        now: A monotonic clock in seconds.
    """

    def __init__(
        self, name: str, *, call_seconds: float = LOOP_CALL_SECONDS, now: Callable[[], float] = time.monotonic
    ):
        self.name = name
        self.allowed_silence_seconds = max(LEAST_SILENCE_SECONDS, 3 * call_seconds)
        self._now = now
        self._turned_at = now()

    def turn(self) -> None:
        """Note an attempt."""
        self._turned_at = self._now()

    @property
    def silence_seconds(self) -> float:
        """Seconds since the last turn."""
        return self._now() - self._turned_at

    @property
    def overdue(self) -> bool:
        """Whether the loop has not turned for longer than it may."""
        return self.silence_seconds > self.allowed_silence_seconds


class Loops:
    """The background loops of one process.

    Args:
        on_error: Called with the loop's name for each failed turn, beside the common counter.
        first_pause_seconds: Pause after a first failure; each further one in a row doubles it.
        now: A monotonic clock in seconds.
    """

    def __init__(
        self,
        *,
        on_error: Callable[[str], None] = lambda _name: None,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pulses: set[Pulse] = set()
        self._ended: set[str] = set()
        self._on_error = on_error
        self._first_pause_seconds = first_pause_seconds
        self._now = now

    def overdue(self) -> str | None:
        """Return a sentence that names the loops that stopped turning, or ended too early; None while all turn."""
        stuck = sorted(self._ended | {pulse.name for pulse in self._pulses if pulse.overdue})
        return f"loops that stopped turning: {', '.join(stuck)}" if stuck else None

    async def keep(
        self,
        name: str,
        body: Callable[[Pulse], Awaitable[None]],
        stop: asyncio.Event,
        *,
        call_seconds: float = LOOP_CALL_SECONDS,
    ) -> None:
        """Run `body(pulse)` until `stop`; start it again whenever it raises or returns.

        Args:
            name: The loop's name.
            body: Calls `pulse.turn()` before each attempt, and returns soon after `stop` is set.
            stop: Ends the loop.
            call_seconds: Deadline of the longest call that the body makes between two turns.
        """
        with self._turning(name, stop, call_seconds=call_seconds) as (pulse, failures):
            while not stop.is_set():
                pulse.turn()
                started_at = self._now()
                try:
                    await body(pulse)
                    if stop.is_set():
                        break
                    raise RuntimeError(f"the loop {name!r} ended by itself")
                except (Exception, asyncio.CancelledError) as error:  # The edge of every loop: no error may end it.
                    _end_if_cancelled(error)
                    if self._now() - started_at > RECOVERED_SECONDS:
                        failures.forget()
                    await wait(stop, seconds=failures.note(error))

    async def repeat(
        self,
        name: str,
        turn: Callable[[], Awaitable[object]],
        stop: asyncio.Event,
        *,
        every_seconds: float,
        after_seconds: float = 0.0,
        call_seconds: float = LOOP_CALL_SECONDS,
    ) -> None:
        """Call `turn` after `after_seconds`, and again `every_seconds` after it ended, until `stop`.

        After a failure the pause is the longer of `every_seconds` and the growing one.
        """
        with self._turning(name, stop, call_seconds=max(call_seconds, every_seconds)) as (pulse, failures):
            await wait(stop, seconds=after_seconds)
            while not stop.is_set():
                pulse.turn()
                pause_seconds = every_seconds
                try:
                    await turn()
                    failures.forget()
                except (Exception, asyncio.CancelledError) as error:  # The edge of every loop: no error may end it.
                    _end_if_cancelled(error)
                    pause_seconds = max(every_seconds, failures.note(error))
                await wait(stop, seconds=pause_seconds)

    @contextmanager
    def watched(self, name: str, *, call_seconds: float = LOOP_CALL_SECONDS) -> Iterator[Pulse]:
        """Watch a piece of work that ends: while the block runs, `overdue` names it when it does not turn."""
        pulse = Pulse(name, call_seconds=call_seconds, now=self._now)
        self._pulses.add(pulse)
        try:
            yield pulse
        finally:
            self._pulses.discard(pulse)

    @contextmanager
    def _turning(self, name: str, stop: asyncio.Event, *, call_seconds: float) -> Iterator[tuple[Pulse, _Failures]]:
        """Watch one loop while the block runs; a block that ends before `stop` is remembered as ended."""
        pulse = Pulse(name, call_seconds=call_seconds, now=self._now)
        self._pulses.add(pulse)
        STUCK.labels(name).set_function(lambda: float(pulse.overdue))
        try:
            with as_loop():
                yield pulse, _Failures(name, self._on_error, self._first_pause_seconds)
        finally:
            self._pulses.discard(pulse)
            STUCK.labels(name).set_function(lambda: float(not stop.is_set()))
            if not stop.is_set():
                self._ended.add(name)


def _end_if_cancelled(error: BaseException) -> None:
    """Raise the error again if this task was cancelled; a cancelled call inside a turn is only a failed turn."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error


class _Failures:
    """Failures of one loop in a row: counts each, logs each kind once, and computes the pause."""

    def __init__(self, name: str, on_error: Callable[[str], None], first_pause_seconds: float) -> None:
        self._name = name
        self._on_error = on_error
        self._first_pause_seconds = first_pause_seconds
        self._in_a_row = 0
        self._logged: set[str] = set()

    def note(self, error: BaseException) -> float:
        """Record a failure; return the pause in seconds."""
        LOOP_ERRORS.labels(self._name).inc()
        self._on_error(self._name)
        kind = type(error).__name__
        if kind not in self._logged:
            self._logged.add(kind)
            if is_away(error):
                log.warning("loop_waits", loop=self._name, error=f"{kind}: {error}"[:500])
            else:
                log.error("loop_failed", loop=self._name, error=f"{kind}: {error}"[:500], exc_info=error)
        longest = min(self._first_pause_seconds * float(1 << self._in_a_row), PAUSE_CAP_SECONDS)
        self._in_a_row = min(self._in_a_row + 1, 16)
        return longest * random.uniform(0.5, 1.0)

    def forget(self) -> None:
        """Record success: the next failure is logged again and followed by the shortest pause."""
        if self._in_a_row:
            log.info("loop_recovered", loop=self._name)
        self._in_a_row = 0
        self._logged.clear()
