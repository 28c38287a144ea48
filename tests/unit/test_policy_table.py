"""Policy `table`: the table of docs/contract.md, exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.policies.contract import Mode, Observation, State
from arbitrator.policies.table import TablePolicy


@pytest.mark.parametrize(
    ("depth", "batch", "mode"),
    [
        (0, 1, Mode.VIP),
        (10, 1, Mode.VIP),
        (11, 4, Mode.ECONOMY),
        (50, 4, Mode.ECONOMY),
        (51, 8, Mode.SURGE),
        (5000, 8, Mode.SURGE),
    ],
)
@pytest.mark.parametrize(("wait", "degraded"), [(0.0, False), (10.0, False), (10.001, True)])
def test_depth_decides_batch_and_mode_and_the_average_wait_degraded_mode(
    depth: int, batch: int, mode: Mode, wait: float, degraded: bool
) -> None:
    decision = TablePolicy().decide(Observation(now=0, waiting=depth, mean_wait_seconds=wait), None)
    assert (decision.batch_size, decision.mode, decision.degraded_mode) == (batch, mode, degraded)
    assert decision.degraded_fraction == (1.0 if degraded else 0.0)
    assert (decision.state is State.DEGRADED) == degraded
    assert decision.reason


@given(st.integers(0, 500), st.integers(0, 3), st.integers(3, 20))
def test_the_scale_signal_is_a_pod_per_ten_jobs_within_the_bounds(depth: int, least: int, most: int) -> None:
    seen = Observation(now=0, waiting=depth, min_replicas=least, max_replicas=most)
    wanted = TablePolicy().decide(seen, None).desired_replicas
    assert least <= wanted <= most
    if least < wanted < most:
        assert 10 * (wanted - 1) < depth <= 10 * wanted


@given(st.integers(0, 200), st.floats(0, 30), st.integers(0, 200))
def test_what_was_decided_before_does_not_matter(depth: int, wait: float, before: int) -> None:
    policy = TablePolicy()
    seen = Observation(now=1, waiting=depth, mean_wait_seconds=wait)
    assert policy.decide(seen, policy.decide(Observation(now=0, waiting=before), None)) == policy.decide(seen, None)
