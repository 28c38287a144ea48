"""`proteus`: the command line. A command's module is imported when the command is called, so that `--help` is quick."""

from __future__ import annotations

from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from proteus_cli import commands

HELP: Final = """Virtual try-on on your own machines.

Exit status: 0 success, 1 the try-on failed or there was too little to replay, 2 wrong usage or a command that is not
installed, 3 no server or the stack cannot run, 4 the API refused, 130 interrupted.
"""


class Commands(TyperGroup):
    """Knows every command's name and help; imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return commands.names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in commands.installed():
            return None
        return TyperCommand(cmd_name, help=commands.help_of(cmd_name))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and (sentence := commands.missing(args[0])):
            ctx.fail(sentence)
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if command and name else command, rest


def loaded(name: str) -> Any:
    """Import a command."""
    found: Any = commands.installed()[name].load()
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    return typer.main.get_command(found)


app = typer.Typer(cls=Commands, help=HELP, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def proteus() -> None:
    """Make the application a group, although it registers no command itself."""


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
