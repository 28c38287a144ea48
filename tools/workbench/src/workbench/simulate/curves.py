"""Cost curves of batches: three shapes of GPU, their degraded forms, and measured tables.

R1 and R2 are public measurements of one model on one H200 at 512² and 1024² (queue-notes section 2.2), scaled to a
try-on of about two seconds; the affine one is what BentoML's rule assumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proteus.estimates import CostTable

MAX_BATCH: Final = 8
DEGRADED_TIME: Final = 0.4
"""Time of a degraded picture relative to a normal one: 12 of 30 steps."""

DEGRADED_QUALITY: Final = 0.9
"""Weight of a degraded picture in quality-weighted goodput."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A cost curve: normal and degraded tables, up to the largest batch that fits into memory."""

    name: str
    cost: CostTable
    degraded: CostTable
    says: str

    @property
    def best_rate(self) -> float:
        """Return the most pictures per second of one worker, not degraded."""
        return max(batch / self.cost.t(batch) for batch in range(1, self.cost.max_batch + 1))


def _curve(name: str, seconds: list[float], says: str) -> Curve:
    cost = CostTable(tuple(seconds))
    degraded = CostTable(tuple(DEGRADED_TIME * value for value in cost.seconds))
    return Curve(name=name, cost=cost, degraded=degraded, says=says)


def measured(name: str, cost: CostTable, degraded: CostTable | None = None) -> Curve:
    """Return a curve from a weaver's measured table; a degraded form that was not measured takes 0.4 of the time."""
    cheap = degraded or CostTable(tuple(DEGRADED_TIME * value for value in cost.seconds))
    return Curve(name=name, cost=cost, degraded=cheap, says="measured by a weaver")


_SIZES: Final = range(1, MAX_BATCH + 1)

CURVES: Final[dict[str, Curve]] = {
    curve.name: curve
    for curve in (
        _curve("roofline", [max(1.75, 0.52 * b) for b in _SIZES], "max(1.75, 0.52 b) s: small pictures on a large GPU"),
        _curve("linear", [2.4 * b for b in _SIZES], "2.4 b s: large pictures, where batching gives 2 %"),
        _curve("affine", [0.8 + 0.46 * b for b in _SIZES], "0.8 + 0.46 b s: the line BentoML's rule assumes"),
    )
}
