"""The stack's terminal output: prefixed, coloured lines, and the addresses once it runs."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from proteus_cli.console import CommandConsole

SELF: Final = "proteus"
"""The supervisor's own name before its lines."""

_COLOURS: Final = {
    SELF: "bold",
    "gateway": "cyan",
    "tailor": "green",
    "weaver": "magenta",
    "arbitrator": "yellow",
}


class StackConsole(CommandConsole):
    """Also prints the lines of the stack's processes."""

    def say(self, name: str, line: str) -> None:
        """Print one line of a process, or of the supervisor itself."""
        prefix = Text(f"{name:>10} │ ", style=_COLOURS.get(name.partition("-")[0], "dim"))
        self.rich.print(prefix + Text.from_ansi(line), soft_wrap=True)

    def welcome(self, gateway_url: str, *, guests: str) -> None:
        """Print the addresses, the rule for guests, and a first request.

        Args:
            guests: The gateway's `AUTH_GUESTS`.
        """
        self.rich.print()
        for label, address in (("page", "/app"), ("API", "/docs"), ("health", "/health")):
            self.rich.print(Text.assemble((f"{label:>10}   ", "bold"), (gateway_url + address, "underline")))
        is_open = guests == "open"
        who = "whoever reaches this address, without a token" if is_open else "accounts: `proteus token --tenant NAME`"
        self.rich.print(Text.assemble((f"{'who':>10}   ", "bold"), f"{who} (AUTH_GUESTS={guests})"))
        first = f"curl -s -X POST {gateway_url}/v1/auth/guest" if is_open else "export PROTEUS_TOKEN=…"
        self.rich.print(Text.assemble((f"{'try it':>10}   ", "bold"), first))
        self.rich.print(f"{'':>10}   .venv/bin/proteus tryon person.jpg garment.jpg -o out.png")
        self.rich.print()
