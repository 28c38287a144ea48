"""Clients of Redis, wherever it is (`proteus.redis_address`): every client of every service is made here."""

from __future__ import annotations

from typing import Any

from redis import Redis as BlockingRedis
from redis import sentinel as blocking
from redis.asyncio import Redis
from redis.asyncio import sentinel as awaited
from redis.asyncio.connection import parse_url

from proteus.redis_address import Sentinels, sentinels_of


def client(url: str, **options: Any) -> Redis:
    """Return a client of a server, or of whichever server is the primary now.

    Args:
        url: `REDIS_URL`.
        options: What `Redis.from_url` takes.

    Raises:
        ValueError: The address cannot be read.
    """
    found = sentinels_of(url)
    if found is None:
        return Redis.from_url(url, **options)
    primary, sentinel = _words(found, options)
    watched = awaited.Sentinel(found.addresses, sentinel_kwargs=sentinel)  # type: ignore[no-untyped-call]
    made: Redis = watched.master_for(found.primary, connection_pool_class=_ClosesItsSentinels, **primary)
    return made


def blocking_client(url: str, **options: Any) -> BlockingRedis:
    """Return the same for code without an event loop."""
    found = sentinels_of(url)
    if found is None:
        return BlockingRedis.from_url(url, **options)
    primary, sentinel = _words(found, options)
    watched = blocking.Sentinel(found.addresses, sentinel_kwargs=sentinel)  # type: ignore[no-untyped-call]
    made: BlockingRedis = watched.master_for(found.primary, **primary)  # type: ignore[no-untyped-call]
    return made


class _ClosesItsSentinels(awaited.SentinelConnectionPool):
    """A pool whose end is that of the connections to the Sentinels, too."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        await super().disconnect(inuse_connections)
        if inuse_connections:
            await self.sentinel_manager.aclose()


def _words(found: Sentinels, options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return redis-py's words for a connection to the primary, and for one to a Sentinel."""
    primary: dict[str, Any] = {**parse_url(found.primary_url)}
    del primary["host"]
    encrypted = {"ssl": True} if primary.pop("connection_class", None) else {}
    shared = {name: value for name, value in (primary | options).items() if name.startswith(("socket_", "ssl_"))}
    return encrypted | primary | options, {**encrypted, **shared, **found.account}
