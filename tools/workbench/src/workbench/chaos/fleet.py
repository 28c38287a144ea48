"""A fleet that can be broken: embedded servers and real services, each a process of its own.

It restarts every process that ends, as a supervisor or Kubernetes would; a fault may hold one down for a while. A
service keeps its name over restarts, as a container does that restarts inside its pod.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from proteus.service.lifecycle import cancel, wait
from workbench.chaos.proxies import PostgresProxy, Proxy, RedisProxy, StoreProxy
from workbench.chaos.shape import NEW, PREVIOUS, Shape, Version, clock_off_by
from workbench.stack.errors import StackError
from workbench.stack.plan import addresses, answers, as_role
from workbench.stack.ports import free_port
from workbench.stack.postgres import Postgres
from workbench.stack.process import Process, Program
from workbench.stack.s3 import S3
from workbench.stack.valkey import Valkey
from workbench.weights import fetch_pose

READY_SECONDS: Final = 120.0
"""A laptop that starts ten processes at once is slow."""

RETRY_SECONDS: Final = 0.5
DRAIN_SECONDS: Final = 40.0
"""The grace of a service that is replaced: a weaver finishes what it holds."""


class Fleet:
    """Servers and services of one run.

    Args:
        folder: Data and logs; fresh.
        models: Where model weights lie.
        environment: Added to every service's.
        say: Prints the events.
        proxied_by: Services reach the servers through proxies that draw from this generator.
        previous: The Python of an environment with the version before this one; every service starts as that.
    """

    def __init__(
        self,
        folder: Path,
        *,
        models: Path,
        shape: Shape,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        proxied_by: random.Random | None = None,
        previous: Path | None = None,
    ) -> None:
        self._folder = folder
        self._back: dict[str, asyncio.Event] = {}
        self._models = models
        self._say = say
        self._processes: dict[str, Process] = {}
        self._held_down: dict[str, asyncio.Event] = {}
        self._frozen: set[str] = set()
        self._ready: set[str] = set()
        self.unasked_ends: list[str] = []
        """Services that ended although no fault ended them, in order."""
        ports: list[int] = []

        def port(*, with_grpc: bool = False) -> int:
            ports.append(free_port(taken=ports, with_grpc=with_grpc))
            return ports[-1]

        self.s3 = S3(folder / "s3", port=port(with_grpc=True), roles_secret=secrets.token_hex(16))
        self.valkey = Valkey(folder / "valkey", port=port(), secret=secrets.token_hex(16))
        self.postgres = Postgres(folder / "postgres", port=port(), password=secrets.token_hex(16))
        self.proxies: dict[str, Proxy] = {}
        if proxied_by is not None:
            self.proxies = {
                server.name: kind(port=port(), upstream_port=server.port, rng=proxied_by)
                for server, kind in (
                    (self.valkey, RedisProxy),
                    (self.postgres, PostgresProxy),
                    (self.s3, StoreProxy),
                )
            }
        self.environment = {
            "LOG_LEVEL": "INFO",
            "LOG_JSON": "1",
            "AUTH_GUESTS": "open",
            "PROTEUS_SIGNING_KEY": secrets.token_hex(32),
            "PROBE_HOST": "127.0.0.1",
            "TAILOR_HTTP_HOST": "127.0.0.1",
            "TAILOR_URL": "",
            "POSE_MODEL_DIR": str(models / "pose"),
            "PYTHONUNBUFFERED": "1",
            **addresses(self.valkey, self.postgres, self.s3),
            **environment,
        }
        self.gateways = {f"gateway-{n}": f"http://127.0.0.1:{port()}" for n in range(1, shape.gateways + 1)}
        self.second_weaver = f"weaver-{shape.weavers + 1}"
        self._programs = {name: self._gateway(name, url) for name, url in self.gateways.items()}
        if shape.skew_seconds:
            last = self._programs[f"gateway-{shape.gateways}"]
            wrong = clock_off_by(shape.skew_seconds)
            say(
                f"the clock of {last.name} is {shape.skew_seconds:g} s off"
                if wrong
                else "every clock is right: no libfaketime"
            )
            self._programs[last.name] = replace(last, environment={**last.environment, **wrong})
        workers = [
            *(f"tailor-{n}" for n in range(1, shape.tailors + 1)),
            *(f"weaver-{n}" for n in range(1, shape.weavers + 1)),
            "arbitrator-1",
        ]
        self._programs |= {name: self._worker(name, port()) for name in workers}
        if shape.second_engine:
            second = self._worker(self.second_weaver, port())
            own = {**second.environment, "WEAVER_ENGINES": shape.second_engine}
            self._programs[second.name] = replace(second, environment=own)
        self._programs_by_version = {
            NEW: dict(self._programs),
            PREVIOUS: {name: self._as_before(program, previous) for name, program in self._programs.items()},
        }
        self._first: Version = PREVIOUS if previous else NEW
        self._versions: dict[str, Version] = dict.fromkeys(self._programs, self._first)
        self._programs = dict(self._programs_by_version[self._first])
        self._servers: dict[str, Valkey | Postgres | S3] = {
            server.name: server for server in (self.valkey, self.postgres, self.s3)
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything; afterwards kill it: its data has no value."""
        try:
            async with asyncio.TaskGroup() as group:
                for server in self._servers.values():
                    group.create_task(self._start_server(server))
                group.create_task(asyncio.to_thread(fetch_pose, self._models / "pose"))
            await asyncio.to_thread(self.postgres.ensure_database)
            async with AsyncExitStack() as stack:
                for proxy in self.proxies.values():
                    await stack.enter_async_context(proxy.listening())
                await self.migrate(self._first)
                async with asyncio.TaskGroup() as group:
                    for name in self._programs:
                        group.create_task(self._launch(name))
                async with asyncio.TaskGroup() as group:
                    keepers = [group.create_task(self._keep(name)) for name in self._programs]
                    try:
                        yield
                    finally:
                        await cancel(*keepers)
        finally:
            await self._end()

    def up(self, prefix: str) -> list[str]:
        """Return the running services of this kind: ready once, not frozen, not ended. Not the second engine's."""
        return [
            name
            for name in sorted(self._ready - self._frozen - {self.second_weaver})
            if name.startswith(prefix) and self._processes[name].exit_code is None
        ]

    async def not_ready(self, *, patience_seconds: float) -> list[str]:
        """Return the services that do not report ready after waiting for them this long."""
        give_up = time.monotonic() + patience_seconds
        while True:
            names = list(self._programs)
            asked = await asyncio.gather(*(asyncio.to_thread(self._programs[name].is_ready) for name in names))
            silent = [name for name, ready in zip(names, asked, strict=True) if not ready]
            if not silent or time.monotonic() > give_up:
                return silent
            await asyncio.sleep(RETRY_SECONDS)

    def kill(self, name: str) -> None:
        """SIGKILL a service and hold it down until `release`."""
        self._held_down[name] = asyncio.Event()
        self._ready.discard(name)
        self._processes[name].kill()

    def release(self, name: str) -> None:
        """Let a killed service start again."""
        self._held_down.pop(name).set()

    def freeze(self, name: str) -> None:
        """SIGSTOP a service."""
        self._frozen.add(name)
        os.kill(self._processes[name].pid, signal.SIGSTOP)

    def wake(self, name: str) -> None:
        """SIGCONT a service."""
        if self._processes[name].exit_code is None:
            os.kill(self._processes[name].pid, signal.SIGCONT)
        self._frozen.discard(name)

    async def roll(self, kind: str, version: Version, *, many: int) -> list[str]:
        """Replace services of a kind, one at a time and as Kubernetes does, until so many are of a version.

        Returns their names.
        """
        mine = [name for name in self._programs if name.startswith(kind)]
        others = [name for name in mine if self._versions[name] != version]
        rolled = others[: max(0, min(many, len(mine)) - (len(mine) - len(others)))]
        for name in rolled:
            self._held_down[name], back = asyncio.Event(), asyncio.Event()
            self._back[name] = back
            self._ready.discard(name)
            await asyncio.to_thread(self._processes[name].stop, seconds=DRAIN_SECONDS)
            self._versions[name], self._programs[name] = version, self._programs_by_version[version][name]
            self._held_down[name].set()  # It stays here until its keeper has seen it.
            await wait(back, seconds=READY_SECONDS)
            del self._held_down[name]
        return rolled

    async def take_away(self, name: str, *, seconds: float) -> None:
        """Stop a server cleanly; it is back after a while, with its data."""
        await asyncio.to_thread(self._processes[name].stop)
        await asyncio.sleep(seconds)
        await self._start_server(self._servers[name])

    async def restart(self, name: str, *, down_seconds: float, empty: bool) -> None:
        """SIGKILL a server; start it again with or without its data."""
        self._processes[name].kill()
        await asyncio.to_thread(self._processes[name].stop)
        if empty:
            await asyncio.to_thread(shutil.rmtree, self._servers[name].folder)
        await asyncio.sleep(down_seconds)
        await self._start_server(self._servers[name])

    def pid(self, name: str) -> int:
        """Return a process's id."""
        return self._processes[name].pid

    def _environment_of(self, service: str) -> dict[str, str]:
        """Return a service's environment: its own credentials, and the proxies' addresses if there are proxies."""
        environment = {**self.environment, **as_role(service, self.valkey, self.s3)}
        reached: dict[str, Valkey | Postgres | S3] = {
            "REDIS_URL": self.valkey,
            "DATABASE_URL": self.postgres,
            "OBJECT_STORAGE_ENDPOINT": self.s3,
        }
        for name, server in reached.items():
            if server.name in self.proxies:
                proxy = self.proxies[server.name]
                environment[name] = environment[name].replace(f":{server.port}", f":{proxy.port}")
        return environment

    async def _start_server(self, server: Valkey | Postgres | S3) -> None:
        await asyncio.to_thread(server.prepare)
        process = Process(server.program(), log=self._folder / "logs" / f"{server.name}.log")
        self._processes[server.name] = process
        await asyncio.to_thread(process.wait_ready)

    async def migrate(self, version: Version) -> None:
        """Bring the tables to a version's form.

        Raises:
            StackError: It failed.
        """
        python = self._programs_by_version[version]["arbitrator-1"].command[0]
        process = await asyncio.create_subprocess_exec(
            *(python, "-m", "gateway", "migrate"), env={**os.environ, **self.environment}
        )
        if await process.wait() != 0:
            raise StackError("The migration failed.")

    async def _launch(self, name: str) -> None:
        self._ready.discard(name)
        process = Process(self._programs[name], log=self._folder / "logs" / f"{name}.log")
        self._processes[name] = process
        await asyncio.to_thread(process.wait_ready)
        self._ready.add(name)
        if back := self._back.get(name):
            back.set()

    async def _keep(self, name: str) -> None:
        while True:
            status = await self._processes[name].ended()
            if held_down := self._held_down.get(name):
                await held_down.wait()
            else:
                self.unasked_ends.append(name)
                self._say(f"{name} ended with status {status}; it starts again")
            while True:
                try:
                    await self._launch(name)
                    break
                except StackError as error:
                    self._say(error.message.splitlines()[0])
                    await asyncio.sleep(RETRY_SECONDS)

    async def _end(self) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            await asyncio.shield(asyncio.to_thread(process.stop))

    def _gateway(self, name: str, url: str) -> Program:
        port = url.rpartition(":")[2]
        return Program(
            name=name,
            command=(sys.executable, "-m", "gateway", "serve", "--host", "127.0.0.1", "--port", port),
            environment={**self._environment_of("gateway"), "GATEWAY_INNER_PORT": "0"},
            port=int(port),
            is_ready=answers(f"{url}/readyz"),
            ready_seconds=READY_SECONDS,
        )

    def _as_before(self, program: Program, python: Path | None) -> Program:
        """Return a service as the version before: by its Python, and as an administrator of the servers.

        It may need rights in Redis and the store that its role does not have any more.
        """
        own = {name: self.environment[name] for name in self.environment if name.startswith(("REDIS_", "OBJECT_"))}
        command = (str(python or sys.executable), *program.command[1:])
        return replace(program, command=command, environment={**program.environment, **own})

    def _worker(self, name: str, port: int) -> Program:
        module = name.partition("-")[0]
        environment = {
            **self._environment_of(module),
            "PROTEUS_WORKER_ID": name,
            "PROBE_PORT": str(port),
            "TAILOR_HTTP_PORT": "0",
        }
        return Program(
            name=name,
            command=(sys.executable, "-m", module),
            environment=environment,
            port=port,
            is_ready=answers(f"http://127.0.0.1:{port}/readyz"),
            ready_seconds=READY_SECONDS,
        )
