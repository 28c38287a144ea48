"""What `proteus size` prints: the fleets side by side, the choice, its values for the chart, and the break-even."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isinf

from rich.table import Table

from workbench.size.fleets import DAYS_A_MONTH, Day, Fleet


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What the operator pays, in one currency.

    Attributes:
        node_hour: One GPU node for an hour; None: cost is told in node hours.
        month: Everything else for a month: gateway, tailor, stores, traffic.
        picture: What somebody else asks for a picture; None: no break-even.
    """

    currency: str
    node_hour: float | None = None
    month: float = 0.0
    picture: float | None = None

    def per_month(self, fleet: Fleet) -> float | None:
        if self.node_hour is None:
            return None
        return fleet.figures.node_hours * DAYS_A_MONTH * self.node_hour + self.month


def table(tried: Sequence[Fleet], day: Day, prices: Prices) -> Table:
    """Return the fleets side by side."""
    made = Table("GPUs", "in the SLO", "wait p95", "degraded", "node hours a day", "a month", "per 1,000")
    for fleet in tried:
        figures, month = fleet.figures, prices.per_month(fleet)
        made.add_row(
            fleet.name,
            f"{100 * figures.quality_goodput:.2f} %",
            f"{figures.wait_p95:.1f} s",
            f"{100 * figures.degraded:.1f} %",
            f"{figures.node_hours:.0f}",
            "-" if month is None else f"{month:,.0f} {prices.currency}",
            "-" if month is None else f"{1000 * month / DAYS_A_MONTH / day.pictures:.2f} {prices.currency}",
        )
    return made


def values(chosen: Fleet, day: Day) -> str:
    """Return the chart's values for the chosen fleet."""
    plan = chosen.plan
    lines = [
        "scaling:",
        f"  minReplicas: {plan.replicas if chosen.is_fixed else plan.min_replicas}",
        f"  maxReplicas: {plan.replicas if chosen.is_fixed else plan.max_replicas}",
        f"  sloSeconds: {day.slo_seconds:g}",
        f"  pictureSeconds: {1 / day.curve.best_rate:.3g}",
    ]
    return "\n".join(lines) + "\n"


def sentences(chosen: Fleet, day: Day, prices: Prices, *, even: float | None) -> Iterator[str]:
    """Return what to know beside the table: the basis of the figures first."""
    yield f"t(b): {day.curve.says}; {1 / day.curve.best_rate:.2f} s a picture at best."
    yield (
        f"A day of {day.pictures:,.0f} pictures; the busiest hour keeps {day.busiest_gpus:.2f} GPUs busy. A node takes "
        f"{day.node_start_seconds:.0f} s, a weaver on it {day.pod_start_seconds:.0f} s to start; nodes are billed by "
        "the started hour."
    )
    if chosen.figures.quality_goodput < day.goal:
        goal = f"{100 * day.goal:g} % of the pictures within {day.slo_seconds:g} s"
        yield f"No fleet keeps {goal}; this one comes nearest."
    if even is not None:
        if isinf(even):
            yield f"Even 16 times as many pictures cost more than {prices.picture} {prices.currency} each."
        else:
            yield (
                f"At {prices.picture} {prices.currency} a picture elsewhere, this fleet is cheaper from about "
                f"{rounded(even):,} pictures a day."
            )


def rounded(number: float) -> int:
    """Return the number with two digits."""
    return int(float(f"{number:.1e}"))


def to_json(
    chosen: Fleet, tried: Sequence[Fleet], day: Day, prices: Prices, *, even: float | None
) -> dict[str, object]:
    """Return the same as plain values."""
    month = prices.per_month(chosen)
    return {
        "pictures": day.pictures,
        "slo_seconds": day.slo_seconds,
        "t_b": day.curve.says,
        "chosen": chosen.name,
        "kept": chosen.figures.quality_goodput >= day.goal,
        "month": month and round(month, 2),
        "currency": prices.currency,
        "break_even_pictures": None if even is None or isinf(even) else rounded(even),
        "fleets": {one.name: one.figures.to_json() for one in tried},
    }
