"""How large a fleet must be: the rules that `proteus size` and a `WeaverFleet` with a budget share. Pure arithmetic.

Demand is pictures per second, hour by hour, of a day or a week. An hour needs the pods that the policy would want for
it; a fleet that may sleep is awake for as long as something came of late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp
from typing import Final

from arbitrator.policies.demand import MEMORY_SECONDS, needed_replicas
from arbitrator.policies.slo import SloSettings
from proteus.estimates import Pace

USABLE: Final = 0.9
"""Share of its time that a GPU is planned to work in the busiest hour."""

ROOM: Final = 1.5
"""An autoscaled fleet may grow to this multiple of what the busiest hour needs: retries, spikes, a lost node."""

GOAL: Final = 0.999
"""Least share of the pictures inside the SLO, a degraded one counting 0.9."""

BILLED: Final = 1.15
"""Node hours on the bill over those that the hours' means need: waves, nodes that start, slow scale-in, started hours.
Simulated on a shop's day: 1.15 where the peak keeps 18 GPUs busy (docs/benchmarks.md), 1.23 at 10,000 pictures of
2.4 s, which one pod or two make, 1.00 at 3,000, which one makes."""

SHOP_DAY: Final = (14, 9, 6, 4, 4, 5, 9, 16, 26, 36, 44, 49, 55, 52, 48, 47, 50, 58, 70, 86, 100, 96, 66, 32)
"""Demand of a shop by hour, per cent of the evening's peak; an assumption, with a mean of 41 %."""

HOURS_A_MONTH: Final = 30.4 * 24

WORTH_SLEEPING: Final = 0.05
"""Share of an hour that a fleet must sleep, or the hour keeps a pod."""

_SPARE: Final = SloSettings().spare

QUIET_SECONDS: Final = 5 * MEMORY_SECONDS[1]
"""After the last picture the policy wants no weaver any more (`Arrivals.quiet`)."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a fleet's pods can do, and what they cost.

    Attributes:
        picture_seconds: Seconds per picture of one weaver in full batches, t(B) / B.
        cold_start_seconds: From requesting a weaver to ready.
        cooldown_seconds: How long the last pod stays without work.
        period_seconds: Every started period of a node is paid in full.
        hourly_price: Of one pod.
    """

    picture_seconds: float
    cold_start_seconds: float
    cooldown_seconds: float
    period_seconds: float
    hourly_price: float

    @property
    def awake_seconds(self) -> float:
        """How long a fleet that may sleep stays awake after a picture."""
        return QUIET_SECONDS + self.cooldown_seconds


def pods_for(rate: float, terms: Terms) -> int:
    """Return the pods that the policy wants for so many pictures per second."""
    seconds = terms.picture_seconds
    return needed_replicas(rate, Pace(1, seconds, seconds), spare=_SPARE)


def most_for(busiest_gpus: float, *, least: int) -> int:
    """Return how far a fleet may grow, from the GPUs that its busiest hour keeps busy."""
    return max(least + 1, ceil(ROOM * busiest_gpus / USABLE - 1e-9))


def late_pictures(rate: float, terms: Terms) -> float:
    """Return how many pictures of an hour come too late, if the fleet may sleep in it.

    Arrivals are taken for Poisson's: whoever comes after a pause longer than the fleet stays awake finds it asleep,
    and so do those who come while it starts.
    """
    return 3600 * rate * exp(-rate * terms.awake_seconds) * (1 + rate * terms.cold_start_seconds)


def asleep_share(rate: float, terms: Terms) -> float:
    """Return the share of an hour for which no node is paid, if the fleet may sleep in it."""
    return exp(-rate * max(terms.awake_seconds, terms.period_seconds))


def floors_of(rates: Sequence[float], terms: Terms) -> list[int]:
    """Return for each hour 0 where the fleet may sleep, else 1: as many as the goal allows, the quietest first."""
    floors = [1] * len(rates)
    allowed = (1 - GOAL) * 3600 * sum(rates)
    late, asleep = ([of(rate, terms) for rate in rates] for of in (late_pictures, asleep_share))
    quiet = [hour for hour, share in enumerate(asleep) if share >= WORTH_SLEEPING]
    for hour in sorted(quiet, key=lambda one: late[one] / asleep[one]):
        allowed -= late[hour]
        if allowed < -1e-12:
            break
        floors[hour] = 0
    return floors


def month_cost(rates: Sequence[float], floors: Sequence[int], terms: Terms, *, most: int) -> float:
    """Return what a month of such hours costs, with at most so many pods."""
    hours = 0.0
    for rate, floor in zip(rates, floors, strict=True):
        pods = float(min(pods_for(rate, terms), most))
        if floor == 0 and pods <= 1:
            pods = 1 - asleep_share(rate, terms)
        hours += max(pods, floor)
    return BILLED * terms.hourly_price * hours * HOURS_A_MONTH / len(rates)


def most_within(rates: Sequence[float], floors: Sequence[int], terms: Terms, *, most: int, month: float) -> int:
    """Return the most pods, up to `most`, with which a month costs no more than this; 0: not even one does."""
    return next(
        (pods for pods in range(most, 0, -1) if month_cost(rates, floors, terms, most=pods) <= month),
        0,
    )
