"""`proteus fleet`: what the arbitrator decided and why, what its shadow would have decided; draining. Scope `admin`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from proteus_cli import moments
from proteus_cli.decisions import Noted
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption
from proteus_cli.operator import Door, TokenOption, UrlOption, gateway

app = typer.Typer(help="Show what the arbitrator decided and why; drain workers.", no_args_is_help=True)

WorkerId = Annotated[str, typer.Argument(help="As `proteus queue ls --json` and the Fleet page name it.")]

USUAL_LINES: Final = 20
MOST_LINES: Final = 1000


@app.callback()
def fleet() -> None:
    """Ask the running fleet."""


@app.command()
def why(
    lines: Annotated[
        int | None,
        typer.Option("--lines", "-n", min=1, max=MOST_LINES, help="Most decisions to show; 20 without --since."),
    ] = None,
    since: Annotated[str | None, typer.Option(help="All decisions since 2h (s, m, h, d ago) or an ISO time.")] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="What the shadow policy would have decided.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per decision.")] = False,
) -> None:
    """Show the last decisions with their reasons. Exit status: 3 no server, 4 refused."""
    start = moments.option(since, now=datetime.now(UTC), name="--since") if since else None
    count = lines or (MOST_LINES if start else USUAL_LINES)
    wanted = {"limit": count, "shadow": shadow} | ({"since": start.isoformat()} if start else {})
    with gateway(Door(url, token, folder)) as ask:
        found = [Noted.read(one) for one in ask("GET", "/v1/fleet/decisions", params=wanted)["items"]]
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


@app.command()
def drain(
    worker_id: WorkerId, url: UrlOption = None, token: TokenOption = None, folder: FolderOption = DEFAULT_FOLDER
) -> None:
    """Let a worker finish what it holds and take no more jobs; then its pod can be stopped."""
    with gateway(Door(url, token, folder)) as ask:
        ask("POST", f"/v1/fleet/workers/{quote(worker_id, safe='')}/drain")
    print(f"{worker_id} takes no more jobs. `proteus fleet undrain {worker_id}` takes this back.")


@app.command()
def undrain(
    worker_id: WorkerId, url: UrlOption = None, token: TokenOption = None, folder: FolderOption = DEFAULT_FOLDER
) -> None:
    """Let a drained worker take jobs again."""
    with gateway(Door(url, token, folder)) as ask:
        ask("DELETE", f"/v1/fleet/workers/{quote(worker_id, safe='')}/drain")
    print(f"{worker_id} takes jobs again.")
