"""`proteus login` and `proteus logout`: an account's access for the commands that follow."""

from __future__ import annotations

import os
from typing import Annotated, Final

import httpx
import typer

from proteus_cli import logins
from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption, address_of
from proteus_cli.operator import UrlOption
from proteus_cli.sentences import REFUSED, UNREACHABLE
from proteus_client import Refused, ServerUnreachable

PASSWORD_VARIABLE: Final = "PROTEUS_PASSWORD"  # noqa: S105 - its name


def login(
    email: Annotated[str, typer.Option(prompt=True, help="The account's email address.")],
    url: UrlOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Log in with an email address and a password; later commands use it.

    The password is asked for, or read from PROTEUS_PASSWORD.

    Exit status: 3 no server, 4 refused.
    """
    address = address_of(folder, url).rstrip("/")
    password = os.environ.get(PASSWORD_VARIABLE) or typer.prompt("Password", hide_input=True)
    try:
        role = logins.log_in(address, email, password)
    except Refused as error:
        CommandConsole().fail(error)
        raise typer.Exit(REFUSED) from error
    except httpx.HTTPError as error:
        CommandConsole().fail(ServerUnreachable(f"{address} does not answer: {error}"))
        raise typer.Exit(UNREACHABLE) from error
    print(f"Logged in to {address} as {email} ({role}). `proteus logout` ends it.")


def logout(url: UrlOption = None, folder: FolderOption = DEFAULT_FOLDER) -> None:
    """End the login of this user, here and at the gateway.

    Exit status: 3 no server, 4 refused.
    """
    address = address_of(folder, url).rstrip("/")
    try:
        there = logins.log_out(address)
    except Refused as error:
        CommandConsole().fail(error)
        raise typer.Exit(REFUSED) from error
    except httpx.HTTPError as error:
        CommandConsole().fail(ServerUnreachable(f"{address} does not answer: {error}"))
        raise typer.Exit(UNREACHABLE) from error
    print(f"Logged out of {address}." if there else f"There was no login at {address}.")
