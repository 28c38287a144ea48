"""`proteus`: the command line. A command's module is imported when the command is called, so that `--help` is quick."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

HELP: Final = """Virtual try-on on your own machines.

Exit status: 0 it worked, 1 the try-on failed or there was too little to replay, 2 wrong usage, 3 no server or the stack
cannot run, 4 the API refused, 130 stopped by hand.
"""

COMMANDS: Final = {
    "up": ("local_cli:up", "Run the whole fleet on this machine until Ctrl+C; data is kept."),
    "down": ("local_cli:down", "Stop the fleet that runs on this machine."),
    "logs": ("local_cli:logs", "Show the logs, and go on showing them."),
    "clean": ("local_cli:clean", "Stop the fleet and delete its data, logs and secrets; model weights stay."),
    "demo": (
        "local_cli:demo",
        "Start a fresh fleet, do one real try-on through its API, save the picture, stop the fleet.",
    ),
    "tryon": ("tryon_cli:tryon", "Put a garment on a person. Exit status: 0 done, 1 failed, 3 no server, 4 refused."),
    "token": (
        "access:token",
        "Print an access token for a tenant's account. Exit status 4: nothing to sign it with, or refused.",
    ),
    "models": ("models:models", "List every engine and parser with its licences."),
    "weights": ("models:weights", "Fetch one model's weights from the model hub and check them."),
    "replay": (
        "replay.cli:replay",
        "Say what another policy would have done to waits, goodput and cost, with the pictures really asked for.",
    ),
    "simulate": (
        "simulate.cli:app",
        "Run the standard set of simulations and write its page, or run one case and show it.",
    ),
    "fleet": ("fleet:app", "What the arbitrator decided and why, and what its shadow would have decided."),
    "queue": ("queue:app", "Look at the queues and mend them, through the gateway's API."),
}
"""Name -> where it is, below this package, and its help's first line."""


class Commands(TyperGroup):
    """Knows every command's name and help; imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if command and name else command, rest


def loaded(name: str) -> Any:
    """Import a command."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found: Any = getattr(import_module(f"workbench.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    return typer.main.get_command(found)


app = typer.Typer(cls=Commands, help=HELP, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def proteus() -> None:
    """Makes a group of it, although no command is registered here."""


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
