"""Cost tables, predicted waits, ETAs and the degrade rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.estimates import (
    JOIN_AFTER_SECONDS,
    CostTable,
    Fleet,
    Pace,
    eta,
    is_degraded,
    predicted_wait_seconds,
    rank_of,
    wait_budget_seconds,
)

ROOFLINE = CostTable(tuple(max(1.75, 0.52 * b) for b in range(1, 9)))
LINEAR = CostTable(tuple(2.4 * b for b in range(1, 9)))

seconds = st.floats(0.01, 100, allow_nan=False)
tables = st.lists(seconds, min_size=1, max_size=16).map(lambda values: CostTable(tuple(values)))


def fleet(**fields: float) -> Fleet:
    pace = fields.pop("pace", Pace(4, 2.0, 1.0))
    return Fleet(pace=pace, **{"ready": 2, "max_replicas": 5, "cold_start_seconds": 100.0, **fields})  # type: ignore[arg-type]


@given(tables)
def test_a_cost_table_never_falls_with_the_batch(table: CostTable) -> None:
    assert all(left <= right for left, right in pairwise(table.seconds))


@pytest.mark.parametrize("seconds", [(), (0.0,), (1.0, -1.0), (inf,), (float("nan"),)])
def test_a_table_without_positive_finite_seconds_is_refused(seconds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="positive finite"):
        CostTable(seconds)


def test_gaps_between_measured_batches_are_linear() -> None:
    assert CostTable.measured({1: 1.0, 2: 1.2, 4: 2.0}).seconds == pytest.approx((1.0, 1.2, 1.6, 2.0))


@pytest.mark.parametrize("points", [{2: 1.0}, {0: 1.0, 1: 1.0}])
def test_measurements_must_start_at_one(points: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="measure t"):
        CostTable.measured(points)


def test_a_table_survives_its_json() -> None:
    assert CostTable.from_json(ROOFLINE.to_json()).seconds == pytest.approx(ROOFLINE.seconds)


def test_beyond_the_table_the_last_step_goes_on() -> None:
    assert LINEAR.t(10) == pytest.approx(24.0)
    assert CostTable((3.0,)).t(3) == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("table", "limit", "batch"),
    [
        (ROOFLINE, 8, 4),  # 4 is as fast per picture as 8, and its pictures come sooner
        (ROOFLINE, 3, 3),
        (ROOFLINE, 1, 1),
        (LINEAR, 8, 1),
        (CostTable((1.0, 1.8, 2.0)), 3, 3),  # t(2) = 1.8 t(1) still pays
        (CostTable((1.0, 1.81, 2.0)), 3, 1),
        (CostTable((1.0,)), 8, 1),
    ],
)
def test_the_paying_batch_is_the_smallest_of_the_best_and_one_where_batching_does_not_pay(
    table: CostTable, limit: int, batch: int
) -> None:
    assert table.paying_batch(limit) == batch


@given(tables, st.integers(-2, 40))
def test_the_paying_batch_is_never_beyond_the_limit_or_the_table(table: CostTable, limit: int) -> None:
    assert 1 <= table.paying_batch(limit) <= max(1, min(limit, table.max_batch))


@given(st.floats(0, 1))
def test_a_mixed_pace_lies_between_both(fraction: float) -> None:
    normal, cheap = Pace(4, 2.0, 1.0), Pace(8, 1.5, 0.5)
    rate = normal.mixed(cheap, fraction).pictures_per_second
    assert normal.pictures_per_second - 1e-9 <= rate <= cheap.pictures_per_second + 1e-9


@pytest.mark.parametrize(
    ("waiting", "busy", "fields", "wait"),
    [
        (0, 0, {}, 0.0),  # both idle
        (3, 1, {}, 0.0),  # joins the first batch of the idle one
        (4, 1, {}, 1.0),  # the idle one takes those four; the busy one is free after t/2
        (0, 2, {}, 2 / 3),  # the first of two busy ones
        (8, 2, {}, 2 / 3 + 2.0),  # two batches ahead, one starts each second
        (16, 2, {"starting": 2, "starting_in_seconds": 2.0}, 2.0 + (4 + 2 / 3 - 2.0) / 2),
        (16, 2, {"starting": 2, "starting_in_seconds": 60.0}, 4 + 2 / 3),
        (0, 0, {"ready": 0}, 100.0),  # cold: one is asked for
        (8, 0, {"ready": 0, "starting": 1, "starting_in_seconds": 30.0}, 30.0 + 2 * 2.0),
        (0, 0, {"ready": 0, "max_replicas": 0}, inf),
    ],
)
def test_the_predicted_wait_follows_the_batches_ahead(
    waiting: int, busy: int, fields: dict[str, float], wait: float
) -> None:
    assert predicted_wait_seconds(waiting, busy, fleet(**fields)) == pytest.approx(wait)


@pytest.mark.parametrize(
    ("waiting", "busy", "running", "wait"),
    [
        (0, 1, 4, 0.0),  # one is idle
        (0, 2, 5, JOIN_AFTER_SECONDS),  # three places are free beside others
        (2, 2, 5, JOIN_AFTER_SECONDS),
        (3, 2, 5, 2.0 / 6),  # all are taken then, and the first of five is done
        (0, 2, 8, 2.0 / 9),
        (0, 2, None, 2.0 / 9),  # unknown: full
        (8, 2, 8, 8 * 2.0 / 8 + 2.0 / 9),  # a place every t/8
        (8, 2, 99, 8 * 2.0 / 8 + 2.0 / 9),  # others' workers hold those
    ],
)
def test_where_jobs_join_the_places_of_a_batch_become_free_one_by_one(
    waiting: int, busy: int, running: int | None, wait: float
) -> None:
    assert predicted_wait_seconds(waiting, busy, fleet(joins=True), running=running) == pytest.approx(wait)
    single = fleet(joins=True, pace=Pace(1, 2.0, 2.0))
    alone = predicted_wait_seconds(waiting, busy, single, running=running)
    assert alone == predicted_wait_seconds(waiting, busy, replace(single, joins=False)), "batches do not pay"


@given(st.integers(0, 500), st.integers(1, 8), st.integers(0, 64))
def test_a_job_that_may_join_never_waits_less_for_more_that_wait(waiting: int, ready: int, running: int) -> None:
    def wait(waiting: int, running: int) -> float:
        return predicted_wait_seconds(waiting, ready, fleet(ready=ready, joins=True), running=running)

    assert wait(waiting + 1, running) >= wait(waiting, running) - 1e-9
    assert wait(waiting, running) >= JOIN_AFTER_SECONDS


@given(st.integers(0, 500), st.integers(0, 8), st.integers(0, 8), st.integers(0, 4), st.floats(0, 300))
def test_more_waiting_never_shortens_and_one_more_idle_worker_never_lengthens_the_wait(
    waiting: int, busy: int, ready: int, starting: int, starting_in: float
) -> None:
    busy = min(busy, ready)

    def wait(waiting: int, ready: int) -> float:
        coming = fleet(ready=ready, starting=starting, starting_in_seconds=starting_in)
        return predicted_wait_seconds(waiting, busy, coming)

    assert wait(waiting + 1, ready) >= wait(waiting, ready) - 1e-9
    if ready > 0:
        assert wait(waiting, ready + 1) <= wait(waiting, ready) + 1e-9


@given(st.integers(0, 500), st.integers(0, 8), st.integers(0, 8))
def test_the_ninetieth_percentile_is_never_before_the_median(waiting: int, busy: int, ready: int) -> None:
    promise = eta(waiting, busy, fleet(ready=ready))
    assert promise.wait_seconds <= promise.p50_seconds <= promise.p90_seconds
    assert promise.cold == (ready == 0)


def test_a_cold_fleet_promises_its_cold_start_with_a_wide_margin() -> None:
    promise = eta(0, 0, fleet(ready=0))
    assert promise.cold
    assert promise.p50_seconds == pytest.approx(102.0)
    assert promise.p90_seconds > 150


def test_a_lone_job_on_an_idle_fleet_takes_a_single_batch() -> None:
    assert eta(0, 0, fleet()).p50_seconds == pytest.approx(1.0)


def test_a_job_that_starts_at_once_varies_as_much_as_the_batches_that_were_woven() -> None:
    steady, rough = (Pace.of(CostTable((2.0,), spread=spread), batch_limit=1) for spread in (0.05, 0.6))
    assert eta(0, 0, fleet(pace=steady)).p90_seconds == pytest.approx(2.0 * 1.05)
    assert eta(0, 0, fleet(pace=rough)).p90_seconds == pytest.approx(2.0 * 1.6)
    unknown = Pace.of(CostTable((2.0,)), batch_limit=1)
    assert eta(9, 2, fleet(pace=steady)) == eta(9, 2, fleet(pace=unknown)), "a queue varies, however steady its batches"
    assert eta(9, 2, fleet(pace=rough)).p90_seconds > eta(9, 2, fleet(pace=unknown)).p90_seconds
    assert wait_budget_seconds(12.0, rough) < wait_budget_seconds(12.0, steady)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_spread_of_a_mixed_pace_lies_between_both(own: float, cheap: float, fraction: float) -> None:
    mixed = Pace.of(
        CostTable((2.0,), spread=own), batch_limit=1, degraded=CostTable((1.0,), spread=cheap), fraction=fraction
    )
    assert min(own, cheap) - 1e-9 <= mixed.spread <= max(own, cheap) + 1e-9


@pytest.mark.parametrize("spread", [-0.1, inf, float("nan")])
def test_a_spread_that_is_no_share_is_refused(spread: float) -> None:
    with pytest.raises(ValueError, match="spread"):
        CostTable((1.0,), spread=spread)


def test_a_time_too_short_for_its_json_is_not_rounded_to_nothing() -> None:
    assert CostTable.from_json(CostTable((1e-9, 1.0)).to_json()).seconds == (1e-6, 1.0)


def test_the_wait_budget_is_where_admission_turns_jobs_away() -> None:
    pace = Pace(1, 2.4, 2.4)
    budget = wait_budget_seconds(12.0, pace)
    on_the_edge = Fleet(pace=pace, ready=0, starting=1, starting_in_seconds=budget)
    promise = eta(0, 0, on_the_edge)
    assert promise.p90_seconds - 0.5 * budget == pytest.approx(12.0)  # less the spread of a cold start


@given(st.text(max_size=40))
def test_ranks_are_stable_and_inside_zero_and_one(job_id: str) -> None:
    assert 0 <= rank_of(job_id) < 1
    assert rank_of(job_id) == rank_of(job_id)


def test_ranks_spread_evenly() -> None:
    below = sum(is_degraded(rank_of(f"job_{number}"), True, 0.3) for number in range(5000))
    assert 0.27 < below / 5000 < 0.33


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1), st.floats(0, 1))
def test_a_job_that_is_degraded_stays_so_as_the_share_rises(rank: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert is_degraded(rank, True, low) <= is_degraded(rank, True, high)
    assert not is_degraded(rank, False, high)
    assert is_degraded(rank, True, 1.0)
    assert not is_degraded(rank, True, 0.0)
