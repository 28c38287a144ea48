"""Reads what the arbitrator decided for a weaver: batch size, degraded share, arrivals; and the queue's length.

`config:*` and the list's length come in one round trip, at most once a second; a dead arbitrator means safe defaults.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from proteus import fleet_config, keys
from proteus.fleet_config import FleetConfig, Ruling


@dataclass(frozen=True, kw_only=True)
class Config:
    """One reading. The defaults hold while there is no arbitrator.

    Attributes:
        batch_size: Pictures a weaver may run at once.
        degraded_fraction: Share of the jobs that may be degraded and are.
        waiting: Length of the list.
        canaries: `engine@version` -> share of the engine's jobs for workers of this version.
        arrivals_per_second: This worker's share of the arrivals; 0 if unknown.
    """

    batch_size: int = 1
    degraded_fraction: float = 0.0
    waiting: int = 0
    arrivals_per_second: float = 0.0
    canaries: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, fleet: FleetConfig, *, waiting: int) -> Config:
        """Return one weaver's part of the fleet's configuration."""
        seen = fleet.ruling or Ruling()
        return cls(
            batch_size=fleet.batch_size,
            degraded_fraction=fleet.degraded_share,
            waiting=waiting,
            arrivals_per_second=max(0.0, seen.arrivals_per_second or 0.0) / max(1, seen.ready or 1),
            canaries=seen.canaries or {},
        )


class ConfigReader:
    """Reads `config:*` when the last reading is old enough.

    Args:
        redis: A client that decodes replies.
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
                pipe.mget(fleet_config.KEYS)
                pipe.llen(keys.JOBS)
                values, waiting = await pipe.execute(raise_on_error=False)
            if isinstance(values, Exception):
                raise values
            if isinstance(waiting, ResponseError):  # No list: the claim reports it.
                waiting = 0
            found = FleetConfig.read(dict(zip(fleet_config.KEYS, values, strict=True)))
            self._config = Config.of(found, waiting=waiting)
            self._read_at = self._now()
        return self._config
