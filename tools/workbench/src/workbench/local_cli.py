"""`proteus up|down|logs|clean|demo`: the stack of this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from dotenv import dotenv_values

from proteus_cli.local_stack import DEFAULT_FOLDER
from proteus_cli.sentences import sentences
from workbench.stack.console import StackConsole
from workbench.stack.environments import SERVICES
from workbench.stack.home import Home
from workbench.stack.up import up as run_up

FolderOption = Annotated[Path, typer.Option("--folder", help="The stack's folder.")]


def up(
    folder: FolderOption = DEFAULT_FOLDER,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A service that you run yourself, see `proteus env`; may be repeated: {', '.join(SERVICES)}."
        ),
    ] = None,
) -> None:
    """Run the whole fleet on this machine until Ctrl+C; data is kept."""
    if unknown := [name for name in without or () if name not in SERVICES]:
        raise typer.BadParameter(f"{unknown[0]!r} is no service; there are {', '.join(SERVICES)}.")
    console = StackConsole()
    if (running := Home(folder).running()) and running.ready:
        console.rich.print(f"The stack already runs (pid {running.pid}); `make down` stops it.")
        console.welcome(running.gateway_url, guests=running.environment["AUTH_GUESTS"])
        return
    with sentences(console):
        models = folder.resolve() / "models"
        asyncio.run(run_up(Home(folder), models=models, given=_given(), console=console, without=without or ()))


def down(folder: FolderOption = DEFAULT_FOLDER) -> None:
    """Stop the fleet that runs on this machine."""
    console = StackConsole()
    with sentences(console):
        console.rich.print("The stack has stopped." if Home(folder).stop() else "No stack runs here.")


def logs(
    services: Annotated[list[str] | None, typer.Argument(help="Services; default: all.")] = None,
    folder: FolderOption = DEFAULT_FOLDER,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", "-f")] = True,
    lines: Annotated[int, typer.Option(help="Lines of each to begin with.")] = 30,
) -> None:
    """Show the logs and follow them."""
    found = sorted(path for path in Home(folder).logs.glob("*.log") if not path.name.endswith(".1.log"))
    chosen = [str(path) for path in found if not services or path.stem in services]
    if not chosen:
        raise typer.BadParameter(f"there is no log of {', '.join(services or ['anything'])} in {folder}/logs")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), *chosen])  # noqa: S606


def clean(folder: FolderOption = DEFAULT_FOLDER) -> None:
    """Stop the fleet and delete its data, logs and secrets; model weights stay."""
    console = StackConsole()
    with sentences(console):
        Home(folder / "demo").stop()
        Home(folder).clean()
        console.rich.print(f"{folder} is clean (model weights stay).")


def demo(
    folder: FolderOption = DEFAULT_FOLDER,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pictures.")] = Path("proteus-demo"),
) -> None:
    """Start a fresh fleet, run three real try-ons through its API, save the pictures, stop the fleet."""
    from workbench.demo import demo as run_demo  # draws garments with OpenCV, which no other command here needs

    console = StackConsole()
    with sentences(console):
        home, models = Home(folder / "demo"), folder.resolve() / "models"
        print(asyncio.run(run_demo(home, models=models, given=_given(), output=output, console=console.rich)))


def _given() -> Mapping[str, str]:
    """Return the environment over the values of `.env` in this folder."""
    file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**file, **os.environ}
