"""The models of KEDA, the HPA and the bill, against cases worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.simulate.scaling import (
    KUBERNETES_DEFAULT,
    OURS,
    FleetPlan,
    Hpa,
    NodePool,
    started_hours,
    wanted_replicas,
)


@pytest.mark.parametrize(
    ("total", "target", "current", "wanted"),
    [
        (20, 5, 1, 4),  # KEDA's own example
        (25, 10, 1, 3),
        (37, 10, 4, 4),  # 37 / 40 is within 10 %
        (35, 10, 4, 4),
        (30, 10, 4, 3),
        (43, 10, 4, 4),
        (45, 10, 4, 5),
        (0, 10, 3, 0),
        (7, 10, 0, 1),
    ],
)
def test_the_formula_of_the_hpa(total: float, target: float, current: int, wanted: int) -> None:
    assert wanted_replicas(total, target, current) == wanted


def test_scaling_up_doubles_or_adds_four_pods_per_period() -> None:
    hpa = Hpa(OURS, 1, 100)
    assert hpa.sync(0, 1, 1000, 10) == 5  # + 4 pods beats + 100 %
    assert hpa.sync(15, 5, 1000, 10) == 5  # the 30 s are not over
    assert hpa.sync(31, 5, 1000, 10) == 10  # + 100 % beats + 4 pods
    assert hpa.sync(62, 10, 1000, 10) == 20


def test_scaling_down_waits_for_its_window_and_goes_pod_by_pod() -> None:
    hpa = Hpa(OURS, 1, 100)
    assert hpa.sync(0, 5, 50, 10) == 5
    assert hpa.sync(300, 5, 0, 10) == 5  # the highest wish of the last ten minutes holds
    assert hpa.sync(615, 5, 0, 10) == 4
    assert hpa.sync(630, 4, 0, 10) == 4  # one pod per two minutes
    assert hpa.sync(740, 4, 0, 10) == 3


def test_kubernetes_default_behaviour_drops_everything_after_five_minutes() -> None:
    hpa = Hpa(KUBERNETES_DEFAULT, 1, 100)
    assert hpa.sync(0, 8, 80, 10) == 8
    assert hpa.sync(290, 8, 0, 10) == 8
    assert hpa.sync(301, 8, 0, 10) == 1


@given(st.lists(st.tuples(st.floats(0.1, 300), st.integers(0, 500)), min_size=1, max_size=30))
def test_the_hpa_never_leaves_its_bounds(steps: list[tuple[float, int]]) -> None:
    hpa, now, replicas = Hpa(OURS, 2, 9), 0.0, 2
    for seconds, total in steps:
        now += seconds
        replicas = hpa.sync(now, replicas, total, 10)
        assert 2 <= replicas <= 9


@pytest.mark.parametrize(
    ("signal", "metric"),
    [("plain", (30.0, 10.0)), ("formula", (5.0, 1.0)), ("signal", (3.0, 1.0)), ("signal_busy", (5.0, 1.0))],
)
def test_what_each_form_tells_the_hpa(signal: str, metric: tuple[float, float]) -> None:
    plan = FleetPlan(signal=signal, replicas=1, max_replicas=9)  # type: ignore[arg-type]
    assert plan.metric(waiting=30, retrying=2, running=8, busy=5, desired=3) == metric
    assert plan.metric(waiting=70, retrying=2, running=8, busy=5, desired=8)[0] == {
        "plain": 70.0,
        "formula": 8.0,
        "signal": 8.0,
        "signal_busy": 8.0,
    }.get(signal)


@pytest.mark.parametrize(
    ("bought", "until", "hours"), [(0, 1, 1), (0, 3600, 1), (0, 3601, 2), (100, 7300, 2), (0, 0, 1)]
)
def test_every_started_hour_is_billed(bought: float, until: float, hours: float) -> None:
    assert started_hours(bought, until) == hours


def test_a_pod_on_a_free_node_starts_sooner_than_one_that_needs_a_new_node() -> None:
    pool = NodePool(FleetPlan(signal="formula", replicas=1, max_replicas=4, pool_minimum=2))
    pool.stock(1)
    assert pool.place(100.0) == (0.0, 145.0)
    assert pool.place(100.0) == (100.0, 100.0 + 195.0)


def test_an_empty_node_is_given_back_after_ten_minutes_and_the_pool_keeps_its_minimum() -> None:
    pool = NodePool(FleetPlan(signal="formula", replicas=1, max_replicas=4, pool_minimum=1))
    pool.stock(2)
    pool.leave(1000.0, 0.0)
    pool.leave(2000.0, 0.0)
    assert pool.place(1500.0)[0] == 0.0  # still there
    pool.leave(3000.0, 0.0)
    # One node goes at 2600 s (one hour billed), the other is the pool's minimum (two hours at 7200 s).
    assert pool.settle(7200.0, []) == 1 + 2
