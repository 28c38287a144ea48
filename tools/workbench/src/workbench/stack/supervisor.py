"""Runs a plan: servers, then migrations, then services; restarts crashed processes; stops everything in order.

    running(plan) ──▶ servers (+ pose weights) ──▶ migrate ──▶ services ──▶ [the block] ──▶ services drain ──▶ servers

While the block runs, `crew` starts and drains the plan's weavers.
Every process is a child of this one under a tether, so even a killed supervisor leaves no process behind.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from proteus.errors import ProteusError
from proteus.service.lifecycle import cancel
from workbench.stack.console import SELF
from workbench.stack.crew import Follower
from workbench.stack.errors import StackError
from workbench.stack.plan import Plan
from workbench.stack.process import Process, Program

Say = Callable[[str, str], None]
"""Called with a name (a process, or `proteus`) and a line; from any thread."""

_FIRST_DELAY_SECONDS: Final = 0.5
_LONGEST_DELAY_SECONDS: Final = 30.0
_HEALTHY_SECONDS: Final = 60.0
"""A process that lived this long starts again at once; one that did not waits twice as long each time."""


class Supervisor:
    """Owns the processes of one plan.

    Args:
        plan: What to run.
        logs: Folder of the log files; those of the last run are kept as `NAME.1.log`.
        say: Receives the supervisor's own lines and every line of the services.
    """

    def __init__(self, plan: Plan, *, logs: Path, say: Say) -> None:
        self.plan = plan
        self._logs = logs
        self._say = say
        self._processes: dict[str, Process] = {}
        self._crew = plan.crew.programs if plan.crew else ()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything, keep it running while the block runs, stop it.

        Raises:
            StackError: A process did not start; those that had started are stopped again.
        """
        self._rotate_logs()
        try:
            await self._start()
            async with asyncio.TaskGroup() as group:
                alone = [process.program for process in self._processes.values() if process.program not in self._crew]
                keepers = [group.create_task(self._keep(program)) for program in alone]
                if self.plan.crew:
                    about = partial(self._say, SELF)
                    follower = Follower(self.plan.crew, say=about, keep=self._keep, drain=self._drain)
                    keepers.append(group.create_task(follower.run()))
                try:
                    yield
                finally:
                    await cancel(*keepers)
        finally:
            await self._stop()

    def kill(self) -> None:
        """Kill every process at once."""
        for process in self._processes.values():
            process.kill()

    async def _start(self) -> None:
        plan = self.plan
        self._say(SELF, "starting Valkey, Postgres and the S3 server")
        async with _unwrapped(), asyncio.TaskGroup() as group:
            for server in plan.servers:
                group.create_task(self._prepare_and_launch(server.prepare, server.program))
            group.create_task(asyncio.to_thread(plan.fetch))
        await asyncio.to_thread(plan.provision)
        self._say(SELF, "bringing the database up to date, making the bucket")
        await self._migrate()
        self._say(SELF, f"starting {', '.join(one.name for one in (*plan.services, *self._crew[:1])) or 'no service'}")
        async with _unwrapped(), asyncio.TaskGroup() as group:
            # One of the crew always starts with the others: a weaver that cannot start shows at once.
            for program in (*plan.services, *self._crew[:1]):
                group.create_task(self._launch(program))

    async def _prepare_and_launch(self, prepare: Callable[[], None], program: Callable[[], Program]) -> None:
        await asyncio.to_thread(prepare)
        await self._launch(program())

    async def _launch(self, program: Program) -> None:
        """Start a program from this thread (the kernel takes it as the parent) and wait until it answers."""
        loud = program in self.plan.services or program in self._crew
        on_line = (lambda line: self._say(program.name, line)) if loud else None
        process = Process(program, log=self._logs / f"{program.name}.log", on_line=on_line)
        self._processes[program.name] = process
        await asyncio.to_thread(process.wait_ready)

    async def _migrate(self) -> None:
        log = self._logs / "migrate.log"
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *self.plan.migrate, env={**os.environ, **self.plan.environment}, stdout=file, stderr=file
            )
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
        if code != 0:
            lines = log.read_text(errors="replace").splitlines()[-12:]
            raise StackError(
                f"The migration ended with status {code}. Its last lines:\n" + "\n".join(f"    {one}" for one in lines),
                way_out=f"the whole log is {log}; `make clean` deletes the stack's data",
            )

    async def _keep(self, program: Program) -> None:
        """Start a program whenever it does not run, after growing pauses while it keeps failing."""
        loop = asyncio.get_running_loop()
        delay = _FIRST_DELAY_SECONDS
        while True:
            if before := self._processes.get(program.name):
                since = loop.time()
                code = await before.ended()
                if loop.time() - since > _HEALTHY_SECONDS:
                    delay = _FIRST_DELAY_SECONDS
                self._say(SELF, f"{program.name} ended with status {code}; starting it again in {delay:g} s")
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY_SECONDS)
            else:
                self._say(SELF, f"{program.name} is needed: starting it")
            try:
                await self._launch(program)
            except StackError as error:
                self._say(SELF, error.message)
                if failed := self._processes.get(program.name):
                    await asyncio.to_thread(failed.stop)
                else:
                    await asyncio.sleep(_LONGEST_DELAY_SECONDS)
            else:
                self._say(SELF, f"{program.name} is {'back' if before else 'ready'}")

    async def _drain(self, program: Program) -> None:
        """Stop a program that is no longer kept, and forget it."""
        if process := self._processes.get(program.name):
            self._say(SELF, f"{program.name} is not needed: it finishes what it holds")
            code = await asyncio.to_thread(process.stop)
            del self._processes[program.name]
            self._say(SELF, f"{program.name} has gone (status {code})")

    async def _stop(self) -> None:
        """Stop services in the plan's order, then the servers together."""
        services = [program.name for program in (*self._crew, *self.plan.services)]
        if self._processes:
            self._say(SELF, "stopping: workers finish what they hold, then the gateway, then the servers")
        workers, last = services[:-1], services[-1:]
        for names in (workers, last, [name for name in self._processes if name not in services]):
            group = [self._processes[name] for name in names if name in self._processes]
            for process in group:
                process.ask_to_stop()
            for process in group:
                await asyncio.shield(asyncio.to_thread(process.stop))

    def _rotate_logs(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        for log in self._logs.glob("*.log"):
            if not log.name.endswith(".1.log"):
                log.replace(log.with_suffix(".1.log"))


@asynccontextmanager
async def _unwrapped() -> AsyncIterator[None]:
    """Raise a task group's first error of ours as itself: one sentence, not a tree of tracebacks."""
    try:
        yield
    except BaseExceptionGroup as group:
        ours = group.subgroup(ProteusError)
        if ours is None:
            raise
        raise ours.exceptions[0] from None
