"""A fleet from its SLO and its budget alone: bounds, jobs per pod, pre-warming, by the rules of `proteus size`. Pure.

    spec with a budget, what is known ─▶ derive ─▶ spec with bounds and schedules · status.derived · BudgetHolds

What the owner wrote stays. Without a week of history the demand is that of a shop's day, as large as the budget pays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from arbitrator.fleets.demand import DAY_HOURS, Known
from arbitrator.fleets.spec import MOST_REPLICAS, WEEK, FleetSpec, Form, Schedule, Weekday
from arbitrator.fleets.status import ConditionStatus, Derived, Finding
from arbitrator.policies.sizing import SHOP_DAY, USABLE, Terms, floors_of, month_cost, most_for, most_within, pods_for

STEP_MINUTES: Final = 5
"""Pre-warming begins on a multiple of this before the hour."""

WARM_MINUTES: Final = 15
"""How long into its hour a pre-warmed number holds; from then on the arrivals speak."""

RISE: Final = 2
"""Pods are pre-warmed for an hour that needs twice those of the hour before, and two more at least: else the HPA and
the degraded form bridge a cold start."""


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """A spec in which nothing is left open, what was derived, and whether the budget holds it."""

    spec: FleetSpec
    derived: Derived
    finding: Finding


def derive(spec: FleetSpec, known: Known) -> Derivation | None:
    """Return what follows from a fleet's budget; None: it has none."""
    if spec.budget is None:
        return None
    month = spec.budget.per_month
    measured = known.slowest(spec.engines)
    spec = spec.model_copy(
        update={"slo": spec.slo.model_copy(update={"picture_seconds": _two_digits(measured)})} if measured else {}
    )
    terms = Terms(
        picture_seconds=spec.slo.picture_seconds,
        cold_start_seconds=known.cold_start_seconds,
        cooldown_seconds=spec.scaling.cooldown_seconds,
        period_seconds=spec.billing.period_seconds,
        hourly_price=spec.billing.hourly_price,
    )
    rates = known.week(spec.engines)
    pace = f"{'measured' if measured else 'assumed'} {terms.picture_seconds:g} s a picture"
    if rates is None:
        basis = f"a shop's day is assumed, until a week is seen ({known.seen()} of its hours are); {pace}"
        rates, floors, least, most = _assumed(spec, terms, month)
        status, reason = ConditionStatus.UNKNOWN, "NoHistory"
        message = f"{month:g} a month pay for {_pods(most)} on a shop's day; what yours needs is not known yet"
    else:
        basis = f"{known.seen()} hours of history; {pace}"
        floors = _floors(spec, rates, terms)
        needed = most_for(max(rates) * terms.picture_seconds, least=min(floors))
        full = month_cost(rates, floors, terms, most=needed)
        least, most = min(floors), min(needed, MOST_REPLICAS)
        status, reason = ConditionStatus.TRUE, "Held"
        message = f"about {full:.0f} of {month:g} a month"
        if full > month:
            floors = [least if spec.scaling.form is Form.PLAIN else 0] * len(rates)
            least, most = min(floors), most_within(rates, floors, terms, most=most, month=month)
            status, reason = ConditionStatus.FALSE, "BudgetTooSmall"
            message = _lacking(rates, floors, terms, most=most, month=month, full=full)
            most = max(most, 1)
    least = least if spec.min_replicas is None else spec.min_replicas
    most = max(most, least, 1) if spec.max_replicas is None else spec.max_replicas
    least = min(least, most)
    warmed = () if reason == "NoHistory" else tuple(_schedules(rates, floors, terms, least=least, most=most))
    floors = [max(floor, least) for floor in floors]
    cost = month_cost(rates, floors, terms, most=most)
    if status is ConditionStatus.TRUE and cost > month:  # The owner's own bounds cost more.
        status, reason = ConditionStatus.FALSE, "BoundsTooHigh"
        message = f"minReplicas {least} and maxReplicas {most} cost about {cost:.0f} a month, {month:g} are there"
    made = spec.model_copy(
        update={"min_replicas": least, "max_replicas": most, "schedules": (*warmed, *spec.schedules)}
    )
    derived = Derived(
        min_replicas=least,
        max_replicas=most,
        jobs_per_pod=made.jobs_per_pod,
        picture_seconds=terms.picture_seconds,
        schedules=tuple(_words(schedule) for schedule in warmed),
        cost_per_month=round(cost),
        basis=basis,
    )
    return Derivation(
        spec=made, derived=derived, finding=Finding(type="BudgetHolds", status=status, reason=reason, message=message)
    )


def beside(finding: Finding, rivals: Sequence[str]) -> Finding:
    """Return what is said of a budget beside other fleets with a budget for the same work: each expects all of it."""
    if not rivals:
        return finding
    names = ", ".join(rivals)
    return Finding(
        type="BudgetHolds",
        status=ConditionStatus.FALSE,
        reason="DemandCountedTwice",
        message=f"{names} has a budget for the same engines, and each is derived as if alone; give one the budget",
    )


