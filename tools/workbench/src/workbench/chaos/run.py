"""One run: start the fleet, load it, break it, let it settle, read everything, judge."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from proteus.service.lifecycle import cancel
from proteus.storage import ObjectStore
from workbench.chaos.count import Evidence, Verdict, judge
from workbench.chaos.faults import Faults
from workbench.chaos.fleet import Fleet
from workbench.chaos.load import Load, poison_seeds
from workbench.chaos.scenario import FIRST_ENGINE, SECOND_ENGINE, Scenario
from workbench.chaos.shape import Shape
from workbench.chaos.shopper import REQUEST_SECONDS, Shopper
from workbench.chaos.watch import Watch
from workbench.unlimited import UNLIMITED

TELL_SECONDS: Final = 5.0
LISTING_EVERY: Final = 4
"""Progress lines between two listings of the store."""

LOOK_SECONDS: Final = 0.25
REDIS_TRIES: Final = 40
DELIVERY_SECONDS: Final = 30.0
"""How long sockets may take to catch up once everything is over; an event that is not there by then is missed."""

READY_SECONDS: Final = 60.0
"""How long services may take after the last fault until each reports ready."""

SAMPLE: Final = 20
"""Results to fetch at the end as a client would."""


async def run(
    scenario: Scenario,
    *,
    folder: Path,
    models: Path,
    seed: int,
    say: Callable[[str], None],
    previous: Path | None = None,
) -> Verdict:
    """Run a scenario in a fresh folder; return the counts.

    Args:
        previous: The Python of the version before, for a scenario that starts as it.
    """
    rng = random.Random(seed)
    scenario = scenario.dealt(rng)
    fleet = Fleet(
        folder,
        models=models,
        shape=Shape(
            gateways=scenario.gateways,
            weavers=scenario.weavers,
            tailors=scenario.tailors,
            skew_seconds=scenario.skew_seconds,
            second_engine=SECOND_ENGINE if scenario.second_share else "",
        ),
        environment=environment_of(scenario),
        say=say,
        proxied_by=random.Random(seed) if scenario.proxied else None,
        previous=previous if scenario.previous else None,
    )
    say(
        f"lease {scenario.lease_seconds:g} s, beat {scenario.beat_seconds:g} s; {scenario.gateways} gateways, "
        f"{scenario.weavers} weavers, {scenario.tailors} tailors, 1 arbitrator, Valkey, Postgres, SeaweedFS; "
        f"{scenario.jobs} jobs, {len(scenario.faults)} faults, seed {seed}"
    )
    start = time.monotonic()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(fleet.running())
        say(f"the fleet runs after {time.monotonic() - start:.0f} s; clients arrive")
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=REQUEST_SECONDS, trust_env=False))
        urls = list(fleet.gateways.values())
        shoppers = [
            await stack.enter_async_context(Shopper.arrived(urls, http, sockets=scenario.sockets_per_shopper))
            for _ in range(scenario.shoppers)
        ]
        again = Retry(ConstantBackoff(LOOK_SECONDS), REDIS_TRIES)
        redis: Redis = await stack.enter_async_context(
            Redis.from_url(fleet.valkey.url, decode_responses=True, encoding_errors="replace", retry=again)
        )
        watch = Watch(fleet.postgres.url(), ObjectStore(fleet.s3.settings()))
        load = Load(scenario, shoppers, rng=rng, unfinished=lambda: watch.unfinished)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(watch.run()), group.create_task(_tell(load, watch, say))]
            faults = Faults(scenario, fleet, watch, redis, rng=rng, say=say)
            await load.run(group.create_task(faults.run()))
            say(f"all is sent: {load.accepted} jobs accepted, {load.refused} refused at the door; settling")
            await _settled(load, watch, scenario)
            await _delivered(shoppers, watch)
            await cancel(*beside)
        return judge(await _evidence(load, watch, shoppers, fleet, faults, say), scenario)


def environment_of(scenario: Scenario) -> dict[str, str]:
    """Return the variables that a scenario sets for every service."""
    seeds = poison_seeds(scenario)
    return {
        "LEASE_SECONDS": str(scenario.lease_seconds),
        "LEASE_BEAT_SECONDS": str(scenario.beat_seconds),
        "LEASE_REAP_SECONDS": str(scenario.reap_seconds),
        "PROTEUS_DEFAULT_ENGINE": FIRST_ENGINE,
        "PROTEUS_ENGINES": ",".join((FIRST_ENGINE, *((SECOND_ENGINE,) if scenario.second_share else ()))),
        "WEAVER_ENGINES": FIRST_ENGINE,
        "WEAVER_TIMED_CURVE": scenario.curve,
        "WEAVER_TIMED_POISON": ",".join(f"{seed}:{kind}" for kind, seed in seeds.items()),
        "WEAVER_PROFILE_SECONDS": "0.5",
        "ARBITRATOR_MAX_REPLICAS": str(scenario.weavers),
        "ADMISSION_MAX_REPLICAS": str(scenario.weavers),
        "ADMISSION_COLD_START_SECONDS": "5",
        "ADMISSION_DEFAULT_PICTURE_SECONDS": "0.1",
        **UNLIMITED,
    }


async def _tell(load: Load, watch: Watch, say: Callable[[str], None]) -> None:
    told = 0
    while True:
        await asyncio.sleep(TELL_SECONDS)
        over = sum(row.over for row in watch.rows.values())
        pending = sum(len(recovery.waiting) for recovery in watch.recoveries)
        say(f"asked {load.asked}, accepted {load.accepted}, over {over}, not back yet {pending}")
        told += 1
        if told % LISTING_EVERY == 0:
            await watch.look_at_objects()


async def _settled(load: Load, watch: Watch, scenario: Scenario) -> None:
    """Wait until every accepted job is over, or patience ends: a job that is not over then is lost."""
    give_up = time.monotonic() + scenario.settle_seconds
    while time.monotonic() < give_up:
        rows = [watch.rows.get(job_id) for order in load.orders for job_id in order.jobs]
        if all(row is not None and row.over for row in rows):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _delivered(shoppers: Sequence[Shopper], watch: Watch) -> None:
    newest = await watch.newest()
    give_up = time.monotonic() + DELIVERY_SECONDS
    while time.monotonic() < give_up:
        if all(ear.last_seq >= newest[ear.user_id] for shopper in shoppers for ear in shopper.ears):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _evidence(
    load: Load, watch: Watch, shoppers: Sequence[Shopper], fleet: Fleet, faults: Faults, say: Callable[[str], None]
) -> Evidence:
    objects = await watch.look_at_objects()
    by_user = {shopper.user_id: shopper for shopper in shoppers}
    done = [order for order in load.orders if watch.rows[order.job_id].state == "completed"]
    for order in done[:: max(1, len(done) // SAMPLE)]:
        if not await by_user[order.user_id].picture(order.job_id):
            raise RuntimeError(f"the picture of {order.job_id} is empty")
    ears = [ear for shopper in shoppers for ear in shopper.ears]
    say(f"sockets were opened {sum(ear.opened for ear in ears)} times by {len(ears)} clients")
    return Evidence(
        orders=load.orders,
        rows=watch.rows,
        events=await watch.events(),
        ears=ears,
        objects=objects,
        changed_results=watch.changed_results,
        claims=watch.claims,
        recoveries=watch.recoveries,
        unasked_ends=fleet.unasked_ends,
        unmet_answers=faults.unmet,
        served_without=faults.served_without,
        not_ready=await fleet.not_ready(patience_seconds=READY_SECONDS),
    )
