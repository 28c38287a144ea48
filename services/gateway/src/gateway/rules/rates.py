"""Rate limits: a token bucket per holder and kind of request, in this process.

A holder is a user, a tenant or an address. Time is monotonic: a step of the wall clock changes no allowance.
Every call costs the same however many holders there are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from proteus.errors import RateLimited

BUCKETS_MOST: Final = 50_000
"""Holders remembered per kind; beyond it the least recently seen one is forgotten, and starts full."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """`limit` units per period, and all of them at once after a pause. A limit of 0 limits nothing."""

    limit: int
    seconds: int = 60


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """A caller's remaining allowance: for the RateLimit headers (IETF draft-ietf-httpapi-ratelimit-headers)."""

    kind: str
    limit: int
    left: int
    reset_seconds: int
    window_seconds: int = 60


class Rates:
    """Counts requests; `take` refuses those that come too often.

    Args:
        rates: The limit of each kind of request.
        now: A monotonic clock in seconds.
    """

    def __init__(self, rates: Mapping[str, Rate], *, now: Callable[[], float]) -> None:
        self._rates = dict(rates)
        self._now = now
        self._buckets: dict[str, OrderedDict[str, _Bucket]] = {kind: OrderedDict() for kind in rates}

    def take(self, kind: str, holder: str, *, units: int = 1, most: int | None = None) -> Allowance | None:
        """Count one request that costs `units`; None: this kind is not limited.

        Args:
            kind: Kind of request.
            holder: Whose bucket it is.
            units: What the request costs.
            most: A limit of the holder's own, where it is lower than that of everybody.

        Raises:
            RateLimited: The holder's bucket has too little left.
        """
        rate = self._rates[kind]
        if most is not None and (most < rate.limit or rate.limit <= 0):
            rate = Rate(limit=most, seconds=rate.seconds)
        if rate.limit <= 0:
            return None
        bucket = self._filled(self._buckets[kind], holder, rate)
        per_second = rate.limit / rate.seconds
        if bucket.tokens < units:
            if units > rate.limit:
                raise RateLimited(
                    f"{units} {_words(kind)} are more than the {_limit(kind, rate)}.", retry_after_seconds=rate.seconds
                )
            wait = ceil((units - bucket.tokens) / per_second)
            raise RateLimited(f"The limit is {_limit(kind, rate)}.", retry_after_seconds=wait)
        bucket.tokens -= units
        return Allowance(
            kind=kind,
            limit=rate.limit,
            left=int(bucket.tokens),
            reset_seconds=ceil((rate.limit - bucket.tokens) / per_second),
            window_seconds=rate.seconds,
        )

    def _filled(self, buckets: OrderedDict[str, _Bucket], holder: str, rate: Rate) -> _Bucket:
        """Return the holder's bucket, refilled for the time since its last request."""
        now = self._now()
        bucket = buckets.get(holder)
        if bucket is None:
            if len(buckets) >= BUCKETS_MOST:
                buckets.popitem(last=False)
            bucket = buckets[holder] = _Bucket(float(rate.limit), now)
        else:
            buckets.move_to_end(holder)
            passed = max(0.0, now - bucket.at)
            bucket.tokens = min(float(rate.limit), bucket.tokens + passed * rate.limit / rate.seconds)
            bucket.at = now
        return bucket


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _limit(kind: str, rate: Rate) -> str:
    window = {60: "a minute", 3600: "an hour"}.get(rate.seconds, f"in {rate.seconds} s")
    return f"{rate.limit} {_words(kind)} {window}"
