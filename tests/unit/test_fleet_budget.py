"""A fleet from its SLO and its budget: what is known, what follows, and what the budget cannot hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.fleets.bounds import bounds_at
from arbitrator.fleets.demand import ENOUGH_HOURS, KEPT_HOURS, SEEN_SECONDS, WEEK_HOURS, Hour, Known
from arbitrator.fleets.derive import Derivation, derive
from arbitrator.fleets.spec import FleetSpec, parse_spec
from arbitrator.fleets.status import ConditionStatus
from arbitrator.policies.sizing import (
    GOAL,
    SHOP_DAY,
    Terms,
    floors_of,
    late_pictures,
    month_cost,
    most_for,
    most_within,
    pods_for,
)

TERMS = Terms(picture_seconds=2.0, cold_start_seconds=120, cooldown_seconds=600, period_seconds=3600, hourly_price=1.5)
MONDAY = 24 * 4  # Hours since 1970.


def spec(month: float = 5_000.0, **fields: Any) -> FleetSpec:
    least = {"deployment": "demo-weaver", "selector": {"app": "weaver"}, "billing": {"hourlyPrice": 1.5}}
    return parse_spec(least | {"budget": {"perMonth": month}} | fields)


def week(by_hour: list[float], *, weeks: int = 1, pace: float | None = 2.0) -> Known:
    """Return a history in which every day has these pictures by hour."""
    hours = {MONDAY + n: Hour(3600.0, {"catvton": round(by_hour[n % 24])}) for n in range(weeks * WEEK_HOURS)}
    return Known(hours=hours, picture_seconds={"catvton": pace} if pace else {})


def derived(fleet: FleetSpec, known: Known) -> Derivation:
    found = derive(fleet, known)
    assert found is not None
    return found


SHOP = [60.0 * hour for hour in SHOP_DAY]  # 6,000 pictures in the busiest hour: 3.3 GPUs.
OFFICE = [0.0] * 8 + [3_600.0] * 10 + [0.0] * 6


def test_a_fleet_without_a_budget_is_as_it_is_written() -> None:
    fleet = parse_spec({"deployment": "d", "selector": {"app": "w"}})
    assert derive(fleet, week(SHOP)) is None
    assert (fleet.least, fleet.most) == (1, 5)


def test_a_week_and_a_budget_that_holds_it_give_the_fleet_of_proteus_size() -> None:
    found = derived(spec(), week(SHOP))
    assert (found.spec.least, found.spec.most) == (1, most_for(6_000 / 3_600 * 2, least=1)) == (1, 6)
    assert found.derived.jobs_per_pod == found.spec.jobs_per_pod == 3
    assert (found.finding.status, found.finding.reason) == (ConditionStatus.TRUE, "Held")
    assert found.derived.basis == "168 hours of history; measured 2 s a picture"
    assert found.derived.cost_per_month <= 5_000


def test_a_fleet_sleeps_at_night_and_is_there_before_the_morning() -> None:
    found = derived(spec(), week(OFFICE))
    assert found.spec.least == 0

    def least(hour: int, minute: int = 0) -> int:
        return bounds_at(found.spec, datetime(2026, 11, 27, hour, minute, tzinfo=UTC)).min_replicas

    assert [least(hour) for hour in (0, 7, 9, 17, 18, 23)] == [0, 0, 1, 1, 0, 0]
    assert (least(7, 54), least(7, 55), least(8, 14), least(8, 15)) == (0, 3, 3, 1)
    assert found.derived.schedules == (
        "kept-1: daily 08:00-12:00 UTC at least 1",
        "kept-2: daily 12:00-18:00 UTC at least 1",
        "warm-3: daily 07:55-08:15 UTC at least 3",
    )


def test_a_weekday_of_its_own_is_told_once_it_was_seen_twice() -> None:
    hours = {MONDAY + n: Hour(3600.0, {"catvton": 0}) for n in range(2 * WEEK_HOURS)}
    for friday in (4, 11):
        hours[MONDAY + friday * 24 + 20] = Hour(3600.0, {"catvton": 7_200})
    found = derived(spec(), Known(hours=hours, picture_seconds={"catvton": 2.0}))
    assert found.derived.schedules == (
        "kept-1: Fri 20:00-21:00 UTC at least 1",
        "warm-2: Fri 19:55-20:15 UTC at least 5",
    )
    midnight = {**hours, MONDAY + 5 * 24: Hour(3600.0, {"catvton": 7_200}), MONDAY + 12 * 24: hours[MONDAY + 116]}
    words = derived(spec(), Known(hours=midnight, picture_seconds={})).derived.schedules
    assert "warm-4: Fri 23:55-00:15 UTC at least 5" in words


def test_what_a_budget_cannot_hold_is_said_with_the_hours_and_the_price_of_more() -> None:
    found = derived(spec(2_200), week(SHOP))
    assert (found.finding.status, found.finding.reason) == (ConditionStatus.FALSE, "BudgetTooSmall")
    assert "2200 a month pay for 2 pods at most, and none kept ready; 56 hours of the week need more" in (
        found.finding.message
    )
    assert "Mon 20:00 UTC 4: there pictures are degraded or refused" in found.finding.message
    assert (found.spec.least, found.spec.most) == (0, 2)
    assert found.derived.cost_per_month <= 2_200
    poor = derived(spec(20), week(SHOP))
    assert "20 a month do not pay for one pod: it costs about" in poor.finding.message
    assert (poor.spec.least, poor.spec.most) == (0, 1)


@pytest.mark.parametrize(("month", "bounds"), [(5, (0, 1)), (1_400, (1, 1)), (5_000, (1, 8)), (1e9, (1, 1_000))])
def test_without_a_week_of_history_a_shops_day_is_assumed_and_said(month: float, bounds: tuple[int, int]) -> None:
    found = derived(spec(month), Known(hours={1: Hour(3600.0)}))
    assert (found.spec.least, found.spec.most) == bounds
    assert (found.finding.status, found.finding.reason) == (ConditionStatus.UNKNOWN, "NoHistory")
    assert found.derived.basis.startswith("a shop's day is assumed, until a week is seen (1 of its hours are)")
    assert found.derived.schedules == ()


def test_what_the_owner_wrote_stays() -> None:
    night = {"name": "night", "from": "23:00", "until": "07:00", "maxReplicas": 1}
    found = derived(spec(minReplicas=2, maxReplicas=3, schedules=[night]), week(OFFICE))
    assert (found.spec.least, found.spec.most) == (2, 3)
    assert found.spec.schedules[-1].name == "night"
    assert bounds_at(found.spec, datetime(2026, 11, 27, 23, 30, tzinfo=UTC)).max_replicas == 1
    dear = derived(spec(2_000, minReplicas=2), week(OFFICE))
    assert (dear.finding.status, dear.finding.reason) == (ConditionStatus.FALSE, "BoundsTooHigh")
    plain = derived(spec(scaling={"form": "plain"}), week(OFFICE))
    assert plain.spec.least == 1


def test_engines_of_others_do_not_count() -> None:
    known = week(SHOP)
    assert known.week(["fashn"]) == [0.0] * WEEK_HOURS
    assert known.week(["catvton"]) == known.week([]) != [0.0] * WEEK_HOURS
    assert (known.slowest(["fashn"]), known.slowest([])) == (None, 2.0)


@pytest.mark.parametrize(("hours", "seconds", "known"), [
    (ENOUGH_HOURS, 3600.0, True), (ENOUGH_HOURS - 1, 3600.0, False), (KEPT_HOURS, SEEN_SECONDS - 1, False),
    (KEPT_HOURS, SEEN_SECONDS, True), (0, 0.0, False),
])  # fmt: skip
def test_a_week_is_known_once_it_was_watched(hours: int, seconds: float, known: bool) -> None:
    seen = Known(hours={n: Hour(seconds, {"catvton": 1}) for n in range(hours)})
    assert (seen.week([]) is not None) is known


RATES = st.lists(st.one_of(st.just(0.0), st.floats(1e-5, 5.0)), min_size=24, max_size=24)


@given(rates=RATES, most=st.integers(1, 20), month=st.floats(1, 50_000))
def test_the_most_within_a_budget_costs_no_more_and_one_more_would(rates: list[float], most: int, month: float) -> None:
    floors = floors_of(rates, TERMS)
    found = most_within(rates, floors, TERMS, most=most, month=month)
    if found:
        assert month_cost(rates, floors, TERMS, most=found) <= month
    if found < most:
        assert month_cost(rates, floors, TERMS, most=found + 1) > month


@given(rates=RATES)
def test_no_more_pictures_find_a_sleeping_fleet_than_the_goal_allows(rates: list[float]) -> None:
    floors = floors_of(rates, TERMS)
    late = sum(late_pictures(rate, TERMS) for rate, floor in zip(rates, floors, strict=True) if floor == 0)
    assert late <= (1 - GOAL) * 3600 * sum(rates) + 1e-9
    assert all(floor == 0 for rate, floor in zip(rates, floors, strict=True) if rate == 0)


@given(rates=st.lists(st.integers(0, 20_000), min_size=24, max_size=24), month=st.floats(2, 100_000))
def test_what_is_derived_is_a_spec_that_holds_and_costs_what_there_is_or_says_so(
    rates: list[int], month: float
) -> None:
    found = derived(spec(month), week([float(rate) for rate in rates], pace=None))
    assert parse_spec(found.spec.model_dump(by_alias=True, exclude_none=True)) == found.spec or (
        len(found.spec.schedules) > 32
    )
    assert 0 <= found.spec.least <= found.spec.most
    if found.finding.status is ConditionStatus.TRUE:
        assert found.derived.cost_per_month <= month + 0.5
    needed = max(pods_for(rate / 3600, TERMS) for rate in rates)
    assert found.finding.status is ConditionStatus.FALSE or found.spec.most >= needed
