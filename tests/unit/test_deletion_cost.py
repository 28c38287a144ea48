"""Which pod goes at scale-in, and which one stays because it is paid for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.fleets.deletion_cost import (
    BUSY_COST,
    GIVE_BACK_SECONDS,
    PodView,
    costs_to_write,
    deletion_cost,
    is_kept,
    kept,
    seconds_to_leave,
)
from arbitrator.fleets.spec import Billing

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "busy", "cost"),
    [(0, False, 50), (2, False, 50), (31, False, 20), (48, False, 5), (50, False, 60), (108, True, BUSY_COST + 5)],
)
def test_a_pod_costs_what_is_left_until_its_node_goes_within_the_paid_hour(minutes: int, busy: bool, cost: int) -> None:
    pod = PodView(name="p", started_at=NOON - timedelta(minutes=minutes), ready=True)
    assert deletion_cost(pod, busy=busy, billing=Billing(), now=NOON) == cost


@given(ages=st.lists(st.integers(0, 100_000), min_size=2, max_size=6), works=st.sets(st.integers(0, 5)))
def test_no_busy_pod_goes_before_an_idle_one_and_a_pod_without_a_node_goes_first(
    ages: list[int], works: set[int]
) -> None:
    pods = [PodView(name=f"p{n}", started_at=NOON - timedelta(seconds=age), ready=True) for n, age in enumerate(ages)]
    pods.append(PodView(name="pending", started_at=None, ready=False))
    busy = {f"p{n}" for n in works if n < len(ages)}
    costs = {
        name: int(cost) for name, cost in costs_to_write(pods, busy=busy, wanted=0, billing=Billing(), now=NOON).items()
    }
    assert min(costs, key=lambda name: costs[name]) == "pending"
    assert all(costs[works] > costs[idle] for works in busy for idle in costs.keys() - busy)


def test_costs_are_written_only_before_a_scale_in_and_only_where_they_differ() -> None:
    pods = [PodView(name=f"p{n}", started_at=NOON, ready=True, cost="50") for n in range(2)]
    pods.append(PodView(name="new", started_at=NOON, ready=True))
    assert costs_to_write(pods, busy=[], wanted=3, billing=Billing(), now=NOON) == {}
    assert costs_to_write(pods, busy=[], wanted=2, billing=Billing(), now=NOON) == {"new": "50"}


@pytest.mark.parametrize(
    ("minutes", "period", "stays"),
    [(0, 3600, 1), (24, 3600, 1), (26, 3600, 0), (49, 3600, 0), (51, 3600, 1), (0, 1500, 0), (0, 60, 0), (0, 7200, 1)],
)
def test_a_pod_stays_while_much_of_its_paid_time_is_left(minutes: int, period: int, stays: int) -> None:
    pod = PodView(name="p", started_at=NOON - timedelta(minutes=minutes), ready=True)
    billing = Billing(period_seconds=period)
    assert kept([pod], billing=billing, now=NOON) == stays
    assert kept([replace(pod, terminating=True), replace(pod, started_at=None)], billing=billing, now=NOON) == 0


@given(age=st.integers(0, 100_000), period=st.integers(60, 86_400), idle=st.integers(0, 3_600))
def test_a_pod_is_given_back_soon_enough_for_the_autoscaler_and_late_enough_to_be_used(
    age: int, period: int, idle: int
) -> None:
    left = seconds_to_leave(age, period_seconds=period, idle_seconds=idle)
    stays = is_kept(age, period_seconds=period, idle_seconds=idle)
    assert stays is (left > GIVE_BACK_SECONDS)
    if period <= GIVE_BACK_SECONDS:
        assert not stays  # Where seconds are billed, nothing is kept.


@pytest.mark.parametrize(("waited", "minutes_before"), [(0, 0), (150, 2.5), (300, 5), (9_000, 5)])
def test_a_node_was_bought_when_its_pod_began_to_wait_for_it(waited: int, minutes_before: float) -> None:
    pod = PodView(name="p", created_at=NOON - timedelta(seconds=waited), started_at=NOON, ready=True)
    assert pod.bought_at == NOON - timedelta(minutes=minutes_before)
