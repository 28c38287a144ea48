"""Which jobs run together, and when to start."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.estimates import CostTable
from weaver.batching import LONGEST_WAIT_SECONDS, Load, plan

AFFINE = CostTable(tuple(0.8 + 0.46 * b for b in range(1, 9)))
LINEAR = CostTable(tuple(2.4 * b for b in range(1, 9)))

loads = st.builds(
    Load,
    in_hand=st.integers(0, 10),
    running=st.integers(0, 10),
    waiting=st.integers(0, 100),
    arrivals_per_second=st.floats(0, 50),
    waited_seconds=st.floats(0, 2),
    other_key_waited_seconds=st.floats(0, 20),
)
tables = st.lists(st.floats(0.05, 20), min_size=1, max_size=8).map(lambda values: CostTable(tuple(values)))


@pytest.mark.parametrize(
    ("load", "cost", "limit", "claim", "waits", "drains"),
    [
        (Load(waiting=20), AFFINE, 8, 8, False, False),
        (Load(waiting=20), AFFINE, 4, 4, False, False),
        (Load(waiting=3), AFFINE, 8, 8, False, False),  # nothing known of arrivals: start
        (Load(waiting=20), LINEAR, 8, 1, False, False),  # batching does not pay
        (Load(waiting=20, arrivals_per_second=5), LINEAR, 8, 1, False, False),
        (Load(in_hand=1, arrivals_per_second=5), AFFINE, 8, 7, True, False),  # the next is near and saves more
        (Load(in_hand=1, arrivals_per_second=5, waited_seconds=0.5), AFFINE, 8, 7, False, False),
        (Load(in_hand=1, arrivals_per_second=0.5), AFFINE, 8, 7, False, False),  # too rare
        (Load(in_hand=7, arrivals_per_second=2), AFFINE, 8, 1, False, False),  # costs seven of them too much
        (Load(in_hand=8, waiting=9), AFFINE, 8, 0, False, False),
        (Load(running=2, waiting=9, other_key_waited_seconds=3.1), AFFINE, 8, 0, False, True),
        (Load(running=2, waiting=9, other_key_waited_seconds=2.9), AFFINE, 8, 6, False, False),
        (Load(waiting=9, other_key_waited_seconds=9), AFFINE, 8, 8, False, False),  # nothing to drain
    ],
)
def test_the_table_of_batching(load: Load, cost: CostTable, limit: int, claim: int, waits: bool, drains: bool) -> None:
    todo = plan(load, cost, batch_limit=limit, slo_seconds=12.0)
    assert (todo.claim, todo.wait_seconds > 0, todo.drain) == (claim, waits, drains)
    assert todo.reason


def test_a_batch_that_did_not_fit_into_memory_is_never_planned_again() -> None:
    assert plan(Load(waiting=20), AFFINE, batch_limit=8, slo_seconds=12.0, memory_cap=3).claim == 3


@given(loads, tables, st.integers(1, 16), st.none() | st.integers(1, 8))
def test_no_plan_exceeds_its_limits(load: Load, cost: CostTable, limit: int, cap: int | None) -> None:
    todo = plan(load, cost, batch_limit=limit, slo_seconds=12.0, memory_cap=cap)
    held = load.in_hand + load.running
    assert 0 <= todo.claim <= max(0, min(limit, cost.max_batch, cap or limit) - held)
    assert 0 <= todo.wait_seconds <= LONGEST_WAIT_SECONDS
    if len(cost.seconds) > 1 and cost.t(2) > 1.8 * cost.t(1):
        assert todo.claim <= 1
        assert todo.wait_seconds == 0


@given(loads, tables)
def test_nobody_waits_while_enough_waits_or_with_empty_hands_and_an_empty_queue(load: Load, cost: CostTable) -> None:
    todo = plan(load, cost, batch_limit=8, slo_seconds=12.0)
    company = load.in_hand + load.running + load.waiting
    if company == 0 or load.waiting >= todo.claim > 0:
        assert todo.wait_seconds == 0
