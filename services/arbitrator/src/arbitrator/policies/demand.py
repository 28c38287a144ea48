"""What is asked of the fleet and what it would take: arrival rates, the share to degrade, the replicas to ask for.

Pure arithmetic under policy `slo`, tested on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, exp, sqrt
from typing import Final

from proteus.estimates import CostTable, Pace

FAST_SECONDS: Final = 10.0
"""Memory of the fast arrival rate: sees a spike within a few seconds."""

SLOW_SECONDS: Final = 60.0
"""Memory of the slow arrival rate: what decides about leaving a mode and about replicas."""


@dataclass(frozen=True)
class Arrivals:
    """Exponentially weighted arrival rates, jobs per second, corrected for their young age.

    Attributes:
        fast_sum: Weighted sum behind the fast rate.
        fast_weight: Its weight so far; 1 when old.
        slow_sum: Weighted sum behind the slow rate.
        slow_weight: Its weight so far.
    """

    fast_sum: float = 0.0
    fast_weight: float = 0.0
    slow_sum: float = 0.0
    slow_weight: float = 0.0

    @property
    def fast(self) -> float:
        return self.fast_sum / self.fast_weight if self.fast_weight else 0.0

    @property
    def slow(self) -> float:
        return self.slow_sum / self.slow_weight if self.slow_weight else 0.0

    def after(self, arrived: int, seconds: float) -> Arrivals:
        """Return the rates after `arrived` jobs within the last `seconds`."""
        if seconds <= 0:
            return self
        sample = arrived / seconds
        keep_fast, keep_slow = exp(-seconds / FAST_SECONDS), exp(-seconds / SLOW_SECONDS)
        return Arrivals(
            keep_fast * self.fast_sum + (1 - keep_fast) * sample,
            keep_fast * self.fast_weight + 1 - keep_fast,
            keep_slow * self.slow_sum + (1 - keep_slow) * sample,
            keep_slow * self.slow_weight + 1 - keep_slow,
        )

    def to_memory(self) -> dict[str, float]:
        return {
            "fast_sum": self.fast_sum,
            "fast_weight": self.fast_weight,
            "slow_sum": self.slow_sum,
            "slow_weight": self.slow_weight,
        }

    @classmethod
    def from_memory(cls, memory: Mapping[str, float]) -> Arrivals:
        return cls(memory["fast_sum"], memory["fast_weight"], memory["slow_sum"], memory["slow_weight"])


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
