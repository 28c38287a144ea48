"""`proteus admin`: administrators' accounts, made beside the gateway with its own database."""

from __future__ import annotations

from typing import Annotated

import typer

from proteus.errors import ProteusError
from proteus_cli import access
from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption

app = typer.Typer(no_args_is_help=True)


@app.callback()
def admin() -> None:
    """Make administrators."""


@app.command()
def create(
    email: Annotated[str, typer.Option(help="The email address to log in with.")],
    tenant: Annotated[str, typer.Option(help="The tenant of the account.")] = access.OPERATORS,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Make an administrator's account and print its password, this once. Exit status 4: refused."""
    console = CommandConsole()
    try:
        password = access.beside_gateway(folder, "admin", "--email", email, "--tenant", tenant)
    except ProteusError as error:
        console.fail(error)
        raise typer.Exit(access.REFUSED) from error
    console.rich.print(f"{email} administers this deployment. The password is shown this once; log in and change it.")
    print(password)
