"""Safety levels of tenants, for the bodies of their jobs. The workers know the deployment's own level and its model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, get_args

from gateway.ledger.engine import Ledger
from proteus.artefacts import SafetyLevel

FRESH_SECONDS: Final = 1.0
"""How long a tenant's former level may count after a change."""


class SafetyLevels:
    """The levels of those tenants that have one of their own, read anew each second while jobs are queued.

    Args:
        ledger: Where they stand.
        now: A monotonic clock in seconds.
    """

    def __init__(self, ledger: Ledger, *, now: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._now = now
        self._levels: Mapping[str, SafetyLevel] = {}
        self._read_at = float("-inf")

    async def read(self) -> Mapping[str, SafetyLevel]:
        """Return tenant -> level; a tenant that is not there has the deployment's.

        Raises:
            DependencyUnavailable: Postgres does not answer, and what is known is too old: nothing may be queued.
        """
        at = self._now()
        if at - self._read_at >= FRESH_SECONDS:
            async with self._ledger.read() as reads:
                found = await reads.tenants.safety_levels()
            self._levels = {tenant: known_level(word) for tenant, word in found.items()}
            self._read_at = at
        return self._levels


def known_level(word: str) -> SafetyLevel:
    """Return a stored level; one that this version does not know counts as the strictest."""
    known: dict[str, SafetyLevel] = {level: level for level in get_args(SafetyLevel)}
    return known.get(word, "strict")
