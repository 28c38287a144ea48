"""As many weavers as the arbitrator wants: the supervisor follows `config:weaver_replicas`.

    asked ──▶ crew_size ──▶ keep (start, and start again) | drain (SIGTERM; its jobs are finished or handed back)

Without a valid number (a dead arbitrator) the running weavers stay, and at least one: work always has a weaver.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from proteus import keys
from proteus.fleet_config import count
from proteus.service.lifecycle import cancel
from workbench.stack.errors import StackError
from workbench.stack.process import Program

FOLLOW_SECONDS: Final = 0.5
"""How often the supervisor reads the number: the arbitrator's own period."""

REDIS_PATIENCE_SECONDS: Final = 2.0

MOST: Final = 16
"""More weavers than this on one machine are a mistake in a file."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the user allows on this machine.

    Attributes:
        most: `LOCAL_MAX_WEAVERS`. Weavers at once.
        idle_seconds: `LOCAL_IDLE_SECONDS`. The last weaver stops when no job has needed it for so long; 0: never.
        cold_start_seconds: `LOCAL_COLD_START_SECONDS`. From starting a weaver to ready; 4.4 s were measured for
            `puppet` on two shared cores, 2 s of them for measuring t(b).
    """

    most: int = 1
    idle_seconds: float = 0.0
    cold_start_seconds: float = 5.0

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Bounds:
        """Return the environment's bounds.

        Raises:
            StackError: A value is no number, or makes no sense.
        """
        most = given.get("LOCAL_MAX_WEAVERS") or str(cls.most)
        if not (most.isascii() and most.isdigit() and 1 <= int(most) <= MOST):
            raise StackError(f"LOCAL_MAX_WEAVERS is {most!r}; it must be a whole number from 1 to {MOST}.")
        return cls(
            most=int(most),
            idle_seconds=_seconds(given, "LOCAL_IDLE_SECONDS", missing=cls.idle_seconds),
            cold_start_seconds=_seconds(given, "LOCAL_COLD_START_SECONDS", missing=cls.cold_start_seconds),
        )

    def environment(self) -> dict[str, str]:
        """Return the bounds as variables for the arbitrator and the gateway."""
        bounds = {
            "ADMISSION_COLD_START_SECONDS": f"{self.cold_start_seconds:g}",
            "ADMISSION_MAX_REPLICAS": str(self.most),
            "ARBITRATOR_COLD_START_SECONDS": f"{self.cold_start_seconds:g}",
            "ARBITRATOR_LOCAL_REPLICAS": "1",
            "ARBITRATOR_MAX_REPLICAS": str(self.most),
            "ARBITRATOR_MIN_REPLICAS": "0" if self.idle_seconds else "1",
        }
        return bounds | ({"ARBITRATOR_IDLE_SECONDS": f"{self.idle_seconds:g}"} if self.idle_seconds else {})


def _seconds(given: Mapping[str, str], name: str, *, missing: float) -> float:
    text = given.get(name) or str(missing)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not (seconds >= 0 and isfinite(seconds)):
        raise StackError(f"{name} is {text!r}; it must be a number of seconds.")
    return seconds


@dataclass(frozen=True)
class Crew:
    """Programs of one kind, of which a wanted number runs.

    Attributes:
        programs: One per place, each with a port of its own; filled from the first.
        asked: Reads the wanted number, None if there is none. Called from any thread; never raises.
    """

    programs: tuple[Program, ...]
    asked: Callable[[], str | None]


def crew_size(asked: str | None, *, runs: int, most: int) -> int:
    """Return how many are to run; without a valid number those that run, and at least one."""
    wanted = count(asked)
    return min(max(runs, 1) if wanted is None else wanted, most)


def asked_in(redis_url: str) -> Callable[[], str | None]:
    """Return a function that reads how many weavers the arbitrator wants."""
    redis = Redis.from_url(
        redis_url, socket_timeout=REDIS_PATIENCE_SECONDS, socket_connect_timeout=REDIS_PATIENCE_SECONDS
    )

    def ask() -> str | None:
        try:
            found: Any = redis.get(keys.WEAVER_REPLICAS)
        except RedisError:
            return None
        return None if found is None else found.decode(errors="replace")

    return ask


class Follower:
    """Starts and drains programs until the wanted number runs.

    Args:
        crew: The programs. The first one runs already.
        say: Receives warnings.
        keep: Runs a program until cancelled.
        drain: Ends a program that is no longer kept, after its grace.
    """

    def __init__(
        self,
        crew: Crew,
        *,
        say: Callable[[str], None],
        keep: Callable[[Program], Coroutine[Any, Any, None]],
        drain: Callable[[Program], Coroutine[Any, Any, None]],
    ) -> None:
        self._crew = crew
        self._say = say
        self._keep = keep
        self._drain = drain
        self._kept: dict[str, asyncio.Task[None]] = {}
        self._draining: set[str] = set()

    async def run(self) -> None:
        """Follow until cancelled; the supervisor then stops the programs that are draining."""
        programs, heard = self._crew.programs, None
        async with asyncio.TaskGroup() as group:
            self._start(programs[0], group)
            while True:
                asked = await asyncio.to_thread(self._crew.asked)
                if asked is not None and asked != heard and count(asked) is None:
                    self._say(f"{keys.WEAVER_REPLICAS} holds {asked[:40]!r}, which is no number: what runs is kept")
                heard = asked
                wanted = crew_size(asked, runs=len(self._kept), most=len(programs))
                for program in programs:
                    if len(self._kept) < wanted and program.name not in {*self._kept, *self._draining}:
                        self._start(program, group)
                for program in reversed(programs):
                    if len(self._kept) > wanted and program.name in self._kept:
                        self._draining.add(program.name)
                        group.create_task(self._let_go(program, self._kept.pop(program.name)))
                await asyncio.sleep(FOLLOW_SECONDS)

    def _start(self, program: Program, group: asyncio.TaskGroup) -> None:
        self._kept[program.name] = group.create_task(self._keep(program))

    async def _let_go(self, program: Program, keeper: asyncio.Task[None]) -> None:
        # First cancel its restarts, then ask it to end.
        await cancel(keeper)
        await self._drain(program)
        self._draining.discard(program.name)
