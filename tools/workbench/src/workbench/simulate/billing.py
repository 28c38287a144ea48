"""What a scale-in that knows the paid hour saves on a shop's day: `make bench-billing`.

The same day, seeds and policy. What differs: which pod goes, whether one that is paid for stays, and whether idle GPUs
make pictures of a batch that never ends. `pod hours` is what the pods would cost if seconds were billed, not started
hours. Two costs are told: of the pictures that somebody waited for, and of these and the batch's together.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Final

from workbench.simulate.actors import RunOptions, SpareRules
from workbench.simulate.curves import CURVES
from workbench.simulate.outcome import NODE_HOUR_PRICE, figures_of
from workbench.simulate.scaling import FleetPlan
from workbench.simulate.scenarios import DAY, DAY_GPUS, SLO_SECONDS, Case, autoscaled, system_of
from workbench.simulate.traces import make
from workbench.simulate.world import World

_CHART: Final = autoscaled("signal", start=4, most=2 * DAY_GPUS)
_ORDER: Final = replace(_CHART, removal="paid")
PLANS: Final[Mapping[str, tuple[FleetPlan, bool]]] = {
    "chart": (_CHART, False),
    "chart, batches": (_CHART, True),
    "paid hour": (_ORDER, False),
    "paid hour, batches": (_ORDER, True),
    "paid hour used": (replace(_ORDER, keeps_paid=True), False),
    "paid hour used, batches": (replace(_ORDER, keeps_paid=True), True),
}
"""Name -> its fleet, and whether a batch is there."""

CHEAPER_LEAST: Final = 0.1
"""By which share a picture must be cheaper with the paid hour used by batches than on the chart's fleet without."""

QUALITY_LOST_MOST: Final = 0.02
"""Points of quality-weighted goodput that count as equal."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fleet's day, or the mean of several.

    Attributes:
        pod_hours: Hours of pods, without their nodes' starts and ends.
        spare: Pictures of the batch.
        cost_per_1000: Of pictures that somebody waited for; `cost_of_all` of those and the batch's together.
        quality: Quality-weighted goodput in per cent.
    """

    node_hours: float
    pod_hours: float
    spare: float
    cost_per_1000: float
    cost_of_all: float
    quality: float
    wait_p95: float


def row_of(name: str, seed: int, *, seconds: float = DAY) -> Row:
    """Run one plan on one seed's day, or on its first `seconds`."""
    (plan, batches), curve = PLANS[name], CURVES["linear"]
    trace = make("day", mean_rate=0.9 * DAY_GPUS * curve.best_rate, seconds=seconds, seed=seed)
    case = Case(
        group="day", system="ours_slo", trace="day", curve="linear", load=0.9, gpus=DAY_GPUS, seconds=seconds,
        seed=seed, plan=plan,
    )  # fmt: skip
    options = RunOptions(slo_seconds=SLO_SECONDS, seed=seed, spare=SpareRules() if batches else None)
    world = World(trace, curve, plan, system_of(case), options)
    tally = world.run()
    found = figures_of(tally, trace)
    if world.spare:
        world.spare.settle(seconds)
    spare = world.spare.pictures if world.spare else 0
    return Row(
        node_hours=found.node_hours,
        pod_hours=tally.pod_hours,
        spare=spare,
        cost_per_1000=found.cost_per_1000,
        cost_of_all=1000 * NODE_HOUR_PRICE * found.node_hours / max(tally.in_slo + spare, 1),
        quality=100 * found.quality_goodput,
        wait_p95=found.wait_p95,
    )


def mean_of(rows: Sequence[Row]) -> Row:
    """Return the mean of rows."""
    return Row(**{one.name: sum(getattr(row, one.name) for row in rows) / len(rows) for one in fields(Row)})


def table_of(rows: Mapping[str, Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| scale-in | node hours | pod hours | pictures of batches | per 1,000 waited for | per 1,000 of all |"
        " quality-weighted | wait p95 s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row.node_hours:.0f} | {row.pod_hours:.0f} | {row.spare:,.0f} | {row.cost_per_1000:.3f} |"
        f" {row.cost_of_all:.3f} | {row.quality:.2f} | {row.wait_p95:.2f} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def bars_of(rows: Mapping[str, Row]) -> dict[str, float]:
    """Return by which share pictures became cheaper, and the points of quality that it cost."""
    chart, beside, used = (rows[name] for name in ("chart", "chart, batches", "paid hour used, batches"))
    return {
        "cheaper": round(1 - used.cost_of_all / chart.cost_of_all, 4),
        "cheaper_than_with_batches_alone": round(1 - used.cost_of_all / beside.cost_of_all, 4),
        "bill_smaller": round(1 - used.node_hours / chart.node_hours, 4),
        "quality_lost": round(chart.quality - used.quality, 4),
    }


def main() -> int:
    """Print the table for the seeds given as arguments, by default 1, 2 and 3. Status 1: the bar is missed."""
    seeds = [int(word) for word in sys.argv[1:]] or [1, 2, 3]
    pairs = list(product(PLANS, seeds))
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(row_of, [name for name, _ in pairs], [seed for _, seed in pairs]))
    many = len(seeds)
    rows = {name: mean_of(found[many * place :][:many]) for place, name in enumerate(PLANS)}
    print(table_of(rows))
    bars = bars_of(rows)
    print(json.dumps({**bars, "seeds": len(seeds)}))
    return int(bars["cheaper"] < CHEAPER_LEAST or bars["quality_lost"] > QUALITY_LOST_MOST)


if __name__ == "__main__":
    sys.exit(main())
