"""`proteus env`: the environment of one service of the running stack, to run that service from an editor.

proteus up --without weaver                  in one terminal
eval "$(proteus env weaver)"                 in another; or `proteus env weaver --dotenv > weaver.env`
python -m weaver
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

import typer

from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption, running_in
from proteus_cli.sentences import sentences
from workbench.stack.console import StackConsole
from workbench.stack.environments import SERVICES
from workbench.stack.errors import StackError


def env(
    service: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(SERVICES)}; default: what reaches the servers, as admin.")
    ] = None,
    dotenv: Annotated[bool, typer.Option("--dotenv", help="As a .env file for an editor, not for a shell.")] = False,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Print the environment of a service of the running stack, to run it from an editor.

    It holds this stack's secrets. The comments at its end say how to run the service, once and with reload.
    """
    if service is not None and service not in SERVICES:
        raise typer.BadParameter(f"{service!r} is no service; there are {', '.join(SERVICES)}.")
    with sentences(StackConsole()):
        running = running_in(folder)
        if running is None:
            raise StackError(f"No stack runs in {folder}.", way_out="start one: `proteus up --without SERVICE`")
        print(text_of(running.services[service] if service else running.environment, dotenv=dotenv))
        for line in how_to_run(service, running.gateway_url) if service else ():
            print(f"# {line}")


def text_of(environment: Mapping[str, str], *, dotenv: bool) -> str:
    """Return an environment as lines of a shell, or of a `.env` file."""
    if dotenv:
        return "\n".join(f"{name}={json.dumps(value)}" for name, value in environment.items())
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


def how_to_run(service: str, gateway_url: str) -> list[str]:
    """Return the commands that run a service with this environment: once, and with reload."""
    folders = f"services/{service}/src libs/proteus/src"
    if service != "gateway":
        return [f"python -m {service}", f"watchfiles 'python -m {service}' {folders}"]
    port = urlsplit(gateway_url).port
    where = f"--host 127.0.0.1 --port {port}"
    reloads = " ".join(f"--reload-dir {folder}" for folder in folders.split())
    return [
        f"python -m gateway serve {where}",
        f"uvicorn --factory workbench.stack.reloading:gateway {where} --reload {reloads}",
    ]
