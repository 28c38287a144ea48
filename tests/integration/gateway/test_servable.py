"""Work that nobody can serve: refused at the door, parked outside the queue, counted nowhere, back when it can be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from arbitrator.observe import Observer
from arbitrator.settings import ArbitratorSettings
from gateway.composition import build
from hands import until
from proteus.jobs import WorkerId
from proteus.keys import JOBS, QueueKeys
from proteus.registry import WorkerCard, WorkerState, deregister, register
from waiting import PATIENCE_SECONDS

NAMES = QueueKeys(JOBS)


async def offers(redis, *engines: str, worker: str = "w1", state: WorkerState = WorkerState.READY) -> None:
    await register(redis, NAMES, WorkerCard(id=WorkerId(worker), state=state, engines=engines))


async def settled(parts) -> None:
    """One reading of the fleet and what follows from it."""
    await parts.fleet.refresh()
    await parts.parker.park()


@pytest.fixture
def only_puppet(gateway_settings):
    return gateway_settings.model_copy(update={"engines": "puppet"})


async def test_an_engine_that_nobody_can_bring_is_refused_with_those_on_offer(
    only_puppet, serve, hands, prepare
) -> None:
    async with serve(only_puppet) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        for path in ("/api/snap", "/v1/tryons"):
            for more in ({}, {"priority": "low"}, {"num_samples": 4}, {"deadline_ms": 1_000}):
                for model in ("catvton", "timed"):
                    answer = await ready.guest.http.post(path, json=body | more | {"model": model})
                    said = answer.json()
                    assert (answer.status_code, said["code"], said["retryable"]) == (409, "engine_unavailable", False)
                    assert said["offered"] == ["puppet"]
        assert (await ready.guest.http.post("/api/snap", json=body | {"model": "puppet"})).status_code == 202


async def test_a_worker_that_offers_an_engine_is_enough(only_puppet, serve, hands, prepare, redis) -> None:
    await offers(redis, "catvton")
    async with serve(only_puppet) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        assert (await ready.snap(model="catvton"))["status"] == "queued"


async def test_what_workers_offered_within_a_day_can_be_asked_for(gateway_settings, redis) -> None:
    """A fleet that has scaled to zero is asked for by its jobs; the next gateway remembers, too."""
    settings = gateway_settings.model_copy(update={"engines": ""})
    first, second = (build(settings, asyncio.Event()) for _ in range(2))
    await offers(redis, "fashn", "timed")
    await first.fleet.refresh()
    await deregister(redis, NAMES, WorkerId("w1"))
    await second.fleet.refresh()
    assert second.fleet.servable == {"puppet", "fashn"}
    async with second.ledger.read() as reads:
        assert await reads.engine_offers.names(since=datetime.now(UTC) - timedelta(minutes=1)) == {"fashn", "timed"}
        assert await reads.engine_offers.names(since=datetime.now(UTC) + timedelta(minutes=1)) == frozenset()
    for parts in (first, second):
        await parts.redis.aclose()
        await parts.ledger.close()


async def test_a_fleet_that_has_not_been_read_refuses_and_parks_nothing(parts, redis) -> None:
    assert parts.fleet.servable is None
    assert (await parts.parker.park()).parked == 0


async def test_work_of_an_engine_that_is_lost_leaves_the_queue_and_comes_back(
    gateway_settings, serve, hands, prepare, redis
) -> None:
    """It counts in no depth, wait or observation meanwhile, and its status promises nothing."""
    async with serve(gateway_settings) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        lost, other = await ready.snap(), await ready.snap(model="timed")
    async with serve(gateway_settings.model_copy(update={"engines": "timed"})) as gateway:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await until(lambda: redis.zcard(NAMES.parked))
        assert await redis.llen(JOBS) == 1
        seen = await Observer(redis, hands.queues[JOBS], ArbitratorSettings(), engine="timed").read()
        assert (seen.waiting, seen.retrying, seen.running) == (1, 0, 0)
        guest = gateway.bearer(ready.guest.token)
        status = (await guest.http.get(f"/api/status/{lost['job_id']}")).json()
        assert (status["status"], status["position"], status["eta"]) == ("queued", None, None)
        assert (await hands.take()).id == other["job_id"]
        await offers(redis, "puppet")
        assert (await hands.take()).id == lost["job_id"]


async def test_held_work_of_an_engine_that_nobody_serves_stays_held(
    gateway_settings, only_puppet, serve, hands, prepare, redis
) -> None:
    limits = gateway_settings.limits.model_copy(update={"promote_below": 1})
    async with serve(gateway_settings.model_copy(update={"limits": limits})) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        await ready.snap(model="timed")  # The list is as long as it may be for a promotion.
        held = await ready.snap(priority="low", model="timed")
    parts = build(only_puppet, asyncio.Event())
    await settled(parts)
    promoter = parts.promoter
    assert await redis.llen(JOBS) == 0
    assert await promoter.promote() == 0
    await offers(redis, "timed")
    assert await promoter.promote() == 0, "the bench's engine has to be named"
    async with parts.ledger.read() as reads:
        assert (await reads.jobs.by_ids([held["job_id"]]))[held["job_id"]].stage == "held"
    await parts.redis.aclose()
    await parts.ledger.close()


async def test_work_of_other_workers_is_not_waited_for(ready, parts, redis) -> None:
    await offers(redis, "puppet", worker="w1")
    await offers(redis, "timed", worker="w2")
    for _ in range(3):
        await ready.snap(model="timed")
    snap = await ready.snap()
    await parts.fleet.refresh()
    assert parts.fleet.waiting_for("puppet") == 1
    assert parts.fleet.waiting_for("timed") == 3
    cold = parts.fleet.fleet("puppet").cold_start_seconds

    async def warm_status() -> dict | None:
        """The status once the gateway has seen the workers, too."""
        status = (await ready.guest.http.get(f"/api/status/{snap['job_id']}")).json()
        return status if status["eta"]["p50_seconds"] < cold else None

    status = await until(warm_status)
    assert (status["position"], status["position_is_least"]) == (3, False)
    alone = parts.fleet.eta("puppet", "balanced", ahead=0)
    assert status["eta"]["p50_seconds"] == pytest.approx(alone.p50_seconds, abs=0.01)
