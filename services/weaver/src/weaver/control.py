"""What the arbitrator and the control channel tell a weaver: batch size, degraded share, wake-ups, cancels.

`config:*` and the list's length come in one round trip, at most once a second; a dead arbitrator means safe defaults.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from proteus import keys

_KEYS = (keys.BATCH_SIZE, keys.DEGRADED_MODE, keys.DEGRADED_FRACTION, keys.STATE)


@dataclass(frozen=True, kw_only=True)
class Config:
    """One reading. The defaults are what a missing arbitrator means.

    Attributes:
        batch_size: Pictures a weaver may run at once.
        degraded_fraction: Share of the jobs that may be degraded and are.
        waiting: Length of the list.
        arrivals_per_second: This worker's share of the arrivals; 0 if unknown.
    """

    batch_size: int = 1
    degraded_fraction: float = 0.0
    waiting: int = 0
    arrivals_per_second: float = 0.0


def parse_config(values: list[str | None], waiting: int) -> Config:
    """Return the configuration behind the raw values of `config:*`; what makes no sense counts as missing."""
    batch_size, mode, fraction, state = values
    try:
        told: Any = json.loads(state or "{}")
    except (ValueError, RecursionError):
        told = {}
    told = told if isinstance(told, dict) else {}
    arrivals, ready = _number(told.get("arrivals_per_second"), 0.0), _number(told.get("ready"), 1.0)
    return Config(
        batch_size=int(max(1.0, _number(batch_size, 1.0))),
        degraded_fraction=min(1.0, max(0.0, _number(fraction, 1.0))) if mode == "1" else 0.0,
        waiting=waiting,
        arrivals_per_second=max(0.0, arrivals) / max(1.0, ready),
    )


def _number(value: Any, default: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    return number if isfinite(number) else default


class ConfigReader:
    """Reads `config:*` when the last reading is old enough.

    Args:
        redis: A client that decodes answers.
        max_age_seconds: How old a reading may be.
    """

    def __init__(self, redis: Redis, *, max_age_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._max_age_seconds = max_age_seconds
        self._now = now
        self._read_at = float("-inf")
        self._config = Config()

    async def read(self) -> Config:
        """Return the configuration, at most `max_age_seconds` old.

        Raises:
            RedisError: Redis cannot answer.
        """
        if self._now() - self._read_at >= self._max_age_seconds:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.mget(_KEYS)
                pipe.llen(keys.JOBS)
                values, waiting = await pipe.execute(raise_on_error=False)
            if isinstance(values, Exception):
                raise values
            if isinstance(waiting, ResponseError):  # No list: the claim will say so.
                waiting = 0
            self._config = parse_config(values, waiting)
            self._read_at = self._now()
        return self._config
