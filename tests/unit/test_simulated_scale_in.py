"""A scale-in that knows the paid hour: which pod goes, and what the simulated day says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.fleets.deletion_cost import seconds_to_leave
from workbench.simulate.actors import RunOptions, Worker
from workbench.simulate.billing import PLANS, row_of, table_of
from workbench.simulate.curves import CURVES
from workbench.simulate.scaling import HOUR_SECONDS, FleetPlan, started_hours
from workbench.simulate.systems.rivals import Greedy
from workbench.simulate.traces import make
from workbench.simulate.world import World

NOW = 7200.0
AGES = {"nearly over": 2900.0, "just paid": 60.0, "over": 3100.0, "half": 1800.0}


def world(plan: FleetPlan) -> World:
    made = World(
        make("steady", mean_rate=1.0, seconds=10.0, seed=1), CURVES["linear"], plan, Greedy(),
        RunOptions(slo_seconds=12.0, seed=1),
    )  # fmt: skip
    made.now, made.asked = NOW, len(AGES)
    for number, age in enumerate(AGES.values()):
        worker = Worker(number, NOW - age)
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
    assert gone(PLANS["paid hour"], 3) == ["nearly over"]
    assert gone(PLANS["paid hour"], 2) == ["half", "nearly over"]
    assert gone(PLANS["chart"], 3) == ["just paid"]


def test_a_pod_that_works_goes_after_all_idle_ones() -> None:
    made = world(PLANS["paid hour"])
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
    rows = [row_of(name, 1, seconds=3600.0) for name in ("chart", "paid hour, prompt")]
    assert all(pods <= hours for _, hours, pods, *_ in rows)
    assert table_of(rows).count("\n") == 3


def test_a_prompt_scale_in_follows_within_a_minute() -> None:
    prompt, slow = (replace(plan, max_replicas=9).hpa() for plan in (PLANS["prompt"], PLANS["chart"]))
    for hpa in (prompt, slow):
        assert hpa.sync(0, 8, 8, 1) == 8
    assert prompt.sync(61, 8, 2, 1) == 2
    assert slow.sync(61, 8, 2, 1) == 8
