"""Spend caps: how many GPU seconds a tenant or a key may use in a day and in a month of UTC. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Literal

from proteus.errors import Overloaded

Period = Literal["day", "month"]


class SpendCapReached(Overloaded):
    """The GPU seconds of your tenant or key are used up."""

    code = "spend_cap_reached"
    hint = "Wait for the next day or month (Retry-After), or ask the tenant's owner for a higher cap."


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """One holder of a cap, and what it has used.

    Attributes:
        subject: `tenant:<name>` or `key:<id>`.
        per_day: GPU seconds that it may use in a day; None: any number.
        per_month: The same in a month.
        today: GPU seconds of today.
        this_month: GPU seconds of this month, today's included.
        reserved: What its unfinished pictures are expected to use.
    """

    subject: str
    per_day: float | None
    per_month: float | None
    today: float
    this_month: float
    reserved: float


def subject_of_tenant(tenant: str) -> str:
    """Return the name of a tenant as a holder of a cap."""
    return f"tenant:{tenant}"


def subject_of_key(key_id: str) -> str:
    """Return the name of a key as a holder of a cap."""
    return f"key:{key_id}"


def first_of_month(day: date) -> date:
    """Return the month's first day."""
    return day.replace(day=1)


def end_of(period: Period, now: datetime) -> datetime:
    """Return when a period of UTC ends."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return start + timedelta(days=1)
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1)


def require_room(holders: Sequence[Spent], *, seconds: float, now: datetime) -> None:
    """Refuse work for which a holder's cap has no room.

    Args:
        holders: Those whose caps hold for the caller.
        seconds: What the work is expected to use.
        now: The present time.

    Raises:
        SpendCapReached: One of them has none left; it says whose, of which period, and when that ends.
    """
    for one in holders:
        limits: tuple[tuple[Period, float | None, float], ...] = (
            ("month", one.per_month, one.this_month),
            ("day", one.per_day, one.today),
        )
        for period, most, used in limits:
            if most is None or used + one.reserved + seconds <= most:
                continue
            kind = "tenant" if one.subject.startswith("tenant:") else "key"
            raise SpendCapReached(
                f"Your {kind} may use {most:g} GPU seconds a {period}: {used:.1f} are used, unfinished pictures are "
                f"expected to use {one.reserved:.1f}, and this try-on {seconds:.1f}.",
                retry_after_seconds=ceil((end_of(period, now) - now).total_seconds()),
            )
