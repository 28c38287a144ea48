"""Arrivals by the hour, of four weeks, in Redis: what a fleet with a budget is sized from.

    loop (a tick's readings) ─▶ History.note ─▶ arbitrator:arrivals ─▶ History.known ─▶ board

The arbitrator that acts counts; a standby does not. What was counted is written every half minute, and forgotten if
Redis does not take it: a statistic must not count twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from arbitrator.fleets.demand import KEPT_HOURS, Hour, Known
from arbitrator.observe import Readings
from proteus import fleet_config, keys
from proteus.engines import CARDS
from proteus.fleet_view import batch_cost
from proteus.registry import WorkerCard, WorkerState

log = structlog.get_logger()

HOUR_SECONDS: Final = 3600
PACE: Final = "pace"
WRONG_TYPE: Final = "WRONGTYPE"
WRITE_SECONDS: Final = 30.0
KEPT_SECONDS: Final = 35 * 86_400
LONGEST_TICK_SECONDS: Final = 10.0
"""Readings that are further apart than this were of two arbitrators, or of one that slept: the time between was not
watched."""


class History:
    """Counts arrivals, and tells what is known of the hours that have passed.

    Args:
        redis: A client that decodes replies.
        cold_start_seconds: From requesting a weaver to ready.
    """

    def __init__(self, redis: Redis, *, cold_start_seconds: float) -> None:
        self._redis = redis
        self._cold_start_seconds = cold_start_seconds
        self._counted: Counter[str] = Counter()
        self._last = 0.0
        self._written_at = 0.0
        self._known_of = -1
        self._paced: set[str] = set()

    async def note(self, readings: Readings) -> Known | None:
        """Count the arrivals of a tick; return what is known when it is news: at each hour, and for each new engine."""
        now = readings.now
        elapsed, self._last, hour = now - self._last, now, int(now) // HOUR_SECONDS
        if 0 < elapsed < LONGEST_TICK_SECONDS:
            self._counted[str(hour)] += round(elapsed * 1000)
            for engine, jobs in readings.arrived.items():
                self._counted[f"{hour}:{engine}"] += jobs
        pace = pace_of(readings.cards)
        if not 0 <= now - self._written_at < WRITE_SECONDS:
            self._written_at = now
            await self._write(pace)
        if self._known_of == hour and self._paced >= pace.keys():
            return None
        known = await self._read(before=hour)
        known = replace(known, picture_seconds={**known.picture_seconds, **pace})
        self._known_of, self._paced = hour, set(known.picture_seconds)
        return known

    async def _write(self, pace: Mapping[str, float]) -> None:
        counted, self._counted = self._counted, Counter()
        async with self._redis.pipeline(transaction=True) as pipeline:
            for field, number in counted.items():
                pipeline.hincrby(keys.ARRIVALS, field, number)
            for engine, seconds in pace.items():
                pipeline.hset(keys.ARRIVALS, f"{PACE}:{engine}", round(seconds * 1e6))
            pipeline.expire(keys.ARRIVALS, KEPT_SECONDS)
            try:
                await pipeline.execute()
            except ResponseError as error:
                if WRONG_TYPE in str(error):
                    await self._begin_anew(error)
                else:  # A field that is no number, or no memory: what was counted is lost, the tick is not.
                    log.warning("arrivals_not_counted", reason=str(error)[:200])

    async def _read(self, *, before: int) -> Known:
        """Return the hours that have passed, of four weeks, and the last pace; forget what is older or unreadable.

        Raises:
            RedisError: Redis cannot answer now: that is no empty history.
        """
        found: Mapping[Any, Any] = {}
        try:
            found = await self._redis.hgetall(keys.ARRIVALS)
        except ResponseError as error:
            if WRONG_TYPE not in str(error):
                raise
            await self._begin_anew(error)
        watched: dict[int, float] = {}
        arrived: dict[int, dict[str, int]] = {}
        pace: dict[str, float] = {}
        old = []
        for field, value in found.items():
            name, _, engine = field.partition(":")
            number = fleet_config.count(name)
            if not value.isdecimal() or (number is None if name != PACE else not engine):
                old.append(field)
            elif number is None:
                pace[engine] = int(value) / 1e6
            elif number < before - KEPT_HOURS:
                old.append(field)
            elif number < before and engine:
                arrived.setdefault(number, {})[engine] = int(value)
            elif number < before:
                watched[number] = int(value) / 1000
        if old:
            await self._redis.hdel(keys.ARRIVALS, *old)
        hours = {number: Hour(seconds, arrived.get(number, {})) for number, seconds in watched.items()}
        pace = {engine: seconds for engine, seconds in pace.items() if seconds > 0}
        return Known(hours=hours, picture_seconds=pace, cold_start_seconds=self._cold_start_seconds)

    async def _begin_anew(self, error: ResponseError) -> None:
        """Remove a key of another type: it is this process's own."""
        await self._redis.delete(keys.ARRIVALS)
        log.warning("key_replaced", key=keys.ARRIVALS, reason=str(error)[:200])


def pace_of(cards: Sequence[WorkerCard]) -> Mapping[str, float]:
    """Return engine -> seconds per picture in the batch that pays, of the engines whose weavers measured it."""
    found = {}
    ready = [card for card in cards if card.state is WorkerState.READY]
    for engine in sorted({name for card in ready for name in card.engines if name in CARDS}):
        cost = batch_cost([card for card in ready if engine in card.engines], CARDS[engine].batch_key("balanced"))
        if cost is not None and cost.measured(cost.table.max_batch):
            batch = cost.table.paying_batch(cost.table.max_batch)
            found[engine] = cost.table.t(batch) / batch
    return found
