"""Moments as people write them on a command line: `2h` ago, or a time in ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

import typer

_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def moment(text: str, *, now: datetime) -> datetime:
    """Return the moment that `text` names; a time without a zone is in this machine's.

    Raises:
        ValueError: It names none, or one in the future; the message says which.
    """
    try:
        if ago := _AGO.fullmatch(text.strip()):
            named = now - timedelta(seconds=float(ago[1]) * _UNIT_SECONDS[ago[2]])
        else:
            named = datetime.fromisoformat(text.strip()).astimezone(now.tzinfo)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time: say 45s, 30m, 2h or 1d, or a time such as 2026-02-03T12:00Z") from error
    if named > now:
        raise ValueError(f"{text!r} is in the future: nothing has happened then yet")
    return named


def option(text: str, *, now: datetime, name: str) -> datetime:
    """Return the moment of a command's option; a wrong one is wrong usage."""
    try:
        return moment(text, now=now)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=name) from error
