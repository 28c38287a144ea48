"""How many weavers one machine runs: up at once, down late, to zero only when it may."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.app import make_policy
from arbitrator.policies.contract import Decision, Observation
from arbitrator.policies.replicas import Held, HoldingPolicy, hold
from arbitrator.policies.slo import SloPolicy
from arbitrator.policies.table import TablePolicy
from arbitrator.settings import ArbitratorSettings
from proteus.estimates import CostTable

IDLE_SECONDS = 60.0
NOW = 1_000.0
AT_ZERO = Held(count=0, busy_at=0.0, needed_at=0.0)


def seen(**fields: object) -> Observation:
    return Observation(**{"now": NOW, "waiting": 0, "min_replicas": 0, "max_replicas": 3, **fields})  # type: ignore[arg-type]


def held(count: int, *, busy: float, needed: float) -> Held:
    """So many weavers; the last work and the last need of all of them so many seconds ago."""
    return Held(count=count, busy_at=NOW - busy, needed_at=NOW - needed)


@pytest.mark.parametrize(
    ("what", "observation", "wanted", "before", "count"),
    [
        ("one waiting picture wakes a fleet at zero", seen(waiting=1), 0, AT_ZERO, 1),
        ("so does a picture in backoff", seen(retrying=1), 0, AT_ZERO, 1),
        ("a wish to be warm wakes it", seen(warm=True), 0, AT_ZERO, 1),
        ("many wake as many as the policy wants", seen(waiting=25), 3, AT_ZERO, 3),
        ("the maximum holds", seen(waiting=90), 9, AT_ZERO, 3),
        ("nothing wakes nothing", seen(), 0, AT_ZERO, 0),
        ("a signal that lingers wakes nothing", seen(), 2, AT_ZERO, 0),
        ("work in flight keeps the last one", seen(running=1), 0, held(1, busy=0, needed=999), 1),
        ("idle, but not for long enough", seen(), 0, held(1, busy=59.9, needed=999), 1),
        ("idle for long enough", seen(), 0, held(1, busy=60, needed=0), 0),
        ("idle, but wanted warm", seen(warm=True), 0, held(1, busy=999, needed=999), 1),
        ("idle and warm is one", seen(warm=True), 3, held(3, busy=60, needed=0), 1),
        ("idle where zero is not allowed", seen(min_replicas=1), 0, held(3, busy=60, needed=0), 1),
        ("fewer would do, but not for long", seen(waiting=1), 1, held(3, busy=0, needed=59.9), 3),
        ("fewer would do for long enough", seen(waiting=1), 1, held(3, busy=0, needed=60), 1),
        ("a smaller maximum holds at once", seen(waiting=9, max_replicas=1), 3, held(3, busy=0, needed=0), 1),
        ("the first tick keeps what runs", seen(ready=1, starting=1), 0, None, 2),
        ("the first tick with nobody starts one", seen(ready=0), 0, None, 1),
        ("a clock set back counts from now", seen(), 0, held(1, busy=-500, needed=-500), 1),
    ],
)
def test_the_rule(what: str, observation: Observation, wanted: int, before: Held | None, count: int) -> None:
    made = hold(observation, wanted, before, idle_seconds=IDLE_SECONDS)
    assert made.count == count, what
    assert made.why
    assert made.busy_at <= NOW
    assert made.needed_at <= NOW


READINGS = st.builds(
    seen,
    waiting=st.integers(0, 40),
    running=st.integers(0, 3),
    retrying=st.integers(0, 2),
    warm=st.booleans(),
    min_replicas=st.integers(0, 1),
    max_replicas=st.integers(1, 3),
)


@given(st.lists(st.tuples(READINGS, st.integers(0, 6)), min_size=1, max_size=80))
def test_work_always_has_a_weaver_and_the_bounds_hold(played: list[tuple[Observation, int]]) -> None:
    last: Held | None = None
    for tick, (reading, wanted) in enumerate(played):
        reading = replace(reading, now=NOW + 5 * tick)
        last = hold(reading, wanted, last, idle_seconds=IDLE_SECONDS)
        assert reading.min_replicas <= last.count <= reading.max_replicas
        if reading.waiting or reading.running or reading.retrying or reading.warm:
            assert last.count >= 1


def ticks(policy: HoldingPolicy, *readings: Observation) -> list[Decision]:
    made: list[Decision] = []
    for reading in readings:
        made.append(policy.decide(reading, made[-1] if made else None))
    return made


def test_a_spike_and_then_nothing_ends_at_zero_under_the_slo_policy() -> None:
    cost = CostTable((1.0, 1.2, 1.4, 1.6))
    policy = HoldingPolicy(SloPolicy(), idle_seconds=IDLE_SECONDS)
    work = [seen(now=NOW + tick, waiting=60 - tick, arrived=4, running=1, cost=cost, ready=1) for tick in range(40)]
    rest = [seen(now=NOW + 40 + tick, cost=cost, ready=3) for tick in range(100)]
    counts = [decision.desired_replicas for decision in ticks(policy, *work, *rest)]
    assert max(counts) == 3
    assert counts[40 + 58] >= 1
    assert counts[-1] == 0


def test_the_rest_of_the_decision_is_the_inner_policy_s() -> None:
    reading = seen(waiting=60, mean_wait_seconds=12.0)
    inner, outer = TablePolicy().decide(reading, None), HoldingPolicy(TablePolicy(), idle_seconds=60)
    (made,) = ticks(outer, reading)
    assert (outer.name, made.batch_size, made.mode) == ("table", inner.batch_size, inner.mode)
    assert (made.degraded_mode, made.state) == (inner.degraded_mode, inner.state)
    assert made.reason == f"{inner.reason}; 3 weavers: 60 wait, 0 run"


def test_the_slo_policy_keeps_its_memory_beside_the_weavers() -> None:
    readings = [seen(now=NOW + tick, waiting=3, cost=CostTable((1.0,))) for tick in range(5)]
    plain: Decision | None = None
    for reading in readings:
        plain = SloPolicy().decide(reading, plain)
    held = ticks(HoldingPolicy(SloPolicy(), idle_seconds=60), *readings)[-1]
    assert plain is not None
    assert {name: value for name, value in held.memory.items() if not name.startswith("held_")} == plain.memory


def test_only_a_machine_of_its_own_holds_weavers() -> None:
    assert isinstance(make_policy(ArbitratorSettings(local_replicas=True)), HoldingPolicy)
    assert not isinstance(make_policy(ArbitratorSettings()), HoldingPolicy)
