"""A policy's results, measured or simulated: the figures to compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One column.

    Attributes:
        wait_p50: Seconds from when a picture could be queued to a worker's claim; likewise p95 and p99.
        goodput: Share of the pictures made within the SLO.
        degraded: Share of the made pictures that were degraded.
        node_hours: As billed; None: unknown, a ledger has no nodes.
        cost_per_1000: Of a thousand pictures within the SLO.
    """

    wait_p50: float
    wait_p95: float
    wait_p99: float
    goodput: float
    degraded: float
    node_hours: float | None = None
    cost_per_1000: float | None = None

    def to_json(self) -> dict[str, float | None]:
        return {name: None if value is None else round(value, 4) for name, value in asdict(self).items()}
