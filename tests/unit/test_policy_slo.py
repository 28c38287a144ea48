"""Policy `slo`: the ladder, the degraded share, the scale signal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrator.policies.contract import Decision, Mode, Observation, State
from arbitrator.policies.demand import Arrivals, batch_limit, needed_fraction, needed_replicas
from arbitrator.policies.slo import LADDER, SloPolicy, SloSettings
from proteus.estimates import CostTable, Pace

AFFINE = CostTable(tuple(0.8 + 0.46 * b for b in range(1, 9)))
LINEAR = CostTable(tuple(2.4 * b for b in range(1, 9)))
TICK = 0.5


def cheap(cost: CostTable) -> CostTable:
    return CostTable(tuple(0.4 * value for value in cost.seconds))


CALM = Observation(
    now=0, waiting=0, ready=4, max_replicas=8, cold_start_seconds=120, cost=AFFINE, degraded_cost=cheap(AFFINE)
)
FLOOD = replace(CALM, waiting=120, busy_workers=4, running=32, arrived=15, oldest_wait_seconds=11.0)


def play(
    readings: Iterable[Observation], policy: SloPolicy | None = None, before: Decision | None = None
) -> list[Decision]:
    """Let the policy see one reading per tick."""
    policy = policy or SloPolicy()
    start = before.memory["now"] if before is not None else 0.0
    decisions = []
    for number, reading in enumerate(readings, start=1):
        before = policy.decide(replace(reading, now=start + number * TICK), before)
        decisions.append(before)
    return decisions


def states(decisions: Iterable[Decision]) -> list[State]:
    """The states in order, each once per stretch."""
    found: list[State] = []
    for decision in decisions:
        if not found or found[-1] is not decision.state:
            found.append(decision.state)
    return found


def test_a_calm_fleet_stays_normal_and_at_full_quality() -> None:
    for decision in play([CALM] * 100):
        assert (decision.state, decision.mode, decision.degraded_mode) == (State.NORMAL, Mode.VIP, False)
        assert decision.degraded_fraction == 0


def test_two_ticks_of_strain_are_a_burst_and_three_are_an_overload() -> None:
    assert play([FLOOD] * 2)[-1].state is State.NORMAL
    assert play([FLOOD] * 3)[-1].state is State.THROUGHPUT
    assert play([FLOOD, FLOOD, CALM, FLOOD, FLOOD])[-1].state is State.NORMAL


def test_a_guess_enlarges_batches_and_scales_but_degrades_and_sheds_nobody() -> None:
    decisions = play([replace(FLOOD, measured=False)] * 60)
    assert states(decisions) == [State.NORMAL, State.THROUGHPUT]
    assert {decision.degraded_fraction for decision in decisions} == {0}
    assert decisions[-1].desired_replicas == FLOOD.max_replicas
    assert states(play([FLOOD] * 60, before=decisions[-1]))[-1] is State.SHED, "measured, it counts from where it was"


def test_the_ladder_is_climbed_one_step_at_a_time_to_shed() -> None:
    assert states(play([FLOOD] * 60)) == list(LADDER)


def test_shed_is_reached_only_when_all_jobs_are_degraded() -> None:
    decisions = play([FLOOD] * 60)
    first = next(decision for decision in decisions if decision.state is State.SHED)
    assert first.degraded_fraction == 1


def test_without_a_degraded_form_the_ladder_skips_degraded() -> None:
    decisions = play([replace(FLOOD, degraded_cost=None)] * 60)
    assert states(decisions) == [State.NORMAL, State.THROUGHPUT, State.SHED]
    assert not any(decision.degraded_mode or decision.degraded_fraction for decision in decisions)


def test_where_batching_does_not_pay_throughput_is_skipped() -> None:
    flood = replace(FLOOD, cost=LINEAR, degraded_cost=cheap(LINEAR))
    assert states(play([flood] * 60)) == [State.NORMAL, State.DEGRADED, State.SHED]


def test_a_queue_that_is_never_short_is_an_overload_even_below_the_predicted_limit() -> None:
    standing = replace(CALM, waiting=12, busy_workers=4, arrived=2, oldest_wait_seconds=6.0)
    decisions = play([standing] * 21)
    assert decisions[-1].state is State.THROUGHPUT
    assert "least delay" in decisions[-1].reason
    emptied_once = [standing] * 10 + [CALM] + [standing] * 10
    assert play(emptied_once)[-1].state is State.NORMAL


def test_the_share_rises_within_seconds_and_falls_to_nothing_when_the_flood_is_over() -> None:
    policy = SloPolicy()
    flood = play([FLOOD] * 20, policy)
    assert flood[-1].degraded_fraction == 1
    after = play([CALM] * 40, policy, flood[-1])
    fractions = [decision.degraded_fraction for decision in after]
    assert fractions == sorted(fractions, reverse=True)
    assert fractions[-1] == 0


def test_a_mode_dwells_and_comes_down_one_step_at_a_time() -> None:
    policy = SloPolicy(SloSettings(dwell_seconds=60))
    flood = play([FLOOD] * 60, policy)
    after = play([CALM] * 600, policy, flood[-1])
    assert states(after) == list(reversed(LADDER))
    since = next(number for number, one in enumerate(after) if one.state is State.THROUGHPUT)
    assert since * TICK >= 55


def test_a_load_that_the_better_state_cannot_carry_keeps_the_state() -> None:
    policy = SloPolicy(SloSettings(dwell_seconds=30))
    flood = play([FLOOD] * 20, policy)
    loaded = replace(CALM, arrived=5, waiting=2, busy_workers=4)  # 10 per second; THROUGHPUT carries 7.1
    assert play([loaded] * 600, policy, flood[-1])[-1].state is State.DEGRADED


def test_degradation_ends_when_the_replicas_are_ready_not_when_they_start() -> None:
    policy = SloPolicy()
    loaded = replace(CALM, arrived=5, waiting=40, busy_workers=4, oldest_wait_seconds=4.0)
    flood = play([FLOOD] * 20 + [loaded] * 60, policy)
    starting = play([replace(loaded, starting=4, starting_in_seconds=60.0)] * 60, policy, flood[-1])
    assert all(decision.degraded_fraction > 0 for decision in starting)
    ready = play([replace(loaded, ready=8, busy_workers=6, waiting=4)] * 60, policy, starting[-1])
    assert ready[-1].degraded_fraction == 0


def test_the_scale_signal_leads_and_does_not_see_degradation() -> None:
    flood = replace(FLOOD, arrived=5, max_replicas=50)
    plain = play([replace(flood, degraded_cost=None)] * 120)[-1]
    degraded = play([flood] * 120)[-1]
    assert degraded.degraded_fraction > 0
    assert degraded.desired_replicas >= plain.desired_replicas > 4


def test_a_last_weaver_is_wanted_for_minutes_after_the_last_job_and_not_for_hours() -> None:
    shop = replace(CALM, ready=1, min_replicas=0)
    busy = play([replace(shop, arrived=1, running=1)] * 10 + [replace(shop, running=1)])
    assert busy[-1].desired_replicas >= 1
    ticks_per_minute = round(60 / TICK)
    after = play([shop] * (15 * ticks_per_minute), before=busy[-1])
    gone = next(n for n, decision in enumerate(after) if decision.desired_replicas == 0) / ticks_per_minute
    assert 5 < gone < 10
    assert all(decision.desired_replicas == 0 for decision in after[-ticks_per_minute:])


def test_a_job_every_two_minutes_keeps_its_weaver() -> None:
    shop = replace(CALM, ready=1, min_replicas=0)
    one = [replace(shop, arrived=1, running=1)] + [shop] * round(120 / TICK)
    decisions = play([shop] + one * 10)
    assert all(decision.desired_replicas >= 1 for decision in decisions[1:])


def test_with_no_worker_ready_nothing_moves_but_the_signal() -> None:
    cold = replace(FLOOD, ready=0, busy_workers=0, running=0)
    decisions = play([cold] * 60)
    assert {decision.state for decision in decisions} == {State.NORMAL}
    assert decisions[-1].desired_replicas > 1
    assert "no worker is ready" in decisions[-1].reason


def test_a_busy_fleet_is_no_overload_while_nobody_waits_however_slow_it_is() -> None:
    slow = replace(CALM, cost=CostTable((60.0,)), degraded_cost=CostTable((24.0,)), busy_workers=4, running=4)
    assert states(play([slow] * 100)) == [State.NORMAL]


def test_before_anything_was_measured_the_table_holds() -> None:
    decision = play([replace(CALM, cost=None, waiting=60)])[0]
    assert (decision.batch_size, decision.mode) == (8, Mode.SURGE)
    assert play([CALM], before=replace(decision, memory={"now": 0.5}))[0].state is State.NORMAL


def observations(**fixed: object) -> st.SearchStrategy[Observation]:
    fields = {
        "now": st.just(0.0),
        "waiting": st.integers(0, 400),
        "running": st.integers(0, 40),
        "retrying": st.integers(0, 20),
        "busy_workers": st.integers(0, 8),
        "arrived": st.integers(0, 100),
        "oldest_wait_seconds": st.floats(0, 60),
        "ready": st.integers(0, 8),
        "starting": st.integers(0, 8),
        "starting_in_seconds": st.floats(0, 200),
        "min_replicas": st.integers(0, 2),
        "max_replicas": st.integers(2, 12),
        "cold_start_seconds": st.floats(0, 300),
        "cost": st.sampled_from([AFFINE, LINEAR, CostTable((40.0,)), None]),
        "degraded_cost": st.sampled_from([cheap(AFFINE), None]),
    }
    return st.builds(Observation, **{**fields, **{name: st.just(value) for name, value in fixed.items()}})


@settings(max_examples=50)
@given(st.lists(observations(), min_size=1, max_size=8))
def test_whatever_is_seen_the_decision_is_sane(readings: list[Observation]) -> None:
    for seen, decision in zip(readings, play(readings), strict=True):
        assert 1 <= decision.batch_size <= 16
        assert 0 <= decision.degraded_fraction <= 1
        assert decision.degraded_fraction == 0 or decision.degraded_mode or seen.cost is None
        assert seen.min_replicas <= decision.desired_replicas <= seen.max_replicas
        assert decision.reason


@settings(max_examples=50)
@given(st.lists(observations(cost=AFFINE, degraded_cost=cheap(AFFINE)), min_size=2, max_size=12))
def test_whatever_is_seen_it_moves_one_step_and_ramps(readings: list[Observation]) -> None:
    decisions = play(readings)
    for before, after in pairwise(decisions):
        assert abs(LADDER.index(after.state) - LADDER.index(before.state)) <= 1
        rise = after.memory["fraction"] - before.memory["fraction"]
        assert rise <= 0.4 * TICK + 0.05 + 1e-9  # the first step, and the ramp


@given(st.floats(0.1, 50), st.floats(0.1, 2))
def test_a_steady_rate_is_known_from_the_first_reading_on(rate: float, seconds: float) -> None:
    arrivals = Arrivals()
    for _ in range(5):
        arrivals = arrivals.after(round(rate * seconds), seconds)
        for known in (arrivals.fast, arrivals.slow, arrivals.long):
            assert known == pytest.approx(round(rate * seconds) / seconds)
    assert Arrivals.from_memory(arrivals.to_memory()) == arrivals


def test_the_fast_rate_sees_a_spike_before_the_slow_ones() -> None:
    arrivals = Arrivals()
    for _ in range(600):
        arrivals = arrivals.after(1, 1.0)
    for _ in range(10):
        arrivals = arrivals.after(5, 1.0)
    assert arrivals.fast > 3 > arrivals.slow > arrivals.long


@given(st.floats(0.1, 100), st.integers(1, 50))
def test_the_needed_share_just_carries_the_demand(demand: float, workers: int) -> None:
    normal, degraded = Pace(4, 2.64, 1.26), Pace(4, 1.056, 0.504)
    share = needed_fraction(demand, workers, normal, degraded)
    assert 0 <= share <= 1
    carried = workers * normal.mixed(degraded, share).pictures_per_second
    if share < 1:
        assert carried >= demand * (1 - 1e-9)
    if share > 0:
        assert carried <= max(demand, workers * normal.pictures_per_second) * (1 + 1e-9)


@pytest.mark.parametrize(("demand", "replicas"), [(0.0, 0), (0.5, 1), (1.0, 2), (10.0, 11), (100.0, 103)])
def test_replicas_follow_the_load_and_a_quarter_of_its_root(demand: float, replicas: int) -> None:
    assert needed_replicas(demand, Pace(1, 1.0, 1.0), spare=0.25) == replicas


@pytest.mark.parametrize(("longest", "limit"), [(0.1, 1), (1.26, 1), (2.7, 4), (100.0, 8)])
def test_the_batch_limit_is_the_largest_that_is_quick_enough(longest: float, limit: int) -> None:
    assert batch_limit(AFFINE, longest) == limit
