"""Batches in the simulator: when they make way, what they cost those who wait, and what they waste."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.estimates import CostTable
from weaver.batching import SPARE_LONGEST, spare_batch
from workbench.simulate.actors import SpareRules, Worker
from workbench.simulate.batches import LATER_MOST, WASTED_MOST, row_of
from workbench.simulate.curves import CURVES, measured
from workbench.simulate.spare import SpareLane

RULES = SpareRules(steps=10, encode_share=0.1, decode_share=0.2, park_seconds=0.01)
CURVE = measured("ten", CostTable((10.0,)))
"""A picture of ten seconds: one of encoding, ten steps of 0.7, two of decoding."""

BOUNDARIES = [1.0 + 0.7 * step for step in range(1, 10)]


@given(at=st.floats(0.001, 200.0).filter(lambda at: at % 10.0 > 1e-3))
def test_a_picture_makes_way_at_the_next_steps_end_and_nowhere_else(at: float) -> None:
    lane, worker = SpareLane(CURVE, RULES), Worker(1, 0.0)
    lane.go_on(worker, 0.0, limit=1)
    delay = lane.make_way(worker, at)
    done, position = divmod(at, 10.0)
    later = [end for end in BOUNDARIES if end >= position - 1e-6]
    expected = later[0] if later else 10.0
    ended = not later
    assert delay == pytest.approx(expected - position + (0.0 if ended else RULES.park_seconds), abs=1e-5)
    assert lane.pictures == int(done) + ended
    assert lane.seconds == pytest.approx(at + delay)


def test_a_picture_goes_on_where_it_stood_and_what_it_did_is_not_wasted() -> None:
    lane, worker = SpareLane(CURVE, RULES), Worker(1, 0.0)
    now = 0.0
    for _ in range(12):
        lane.go_on(worker, now, limit=1)
        now += 0.5
        now += lane.make_way(worker, now) + 100.0
    assert lane.pictures >= 1
    assert lane.wasted <= 24 * RULES.park_seconds + 1e-9
    lane.go_on(worker, now, limit=1)
    lane.lose(worker, now + 3.0)
    assert lane.wasted > 3.0, "what a lost worker had done"


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("limit", [1, 2, 8])
def test_a_batch_of_spare_jobs_is_no_larger_than_lets_others_come_soon(curve, limit) -> None:
    batch = spare_batch(curve.cost, limit)
    assert 1 <= batch <= curve.cost.paying_batch(limit)
    assert batch == 1 or curve.cost.t(batch) <= SPARE_LONGEST * curve.cost.t(1)


@pytest.mark.parametrize(("gpus", "load"), [pytest.param(1, 0.8, marks=pytest.mark.long), (4, 0.5), (20, 0.2)])
@pytest.mark.parametrize("curve", CURVES)
def test_batches_cost_those_who_wait_less_than_the_bar_and_waste_next_to_nothing(gpus, load, curve) -> None:
    row = row_of(gpus, load, curve, seed=1, pictures=1_500)
    assert row.later < LATER_MOST
    assert row.wasted < WASTED_MOST
    assert row.slo_with > row.slo_without - 0.01
    assert row.pictures_per_gpu_hour > 10
    assert row.used > 0.99
