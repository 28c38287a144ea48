"""A scale-in that knows the paid hour: which pod goes, and what the simulated day says of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.fleets.deletion_cost import seconds_to_leave
from workbench.simulate.actors import RunOptions, Worker
from workbench.simulate.billing import PLANS, bars_of, mean_of, row_of, table_of
from workbench.simulate.curves import CURVES
from workbench.simulate.scaling import HOUR_SECONDS, FleetPlan, started_hours
from workbench.simulate.systems.rivals import Greedy
from workbench.simulate.traces import make
from workbench.simulate.world import World

CHART, PAID, USED = (PLANS[name][0] for name in ("chart", "paid hour", "paid hour used"))
NOW = 7200.0
AGES = {"nearly over": 2900.0, "just paid": 60.0, "over": 3100.0, "half": 1800.0}


def world(plan: FleetPlan) -> World:
    made = World(
        make("steady", mean_rate=1.0, seconds=10.0, seed=1), CURVES["linear"], plan, Greedy(),
        RunOptions(slo_seconds=12.0, seed=1),
    )  # fmt: skip
    made.now, made.asked = NOW, len(AGES)
    for number, age in enumerate(AGES.values()):
        worker = Worker(number, NOW - age, started=NOW - age)
        worker.ready = True
        made.workers.append(worker)
        made.idle.append(worker)
    return made


def gone(plan: FleetPlan, wanted: int) -> list[str]:
    made = world(plan)
    made._set_replicas(wanted)
    left = {worker.number for worker in made.workers}
    return sorted(name for number, name in enumerate(AGES) if number not in left)


def test_the_pod_goes_first_whose_node_still_goes_within_its_paid_hour() -> None:
    assert gone(PAID, 3) == ["nearly over"]
    assert gone(PAID, 2) == ["half", "nearly over"]
    assert gone(CHART, 3) == ["just paid"]


def test_a_pod_that_works_goes_after_all_idle_ones() -> None:
    made = world(PAID)
    works = made.workers[0]
    works.jobs = [object()]  # type: ignore[list-item]
    made._set_replicas(1)
    assert made.workers == [works]


@given(age=st.floats(0, 1e6), idle=st.floats(0, 3000))
def test_leaving_within_the_time_costs_no_further_hour_and_leaving_later_does(age: float, idle: float) -> None:
    left = seconds_to_leave(age, period_seconds=HOUR_SECONDS, idle_seconds=idle)
    assert 0 < left <= HOUR_SECONDS
    assert started_hours(0.0, age + left - 1e-3 + idle) <= started_hours(0.0, age + idle + 1e-3)
    assert started_hours(0.0, age + left + 1e-3 + idle) > started_hours(0.0, age + left - 1e-3 + idle)


@pytest.mark.long
def test_no_scale_in_is_cheaper_than_its_pods() -> None:
    rows = {name: row_of(name, 1, seconds=3600.0) for name in ("chart", "chart, batches", "paid hour used, batches")}
    assert all(row.pod_hours <= row.node_hours for row in rows.values())
    assert table_of(rows).count("\n") == 4
    assert rows["chart"].spare == 0 < rows["paid hour used, batches"].spare
    assert bars_of(rows)["cheaper"] > 0


def test_the_signal_asks_for_the_pods_that_are_paid_for_and_for_no_others() -> None:
    assert world(USED)._metric() == (2.0, 1.0)  # The one just paid, and the one whose hour has just begun anew.
    assert world(CHART)._metric() == world(PAID)._metric() == (0.0, 1.0)
    leaving = world(USED)
    leaving.workers[1].draining = True
    assert leaving._metric() == (1.0, 1.0)


def test_the_means_of_rows_are_of_every_figure() -> None:
    low, high = (row_of("chart", 1, seconds=seconds) for seconds in (60.0, 120.0))
    assert mean_of([low, high]).pod_hours == pytest.approx((low.pod_hours + high.pod_hours) / 2)
