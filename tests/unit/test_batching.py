"""Which jobs run together, and when to start."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.estimates import JOIN_AFTER_SECONDS, CostTable
from weaver.batching import (
    JOIN_COSTS_MOST,
    LONGEST_WAIT_SECONDS,
    OLD_AT_SLO_SHARE,
    Load,
    joining,
    plan,
)

AFFINE = CostTable(tuple(0.8 + 0.46 * b for b in range(1, 9)))
LINEAR = CostTable(tuple(2.4 * b for b in range(1, 9)))
SEVEN_TENTHS = CostTable(tuple(0.3 + 0.7 * b for b in range(1, 9)))
"""Batching pays, and a further picture costs 0.7 of the first."""
SLO = 12.0
OLD = OLD_AT_SLO_SHARE * SLO

loads = st.builds(
    Load,
    in_hand=st.integers(0, 10),
    waiting=st.integers(0, 100),
    arrivals_per_second=st.floats(0, 50),
    waited_seconds=st.floats(0, 2),
)
tables = st.lists(st.floats(0.05, 20), min_size=1, max_size=8).map(lambda values: CostTable(tuple(values)))


@pytest.mark.parametrize(
    ("load", "cost", "limit", "claim", "waits"),
    [
        (Load(waiting=20), AFFINE, 8, 8, False),
        (Load(waiting=20), AFFINE, 4, 4, False),
        (Load(waiting=3), AFFINE, 8, 8, False),  # nothing known of arrivals: start
        (Load(waiting=20), LINEAR, 8, 1, False),  # batching does not pay
        (Load(waiting=20, arrivals_per_second=5), LINEAR, 8, 1, False),
        (Load(in_hand=1, arrivals_per_second=5), AFFINE, 8, 7, True),  # the next is near and saves more
        (Load(in_hand=1, arrivals_per_second=5, waited_seconds=0.5), AFFINE, 8, 7, False),
        (Load(in_hand=1, arrivals_per_second=0.5), AFFINE, 8, 7, False),  # too rare
        (Load(in_hand=7, arrivals_per_second=2), AFFINE, 8, 1, False),  # costs seven of them too much
        (Load(in_hand=8, waiting=9), AFFINE, 8, 0, False),
    ],
)
def test_the_table_of_batching(load: Load, cost: CostTable, limit: int, claim: int, waits: bool) -> None:
    todo = plan(load, cost, batch_limit=limit)
    assert (todo.claim, todo.wait_seconds > 0) == (claim, waits)
    assert todo.reason


def test_a_batch_that_did_not_fit_into_memory_is_never_planned_again() -> None:
    assert plan(Load(waiting=20), AFFINE, batch_limit=8, memory_cap=3).claim == 3


@given(loads, tables, st.integers(1, 16), st.none() | st.integers(1, 8))
def test_no_plan_exceeds_its_limits(load: Load, cost: CostTable, limit: int, cap: int | None) -> None:
    todo = plan(load, cost, batch_limit=limit, memory_cap=cap)
    assert 0 <= todo.claim <= max(0, min(limit, cost.max_batch, cap or limit) - load.in_hand)
    assert 0 <= todo.wait_seconds <= LONGEST_WAIT_SECONDS
    if len(cost.seconds) > 1 and cost.t(2) > 1.8 * cost.t(1):
        assert todo.claim <= 1
        assert todo.wait_seconds == 0


@given(loads, tables)
def test_nobody_waits_while_enough_waits_or_with_empty_hands_and_an_empty_queue(load: Load, cost: CostTable) -> None:
    todo = plan(load, cost, batch_limit=8)
    company = load.in_hand + load.waiting
    if company == 0 or load.waiting >= todo.claim > 0:
        assert todo.wait_seconds == 0


@pytest.mark.parametrize(
    ("inside", "cost", "limit", "claim", "waited"),
    [
        (1, AFFINE, 8, 7, JOIN_AFTER_SECONDS),
        (7, AFFINE, 8, 1, JOIN_AFTER_SECONDS),
        (8, AFFINE, 8, 0, OLD),
        (1, AFFINE, 4, 3, JOIN_AFTER_SECONDS),  # the arbitrator allows four
        (1, LINEAR, 8, 0, OLD),  # they pay no batch, so nobody joins, however long it waits
        (1, SEVEN_TENTHS, 8, 5, OLD),  # those inside lose more than a joiner gains, unless it has waited long
    ],
)
def test_the_table_of_joining(inside: int, cost: CostTable, limit: int, claim: int, waited: float) -> None:
    rule = joining(inside, cost, batch_limit=limit, slo_seconds=SLO)
    assert (rule.claim, rule.waited_seconds) == (claim, waited)


def test_nobody_joins_beyond_what_fitted_into_memory() -> None:
    assert joining(1, AFFINE, batch_limit=8, slo_seconds=SLO, memory_cap=3).claim == 2


@given(st.integers(0, 10), tables, st.integers(1, 16), st.none() | st.integers(1, 8), st.floats(1, 60))
def test_whoever_joins_costs_little_or_is_old_and_never_makes_a_batch_that_does_not_pay(
    inside: int, cost: CostTable, limit: int, cap: int | None, slo: float
) -> None:
    rule = joining(inside, cost, batch_limit=limit, slo_seconds=slo, memory_cap=cap)
    assert rule.limit == cost.paying_batch(min(limit, cap or limit))
    assert 0 <= rule.claim <= max(0, rule.limit - inside)
    assert rule.waited_seconds >= JOIN_AFTER_SECONDS
    if rule.waited_seconds < OLD_AT_SLO_SHARE * slo:
        for size in range(inside, inside + rule.claim):
            assert cost.t(size + 1) - cost.t(size) <= JOIN_COSTS_MOST * cost.t(1)
