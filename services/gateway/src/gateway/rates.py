"""How often one caller may ask: a token bucket per user and kind of request, in this process."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

from proteus.clock import Clock
from proteus.errors import RateLimited

BUCKETS_MOST: Final = 50_000
"""Callers remembered; beyond it those that are full again are forgotten."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left to a caller: for the RateLimit headers (IETF draft-ietf-httpapi-ratelimit-headers)."""

    kind: str
    limit: int
    left: int
    reset_seconds: int


class Rates:
    """Counts requests; `take` refuses those that come too often."""

    def __init__(self, per_minute: dict[str, int], *, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, kind: str, caller: str) -> Allowance | None:
        """Count one request; None: this kind is not limited.

        Raises:
            RateLimited: The caller's bucket is empty.
        """
        limit = self._per_minute[kind]
        if limit <= 0:
            return None
        now = self._clock.now()
        bucket = self._buckets.get((kind, caller))
        if bucket is None:
            self._forget_idle(now)
            bucket = self._buckets[(kind, caller)] = _Bucket(float(limit), now)
        rate = limit / 60
        bucket.tokens = min(float(limit), bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            wait = ceil((1 - bucket.tokens) / rate)
            raise RateLimited(f"More than {limit} {kind} a minute.", retry_after_seconds=wait)
        bucket.tokens -= 1
        return Allowance(
            kind=kind, limit=limit, left=int(bucket.tokens), reset_seconds=ceil((limit - bucket.tokens) / rate)
        )

    def _forget_idle(self, now: float) -> None:
        if len(self._buckets) < BUCKETS_MOST:
            return
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if now - bucket.at < 60}
