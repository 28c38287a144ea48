"""Joining in the simulator: what it wins, where it does nothing, and how late it makes anybody."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.estimates import JOIN_AFTER_SECONDS, Fleet, Pace, predicted_wait_seconds
from workbench.simulate.curves import CURVES, MAX_BATCH
from workbench.simulate.joining import MIX, RULES, STEPS, Costs, figures, run


@settings(max_examples=12, deadline=None)
@given(curve=st.sampled_from(sorted(CURVES)), load=st.floats(0.2, 1.2), seed=st.integers(0, 999))
def test_nobody_takes_longer_than_in_a_full_batch_but_for_who_begins_and_ends_beside_it(
    curve: str, load: float, seed: int
) -> None:
    costs = Costs(CURVES[curve])
    limit = costs.cost.paying_batch(MAX_BATCH)
    made = run(RULES["joining"], CURVES[curve], gpus=1, load=load, seed=seed, pictures=120, noise=0.0)
    assert len(made) == 120
    for one in made:
        beginnings = sum(one.began <= other.began < one.done for other in made)
        ends = sum(one.began < other.done <= one.done for other in made)
        most = one.steps * costs.step[limit] + costs.begin[1] * beginnings + costs.end[1] * ends
        assert one.done - one.began <= most + 1e-6
        inside = sum(other.began <= one.began < other.done for other in made)
        assert inside <= limit


def test_where_batches_do_not_pay_nobody_joins() -> None:
    linear = CURVES["linear"]
    assert Costs(linear).cost.paying_batch(MAX_BATCH) == 1
    alone, joining = (
        run(RULES[name], linear, gpus=2, load=0.8, seed=1, pictures=200, noise=0.0) for name in ("one key", "joining")
    )
    assert [one.done for one in alone] == [one.done for one in joining]


@pytest.mark.parametrize("gpus", [1, 4])
@pytest.mark.parametrize("load", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("curve", ["roofline", "affine"])
def test_the_predicted_wait_is_nearer_to_a_fleet_that_joins_than_one_that_waits_for_whole_batches(
    curve: str, load: float, gpus: int
) -> None:
    costs, mean_steps = Costs(CURVES[curve]), sum(share * steps for share, steps in zip(MIX, STEPS, strict=True))
    batch = costs.cost.paying_batch(MAX_BATCH)
    full, single = (costs.begin[b] + mean_steps * costs.step[b] + costs.end[b] for b in (batch, 1))
    made = run(RULES["joining"], CURVES[curve], gpus=gpus, load=load, seed=1, pictures=500)
    off = {}
    for joins in (False, True):
        fleet = Fleet(pace=Pace(batch, full, single), ready=gpus, joins=joins)
        predicted = [predicted_wait_seconds(a, b, fleet, running=c) for a, b, c in (one.found for one in made)]
        off[joins] = sum(
            abs(wait - (one.began - one.arrived)) for wait, one in zip(predicted, made, strict=True)
        ) / len(made)
    assert off[True] < 0.65 * off[False]
    assert off[True] < 0.6


def test_nobody_joins_before_an_idle_gpu_would_have_taken_it() -> None:
    made = run(RULES["joining"], CURVES["affine"], gpus=1, load=0.9, seed=1, pictures=300, noise=0.0)
    starts = {one.done for one in made}
    waits = [one.began - one.arrived for one in made if one.began not in starts and one.began > one.arrived]
    assert min(waits) >= JOIN_AFTER_SECONDS


@pytest.mark.parametrize("curve", ["roofline", "affine"])
def test_at_high_load_joining_is_far_ahead_of_batches_that_run_to_their_end(curve: str) -> None:
    found = figures(1, 0.9, curve, seeds=[1], pictures=800)
    assert found["joining"][0] < 0.8 * min(p95 for name, (p95, _) in found.items() if name != "joining")
    assert found["joining"][1] < 0.8 * min(mean for name, (_, mean) in found.items() if name != "joining")
    assert len(set(STEPS)) == 3
