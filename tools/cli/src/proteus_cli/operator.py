"""An operator's access to the gateway: its address, the token, and how a refusal ends a command.

`PROTEUS_TOKEN` or `--token` names a token or an API key; else the login of this user counts (`proteus login`); else, on
the machine of a local stack, the command makes a token of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

from proteus.errors import ProteusError
from proteus_cli import access, checks, logins
from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import address_of
from proteus_cli.sentences import REFUSED, UNREACHABLE
from proteus_client import Refused, ServerUnreachable

TOKEN_SECONDS: Final = 300
REQUEST_SECONDS: Final = 30.0

Ask = Callable[..., Any]
"""(method, path, **options of httpx) -> the answer's JSON."""

UrlOption = Annotated[
    str | None, typer.Option(callback=checks.gateway_url, help="The gateway; default: the local stack's.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's answer as one line of JSON.")]
TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar="PROTEUS_TOKEN", callback=checks.token, help="Of scope admin; default: made for the local stack."
    ),
]


@dataclass(frozen=True)
class Door:
    """Which gateway to call, and with which token."""

    url: str | None
    token: str | None
    folder: Path


@contextmanager
def gateway(door: Door) -> Iterator[Ask]:
    """Yield a function that calls the API; errors become a sentence and an exit status."""
    with connection(door) as http:

        def ask(method: str, path: str, **options: Any) -> Any:
            answer = logins.accepted(http.request(method, path, **options))
            if "json" not in answer.headers.get("content-type", "json"):
                return answer.text
            return answer.json() if answer.content else None

        yield ask


@contextmanager
def connection(door: Door) -> Iterator[httpx.Client]:
    """Yield a client that holds the token; errors become a sentence and an exit status."""
    address = address_of(door.folder, door.url).rstrip("/")
    try:
        held = door.token or logins.access_token(address) or _made(door.folder)
        with httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {held}"}, timeout=REQUEST_SECONDS, trust_env=False
        ) as http:
            yield http
    except httpx.HTTPError as error:
        CommandConsole().fail(ServerUnreachable(f"{address} does not answer: {error}"))
        raise typer.Exit(UNREACHABLE) from error
    except (ProteusError, Refused) as error:
        CommandConsole().fail(error)
        raise typer.Exit(REFUSED) from error


def _made(folder: Path) -> str:
    return access.mint(folder, tenant=access.OPERATORS, scopes=["admin"], seconds=TOKEN_SECONDS)


def every(ask: Ask, path: str, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the items of all pages of a list."""
    cursor: str | None = None
    while True:
        page = ask("GET", path, params={**asked, **({"cursor": cursor} if cursor else {})})
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return
