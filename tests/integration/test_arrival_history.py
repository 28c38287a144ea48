"""Arrivals by the hour in Redis: what is counted, kept, forgotten, and survived."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from arbitrator.fleets.demand import KEPT_HOURS, Known
from arbitrator.history import KEPT_SECONDS, WRITE_SECONDS, History
from arbitrator.observe import Readings
from proteus import keys
from proteus.engines import CARDS
from proteus.jobs import WorkerId
from proteus.queue import QueueStats
from proteus.registry import WorkerCard, WorkerState

HOUR = 500_000
NOTHING = QueueStats(waiting=0, running=0, retrying=0, dead=0, busy_workers=0, oldest_waiting_ms=0, mean_wait_ms=0)


def readings(now: float, arrived: dict[str, int] | None = None, *cards: WorkerCard) -> Readings:
    return Readings(now=now, stats=NOTHING, cards=cards, arrived=arrived or {})


async def watched(history: History, start: float, ticks: int, arrived: dict[str, int]) -> Known | None:
    """Watch for some ticks of ten seconds less a moment; return the last news."""
    news = None
    for tick in range(ticks + 1):
        found = await history.note(readings(start + 9.0 * tick, arrived if tick else {}))
        news = found or news
    return news


async def test_an_hour_is_known_when_it_has_passed_with_the_time_that_was_watched(redis: Redis) -> None:
    history = History(redis, cold_start_seconds=90)
    start = HOUR * 3600.0
    first = await watched(history, start, 390, {"catvton": 2, "fashn": 1})
    assert first is not None
    assert first.hours == {}
    assert first.cold_start_seconds == 90
    known = await history.note(readings(start + 3600))
    assert known is not None
    assert known.hours[HOUR].seconds == pytest.approx(3510, abs=WRITE_SECONDS + 9)
    rate = {engine: jobs / known.hours[HOUR].seconds for engine, jobs in known.hours[HOUR].arrived.items()}
    assert rate == pytest.approx({"catvton": 2 / 9, "fashn": 1 / 9}, rel=0.01)
    assert await history.note(readings(start + 3601)) is None, "no news within the hour"
    assert 0 < await redis.ttl(keys.ARRIVALS) <= KEPT_SECONDS


async def test_two_arbitrators_after_each_other_count_one_hour_and_a_pause_is_not_watched(redis: Redis) -> None:
    start = HOUR * 3600.0
    for turn in range(2):
        await watched(History(redis, cold_start_seconds=90), start + turn * 1200, 40, {"catvton": 1})
    paused = History(redis, cold_start_seconds=90)
    await paused.note(readings(start + 3000))
    await paused.note(readings(start + 3500, {"catvton": 99}))
    known = await History(redis, cold_start_seconds=90).note(readings(start + 3600))
    assert known is not None
    assert known.hours[HOUR].seconds == pytest.approx(720, abs=2 * (WRITE_SECONDS + 9))
    assert known.hours[HOUR].arrived["catvton"] <= 80


async def test_what_is_old_or_unreadable_is_forgotten(redis: Redis) -> None:
    old, fresh = HOUR - KEPT_HOURS - 1, HOUR - 1
    fields = {f"{old}": 3_600_000, f"{old}:catvton": 7, "nonsense": 1, f"{fresh}:fashn": "many", "pace:": 5}
    kept = {f"{fresh}": 3_600_000, f"{fresh}:catvton": 9, "pace:catvton": 2_500_000}
    await redis.hset(keys.ARRIVALS, mapping=fields | kept)
    known = await History(redis, cold_start_seconds=90).note(readings(HOUR * 3600.0))
    assert known is not None
    assert {number: dict(hour.arrived) for number, hour in known.hours.items()} == {fresh: {"catvton": 9}}
    assert known.picture_seconds == {"catvton": 2.5}
    assert set(await redis.hgetall(keys.ARRIVALS)) == set(kept)


async def test_a_key_of_another_type_begins_anew_and_stops_no_tick(redis: Redis) -> None:
    await redis.set(keys.ARRIVALS, "x")
    history = History(redis, cold_start_seconds=90)
    known = await watched(history, HOUR * 3600.0, 10, {"catvton": 1})
    assert known is not None
    assert known.hours == {}
    assert await redis.type(keys.ARRIVALS) == "hash"
    await redis.delete(keys.ARRIVALS)
    await redis.hset(keys.ARRIVALS, str(HOUR), "no number")
    await watched(history, HOUR * 3600.0 + 200, 10, {"catvton": 1})
    assert int(await redis.hget(keys.ARRIVALS, f"{HOUR}:catvton")) > 0


async def test_the_pace_that_was_measured_last_outlives_its_weavers_and_the_arbitrator(redis: Redis) -> None:
    key = CARDS["catvton"].batch_key("balanced")
    card = WorkerCard(
        id=WorkerId("w"), state=WorkerState.READY, engines=("catvton",), slots_used=0, slots_free=1,
        seconds_per_batch={key: {"1": 3.0, "2": 4.0}}, measured_up_to={key: 2},
    )  # fmt: skip
    history = History(redis, cold_start_seconds=90)
    start = HOUR * 3600.0
    await history.note(readings(start))
    known = await history.note(readings(start + WRITE_SECONDS, None, card))
    assert known is not None, "an engine that is measured for the first time is news"
    assert known.picture_seconds == {"catvton": 2.0}
    again = await History(redis, cold_start_seconds=90).note(readings(start + 60))
    assert again is not None
    assert again.picture_seconds == {"catvton": 2.0}
