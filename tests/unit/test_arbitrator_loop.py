"""The arbitrator's loop: what it sees, what it writes, what survives it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from redis.exceptions import ConnectionError as RedisConnectionError

from arbitrator.actuators.contract import Order
from arbitrator.actuators.redis import config_of, decision_of, ruling_of
from arbitrator.loop import Loop, Metrics
from arbitrator.observe import fleet_of, make_observation
from arbitrator.policies.contract import Decision, Mode, Observation, State
from arbitrator.policies.named import POLICIES
from arbitrator.policies.table import TablePolicy
from arbitrator.settings import ArbitratorSettings
from proteus.estimates import CostTable
from proteus.fleet_config import FleetConfig
from proteus.jobs import WorkerId
from proteus.keys import STATE
from proteus.queue import QueueStats
from proteus.registry import WorkerCard, WorkerState
from proteus.service.supervision import Pulse


def seen(now: float, **fields: float) -> Observation:
    return Observation(now=now, **{"waiting": 0, **fields})  # type: ignore[arg-type]


class Readings:
    """A reader that plays observations, or raises what is among them, and then stops the loop."""

    def __init__(self, *readings: Observation | Exception, then: Callable[[], None] = lambda: None) -> None:
        self._readings = list(readings)
        self._then = then

    async def read(self) -> Observation:
        reading = self._readings.pop(0)
        if not self._readings:
            self._then()
        if isinstance(reading, Exception):
            raise reading
        return reading


class Notebook:
    """An actuator that notes orders while it may act."""

    def __init__(self, *, may: Callable[[int], bool] = lambda n: True, before: Decision | None = None) -> None:
        self.orders: list[Order] = []
        self.released = False
        self._may = may
        self._before = before
        self._asked = 0

    async def apply(self, order: Order) -> bool:
        self._asked += 1
        if may := self._may(self._asked):
            self.orders.append(order)
        return may

    async def last_decision(self) -> Decision | None:
        return self._before

    async def release(self) -> None:
        self.released = True


async def play(
    notebook: Notebook, *readings: Observation | Exception, tick_seconds: float = 0.001
) -> CollectorRegistry:
    stop, registry = asyncio.Event(), CollectorRegistry()
    reader = Readings(*readings, then=stop.set)
    loop = Loop(reader, TablePolicy(), notebook, tick_seconds=tick_seconds, metrics=Metrics(registry))
    await loop.run(stop, Pulse("tick"))
    return registry


async def test_every_tick_observes_decides_and_acts() -> None:
    notebook = Notebook()
    await play(notebook, seen(0.0), seen(0.5, waiting=30), seen(1.0, waiting=80))
    assert [order.decision.batch_size for order in notebook.orders] == [1, 4, 8]
    assert notebook.released


async def test_a_tick_that_fails_is_counted_and_the_next_one_goes_on() -> None:
    notebook = Notebook()
    registry = await play(notebook, RedisConnectionError("away"), seen(1.0, waiting=30))
    assert [order.decision.batch_size for order in notebook.orders] == [4]
    assert registry.get_sample_value("proteus_arbitrator_ticks_total", {"outcome": "failed"}) == 1
    assert registry.get_sample_value("proteus_arbitrator_ticks_total", {"outcome": "acted"}) == 1


async def test_without_the_lease_it_stands_by_and_takes_over_with_the_decision_that_holds() -> None:
    heard: list[Decision | None] = []

    class Listening(TablePolicy):
        def decide(self, seen: Observation, before: Decision | None) -> Decision:
            heard.append(before)
            return super().decide(seen, before)

    held = TablePolicy().decide(seen(0.0, waiting=60), None)
    notebook, stop = Notebook(may=lambda n: n > 1, before=held), asyncio.Event()
    reader = Readings(seen(0.0), seen(0.5), seen(1.0), then=stop.set)
    loop = Loop(reader, Listening(), notebook, tick_seconds=0.001, metrics=Metrics(CollectorRegistry()))
    await loop.run(stop, Pulse("tick"))
    assert heard == [held, held, notebook.orders[0].decision]
    assert len(notebook.orders) == 2


async def test_arrivals_are_averaged_over_ten_seconds() -> None:
    notebook = Notebook()
    await play(notebook, *[seen(n * 0.5, arrived=2) for n in range(80)])
    assert notebook.orders[-1].arrivals_per_second == pytest.approx(4.0, rel=0.05)


ORDER = Order(
    decision=TablePolicy().decide(seen(0.0, waiting=60, mean_wait_seconds=12.0), None),
    seen=seen(0.0),
    policy="table",
    arrivals_per_second=1.0,
)


def test_what_is_written_can_be_read_back_by_a_successor() -> None:
    decision = TablePolicy().decide(seen(0.0, waiting=60, mean_wait_seconds=12.0), None)
    order = Order(decision=decision, seen=seen(0.0), policy="table", arrivals_per_second=1.0)
    assert decision_of(FleetConfig.read(config_of(order).write())) == decision


@given(st.one_of(st.none(), st.text(), st.sampled_from(["{}", "[]", "3", '{"memory": 1}', '{"state": "NORMAL"}'])))
def test_a_state_that_this_version_does_not_understand_is_no_state(text: str | None) -> None:
    assert decision_of(FleetConfig.read({STATE: text})) is None


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(-(10**400), 10**400), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)


@given(field=st.sampled_from(sorted(ruling_of(ORDER).write())), value=VALUES, policy=st.sampled_from(sorted(POLICIES)))
def test_a_state_with_an_odd_field_lets_every_policy_decide(field: str, value: object, policy: str) -> None:
    before = decision_of(FleetConfig.read({STATE: json.dumps({**ruling_of(ORDER).write(), field: value})}))
    decision = POLICIES[policy](12.0).decide(seen(1.0, waiting=30), before)
    assert decision.batch_size >= 1
    assert 0 <= decision.degraded_fraction <= 1


async def test_whatever_a_reading_raises_the_loop_goes_on() -> None:
    notebook = Notebook()
    registry = await play(notebook, ValueError("a bad card"), KeyError("x"), seen(1.0, waiting=30))
    assert [order.decision.batch_size for order in notebook.orders] == [4]
    assert registry.get_sample_value("proteus_arbitrator_ticks_total", {"outcome": "failed"}) == 2


IDLE = QueueStats(waiting=0, running=0, retrying=0, dead=0, busy_workers=0, oldest_waiting_ms=0, mean_wait_ms=0.0)


def card(name: str, state: WorkerState = WorkerState.READY, **costs: dict[str, float]) -> WorkerCard:
    keys = {key.replace("_", "/"): value for key, value in costs.items()}
    return WorkerCard(id=WorkerId(name), state=state, engines=("timed",), seconds_per_batch=keys)


def seen_of(cards: list[WorkerCard], *, engine: str) -> Observation:
    fleet = fleet_of(cards, engine=engine, cold_start_seconds=100.0, now=60.0)
    return make_observation(IDLE, fleet, ArbitratorSettings(cold_start_seconds=100.0), now=60.0, arrived=0)


def test_the_fleet_counts_ready_and_loading_workers_and_takes_their_mean_costs() -> None:
    fast = card("a", timed_1_384x512_8={"1": 1.0, "2": 1.2}, timed_1_384x512_3={"1": 0.5})
    slow = card("b", timed_1_384x512_8={"1": 3.0, "2": 3.6})
    loading = replace(card("c", WorkerState.LOADING), started_at=20.0)
    found = seen_of([fast, slow, loading, card("d", WorkerState.DRAINING)], engine="timed")
    assert (found.ready, found.starting, found.starting_in_seconds) == (2, 1, 60.0)
    assert found.cost is not None
    assert found.cost.seconds == pytest.approx((1.5, 1.8))
    assert found.degraded_cost is not None
    assert found.degraded_cost.t(1) == 0.5


@pytest.mark.parametrize("engine", ["puppet", "nobody-knows-it"])
def test_an_engine_that_no_worker_offers_gives_way_to_one_that_is_offered(engine: str) -> None:
    assert seen_of([card("a", timed_1_384x512_8={"1": 1.0})], engine=engine).cost is not None


def test_costs_are_those_of_workers_that_measured_them_and_else_a_guess() -> None:
    known = card("a", timed_1_384x512_8={"1": 1.0})
    guess = replace(card("b", timed_1_384x512_8={"1": 9.0}), measured_up_to={"timed/1/384x512/8": 0})
    both, alone = seen_of([known, guess], engine="timed"), seen_of([guess], engine="timed")
    assert (both.cost, both.measured) == (CostTable((1.0,)), True), "a card that says nothing was measured"
    assert (alone.cost, alone.measured) == (CostTable((9.0,)), False)


def test_no_worker_means_no_costs() -> None:
    found = seen_of([], engine="puppet")
    assert (found.ready, found.cost, found.degraded_cost, found.starting_in_seconds) == (0, None, None, 0.0)


def test_an_observation_is_in_seconds() -> None:
    stats = QueueStats(
        waiting=7, running=2, retrying=1, dead=0, busy_workers=2, oldest_waiting_ms=4_000, mean_wait_ms=2_500.0
    )
    nobody = fleet_of([], engine="puppet", cold_start_seconds=100.0, now=5.0)
    made = make_observation(stats, nobody, ArbitratorSettings(), now=5.0, arrived=3)
    assert (made.waiting, made.oldest_wait_seconds, made.mean_wait_seconds, made.arrived) == (7, 4.0, 2.5, 3)


def test_modes_and_states_are_the_spec_s_words() -> None:
    assert {mode.value for mode in Mode} == {"VIP", "ECONOMY", "SURGE"}
    assert {state.value for state in State} >= {"NORMAL", "THROUGHPUT", "DEGRADED", "SHED"}
