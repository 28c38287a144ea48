"""`proteus queue`: what waits, what failed, what is dead; try again, drop. Through the gateway's API, scope `admin`.

Never past it: the gateway moves the row and the queue's element together. On the machine of a local stack the token is
made on the spot; elsewhere `PROTEUS_TOKEN` or `--token` names one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import httpx
import typer
from rich.console import Console
from rich.table import Table

from proteus.errors import ProteusError
from workbench import access
from workbench.client import Refused, ServerUnreachable
from workbench.stack.console import StackConsole
from workbench.stack.home import Home

app = typer.Typer(no_args_is_help=True)

UNREACHABLE: Final = 3
REFUSED: Final = 4
TOKEN_SECONDS: Final = 300
REQUEST_SECONDS: Final = 30.0

Ask = Callable[..., Any]

JobId = Annotated[str, typer.Argument(help="`job_…` of a picture, `seg_…` of a tailor job.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's answer as one line of JSON.")]


@dataclass(frozen=True)
class _Door:
    """Which gateway to ask, and as whom."""

    url: str | None
    token: str | None
    folder: Path


@app.callback()
def queue(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help="The gateway; default: the local stack's.")] = None,
    token: Annotated[
        str | None, typer.Option(envvar="PROTEUS_TOKEN", help="With scope admin; default: made for the local stack.")
    ] = None,
    folder: access.FolderOption = Path(".proteus"),
) -> None:
    """Look at the queues and mend them, through the gateway's API."""
    context.obj = _Door(url, token, folder)


@app.command("ls")
def list_jobs(
    context: typer.Context,
    state: Annotated[Literal["alive", "failed"], typer.Option(help="alive or failed.")] = "alive",
    stage: Annotated[Literal["held", "preparing", "waiting"] | None, typer.Option(help="Of living ones.")] = None,
    limit: Annotated[int, typer.Option("--lines", "-n", min=1, max=100)] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show both queues' depths, and the newest jobs."""
    wanted = {"state": state, "limit": limit} | ({"stage": stage} if stage else {})
    with _gateway(context.obj) as ask:
        depths, jobs = ask("GET", "/v1/queue"), ask("GET", "/v1/queue/jobs", params=wanted)
    if as_json:
        print(json.dumps(depths | jobs))
        return
    queues = Table("queue", "waiting", "running", "retrying", "dead", "oldest")
    for name, stats in depths["queues"].items():
        counts = [f"{stats[place]:.0f}" for place in ("waiting", "running", "retrying", "dead")]
        queues.add_row(name, *counts, f"{stats['oldest_waiting_ms'] / 1000:.1f} s")
    listed = Table("job", "tenant", "status", "stage", "engine", "attempts", "crashes", "since", "error")
    for job in jobs["items"]:
        listed.add_row(
            job["job_id"], job["tenant"], job["status"], job["stage"] or "", job["engine"],
            str(job["attempts"]), str(job["crashes"]), job["created_at"], (job["error"] or {}).get("code", ""),
        )  # fmt: skip
    console = Console()
    console.print(queues)
    console.print(f"{len(depths['workers'])} workers, {depths['held']} held")
    console.print(listed if jobs["items"] else f"No {state} job.")


@app.command()
def show(context: typer.Context, job_id: JobId, as_json: JsonOption = False) -> None:
    """Show a job: its row, and what Redis holds of it."""
    with _gateway(context.obj) as ask:
        job = ask("GET", f"/v1/queue/jobs/{job_id}")
    _print(job, as_json=as_json)


@app.command()
def retry(context: typer.Context, job_id: JobId, as_json: JsonOption = False) -> None:
    """Let a failed job try again, with a clean record."""
    with _gateway(context.obj) as ask:
        job = ask("POST", f"/v1/queue/jobs/{job_id}/retry")
    _print(job, as_json=as_json)


@app.command()
def drop(context: typer.Context, job_id: JobId) -> None:
    """Cancel a living job; take a failed one off the dead letters."""
    with _gateway(context.obj) as ask:
        ask("POST", f"/v1/queue/jobs/{job_id}/drop")
    print(f"{job_id} is dropped.")


@app.command()
def dead(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--lines", "-n", min=1, max=100)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the newest dead letters with their reasons."""
    with _gateway(context.obj) as ask:
        letters = ask("GET", "/v1/queue/dead", params={"limit": limit})
    if as_json:
        print(json.dumps(letters))
        return
    table = Table("queue", "job", "code", "attempts", "crashes", "message")
    for one in letters["items"]:
        table.add_row(
            one["queue"], one["job_id"], one["code"], str(one["attempts"]), str(one["crashes"]), one["message"]
        )
    Console().print(table if letters["items"] else "No dead letters.")


@contextmanager
def _gateway(door: _Door) -> Iterator[Ask]:
    """Lend a way to ask the API; errors become a sentence and an exit status."""
    running = Home(door.folder).running()
    address = door.url or (running.gateway_url if running else "http://127.0.0.1:8000")
    try:
        held = door.token or access.mint(door.folder, tenant=access.OPERATORS, scopes=["admin"], seconds=TOKEN_SECONDS)
        with httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {held}"}, timeout=REQUEST_SECONDS, trust_env=False
        ) as http:

            def ask(method: str, path: str, **options: Any) -> Any:
                answer = http.request(method, path, **options)
                if answer.is_error:
                    raise Refused(_problem(answer), status=answer.status_code)
                return answer.json() if answer.content else None

            yield ask
    except httpx.HTTPError as error:
        StackConsole().fail(ServerUnreachable(f"{address} does not answer: {error}"))
        raise typer.Exit(UNREACHABLE) from error
    except ProteusError as error:
        StackConsole().fail(error)
        raise typer.Exit(REFUSED) from error


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


def _print(job: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(job))
        return
    table = Table(show_header=False)
    for name, value in job.items():
        table.add_row(name, value if isinstance(value, str) else json.dumps(value))
    Console().print(table)
