"""The demand on the fleet and what would meet it: arrival rates, the share to degrade, the replicas to request.

Pure arithmetic under policy `slo`, tested on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, sqrt
from typing import Final

from proteus.estimates import CostTable, Pace

MEMORY_SECONDS: Final = (10.0, 60.0, 300.0)
"""Time constants of the fast, slow and long rate: detect a spike, decide about leaving a mode, size the replicas."""


QUIET: Final = exp(-5)
"""Jobs that the slow rate expects within its time constant; below this the policy expects no more. A lone job is
forgotten after five time constants, 5 minutes; a rate that only decays would keep a last GPU for hours."""


@dataclass(frozen=True)
class Arrivals:
    """Exponentially weighted arrival rates, jobs per second, corrected for their short history.

    Attributes:
        sums: Weighted sum behind each rate of `MEMORY_SECONDS`.
        weights: The weight of its samples so far; near 1 after a long history.
    """

    sums: tuple[float, float, float] = (0.0, 0.0, 0.0)
    weights: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def fast(self) -> float:
        return self._rate(0)

    @property
    def slow(self) -> float:
        return self._rate(1)

    @property
    def long(self) -> float:
        return self._rate(2)

    @property
    def quiet(self) -> bool:
        """Whether so few jobs arrived of late that no worker need be kept for them."""
        return self.slow * MEMORY_SECONDS[1] < QUIET

    def after(self, arrived: int, seconds: float) -> Arrivals:
        """Return the rates after `arrived` jobs within the last `seconds`."""
        if seconds <= 0:
            return self
        sample = arrived / seconds
        fast, slow, long = _kept(seconds)
        (a, b, c), (u, v, w) = self.sums, self.weights
        return Arrivals(
            (fast * (a - sample) + sample, slow * (b - sample) + sample, long * (c - sample) + sample),
            (fast * (u - 1) + 1, slow * (v - 1) + 1, long * (w - 1) + 1),
        )

    def to_memory(self) -> dict[str, float]:
        sums = {f"sum_{index}": value for index, value in enumerate(self.sums)}
        return sums | {f"weight_{index}": value for index, value in enumerate(self.weights)}

    @classmethod
    def from_memory(cls, memory: Mapping[str, float]) -> Arrivals:
        a, b, c, u, v, w = (memory[name] for name in _NAMES)
        return cls((a, b, c), (u, v, w))

    def _rate(self, index: int) -> float:
        return self.sums[index] / self.weights[index] if self.weights[index] else 0.0


_NAMES: Final = tuple(f"{kind}_{index}" for kind in ("sum", "weight") for index in range(3))


@lru_cache(maxsize=8)
def _kept(seconds: float) -> tuple[float, float, float]:
    fast, slow, long = (exp(-seconds / memory) for memory in MEMORY_SECONDS)
    return fast, slow, long


def batch_limit(cost: CostTable, longest_seconds: float) -> int:
    """Return the largest batch that takes at most `longest_seconds`; at least 1."""
    limit = 1
    while limit < cost.max_batch and cost.t(limit + 1) <= longest_seconds:
        limit += 1
    return limit


def needed_fraction(demand_per_second: float, workers: int, normal: Pace, degraded: Pace) -> float:
    """Return the smallest share of degraded jobs with which `workers` keep up with the demand, 0 … 1."""
    dear, cheap = 1 / normal.pictures_per_second, 1 / degraded.pictures_per_second
    if demand_per_second <= 0 or dear <= cheap:
        return 0.0
    affordable = workers / demand_per_second
    return min(max((dear - affordable) / (dear - cheap), 0.0), 1.0)


def needed_replicas(demand_per_second: float, pace: Pace, *, spare: float) -> int:
    """Return the workers that serve the demand at full quality with a small wait.

    Square-root staffing: the offered load plus `spare` times its root, so that large fleets run fuller than small ones.
    """
    load = demand_per_second / pace.pictures_per_second
    return ceil(load + spare * sqrt(load) - 1e-9)
