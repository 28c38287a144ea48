"""What tenants say of all their pictures, for the bodies of their jobs: how they are examined, what is written on them.

The workers know what the deployment says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, get_args

from gateway.ledger.engine import Ledger
from proteus.artefacts import SafetyLevel

FRESH_SECONDS: Final = 1.0
"""How long a tenant's former words may count after a change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureRule:
    """What one tenant says of its pictures.

    Attributes:
        safety: Its level; None: the deployment's.
        label: The text on its results, empty for none; None: the deployment's.
    """

    safety: SafetyLevel | None = None
    label: str | None = None


NO_RULE: Final = PictureRule()


class PictureRules:
    """The rules of those tenants that have one, read anew each second while jobs are queued.

    Args:
        ledger: Where they stand.
        now: A monotonic clock in seconds.
    """

    def __init__(self, ledger: Ledger, *, now: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._now = now
        self._rules: Mapping[str, PictureRule] = {}
        self._read_at = float("-inf")

    async def read(self) -> Mapping[str, PictureRule]:
        """Return tenant -> rule; a tenant that is not there has none.

        Raises:
            DependencyUnavailable: Postgres does not answer, and what is known is too old: nothing may be queued.
        """
        at = self._now()
        if at - self._read_at >= FRESH_SECONDS:
            async with self._ledger.read() as reads:
                found = await reads.tenants.of_pictures()
            self._rules = {
                tenant: PictureRule(safety=known_level(level), label=label) for tenant, level, label in found
            }
            self._read_at = at
        return self._rules


def known_level(word: str | None) -> SafetyLevel | None:
    """Return a stored level; one that this version does not know counts as the strictest."""
    known: dict[str, SafetyLevel] = {level: level for level in get_args(SafetyLevel)}
    return None if word is None else known.get(word, "strict")
