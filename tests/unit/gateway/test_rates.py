"""Token buckets: how often one holder may ask, whatever the clock does and however many holders there are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules import rates as module
from gateway.rules.rates import Rate, Rates
from proteus.clock import ManualClock
from proteus.errors import RateLimited


def test_a_bucket_empties_and_fills_again() -> None:
    clock = ManualClock()
    rates = Rates({"submits": Rate(limit=2), "uploads": Rate(limit=0)}, now=clock.now)
    first, second = rates.take("submits", "ann"), rates.take("submits", "ann")
    assert first is not None
    assert second is not None
    assert (first.left, second.left) == (1, 0)
    with pytest.raises(RateLimited, match="2 submits a minute") as refused:
        rates.take("submits", "ann")
    assert refused.value.retry_after_seconds == 30
    assert rates.take("submits", "bob") is not None
    clock.advance(30)
    assert rates.take("submits", "ann") is not None
    assert all(rates.take("uploads", "ann") is None for _ in range(99))


def test_what_costs_more_than_the_whole_bucket_is_refused_and_costs_nothing() -> None:
    rates = Rates({"warm_minutes": Rate(limit=10, seconds=3600)}, now=ManualClock().now)
    with pytest.raises(RateLimited, match="60 warm minutes are more than the 10 warm minutes an hour"):
        rates.take("warm_minutes", "acme", units=60)
    left = rates.take("warm_minutes", "acme", units=10)
    assert left is not None
    assert (left.left, left.window_seconds) == (0, 3600)


def wait_of(rates: Rates) -> int:
    """Ask once; return how long a refusal says to wait, 0 if there is none."""
    try:
        rates.take("reads", "ann")
    except RateLimited as refused:
        return refused.retry_after_seconds
    return 0


@given(st.lists(st.floats(-7200, 7200), max_size=30))
def test_a_clock_that_jumps_locks_nobody_out_for_longer_than_the_window(steps: list[float]) -> None:
    clock = ManualClock()
    rates = Rates({"reads": Rate(limit=5)}, now=clock.now)
    for step in steps:
        clock.advance(step)
        assert 0 <= wait_of(rates) <= 12
    clock.advance(60)
    assert rates.take("reads", "ann") is not None


def test_an_hour_back_changes_nothing_for_whoever_asks_seldom() -> None:
    clock = ManualClock()
    rates = Rates({"reads": Rate(limit=5)}, now=clock.now)
    rates.take("reads", "ann")
    clock.advance(-3600)
    assert rates.take("reads", "ann") is not None


def test_beyond_the_most_holders_the_one_that_was_silent_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUCKETS_MOST", 2)
    rates = Rates({"reads": Rate(limit=1)}, now=ManualClock().now)
    for holder in ("ann", "bob", "eve"):  # ann is forgotten here, so her bucket is full again
        rates.take("reads", holder)
    for holder in ("bob", "eve"):
        with pytest.raises(RateLimited):
            rates.take("reads", holder)
    assert rates.take("reads", "ann") is not None


def test_a_new_holder_costs_the_same_beyond_the_most() -> None:
    rates = Rates({"reads": Rate(limit=10)}, now=ManualClock().now)
    for n in range(module.BUCKETS_MOST):
        rates.take("reads", f"user_{n}")
    began = time.process_time()
    for n in range(2_000):
        rates.take("reads", f"more_{n}")
    assert time.process_time() - began < 1.0  # Rebuilding the table once per call would take minutes.
