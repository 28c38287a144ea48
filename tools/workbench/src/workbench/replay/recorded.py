"""What `proteus replay` reads from Redis: the decisions that held in a period, and the weavers' measurements."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console

from gateway.fleet.decisions import noted
from proteus import keys, redis_client
from proteus.settings import checked_redis_url
from proteus_cli import checks
from proteus_cli.decisions import Noted
from proteus_cli.local_stack import running_in

T = TypeVar("T")

UNREACHABLE: Final = 3

RedisOption = Annotated[
    str | None,
    typer.Option(
        "--redis-url",
        envvar="REDIS_URL",
        callback=checks.checked(checked_redis_url, name="the address of Redis (REDIS_URL)"),
        help="Default: the local stack's.",
    ),
]


async def ruling(redis: Redis, *, since: datetime, until: datetime) -> list[Noted]:
    """Return the decisions that held in a period: the last one before it, if still noted, and those within."""
    before: Any = await redis.xrevrange(keys.DECISIONS, max=str(_ms(since)), count=1)
    within: Any = await redis.xrange(keys.DECISIONS, min=f"{_ms(since) + 1}", max=str(_ms(until)))
    return [Noted(at=one.at, by=one.by, decision=one.decision) for one in noted([*before, *within])]


def asked(url: str | None, folder: Path, question: Callable[[Redis], Awaitable[T]]) -> T:
    """Return Redis' answer; an error becomes a sentence and an exit status."""

    async def ask() -> T:
        async with redis_client.client(url or local_url(folder), decode_responses=True) as redis:
            return await question(redis)

    try:
        return asyncio.run(ask())
    except RedisError as error:
        Console(stderr=True).print(
            f"Redis does not answer ({error}): name it with --redis-url, or start the stack with `make up`."
        )
        raise typer.Exit(UNREACHABLE) from error


def local_url(folder: Path) -> str:
    """Return the address of the running stack's Valkey; the default one if none runs."""
    running = running_in(folder)
    return running.environment["REDIS_URL"] if running else "redis://127.0.0.1:6379/0"


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
