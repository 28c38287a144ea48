"""`proteus fleet`: what the arbitrator decided and why, read from the capped stream it writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from redis import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from proteus import keys
from workbench.stack.home import Home

app = typer.Typer(help=__doc__, no_args_is_help=True)

UNREACHABLE: Final = 3


@app.callback()
def fleet() -> None:
    """Ask the running fleet."""


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One decision of the stream."""

    at: datetime
    by: str
    decision: Mapping[str, Any]

    def row(self) -> tuple[str, ...]:
        """Return the cells of a table's row."""
        held = self.decision
        return (
            self.at.astimezone().strftime("%H:%M:%S"),
            str(held.get("policy", "")),
            f"{held.get('mode')} / {held.get('state')}",
            str(held.get("batch_size", "")),
            f"{float(held.get('degraded_fraction', 0.0)):.0%}",
            f"{held.get('ready', '')} → {held.get('desired_replicas', '')}",
            str(held.get("waiting", "")),
            str(held.get("reason", "")),
        )

    def to_json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "by": self.by, **{k: v for k, v in self.decision.items() if k != "memory"}}


def noted(entries: Iterable[tuple[str, Mapping[str, str]]]) -> list[Noted]:
    """Return the decisions behind the stream's entries, as they come; an entry's id is its time."""
    return [
        Noted(
            at=datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, tz=UTC),
            by=fields.get("by", ""),
            decision=json.loads(fields.get("decision", "{}")),
        )
        for entry_id, fields in entries
    ]


@app.command()
def why(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=1000, help="How many, the last ones.")] = 20,
    redis_url: Annotated[str | None, typer.Option(envvar="REDIS_URL", help="Default: the local stack's.")] = None,
    folder: Annotated[Path, typer.Option("--folder", help="The local stack's folder.")] = Path(".proteus"),
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per decision.")] = False,
) -> None:
    """Show the last decisions with their reasons. Exit status 3: Redis does not answer."""
    console = Console(stderr=True)
    try:
        with Redis.from_url(redis_url or local_url(folder), decode_responses=True) as redis:
            found: Any = redis.xrevrange(keys.DECISIONS, count=lines)
    except RedisError as error:
        console.print(f"Redis does not answer ({error}): name it with --redis-url, or start the stack with `make up`.")
        raise typer.Exit(UNREACHABLE) from error
    decisions = noted(reversed(found))
    if as_json:
        for decision in decisions:
            print(json.dumps(decision.to_json()))
        return
    table = Table("time", "policy", "mode / state", "batch", "degraded", "ready → asked", "waiting", "why")
    for decision in decisions:
        table.add_row(*decision.row())
    Console().print(table if decisions else "No decision is noted: no arbitrator has run here.")


def local_url(folder: Path) -> str:
    """Return the address of the Valkey of the stack that runs there; the usual one if none runs."""
    running = Home(folder).running()
    return running.environment["REDIS_URL"] if running else "redis://127.0.0.1:6379/0"
