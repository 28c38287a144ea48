"""How long each tenant's work is kept: the rules of all tenants that have one, read anew every few seconds.

The sweep deletes by what the ledger says; this is what answers say of it (`expires_at`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.ledger.engine import Ledger
from gateway.ledger.retention import WITHOUT_RULE


class Keeping:
    """What the sweep will do.

    Args:
        ledger: Has the tenants' rules.
        default_days: Of tenants without one; None: their work is kept.
    """

    def __init__(self, ledger: Ledger, *, default_days: float | None) -> None:
        self._ledger = ledger
        self._default = default_days
        self._days: Mapping[str, float] = {}

    async def refresh(self) -> None:
        """Read the rules anew."""
        async with self._ledger.read() as reads:
            self._days = await reads.tenants.kept_days()

    def days(self, tenant: str) -> float | None:
        """Return how many days a tenant's work is kept; None: until it is deleted."""
        return self._days.get(tenant, None if tenant in WITHOUT_RULE else self._default)

    def until(self, tenant: str, created_at: datetime, *, at_most: datetime | None = None) -> datetime | None:
        """Return when the sweep deletes work made at a time, or earlier at a time of its own; None: never."""
        days = self.days(tenant)
        moments = [one for one in (at_most, created_at + timedelta(days=days) if days is not None else None) if one]
        return min(moments, default=None)
