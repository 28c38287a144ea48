"""Arrivals: seeded, made before the run, the same for every system (open loop: no arrival waits for an answer).

Each trace is an inhomogeneous Poisson process, thinned from its peak rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arbitrator.policies.sizing import SHOP_DAY

Array = NDArray[np.float64]
Rate = Callable[[Array], Array]
Shape = tuple[Rate, float, float]
"""Relative rate, its peak, share of the heavy tenant."""

DAY_SECONDS: Final = 86_400.0
SPIKE_SECONDS: Final = 60.0
SPIKE_FACTOR: Final = 5.0
TENANTS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The arrivals of a run.

    Attributes:
        name: Its name.
        seconds: Length.
        arrived: Sorted arrival times.
        tenant: Tenant of each job.
        rank: Degrade rank of each job, uniform in [0, 1).
        may_degrade: False for the jobs whose owners opted out.
        deadline: When each job becomes worthless, `inf` for never; None: all of them one SLO after they arrived.
    """

    name: str
    seconds: float
    arrived: list[float]
    tenant: list[int]
    rank: list[float]
    may_degrade: list[bool]
    deadline: list[float] | None = None

    def __len__(self) -> int:
        return len(self.arrived)


def make(name: str, *, mean_rate: float, seconds: float, seed: int, opt_out: float = 0.05) -> Trace:
    """Return a trace.

    Args:
        name: One of `TRACES`.
        mean_rate: Jobs per second of the base load; for `day` of the peak hour.
        seconds: Length of the trace.
        seed: Same seed, same trace.
        opt_out: Share of jobs that may not be degraded.
    """
    rng = np.random.default_rng(seed)
    return _thinned(name, TRACES[name](rng, seconds), rng, mean_rate=mean_rate, seconds=seconds, opt_out=opt_out)


def day_of(hours: Sequence[float], *, pictures: float, seed: int, opt_out: float = 0.05) -> Trace:
    """Return a day with this many arrivals on average.

    Args:
        hours: Demand by hour, 24 numbers in any unit.
        pictures: Arrivals of the whole day, on average.
        seed: Same seed, same day.
        opt_out: Share of jobs that may not be degraded.
    """
    rng = np.random.default_rng(seed)
    most = max(hours)
    shape = _by_hour([hour / most for hour in hours], rng, DAY_SECONDS)
    mean_rate = pictures / DAY_SECONDS * most / (sum(hours) / len(hours))
    return _thinned("day", shape, rng, mean_rate=mean_rate, seconds=DAY_SECONDS, opt_out=opt_out)


def _thinned(
    name: str, of: Shape, rng: np.random.Generator, *, mean_rate: float, seconds: float, opt_out: float
) -> Trace:
    shape, peak, heavy = of
    count = rng.poisson(mean_rate * peak * seconds)
    at = np.sort(rng.uniform(0, seconds, count))
    at = at[rng.uniform(0, peak, count) < shape(at)]
    tenants = rng.integers(1 if heavy else 0, TENANTS, len(at))
    if heavy:
        tenants = np.where(rng.uniform(size=len(at)) < heavy, 0, tenants)
    return Trace(
        name=name,
        seconds=seconds,
        arrived=at.tolist(),
        tenant=tenants.tolist(),
        rank=rng.uniform(size=len(at)).tolist(),
        may_degrade=(rng.uniform(size=len(at)) >= opt_out).tolist(),
    )


def _steady(rng: np.random.Generator, seconds: float) -> Shape:
    return np.ones_like, 1.0, 0.0


def _spikes(rng: np.random.Generator, seconds: float) -> Shape:
    """Return two spikes of five times the base load for a minute each, at random times of the first and second half."""
    starts = (rng.uniform(0.15, 0.35) * seconds, rng.uniform(0.55, 0.75) * seconds)

    def rate(at: Array) -> Array:
        high = np.zeros(len(at), dtype=bool)
        for start in starts:
            high |= (at >= start) & (at < start + SPIKE_SECONDS)
        return np.where(high, SPIKE_FACTOR, 1.0)

    return rate, SPIKE_FACTOR, 0.0


def _day(rng: np.random.Generator, seconds: float) -> Shape:
    """Return a shop's day."""
    return _by_hour([hour / 100 for hour in SHOP_DAY], rng, seconds)


def _by_hour(level: Sequence[float], rng: np.random.Generator, seconds: float) -> Shape:
    """Return hourly means joined by lines, and a slow wobble of 5 %."""
    hours, level = np.linspace(0, seconds, 25), [*level, level[0]]
    phase = rng.uniform(0, 2 * np.pi, 3)
    periods = np.array([0.31, 0.13, 0.047]) * seconds

    def rate(at: Array) -> Array:
        wobble = sum(np.sin(2 * np.pi * at / period + start) for period, start in zip(periods, phase, strict=True))
        return np.asarray(np.interp(at, hours, level) * (1 + 0.05 * wobble / 3), dtype=np.float64)

    return rate, 1.05, 0.0


def _heavy(rng: np.random.Generator, seconds: float) -> Shape:
    """Return the rate when one of twenty tenants sends 80 % of the jobs, at a third more than the base load."""
    return (lambda at: np.full_like(at, 4 / 3)), 4 / 3, 0.8


def _sale(rng: np.random.Generator, seconds: float) -> Shape:
    """Return a flash sale: a quiet half, a jump to eight times, halving every four minutes."""
    start = 0.3 * seconds

    def rate(at: Array) -> Array:
        return np.where(at < start, 0.5, 0.5 + 7.5 * np.exp2(-np.maximum(at - start, 0) / 240.0))

    return rate, 8.0, 0.0


TRACES: Final[dict[str, Callable[[np.random.Generator, float], Shape]]] = {
    "steady": _steady,
    "spikes": _spikes,
    "day": _day,
    "heavy": _heavy,
    "sale": _sale,
}
"""Name -> its shape."""
