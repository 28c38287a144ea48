"""`proteus batch`: many pictures, made when nobody else needs the workers, through the gateway's API."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from proteus_cli import logins
from proteus_cli.batch_files import pairs, read_lines, uploaded
from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption
from proteus_cli.logins import accepted
from proteus_cli.operator import Door, JsonOption, TokenOption, UrlOption, connection, every, gateway
from proteus_cli.sentences import FAILED
from proteus_client import Refused

app = typer.Typer(no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(help="`bat_…`, as `proteus batch ls` shows it.")]
LOOK_SECONDS_MOST: Final = 5.0
CHECK_SECONDS: Final = 120.0
"""How long the gateway may check ten thousand items."""

_HEADERS: Final = {"Content-Type": "application/jsonl"}


@app.callback()
def batch(
    context: typer.Context,
    url: UrlOption = None,
    token: TokenOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Make many pictures with what nobody else needs: submit, follow, cancel, fetch.

    PROTEUS_TOKEN is a token or an API key of a tenant's server. Exit status: 0 done, 1 some pictures were not made, 2
    wrong usage, 3 no server, 4 the API refused.
    """
    context.obj = Door(url, token, folder)


@app.command()
def submit(  # noqa: PLR0913 - options of a command
    context: typer.Context,
    persons: Annotated[Path | None, typer.Argument(exists=True, file_okay=False, help="Folder of persons.")] = None,
    garments: Annotated[Path | None, typer.Argument(exists=True, file_okay=False, help="Folder of garments.")] = None,
    lines: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Instead: a file of JSON lines; person and garment: addresses or files."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Upload and check, print the estimate, make no batch.")] = False,
    engine: Annotated[str | None, typer.Option(help="See GET /v1/models; default: the deployment's.")] = None,
    quality: Annotated[str | None, typer.Option(help="fast, balanced, best or approximate.")] = None,
    category: Annotated[str | None, typer.Option(help="Of the garments, if it is one for all.")] = None,
    hours: Annotated[float, typer.Option(min=0.02, max=168, help="What is not made by then expires.")] = 24.0,
    as_json: JsonOption = False,
) -> None:
    """Put every garment on every person, as many as 10,000 pictures. Photos are uploaded first, each once."""
    if (lines is None) == (persons is None) or (persons is None) != (garments is None):
        raise typer.BadParameter("name two folders, persons and garments; or --lines and no folder.")
    items = read_lines(lines) if lines else pairs(_there(persons), _there(garments))
    options = {"model": engine, "quality": quality, "category": category}
    head: dict[str, Any] = {
        "options": {name: value for name, value in options.items() if value is not None},
        "completion_window": int(hours * 3600),
        "dry_run": dry_run,
    }
    first = next(iter(items), "")
    if first and set(items[first]) == {"batch"}:
        head = {**head, **items.pop(first)["batch"], **({"dry_run": True} if dry_run else {})}
    with connection(context.obj) as http:
        with _bar("uploading") as tell:
            lines_of_api = [{"batch": head}, *uploaded(http, items.values(), tell)]
        body = "\n".join(map(json.dumps, lines_of_api))
        answer = http.post(
            "/v1/batches", content=body, headers={**_HEADERS, "Idempotency-Key": uuid4().hex}, timeout=CHECK_SECONDS
        )
        if answer.is_error:
            _say_errors(answer, places=["what holds for all", *items])
        made = accepted(answer).json()
    if as_json:
        print(json.dumps(made))
    elif dry_run:
        print(_estimated(made))
    else:
        CommandConsole().rich.print(f"{made['total']} pictures. Follow it: proteus batch watch {made['batch_id']}")
        print(made["batch_id"])


