"""Fleets for a day of pictures: each is simulated with the production rules, and the cheapest that keeps the goal wins.

day, t(b), SLO ─▶ fixed N, scaled 1…M, scaled 0…M ─▶ simulate a day per seed ─▶ the cheapest that keeps the goal
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, log
from typing import Final

from arbitrator.policies.sizing import HOURS_A_MONTH, USABLE, most_for
from arbitrator.policies.slo import SloPolicy, SloSettings
from gateway.rules.admission import Limits
from workbench.simulate.actors import RunOptions
from workbench.simulate.curves import Curve
from workbench.simulate.outcome import Figures, figures_of, mean
from workbench.simulate.scaling import FleetPlan
from workbench.simulate.systems.ours import Ours
from workbench.simulate.traces import DAY_SECONDS, day_of
from workbench.simulate.world import World

ETA_LIMIT_SECONDS: Final = Limits().eta_limit_seconds
"""A gateway's default: the longest wait for which it takes a picture."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a fleet must carry.

    Attributes:
        pictures: A day, on average.
        hours: Demand by hour, 24 numbers in any unit.
        curve: t(b) of one weaver.
        slo_seconds: Longest time from a submit to its picture.
        goal: Least share of the pictures inside the SLO, a degraded one counting 0.9.
        pod_start_seconds: From a node to a weaver that works.
        node_start_seconds: From the wish for a node to the node.
        seeds: Days to simulate; figures are their mean.
    """

    pictures: float
    hours: Sequence[float]
    curve: Curve
    slo_seconds: float
    goal: float
    pod_start_seconds: float
    node_start_seconds: float
    seeds: Sequence[int]

    @property
    def busiest_gpus(self) -> float:
        """Return the GPUs that the busiest hour keeps busy."""
        rate = self.pictures / DAY_SECONDS * max(self.hours) / (sum(self.hours) / len(self.hours))
        return rate / self.curve.best_rate

    @property
    def first_gpus(self) -> int:
        """Return the GPUs that midnight needs."""
        rate = self.pictures / DAY_SECONDS * self.hours[0] / (sum(self.hours) / len(self.hours))
        return ceil(rate / self.curve.best_rate / USABLE)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """A fleet and its simulated day."""

    plan: FleetPlan
    figures: Figures

    @property
    def is_fixed(self) -> bool:
        return self.plan.signal == "fixed"

    @property
    def name(self) -> str:
        if self.is_fixed:
            return f"fixed {self.plan.replicas}"
        return f"scaled {self.plan.min_replicas} to {self.plan.max_replicas}"


def fixed_fleet(day: Day) -> Fleet:
    """Return the smallest fixed fleet that keeps the goal, from the number that the busiest hour needs."""
    found = simulate(day, _fixed(max(1, ceil(day.busiest_gpus / USABLE)), day))
    step = -1 if found.figures.quality_goodput >= day.goal else 1
    while (gpus := found.plan.replicas + step) >= 1:
        tried = simulate(day, _fixed(gpus, day))
        if step > 0 and tried.figures.quality_goodput >= day.goal:
            return tried
        if step < 0 and tried.figures.quality_goodput < day.goal:
            return found
        found = tried
    return found


def scaled_fleet(day: Day, *, least: int) -> Fleet:
    """Return a fleet that follows the arbitrator, with this minimum."""
    most = most_for(day.busiest_gpus, least=least)
    plan = FleetPlan(
        signal="signal",
        replicas=min(most, max(least, day.first_gpus)),
        min_replicas=least,
        max_replicas=most,
        pool_minimum=least,
        pod_start_seconds=day.pod_start_seconds,
        node_start_seconds=day.node_start_seconds,
    )
    return simulate(day, plan)


def fleets(day: Day) -> list[Fleet]:
    """Return the fleets to choose from."""
    return [fixed_fleet(day), scaled_fleet(day, least=1), scaled_fleet(day, least=0)]


def choose(tried: Sequence[Fleet], *, goal: float) -> Fleet:
    """Return the cheapest fleet that keeps the goal; if none does, the one that comes nearest."""
    kept = [one for one in tried if one.figures.quality_goodput >= goal]
    if kept:
        return min(kept, key=lambda one: one.figures.node_hours)
    return max(tried, key=lambda one: one.figures.quality_goodput)


def break_even(day: Day, *, node_hour_price: float, month_price: float, picture_price: float) -> float:
    """Return about how many pictures a day make one cheaper than this price; `inf` if not even 16 times as many do.

    Days of half and of twice as many pictures are simulated until the price lies between two of them.

    Args:
        day: At its number of pictures the search begins; it goes down to a sixty-fourth.
        node_hour_price: Of one GPU node.
        month_price: Of everything else: gateway, tailor, stores.
        picture_price: In the same currency.
    """

    def cost(pictures: float) -> float:
        there = replace(day, pictures=pictures, seeds=day.seeds[:1])
        fleet = choose([scaled_fleet(there, least=1), scaled_fleet(there, least=0)], goal=day.goal)
        return (fleet.figures.node_hours * node_hour_price + month_price / DAYS_A_MONTH) / pictures

    low = high = day.pictures
    low_cost = high_cost = cost(day.pictures)
    while low_cost <= picture_price:
        high, high_cost = low, low_cost
        low /= 2
        if low < day.pictures / 64:
            return high
        low_cost = cost(low)
    while high_cost > picture_price:
        low, low_cost = high, high_cost
        high *= 2
        if high > 16 * day.pictures:
            return inf
        high_cost = cost(high)
    share = log(low_cost / picture_price) / log(low_cost / high_cost)
    return float(low * (high / low) ** share)


DAYS_A_MONTH: Final = HOURS_A_MONTH / 24


def simulate(day: Day, plan: FleetPlan) -> Fleet:
    """Simulate the day on a fleet, once per seed."""
    runs = []
    for seed in day.seeds:
        made = day_of(day.hours, pictures=day.pictures, seed=seed)
        # No client names a deadline unless it must: a late picture is late, and wakes a fleet at zero all the same.
        trace = replace(made, deadline=[inf] * len(made))
        policy = SloPolicy(SloSettings(slo_seconds=day.slo_seconds))
        system = Ours(policy, day.curve, slo_seconds=day.slo_seconds, eta_limit_seconds=ETA_LIMIT_SECONDS)
        world = World(trace, day.curve, plan, system, RunOptions(slo_seconds=day.slo_seconds, seed=seed))
        runs.append(figures_of(world.run(), trace))
    return Fleet(plan=plan, figures=mean(runs))


def _fixed(gpus: int, day: Day) -> FleetPlan:
    return FleetPlan(
        signal="fixed",
        replicas=gpus,
        pool_minimum=gpus,
        pod_start_seconds=day.pod_start_seconds,
        node_start_seconds=day.node_start_seconds,
    )
