"""A Redis that refuses: read-only, full, busy with an endless script, without replicas, or without our scripts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from redis.asyncio import Redis
from redis.exceptions import ResponseError

REFUSALS = {
    "read-only": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "full": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "no replicas": ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    "no scripts": ("SCRIPT FLUSH SYNC", "PING"),
    "busy": ("CONFIG SET busy-reply-threshold 1", "CONFIG SET busy-reply-threshold 5000"),
}
"""How a server is brought to refuse, and back."""


@contextlib.asynccontextmanager
async def refusing(redis: Redis, fault: str) -> AsyncIterator[None]:
    """Let the server refuse while the block runs."""
    begin, end = REFUSALS.get(fault, ("PING", "PING"))
    await redis.execute_command(*begin.split())
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
        await redis.execute_command(*end.split())


async def is_busy(redis: Redis) -> bool:
    try:
        await redis.ping()
    except ResponseError as error:
        return str(error).startswith("BUSY")
    return False
