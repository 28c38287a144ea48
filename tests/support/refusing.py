"""A Redis that refuses: read-only, full, busy with a script, without replicas, master or our scripts.

What a running server cannot be brought to answer (it loads its data, it cannot save them) a proxy before it answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from workbench.chaos.proxies import Answer, RedisProxy
from workbench.stack.ports import free_port

REFUSALS = {
    "read-only": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "full": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "no master": (
        "CONFIG SET replica-serve-stale-data no; REPLICAOF 127.0.0.1 1",
        "REPLICAOF NO ONE; CONFIG SET replica-serve-stale-data yes",
    ),
    "no replicas": ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    "no scripts": ("SCRIPT FLUSH SYNC", "PING"),
    "busy": ("CONFIG SET busy-reply-threshold 1", "CONFIG SET busy-reply-threshold 5000"),
}
"""How a server is brought to refuse, and back."""

PROXIED = {"loading": "LOADING", "cannot save": "MISCONF"}
"""What a proxy answers, by the reply's first word."""


@contextlib.asynccontextmanager
async def refusing(redis: Redis, fault: str) -> AsyncIterator[None]:
    """Let the server refuse while the block runs."""
    begin, end = REFUSALS.get(fault, ("PING", "PING"))
    await all_of(redis, begin)
    endless = asyncio.create_task(redis.eval("while true do end", 0)) if fault == "busy" else None
    try:
        while endless and not await is_busy(redis):
            pass
        yield
    finally:
        if endless:
            await redis.execute_command("SCRIPT", "KILL")
            with contextlib.suppress(ResponseError):
                await endless
        await all_of(redis, end)


async def all_of(redis: Redis, commands: str) -> None:
    for command in commands.split("; "):
        await redis.execute_command(*command.split())


@functools.cache
def _port() -> int:
    """Return this process's port for proxies, which listen one at a time."""
    return free_port()


class Proxied:
    """Clients that reach a server through a proxy, which answers every command in its place.

    Args:
        url: The server's address.
    """

    def __init__(self, url: str) -> None:
        port = _port()
        self._proxy = RedisProxy(port=port, upstream_port=urlsplit(url).port or 6379, rng=random.Random(1))
        address = urlsplit(url)._replace(netloc=f"127.0.0.1:{port}").geturl()
        self.redis: Redis = Redis.from_url(address, decode_responses=True, retry=Retry(NoBackoff(), 0))

    @contextlib.asynccontextmanager
    async def answering(self, fault: str) -> AsyncIterator[None]:
        """Let the proxy answer while the block runs."""
        async with self._proxy.listening():
            answer = Answer(kind="error", code=PROXIED[fault])
            task = asyncio.create_task(self._proxy.answering(answer, seconds=3_600))
            await asyncio.sleep(0)
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await self.redis.aclose()


async def is_busy(redis: Redis) -> bool:
    try:
        await redis.ping()
    except ResponseError as error:
        return str(error).startswith("BUSY")
    return False