def _floors(spec: FleetSpec, rates: Sequence[float], terms: Terms) -> list[int]:
    """Return the fewest pods by hour; a plain fleet never sleeps."""
    return [1] * len(rates) if spec.scaling.form is Form.PLAIN else floors_of(rates, terms)


def _assumed(spec: FleetSpec, terms: Terms, month: float) -> tuple[list[float], list[int], int, int]:
    """Return the largest shop's day that the budget pays for: its rates, floors, fewest and most pods."""

    def day(pods: int) -> list[float]:
        return [USABLE * pods / terms.picture_seconds * hour / max(SHOP_DAY) for hour in SHOP_DAY]

    found = day(1), [1 if spec.scaling.form is Form.PLAIN else 0] * DAY_HOURS, 1
    for pods in range(1, MOST_REPLICAS + 1):
        rates, floors = day(pods), [1] * DAY_HOURS
        if month_cost(rates, floors, terms, most=pods) > month:
            break
        found = rates, floors, pods
    rates, floors, most = found
    return rates, floors, min(floors), most


def _lacking(
    rates: Sequence[float], floors: Sequence[int], terms: Terms, *, most: int, month: float, full: float
) -> str:
    if most == 0:
        one = month_cost(rates, floors, terms, most=1)
        return f"{month:g} a month do not pay for one pod: it costs about {one:.0f}, full service about {full:.0f}"
    pods = [pods_for(rate, terms) for rate in rates]
    busiest = max(range(len(rates)), key=rates.__getitem__)
    short = sum(one > most for one in pods)
    return (
        f"{month:g} a month pay for {_pods(most)} at most, and none kept ready; {short} hours of the week need more, "
        f"{WEEK[busiest // DAY_HOURS]} {busiest % DAY_HOURS:02}:00 UTC {pods[busiest]}: there pictures are degraded or "
        f"refused. Full service costs about {full:.0f}"
    )


def _schedules(
    rates: Sequence[float], floors: Sequence[int], terms: Terms, *, least: int, most: int
) -> Iterator[Schedule]:
    """Yield the schedules of a week, in UTC: pods that stay, then pods that are there before a rise.

    A day's hours that need the same are one schedule; the same hours of several days, too. Pods that stay are told by
    half days, because no schedule ends at the time of day at which it begins.
    """
    spans: dict[tuple[str, str, int, str], list[Weekday]] = {}

    def add(day: int, begin: int, until: int, pods: int, kind: str) -> None:
        day, begin = (day + begin // _DAY_MINUTES) % len(WEEK), begin % _DAY_MINUTES
        spans.setdefault((_clock(begin), _clock(until), pods, kind), []).append(WEEK[day])

    for half in range(len(rates) * 2 // DAY_HOURS):
        day, first = half // 2, half % 2 * 12
        held = [floors[day * DAY_HOURS + first + hour] > least for hour in range(12)] + [False]
        began = None
        for hour, holds in enumerate(held):
            if holds and began is None:
                began = hour
            elif not holds and began is not None:
                add(day, (first + began) * 60, (first + hour) * 60, min(least + 1, most), "kept")
                began = None
    lead = STEP_MINUTES * -(-terms.cold_start_seconds // (60 * STEP_MINUTES))
    pods = [min(pods_for(rate, terms), most) for rate in rates]
    for place, wanted in enumerate(pods):
        before = place - 1
        rises = wanted >= RISE * max(pods[before], 1) and wanted - pods[before] >= RISE
        wakes = floors[place] > max(floors[before], least)
        if rises or wakes:
            begin = place % DAY_HOURS * 60 - int(lead)
            add(place // DAY_HOURS, begin, begin + int(lead) + WARM_MINUTES, wanted if rises else 1, "warm")
    for number, ((start, end, count, kind), days) in enumerate(spans.items(), start=1):
        in_order = tuple(day for day in WEEK if day in days)
        yield Schedule(name=f"{kind}-{number}", days=in_order, begin=start, until=end, min_replicas=count)


_DAY_MINUTES: Final = DAY_HOURS * 60


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % DAY_HOURS:02}:{minutes % 60:02}"


def _words(schedule: Schedule) -> str:
    days = "daily" if len(schedule.days) == len(WEEK) else ",".join(schedule.days)
    return f"{schedule.name}: {days} {schedule.begin}-{schedule.until} UTC at least {schedule.min_replicas}"


def _pods(count: int) -> str:
    return "1 pod" if count == 1 else f"{count} pods"


def _two_digits(seconds: float) -> float:
    """Return the seconds with two digits: a fleet does not change with every measurement."""
    return float(f"{seconds:.2g}")
