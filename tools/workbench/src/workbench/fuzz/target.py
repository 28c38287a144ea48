"""What is attacked: a running gateway, the keys that its deployment knows, and where its services log."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

SETTINGS: Final = {
    "LIMIT_WAIT_SECONDS_MAX": "0.3",
    "LIMIT_LOGINS_PER_MINUTE": "0",
    "LIMIT_ADDRESS_LOGINS_PER_MINUTE": "0",
}
"""What a gateway under attack is set to, beside `UNLIMITED`: long polls are short, the run is not for waiting."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A deployment under attack.

    Attributes:
        url: Its gateway's.
        signing_key: Mints tokens: an operator's, and one that has expired.
        secrets: What no answer and no log may hold.
        logs: Returns the text of every service's log.
    """

    url: str
    signing_key: str
    secrets: Collection[str]
    logs: Callable[[], str]
