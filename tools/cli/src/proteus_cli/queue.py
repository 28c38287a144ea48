"""`proteus queue`: jobs and dead letters, retry and drop, pause and resume. Through the gateway's API, scope `admin`.

Never past it: the gateway moves the row and the queue's element together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption
from proteus_cli.operator import Door, JsonOption, TokenOption, UrlOption, gateway

app = typer.Typer(no_args_is_help=True)

State = Literal["alive", "queued", "running", "failed", "completed", "canceled", "expired"]
JobId = Annotated[str, typer.Argument(help="`job_…` of a picture, `seg_…` of a tailor job.")]


@app.callback()
def queue(
    context: typer.Context,
    url: UrlOption = None,
    token: TokenOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Inspect and repair the queues, pause and resume intake, through the gateway's API."""
    context.obj = Door(url, token, folder)


@app.command("ls")
def list_jobs(
    context: typer.Context,
    state: Annotated[State, typer.Option(help="In which state; alive: queued or running.")] = "alive",
    stage: Annotated[Literal["held", "preparing", "waiting"] | None, typer.Option(help="Stage of living jobs.")] = None,
    limit: Annotated[int, typer.Option("--lines", "-n", min=1, max=100)] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the depths of both queues, and the newest jobs."""
    wanted = {"state": state, "limit": limit} | ({"stage": stage} if stage else {})
    with gateway(context.obj) as ask:
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
    if depths["intake"]["paused"]:
        console.print(
            f"Intake is paused since {depths['intake']['since']}: {depths['intake']['reason'] or 'no reason'}"
        )
    console.print(listed if jobs["items"] else f"No {state} job.")


@app.command()
def show(context: typer.Context, job_id: JobId, as_json: JsonOption = False) -> None:
    """Show a job: its row, and what Redis holds about it."""
    with gateway(context.obj) as ask:
        job = ask("GET", f"/v1/queue/jobs/{job_id}")
    _print(job, as_json=as_json)


@app.command()
def retry(context: typer.Context, job_id: JobId, as_json: JsonOption = False) -> None:
    """Let a failed job try again, with a clean record."""
    with gateway(context.obj) as ask:
        job = ask("POST", f"/v1/queue/jobs/{job_id}/retry")
    _print(job, as_json=as_json)


@app.command()
def drop(context: typer.Context, job_id: JobId) -> None:
    """Cancel a living job; remove a failed one from the dead letters."""
    with gateway(context.obj) as ask:
        ask("POST", f"/v1/queue/jobs/{job_id}/drop")
    print(f"{job_id} is dropped.")


@app.command()
def pause(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; refused users read it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Refuse new work with 503 `intake_paused`; what was accepted goes on."""
    with gateway(context.obj) as ask:
        intake = ask("PUT", "/v1/queue/intake", json={"paused": True, "reason": reason})
    print(json.dumps(intake) if as_json else "Intake is paused. `proteus queue resume` takes new work again.")


@app.command()
def resume(context: typer.Context, as_json: JsonOption = False) -> None:
    """Take new work again."""
    with gateway(context.obj) as ask:
        intake = ask("PUT", "/v1/queue/intake", json={"paused": False})
    print(json.dumps(intake) if as_json else "New work is taken again.")


@app.command()
def dead(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--lines", "-n", min=1, max=100)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the newest dead letters with their reasons."""
    with gateway(context.obj) as ask:
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


def _print(job: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(job))
        return
    table = Table(show_header=False)
    for name, value in job.items():
        table.add_row(name, value if isinstance(value, str) else json.dumps(value))
    Console().print(table)
