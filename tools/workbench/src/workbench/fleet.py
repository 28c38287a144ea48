"""`proteus fleet`: what the arbitrator decided and why, and what its shadow would have decided."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from workbench import checks, decisions, moments
from workbench.stack.home import Home

T = TypeVar("T")

app = typer.Typer(
    help="What the arbitrator decided and why, and what its shadow would have decided.", no_args_is_help=True
)

UNREACHABLE: Final = 3
USUAL_LINES: Final = 20

RedisOption = Annotated[
    str | None,
    typer.Option("--redis-url", envvar="REDIS_URL", callback=checks.redis_url, help="Default: the local stack's."),
]
FolderOption = Annotated[Path, typer.Option("--folder", help="The local stack's folder.")]


@app.callback()
def fleet() -> None:
    """Ask the running fleet."""


@app.command()
def why(
    lines: Annotated[
        int | None, typer.Option("--lines", "-n", min=1, max=1000, help="How many at most; 20 without --since.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="All since 2h (s, m, h, d ago) or an ISO time.")] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="What the shadow policy would have decided.")] = False,
    redis_url: RedisOption = None,
    folder: FolderOption = Path(".proteus"),
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per decision.")] = False,
) -> None:
    """Show the last decisions with their reasons. Exit status 3: Redis does not answer."""
    start = moments.option(since, now=datetime.now(UTC), name="--since") if since else None
    count = lines or (None if start else USUAL_LINES)
    found = asked(redis_url, folder, lambda redis: decisions.newest(redis, count=count, since=start, shadow=shadow))
    if as_json:
        for decision in found:
            print(json.dumps(decision.to_json()))
        return
    table = Table("time", "policy", "mode / state", "batch", "degraded", "ready → asked", "waiting", "why")
    for decision in found:
        table.add_row(*decision.row())
    missing = "no shadow (ARBITRATOR_SHADOW_POLICY)" if shadow else "no arbitrator"
    nothing = f"No decision is noted{' since then' if start else ''}: {missing} has run here, or it changed nothing."
    Console().print(table if found else nothing)


def asked(url: str | None, folder: Path, question: Callable[[Redis], Awaitable[T]]) -> T:
    """Return what Redis answers; its silence becomes a sentence and an exit status."""

    async def ask() -> T:
        async with Redis.from_url(url or local_url(folder), decode_responses=True) as redis:
            return await question(redis)

    try:
        return asyncio.run(ask())
    except RedisError as error:
        Console(stderr=True).print(
            f"Redis does not answer ({error}): name it with --redis-url, or start the stack with `make up`."
        )
        raise typer.Exit(UNREACHABLE) from error


def local_url(folder: Path) -> str:
    """Return the address of the Valkey of the stack that runs there; the usual one if none runs."""
    running = Home(folder).running()
    return running.environment["REDIS_URL"] if running else "redis://127.0.0.1:6379/0"
