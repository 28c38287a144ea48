"""`proteus`: the command line. Parses, composes, and turns errors into sentences and exit statuses.

Exit status: 0 it worked, 1 the try-on failed or there was too little to replay, 2 wrong usage, 3 no server or the stack
cannot run, 4 the API refused, 130 stopped by hand.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from dotenv import dotenv_values

from proteus.errors import ProteusError
from workbench import checks
from workbench.access import token
from workbench.client import NO_PICTURE, Client, JobEnded, Refused, content_type_of
from workbench.demo import demo as run_demo
from workbench.fleet import app as fleet_app
from workbench.models import models, weights
from workbench.operator import UrlOption
from workbench.queue import app as queue_app
from workbench.replay.cli import replay
from workbench.simulate.cli import app as simulate_app
from workbench.stack.console import StackConsole
from workbench.stack.home import Home
from workbench.stack.up import up as run_up
from workbench.tryon import Board, Wish, try_on

FAILED: Final = 1
UNREACHABLE: Final = 3
REFUSED: Final = 4
INTERRUPTED: Final = 130

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

app.add_typer(simulate_app, name="simulate")
app.add_typer(fleet_app, name="fleet")
app.add_typer(queue_app, name="queue")

FolderOption = Annotated[Path, typer.Option("--folder", help="Where the stack keeps everything.")]
DEFAULT_FOLDER: Final = Path(".proteus")


@app.command()
def up(folder: FolderOption = DEFAULT_FOLDER) -> None:
    """Run the whole fleet on this machine until Ctrl+C; data is kept."""
    console = StackConsole()
    if (running := Home(folder).running()) and running.ready:
        console.rich.print(f"The stack already runs (pid {running.pid}); `make down` stops it.")
        console.welcome(running.gateway_url, guests=running.environment["AUTH_GUESTS"])
        return
    with _sentences(console):
        asyncio.run(run_up(Home(folder), models=folder.resolve() / "models", given=_given(), console=console))


@app.command()
def down(folder: FolderOption = DEFAULT_FOLDER) -> None:
    """Stop the fleet that runs on this machine."""
    console = StackConsole()
    with _sentences(console):
        console.rich.print("The stack has stopped." if Home(folder).stop() else "No stack runs here.")


@app.command()
def logs(
    services: Annotated[list[str] | None, typer.Argument(help="Some of them; default: all.")] = None,
    folder: FolderOption = DEFAULT_FOLDER,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", "-f")] = True,
    lines: Annotated[int, typer.Option(help="How many of each at first.")] = 30,
) -> None:
    """Show the logs, and go on showing them."""
    found = sorted(path for path in Home(folder).logs.glob("*.log") if not path.name.endswith(".1.log"))
    chosen = [str(path) for path in found if not services or path.stem in services]
    if not chosen:
        raise typer.BadParameter(f"there is no log of {', '.join(services or ['anything'])} in {folder}/logs")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), *chosen])  # noqa: S606


@app.command()
def clean(folder: FolderOption = DEFAULT_FOLDER) -> None:
    """Stop the fleet and delete its data, logs and secrets; model weights stay."""
    console = StackConsole()
    with _sentences(console):
        Home(folder / "demo").stop()
        Home(folder).clean()
        console.rich.print(f"{folder} is clean (model weights stay).")


@app.command()
def demo(
    folder: FolderOption = DEFAULT_FOLDER,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pictures.")] = Path("proteus-demo"),
) -> None:
    """Start a fresh fleet, do one real try-on through its API, save the picture, stop the fleet."""
    console = StackConsole()
    with _sentences(console):
        home, models = Home(folder / "demo"), folder.resolve() / "models"
        print(asyncio.run(run_demo(home, models=models, given=_given(), output=output, console=console.rich)))


def _photo(help_: str) -> Any:
    """An argument that must be a picture: refused here, before anything is uploaded."""
    return typer.Argument(exists=True, dir_okay=False, callback=_checked, help=help_)


def _checked(file: Path) -> Path:
    if not file.stat().st_size:
        raise typer.BadParameter(f"file {str(file)!r} is empty.")
    with file.open("rb") as opened:
        if content_type_of(opened.read(16)) == NO_PICTURE:
            raise typer.BadParameter(f"file {str(file)!r} is no JPEG, PNG or WebP picture.")
    return file


@app.command()
def tryon(
    person: Annotated[Path, _photo("A photo of a person.")],
    garment: Annotated[Path, _photo("A photo of a garment.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, writable=True, help="Where the picture goes.")
    ] = Path("tryon.png"),
    url: UrlOption = None,
    category: Annotated[str, typer.Option(help="auto, upper, lower, overall or dress.")] = "auto",
    engine: Annotated[str | None, typer.Option(help="See GET /v1/models; default: the deployment's.")] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="PROTEUS_TOKEN", callback=checks.token, help="Access token; default: a guest's."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON on standard output.")] = False,
) -> None:
    """Put a garment on a person. Exit status: 0 done, 1 failed, 3 no server, 4 refused."""
    console = StackConsole()
    running = Home(DEFAULT_FOLDER).running()
    address = url or (running.gateway_url if running else "http://127.0.0.1:8000")
    options = {"model": engine} if engine else {}
    wish = Wish(person=person, garment=garment, category=category, options=options, output=output)

    async def flow() -> str:
        async with Client.connected(address, token=token) as client:
            with Board(console.rich).live() as board:
                done, _ = await try_on(client, wish, board=board)
        return json.dumps(done.summary())

    with _sentences(console):
        summary = asyncio.run(flow())
        console.rich.print(f"The picture: {output}")
        if as_json:
            print(summary)


app.command()(token)
app.command()(models)
app.command()(weights)
app.command()(replay)


def main() -> None:
    """The console script."""
    app()


@contextmanager
def _sentences(console: StackConsole) -> Iterator[None]:
    """Turn errors into sentences and exit statuses."""
    try:
        yield
    except JobEnded as error:
        console.fail(error)
        raise typer.Exit(FAILED) from error
    except Refused as error:
        console.fail(error)
        raise typer.Exit(REFUSED) from error
    except ProteusError as error:
        console.fail(error)
        raise typer.Exit(UNREACHABLE) from error
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise typer.Exit(INTERRUPTED) from error


def _given() -> Mapping[str, str]:
    """The environment, and below it what `.env` in this folder says."""
    file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**file, **os.environ}


if __name__ == "__main__":
    main()
