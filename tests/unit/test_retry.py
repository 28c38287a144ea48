"""When a failed job comes back: later each time, and never at the same moment as its neighbours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.queue import QueuePolicy
from proteus.retry import backoff_ms, decide

NUMBERS = {"max_attempts": 4, "base_ms": 1_000, "cap_ms": 30_000}


@pytest.mark.parametrize(
    ("attempts", "longest_ms"), [(1, 1_000), (2, 2_000), (5, 16_000), (6, 30_000), (100, 30_000), (10_000, 30_000)]
)
def test_the_longest_backoff_doubles_up_to_the_cap(attempts, longest_ms):
    assert backoff_ms(attempts, base_ms=1_000, cap_ms=30_000, jitter=1 - 1e-12) == longest_ms - 1
    assert backoff_ms(attempts, base_ms=1_000, cap_ms=30_000, jitter=0.5) == longest_ms // 2
    assert backoff_ms(attempts, base_ms=1_000, cap_ms=30_000, jitter=0.0) == 0


@given(attempts=st.integers(1, 50), jitter=st.floats(0, 1, exclude_max=True))
def test_a_backoff_is_never_beyond_the_cap(attempts, jitter):
    assert 0 <= backoff_ms(attempts, base_ms=1_000, cap_ms=30_000, jitter=jitter) < 30_000


def test_a_final_failure_is_not_tried_again():
    decision = decide(retryable=False, attempts=1, jitter=0.5, **NUMBERS)
    assert (decision.again, decision.reason) == (False, "the failure is final")


def test_attempts_run_out():
    assert decide(retryable=True, attempts=3, jitter=0.5, **NUMBERS).again
    decision = decide(retryable=True, attempts=4, jitter=0.5, **NUMBERS)
    assert (decision.again, decision.reason) == (False, "failed 4 of 4 times")


def test_a_policy_of_nought_is_refused():
    with pytest.raises(ValueError, match="lease_ms must be at least 1, not 0"):
        QueuePolicy(lease_ms=0)
