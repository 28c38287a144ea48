"""Reads the queue and the fleet into the observation that policies take. Changes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from arbitrator.policies.contract import Observation
from arbitrator.settings import ArbitratorSettings
from proteus import keys
from proteus.engines import CARDS
from proteus.fleet_view import EngineFleet, engine_fleet
from proteus.jobs import EventKind
from proteus.queue import JobQueue, QueueStats
from proteus.queue.unread import UnreadKeys
from proteus.registry import WorkerCard, WorkerState, list_workers
from proteus.replies import is_away

EVENTS_PER_TICK: Final = 5_000
"""Events read for arrivals at one tick; the next tick counts the rest."""


LAST_ID: Final = "18446744073709551615-18446744073709551615"
"""The largest id in Redis: a stream takes no entry after it, so the queue's scripts set that stream aside."""


def fleet_of(cards: Sequence[WorkerCard], *, engine: str, cold_start_seconds: float, now: float) -> EngineFleet:
    """Return the fleet behind the cards.

    Costs are those of the balanced preset of `engine`; if no ready worker offers it, of the engine most of them offer.
    """
    offered = [name for card in cards if card.state is WorkerState.READY for name in card.engines if name in CARDS]
    name = engine if engine in offered or not offered else max(sorted(set(offered)), key=offered.count)
    described = CARDS.get(name)
    return engine_fleet(
        cards,
        batch_key=described.batch_key("balanced") if described else "",
        degraded_key=described.batch_key("balanced", degraded=True) if described else "",
        cold_start_seconds=cold_start_seconds,
        now=now,
    )


@dataclass(frozen=True, kw_only=True)
class Readings:
    """What an observation was made of, for those who look at a part of it.

    Attributes:
        arrived: Engine -> jobs submitted since the readings before.
    """

    now: float
    stats: QueueStats
    cards: Sequence[WorkerCard]
    arrived: Mapping[str, int]


class Observer:
    """Reads observations. Keeps only its position in the event stream, to count arrivals.

    Args:
        queue: The pictures' queue.
        engine: The engine whose costs count.
    """

    def __init__(self, redis: Redis, queue: JobQueue, settings: ArbitratorSettings, *, engine: str) -> None:
        self._redis = redis
        self._queue = queue
        self._settings = settings
        self._engine = engine
        self._last_event = ""
        self._unread = UnreadKeys()
        self.readings: Readings | None = None

    async def read(self) -> Observation:
        """Return an observation. Its readings run concurrently."""
        stats, cards, clock, arrived, warm = await asyncio.gather(
            self._queue.stats(),
            list_workers(self._redis, self._queue.keys),
            self._redis.time(),
            self._arrivals(),
            self._redis.exists(keys.WARM),
        )
        seconds, microseconds = clock
        now = seconds + microseconds / 1e6
        cold_start_seconds = self._settings.cold_start_seconds
        self.readings = Readings(now=now, stats=stats, cards=cards, arrived=arrived)
        fleet = fleet_of(cards, engine=self._engine, cold_start_seconds=cold_start_seconds, now=now)
        return make_observation(stats, fleet, self._settings, now=now, arrived=arrived.total(), warm=warm > 0)

    async def _arrivals(self) -> Counter[str]:
        """Count the jobs submitted since the last reading, by engine, spare ones apart.

        None at first and while the stream is broken.
        """
        try:
            arrived = await self._submitted()
        except ResponseError as error:
            if is_away(error):
                raise
            self._unread.note([self._queue.keys.events])
            self._last_event = ""
            return Counter()
        self._unread.note([])
        return arrived

    async def _submitted(self) -> Counter[str]:
        stream = self._queue.keys.events
        if not self._last_event:
            newest: Any = await self._redis.xrevrange(stream, count=1)
            self._last_event = newest[0][0] if newest else "0-0"
            return Counter()
        after = f"({self._last_event}" if self._last_event != LAST_ID else LAST_ID
        entries: Any = await self._redis.xrange(stream, min=after, count=EVENTS_PER_TICK)
        if not entries:
            newest = await self._redis.xrevrange(stream, count=1)
            if not newest or _order(newest[0][0]) < _order(self._last_event):
                self._last_event = ""  # The stream began anew: so does the count.
            return Counter()
        self._last_event = entries[-1][0]
        submitted = [
            fields for _, fields in entries if fields.get("kind") == EventKind.SUBMITTED and not fields.get("spare")
        ]
        return Counter(fields.get("engine", "") for fields in submitted)


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, n = entry_id.partition("-")
    return int(milliseconds), int(n)


def make_observation(
    stats: QueueStats, fleet: EngineFleet, settings: ArbitratorSettings, *, now: float, arrived: int, warm: bool = False
) -> Observation:
    """Build an observation from its readings."""
    return Observation(
        now=now,
        waiting=stats.waiting,
        running=stats.running,
        retrying=stats.retrying,
        busy_workers=stats.busy_workers,
        arrived=arrived,
        mean_wait_seconds=stats.mean_wait_ms / 1000,
        oldest_wait_seconds=stats.oldest_waiting_ms / 1000,
        ready=fleet.ready,
        starting=fleet.starting,
        starting_in_seconds=fleet.starting_in_seconds,
        min_replicas=settings.min_replicas,
        max_replicas=settings.max_replicas,
        cold_start_seconds=settings.cold_start_seconds,
        warm=warm,
        cost=fleet.cost.table if fleet.cost else None,
        measured=fleet.cost is not None and fleet.cost.measured_up_to > 0,
        degraded_cost=fleet.degraded.table if fleet.degraded else None,
    )
