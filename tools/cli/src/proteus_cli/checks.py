"""Checks of options and their environment variables: a wrong value is refused in one sentence, exit status 2."""

from __future__ import annotations

from collections.abc import Callable

import typer

from proteus.checked_settings import without_credentials
from proteus.settings import checked_url


def url(*schemes: str, name: str) -> Callable[[str | None], str | None]:
    """Return a check of an option that holds a URL of one of these schemes."""
    return checked(lambda value: checked_url(value, *schemes), name=name)


def checked(rule: Callable[[str], str], *, name: str) -> Callable[[str | None], str | None]:
    """Return a check of an option that holds an address: `rule` returns it, or says in a ValueError why not."""

    def check(value: str | None) -> str | None:
        try:
            return rule(value) if value else value
        except ValueError as error:
            raise typer.BadParameter(f"{name} is {without_credentials(value or '')!r}: {error}.") from error

    return check


def token(value: str | None) -> str | None:
    """Check an option that holds an access token: it must fit into a header."""
    if value and not (value.isascii() and value.isprintable()):
        raise typer.BadParameter("the token (PROTEUS_TOKEN) holds characters that no token has; it is not shown.")
    return value


gateway_url = url("http", "https", name="the gateway's address")
