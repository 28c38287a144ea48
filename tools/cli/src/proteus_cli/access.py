"""`proteus token`: access tokens, signed beside the gateway with the gateway's own key and database.

The environment names them (`PROTEUS_SIGNING_KEY`, `DATABASE_URL`); where it does not, the command takes the local
stack's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from proteus.errors import ProteusError
from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption, running_in

OPERATORS: Final = "operators"
"""The tenant of this machine's own operator."""

REFUSED: Final = 4
ONE_MONTH_SECONDS: Final = 30 * 86_400


class NoSigningKey(ProteusError):
    """No key to sign with: no local stack runs here, and no gateway with a key in the environment."""

    code = "no_signing_key"
    hint = (
        "Start a stack with `make up`, or run this where the gateway runs: "
        "`kubectl exec deploy/proteus-gateway -- python -m gateway token --tenant NAME`."
    )


def mint(folder: Path, *, tenant: str, scopes: Sequence[str] = (), seconds: int = ONE_MONTH_SECONDS) -> str:
    """Return a token for the tenant's account; create the account if it does not exist.

    Raises:
        NoSigningKey: There is nothing to sign with.
        ProteusError: The gateway refused; the message says why.
    """
    running = running_in(folder)
    if "PROTEUS_SIGNING_KEY" not in os.environ and running is None:
        raise NoSigningKey("There is no key to sign a token with.")
    python = running.python if running else ""
    if not python and find_spec("gateway") is None:
        raise NoSigningKey("There is a key, and no gateway is installed here to sign a token with it.")
    environment = {**(running.environment if running else {}), **os.environ}
    asked = ["--tenant", tenant, "--seconds", str(seconds), *(word for one in scopes for word in ("--scope", one))]
    command = [python or sys.executable, "-m", "gateway", "token", *asked]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProteusError((done.stderr.strip().splitlines() or ["The gateway sent no answer."])[-1])
    return done.stdout.strip().splitlines()[-1]


def token(
    tenant: Annotated[str, typer.Option(help="The tenant that owns the work; caps and fairness apply per tenant.")],
    scope: Annotated[list[str] | None, typer.Option(help="admin or priority:high; may be repeated.")] = None,
    seconds: Annotated[int, typer.Option(min=1, help="Lifetime of the token; default: 30 days.")] = ONE_MONTH_SECONDS,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Print an access token for a tenant's account. Exit status 4: nothing to sign it with, or refused."""
    try:
        print(mint(folder, tenant=tenant, scopes=scope or (), seconds=seconds))
    except ProteusError as error:
        CommandConsole().fail(error)
        raise typer.Exit(REFUSED) from error
