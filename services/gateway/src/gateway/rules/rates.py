"""Rate limits as values: what is limited, what a request asks for, what is left, and how long to wait.

Windows slide: the count of the last window fades while the present one fills (a sliding window counter).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from proteus.errors import RateLimited

MONTH_SECONDS: Final = 30 * 86_400
"""A month of a quota: 30 days that slide, so no quota begins anew for all tenants in the same night."""


PICTURES: Final = {"pictures_a_day": 86_400, "pictures_in_30_days": MONTH_SECONDS}
"""Kinds of quotas, which count the pictures that were asked for -> their seconds."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """At most `limit` units in any `seconds`. A limit of 0 limits nothing."""

    limit: int
    seconds: int = 60

    def narrowed(self, most: int | None) -> Rate:
        """Return this rate, or the holder's own where that is lower."""
        if most is None or (0 < self.limit <= most):
            return self
        return Rate(limit=most, seconds=self.seconds)

    def share(self, replicas: int) -> Rate:
        """Return what one of several processes may let through if it counts alone."""
        return Rate(limit=max(1, self.limit // replicas) if self.limit else 0, seconds=self.seconds)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a request takes from one holder: a user, a key, a tenant or an address."""

    kind: str
    holder: str
    rate: Rate
    units: int = 1


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left: for the RateLimit headers (IETF draft-ietf-httpapi-ratelimit-headers)."""

    kind: str
    limit: int
    left: int
    reset_seconds: int
    window_seconds: int = 60


class Refused(RateLimited):
    """A limit is reached; `allowance` is what the holder has left of it."""

    def __init__(self, message: str, *, retry_after_seconds: int, allowance: Allowance) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.allowance = allowance


@dataclass(frozen=True, kw_only=True)
class Window:
    """What was counted of a holder: in the last window and in the present one, and how long each still counts."""

    before: int = 0
    before_seconds: float = 0.0
    now: int = 0
    now_seconds: float = 0.0

    def counted(self, seconds: int) -> int:
        """Return the units of the last `seconds`."""
        return floor(self.before * min(1.0, self.before_seconds / seconds)) + self.now

    def left(self, rate: Rate) -> int:
        """Return the units that the rate still allows."""
        return max(0, rate.limit - self.counted(rate.seconds))

    def wait(self, rate: Rate, units: int) -> int:
        """Return after how many seconds `units` fit."""
        if self.now + units <= rate.limit:  # The last window is in the way.
            return _seconds(self.before_seconds - _fits_at(self.before, rate, units + self.now))
        until_shift = max(0.0, self.now_seconds - rate.seconds)
        return _seconds(until_shift + max(0.0, rate.seconds - _fits_at(self.now, rate, units)))


def _fits_at(before: int, rate: Rate, units: int) -> float:
    """Return how many seconds the last window may still count for so that `units` fit beside it."""
    return (rate.limit - units + 1) * rate.seconds / before if before else float(rate.seconds)


def _seconds(wait: float) -> int:
    """Return the whole second after this moment: at the moment itself the units do not fit yet."""
    return max(1, ceil(wait + 0.001))


def allowance_of(demand: Demand, window: Window) -> Allowance:
    """Return what is left to a holder."""
    rate = demand.rate
    return Allowance(
        kind=demand.kind,
        limit=rate.limit,
        left=window.left(rate),
        reset_seconds=ceil(max(window.now_seconds - rate.seconds, 0.0)) or rate.seconds,
        window_seconds=rate.seconds,
    )


def refuse(demand: Demand, window: Window) -> Refused:
    """Return the refusal of a request that its holder has no units for."""
    rate, words = demand.rate, demand.kind.replace("_", " ")
    named = {60: " a minute", 3_600: " an hour", 86_400: " a day"}
    period = "" if demand.kind in PICTURES else named.get(rate.seconds, f" in {rate.seconds} s")
    limit = f"{rate.limit} {words}{period}"
    if demand.units > rate.limit:
        return Refused(
            f"{demand.units} {words} are more than the {limit}.",
            retry_after_seconds=rate.seconds,
            allowance=allowance_of(demand, window),
        )
    return Refused(
        f"The limit is {limit}.",
        retry_after_seconds=window.wait(rate, demand.units),
        allowance=allowance_of(demand, window),
    )
