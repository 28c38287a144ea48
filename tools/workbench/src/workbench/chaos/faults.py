"""Injects the faults, each at its time, and notes its target: it reads a lost worker's jobs from Redis at once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from redis.asyncio import Redis

from proteus.keys import JOBS, QueueKeys
from workbench.chaos.fleet import Fleet
from workbench.chaos.garbage import lose_a_part, scatter
from workbench.chaos.scenario import Fault, Scenario
from workbench.chaos.watch import Watch
from workbench.stack.errors import StackError

KEYS: Final = QueueKeys(JOBS)
PATIENCE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.1
ROLLED: Final = ("gateway", "weaver", "tailor", "arbitrator")


class Faults:
    """Injects a scenario's faults.

    Args:
        redis: To read a worker's jobs.
        say: Receives a line for each.
    """

    def __init__(
        self,
        scenario: Scenario,
        fleet: Fleet,
        watch: Watch,
        redis: Redis,
        *,
        rng: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self._scenario = scenario
        self._fleet = fleet
        self._watch = watch
        self._redis = redis
        self._rng = rng
        self._say = say
        self._rolling = asyncio.Lock()
        self.unmet: list[str] = []
        """Answers that no request met: they tested nothing."""
        self.served_without: int | None = None
        """Jobs that ended while the second engine had no weaver; None: it always had one."""

    async def run(self) -> None:
        """Inject all of them; return when the last is over."""
        async with asyncio.TaskGroup() as group:
            for fault in self._scenario.faults:
                group.create_task(self._at_its_time(fault))

    async def _at_its_time(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_seconds)
        await self._deal(fault)

    async def _deal(self, fault: Fault) -> None:
        dealt: Mapping[str, Callable[[Fault], Awaitable[None]]] = {
            "kill": self._kill,
            "freeze": self._freeze,
            "away": self._take_away,
            "restart": self._restart,
            "empty": self._empty,
            "answer": self._answer,
            "garbage": self._garbage,
            "loss": self._lose,
            "lock": self._lock,
            "fleetless": self._leave_an_engine_without_weaver,
            "evict": self._evict,
            "full": self._fill,
            "migrate": self._migrate,
            "roll": self._roll,
        }
        await dealt[fault.kind](fault)

    async def _kill(self, fault: Fault) -> None:
        name = await self._draw(fault.target)
        self._fleet.kill(name)
        await self._note_lost(f"SIGKILL {name}", name)
        await asyncio.sleep(fault.seconds)
        self._fleet.release(name)

    async def _freeze(self, fault: Fault) -> None:
        name = await self._draw(fault.target)
        self._fleet.freeze(name)
        await self._note_lost(f"SIGSTOP {name} for {fault.seconds:g} s", name)
        await asyncio.sleep(fault.seconds)
        self._fleet.wake(name)
        self._say(f"SIGCONT {name}")

    async def _take_away(self, fault: Fault) -> None:
        self._say(f"{fault.target} is away for {fault.seconds:g} s")
        await self._fleet.take_away(fault.target, seconds=fault.seconds)
        self._say(f"{fault.target} is back")

    async def _restart(self, fault: Fault) -> None:
        self._say(f"SIGKILL {fault.target}, back in {fault.seconds:g} s with its data")
        await self._fleet.restart(fault.target, down_seconds=fault.seconds, empty=False)
        self._say(f"{fault.target} is back")

    async def _empty(self, fault: Fault) -> None:
        recovery = self._watch.emptied(since=time.time())
        held = len(recovery.waiting)
        self._say(f"SIGKILL {fault.target}, back in {fault.seconds:g} s empty: {held} jobs were in it")
        await self._fleet.restart(fault.target, down_seconds=fault.seconds, empty=True)
        self._say(f"{fault.target} is back")

    async def _answer(self, fault: Fault) -> None:
        assert fault.answer is not None
        self._say(f"{fault.target} answers {fault.answer} for {fault.seconds:g} s")
        proxy = self._fleet.proxies[fault.target]
        before = proxy.answered
        await proxy.answering(fault.answer, seconds=fault.seconds)
        met = proxy.answered - before
        self._say(f"{fault.target} serves again; {met} requests met the answer")
        if not met:
            self.unmet.append(f"{fault.target} {fault.answer}")

    async def _garbage(self, _: Fault) -> None:
        self._say(f"garbage: {await scatter(self._redis, self._watch.user_ids(), rng=self._rng)} pieces")

    async def _lose(self, _: Fault) -> None:
        since = time.time()
        what, tokens = await lose_a_part(self._redis, rng=self._rng)
        self._say(f"{what}: {len(tokens)} jobs stand nowhere")
        self._watch.stranded(what, tokens, since=since)

    async def _lock(self, fault: Fault) -> None:
        self._say(f"the table of jobs is locked for {fault.seconds:g} s")
        await self._watch.lock_jobs(seconds=fault.seconds)
        self._say("the table of jobs is free again")

    async def _leave_an_engine_without_weaver(self, fault: Fault) -> None:
        before, weaver = self._over(), self._fleet.second_weaver
        self._fleet.kill(weaver)
        self._say(f"SIGKILL {weaver}: its engine has no weaver for {fault.seconds:g} s")
        await asyncio.sleep(fault.seconds)
        self.served_without = self._over() - before
        self._fleet.release(weaver)
        self._say(f"{weaver} may come back; {self.served_without} jobs of others ended meanwhile")

    async def _evict(self, fault: Fault) -> None:
        used = int((await self._redis.info("memory"))["used_memory"])
        before = await self._redis.dbsize()
        await self._redis.config_set("maxmemory-policy", "allkeys-random")
        await self._redis.config_set("maxmemory", str(used * 19 // 20))
        await asyncio.sleep(fault.seconds)
        await self._redis.config_set("maxmemory", "0")
        await self._redis.config_set("maxmemory-policy", "noeviction")
        evicted = (await self._redis.info("stats"))["evicted_keys"]
        self._say(f"Redis forgot {evicted} of {before} keys, by lot")

    async def _fill(self, fault: Fault) -> None:
        self._say(f"Redis has no memory left for {fault.seconds:g} s")
        await self._redis.config_set("maxmemory", "1")
        await asyncio.sleep(fault.seconds)
        await self._redis.config_set("maxmemory", "0")
        self._say("Redis has memory again")

    async def _migrate(self, fault: Fault) -> None:
        await self._fleet.migrate(fault.version)
        self._say(f"the tables have the form of the {fault.version} version")

    async def _roll(self, fault: Fault) -> None:
        async with self._rolling:
            for kind in ROLLED:
                for name in await self._fleet.roll(kind, fault.version, many=fault.many):
                    self._say(f"{name} is of the {fault.version} version now")
            if not fault.seconds:
                return
            self._say(f"both versions side by side for {fault.seconds:g} s")
            await asyncio.sleep(fault.seconds / 3)
            await self._kill(Fault(at_seconds=0, kind="kill", target="weaver"))
            await asyncio.sleep(fault.seconds / 3)
            await self._kill(Fault(at_seconds=0, kind="kill", target="gateway", seconds=2))
            await asyncio.sleep(fault.seconds / 3)

    def _over(self) -> int:
        return len(self._watch.rows) - self._watch.unfinished

    async def _note_lost(self, what: str, name: str) -> None:
        """Read the jobs that a worker held when it was hit: no other process can change them for a lease."""
        since = time.time()
        if not name.startswith("weaver"):
            self._say(what)
            return
        ids = [str(job_id) for job_id in await self._redis.hkeys(KEYS.held(name))]
        tokens = [await self._redis.hget(KEYS.job(job_id), "token") for job_id in ids]
        held = {job_id: int(token) for job_id, token in zip(ids, tokens, strict=True) if token}
        self._watch.lost(what, held, since=since)
        self._say(f"{what}: it held {len(held)}")

    async def _draw(self, prefix: str) -> str:
        """Choose the target among running services; while none runs, wait: the poison may have killed the last one."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not (able := self._fleet.up(prefix)):
            if time.monotonic() > give_up:
                raise StackError(f"No {prefix} has worked for {PATIENCE_SECONDS:g} s: this machine is too slow.")
            await asyncio.sleep(LOOK_SECONDS)
        return self._rng.choice(able)
