"""What a command prints for a person, on standard error: an error as a sentence, and how to get out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from proteus.errors import ProteusError
from proteus_client import ClientError, Refused, ServerUnreachable

HINTS: Final[Mapping[type[Exception], str]] = {
    ServerUnreachable: "Start a stack with `make up`, or name another gateway with --url.",
}


class CommandConsole:
    """Prints to standard error; colours only where it is a terminal."""

    def __init__(self) -> None:
        self.rich = Console(stderr=True, highlight=False, soft_wrap=True)

    def fail(self, error: ProteusError | ClientError) -> None:
        """Print what went wrong and how to get out of it."""
        self.rich.print(Text(error.message, style="red"), soft_wrap=True)
        hint = getattr(error, "way_out", "") or error.hint or HINTS.get(type(error), "")
        if isinstance(error, Refused) and error.code == "guests_disabled":
            hint = f"Name a token with --token or PROTEUS_TOKEN. {hint}"
        if hint:
            self.rich.print(Text(f"What you can do: {hint}"), soft_wrap=True)