@app.command("ls")
def list_batches(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show your batches, the newest first."""
    with gateway(context.obj) as ask:
        found = list(every(ask, "/v1/batches", {}))
    if as_json:
        print(json.dumps(found))
        return
    table = Table("batch", "status", "made", "of", "counts", "created")
    for one in found:
        counts = " ".join(f"{name} {many}" for name, many in sorted(one["counts"].items()))
        table.add_row(
            one["batch_id"], one["status"], str(one["counts"].get("completed", 0)), str(one["total"]), counts,
            one["created_at"],
        )  # fmt: skip
    Console().print(table if found else "No batches.")


@app.command()
def watch(context: typer.Context, batch_id: BatchId, as_json: JsonOption = False) -> None:
    """Follow a batch until it has ended. Exit status 1: some of its pictures were not made."""
    with connection(context.obj) as http, _bar(batch_id) as tell:
        while True:
            answer = accepted(http.get(f"/v1/batches/{batch_id}"))
            found = answer.json()
            left = sum(found["counts"].get(one, 0) for one in ("waiting", "queued", "running"))
            tell(found["total"] - left, found["total"])
            if found["finished_at"]:
                break
            time.sleep(min(float(answer.headers.get("retry-after", "5")), LOOK_SECONDS_MOST))
    print(json.dumps(found) if as_json else _ended(found))
    if found["counts"].get("completed", 0) < found["total"]:
        raise typer.Exit(FAILED)


@app.command()
def cancel(context: typer.Context, batch_id: BatchId) -> None:
    """End what waits and stop what runs; what is made stays."""
    with gateway(context.obj) as ask:
        found = ask("POST", f"/v1/batches/{batch_id}/cancel")
    print(_ended(found))


@app.command()
def rm(context: typer.Context, batch_id: BatchId) -> None:
    """Delete a batch with its try-ons and pictures, cancelling it first."""
    with gateway(context.obj) as ask:
        ask("DELETE", f"/v1/batches/{batch_id}")
    print(f"{batch_id} is deleted; its pictures follow within minutes.")


@app.command()
def fetch(
    context: typer.Context,
    batch_id: BatchId,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, writable=True, help="Default: BATCH.zip.")
    ] = None,
) -> None:
    """Write the pictures made so far, and manifest.jsonl, into a ZIP.

    It is written while it is sent, so a fetch that breaks off begins anew: the file appears when it is whole.
    """
    file = output or Path(f"{batch_id}.zip")
    part = file.with_name(file.name + ".part")
    with connection(context.obj) as http:
        try:
            with http.stream("GET", f"/v1/batches/{batch_id}/results") as answer, part.open("wb") as opened:
                if answer.is_error:
                    answer.read()
                for piece in accepted(answer).iter_bytes():
                    opened.write(piece)
            if not zipfile.is_zipfile(part):  # Its token ended meanwhile: the directory at the end is missing.
                raise Refused(
                    {"detail": "The archive broke off.", "hint": "Fetch it again."}, status=answer.status_code
                )
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    print(file)


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many of all are done, while the block runs; nothing where there is no terminal."""
    console = CommandConsole().rich
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=0)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _there(folder: Path | None) -> Path:
    assert folder is not None
    return folder


def _say_errors(answer: httpx.Response, *, places: list[str]) -> None:
    """Print what was refused, by its place in the folders or the file."""
    console = CommandConsole().rich
    for error in logins.problem_of(answer).get("errors", ()):
        _, _, rest = str(error.get("pointer", "")).partition("/line/")
        number, _, field = rest.partition("/")
        known = number.isdecimal() and 0 < int(number) <= len(places)
        place = f"{places[int(number) - 1]}, {field}" if known else error.get("pointer", "")
        console.print(f"{place}: {error.get('detail', '')}", markup=False)


def _estimated(found: dict[str, Any]) -> str:
    cost = "unknown cost" if found["cost"] is None else f"{found['cost']:.2f} {found['currency']}"
    time_left = (
        "no worker is ready" if found["seconds"] is None else f"{found['seconds'] / 3600:.1f} h if nobody else comes"
    )
    basis = "" if found["basis"] == "measured" else " (a guess: not measured here)"
    return f"{found['pictures']} pictures: {found['gpu_seconds']:.0f} GPU seconds{basis}, {cost}, {time_left}."


def _ended(found: dict[str, Any]) -> str:
    counts = ", ".join(f"{many} {name}" for name, many in sorted(found["counts"].items()))
    return f"{found['batch_id']} is {found['status']}: {counts}."
