"""The arbitrator decides for declared fleets: from the queue of their engines to the sets that KEDA counts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from arbitrator.actuators.redis import RedisActuator
from arbitrator.fleet_judge import FleetJudge, pod_of
from arbitrator.fleets.board import Board, FleetView
from arbitrator.fleets.bounds import Bounds
from arbitrator.fleets.spec import parse_spec
from arbitrator.history import History
from arbitrator.loop import Loop, Metrics
from arbitrator.observe import Observer
from arbitrator.policies.slo import SloPolicy
from arbitrator.settings import ArbitratorSettings
from gateway.fleet.view import FleetView as GatewayView
from proteus import keys
from proteus.engines import CARDS
from proteus.fleet_config import Ruling
from proteus.jobs import JobId, WorkerId
from proteus.queue import JobQueue
from proteus.queue.model import Submission
from proteus.registry import WorkerCard, WorkerState, deregister, register
from weaver.control import ConfigReader


def job(number: int, engine: str) -> Submission:
    return Submission(
        id=JobId(f"job_{number}"),
        epoch=1,
        payload={"id": f"job_{number}"},
        body={"user_id": "u", "vton_id": None, "job_type": "tryon", "result_url": "/v1/results/x/1", "trace_id": "t"},
        engine=engine,
        batch_key=CARDS[engine].batch_key("balanced"),
    )


def declared(board: Board, name: str, most: int, **fields: Any) -> None:
    spec = {"deployment": name, "selector": {"app": name}} | fields
    board.put({"metadata": {"name": name, "uid": name, "resourceVersion": "1"}, "spec": spec})
    bounds = Bounds(min_replicas=0, max_replicas=most)
    board.see(FleetView(name=name, spec=parse_spec(spec), bounds=bounds, pods=frozenset({f"{name}-1"})))


def arbitrator(redis: Redis, board: Board) -> Loop:
    settings, queue = ArbitratorSettings(), JobQueue(redis, keys.JOBS)
    observer = Observer(redis, queue, settings, engine="catvton")
    history = History(redis, cold_start_seconds=77)
    judge = FleetJudge(redis, queue.keys, board, settings, engine="catvton", history=history)
    loop = Loop(
        observer,
        SloPolicy(),
        RedisActuator(redis, identity="a1", lease_seconds=5),
        tick_seconds=0.5,
        metrics=Metrics(CollectorRegistry()),
        fleets=lambda: judge.declared(observer.readings, leading=loop.leading),
    )
    return loop


async def wanted(redis: Redis) -> dict[str, int]:
    names = [name async for name in redis.scan_iter(match="config:weavers_wanted:*")]
    return {name.rpartition(":")[2]: await redis.scard(name) - 1 for name in names}


async def seen_by_the_gateway(redis: Redis) -> int | None:
    return GatewayView(ruling=Ruling.parse(await redis.get(keys.STATE))).wanted_weavers


async def test_work_for_one_engine_wakes_the_fleets_that_offer_it_and_no_other(redis: Redis) -> None:
    board, queue = Board(), JobQueue(redis, keys.JOBS)
    declared(board, "fashn", 4, engines=["fashn"])
    declared(board, "sure", 2, engines=["catvton"], billing={"hourlyPrice": 2.0})
    declared(board, "spot", 4, engines=["catvton"], capacity="spot", billing={"hourlyPrice": 0.5})
    loop = arbitrator(redis, board)
    assert await loop.tick()
    assert await wanted(redis) == {"weaver": 1, "fashn": 0, "sure": 0, "spot": 0}
    await queue.submit(job(1, "catvton"))
    assert await loop.tick()
    assert await wanted(redis) == {"weaver": 1, "fashn": 0, "sure": 0, "spot": 1}
    assert board.wanted("spot").waiting == 1
    assert board.wanted("fashn").waiting == 0
    assert await redis.ttl(keys.weavers_wanted("spot")) <= keys.CONFIG_SECONDS


async def test_a_pod_that_works_keeps_its_fleet_and_is_known_by_its_workers_id(redis: Redis) -> None:
    board, queue = Board(), JobQueue(redis, keys.JOBS)
    declared(board, "sure", 2, billing={"hourlyPrice": 2.0})
    declared(board, "spot", 4, capacity="spot", billing={"hourlyPrice": 0.5})
    card = WorkerCard(
        id=WorkerId("weaver-sure-1-a1b2c3"), state=WorkerState.READY, engines=("catvton",), slots_used=1, slots_free=0
    )
    assert pod_of(card) == "sure-1"
    await register(redis, queue.keys, card)
    await queue.submit(job(1, "catvton"))
    await queue.claim(card.id, free=1, engines=["catvton"])
    assert await arbitrator(redis, board).tick()
    assert board.busy == {"sure-1"}
    assert (await wanted(redis))["sure"] == 1


async def test_pictures_of_batches_neither_wake_a_fleet_nor_keep_the_pod_that_makes_them(redis: Redis) -> None:
    board, queue = Board(), JobQueue(redis, keys.JOBS)
    declared(board, "sure", 2, engines=["catvton"])
    declared(board, "whole", 2)
    loop = arbitrator(redis, board)
    assert await loop.tick()
    before = await wanted(redis)
    assert (before["sure"], before["whole"]) == (0, 0)
    spare = [replace(job(number, "catvton"), spare=True) for number in range(20)]
    await queue.submit(*spare)
    assert await loop.tick()
    assert await wanted(redis) == before, "nobody wakes"
    card = WorkerCard(
        id=WorkerId("weaver-sure-1-a1b2c3"), state=WorkerState.READY, engines=("catvton",), slots_spare=4, slots_free=8
    )
    await register(redis, queue.keys, card)
    assert len((await queue.claim(card.id, free=4, engines=["catvton"], spare=True)).jobs) == 4
    for _ in range(3):
        assert await loop.tick()
    assert await wanted(redis) == before, "nobody stays"
    assert board.busy == set()
    await queue.submit(job(30, "catvton"))
    assert await loop.tick()
    assert (await wanted(redis))["sure"] == 1


async def test_pods_that_are_paid_for_stay_and_batches_are_fed_for_them(redis: Redis) -> None:
    board = Board()
    declared(board, "sure", 4)
    [seen] = board.views()
    board.see(replace(seen, kept=3))
    loop = arbitrator(redis, board)
    assert await loop.tick()
    assert (await wanted(redis))["sure"] == 3
    assert board.wanted("sure").reason.endswith("; 3 pods stay, because much of their paid time is left")
    assert await seen_by_the_gateway(redis) == 3
    board.see(replace(seen, kept=0))
    assert await loop.tick()
    assert (await wanted(redis))["sure"] == await seen_by_the_gateway(redis) == 0
    assert "paid" not in board.wanted("sure").reason


async def test_the_arbitrator_that_leads_learns_the_demand_and_a_standby_does_not(redis: Redis) -> None:
    [first, second] = boards = [Board(), Board()]
    loops = [arbitrator(redis, board) for board in boards]
    assert await loops[0].tick()
    await redis.set(keys.ARBITRATOR_LEASE, "another", px=60_000)
    for _ in range(2):
        assert not await loops[1].tick()
    assert second.known.cold_start_seconds != 77
    await redis.delete(keys.ARBITRATOR_LEASE)
    assert await loops[0].tick()
    assert first.known.cold_start_seconds == 77


async def test_without_a_declared_fleet_only_the_whole_number_is_written(redis: Redis) -> None:
    assert await arbitrator(redis, Board()).tick()
    assert set(await wanted(redis)) == {"weaver"}


async def test_arrivals_are_counted_by_engine(redis: Redis) -> None:
    queue = JobQueue(redis, keys.JOBS)
    observer = Observer(redis, queue, ArbitratorSettings(), engine="catvton")
    await observer.read()
    await queue.submit(job(1, "catvton"), job(2, "fashn"), job(3, "catvton"))
    assert (await observer.read()).arrived == 3
    assert observer.readings.arrived == {"catvton": 2, "fashn": 1}


def weaver(name: str, version: str, state: WorkerState = WorkerState.READY) -> WorkerCard:
    return WorkerCard(
        id=WorkerId(f"weaver-{name}-a1b2c3"),
        state=state,
        engines=("catvton",),
        weights={"catvton": f"catvton {version}"},
    )


async def test_a_canary_holds_while_its_version_and_another_are_ready_and_weavers_read_it(redis: Redis) -> None:
    board, names = Board(), keys.QueueKeys(keys.JOBS)
    declared(board, "sure", 2, engines=["catvton"])
    canary = {"engine": "catvton", "version": "1+b", "share": 0.05}
    declared(board, "trial", 1, engines=["catvton"], canary=canary)
    declared(board, "zweite", 1, engines=["catvton"], canary=canary | {"version": "3"})
    loop, reader = arbitrator(redis, board), ConfigReader(redis, max_age_seconds=0)

    async def holds() -> tuple[Mapping[str, float], str]:
        assert await loop.tick()
        return (await reader.read()).canaries, board.wanted("trial").canary

    nobody = "catvton@1+b: no ready worker has this version"
    assert await holds() == ({}, nobody)
    await register(redis, names, weaver("sure-1", "1"))
    await register(redis, names, weaver("trial-1", "1+b", WorkerState.LOADING))
    assert await holds() == ({}, nobody)
    await register(redis, names, weaver("trial-1", "1+b"))
    assert await holds() == ({"catvton@1+b": 0.05}, "catvton@1+b gets at most 0.05 of the jobs")
    assert board.wanted("zweite").canary == "catvton@3: trial has a canary of catvton already"
    assert board.wanted("sure").canary == ""
    await deregister(redis, names, weaver("sure-1", "1").id)
    assert await holds() == ({}, "catvton@1+b: every ready worker has this version, and takes all jobs")
    board.drop("trial", "trial")
    board.drop("zweite", "zweite")
    await register(redis, names, weaver("sure-1", "1"))
    assert await loop.tick()
    assert (await reader.read()).canaries == {}
