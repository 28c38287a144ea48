"""What a scale-in that knows the paid hour saves on a shop's day: `python -m workbench.simulate.billing`.

The same day, seeds and policy; only which pod goes, and how soon, differs. `pod hours` is what the pods would cost if
seconds were billed, not started hours: no scale-in can go below it without fewer pods.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from typing import Final

from workbench.simulate.actors import RunOptions
from workbench.simulate.curves import CURVES
from workbench.simulate.outcome import figures_of
from workbench.simulate.scaling import FleetPlan
from workbench.simulate.scenarios import DAY, DAY_GPUS, SLO_SECONDS, Case, autoscaled, system_of
from workbench.simulate.traces import make
from workbench.simulate.world import World

_CHART: Final = autoscaled("signal", start=4, most=2 * DAY_GPUS)
PLANS: Final[Mapping[str, FleetPlan]] = {
    "chart": _CHART,
    "paid hour": replace(_CHART, removal="paid"),
    "prompt": replace(_CHART, prompt=True),
    "paid hour, prompt": replace(_CHART, removal="paid", prompt=True),
}

Row = tuple[str, float, float, float, float, float]
"""Name, node hours, pod hours, cost per 1,000, quality-weighted goodput, wait p95."""


def row_of(name: str, seed: int, *, seconds: float = DAY) -> Row:
    """Run one plan on one seed's day, or on its first `seconds`."""
    plan, curve = PLANS[name], CURVES["linear"]
    trace = make("day", mean_rate=0.9 * DAY_GPUS * curve.best_rate, seconds=seconds, seed=seed)
    case = Case(
        group="day", system="ours_slo", trace="day", curve="linear", load=0.9, gpus=DAY_GPUS, seconds=seconds,
        seed=seed, plan=plan,
    )  # fmt: skip
    tally = World(trace, curve, plan, system_of(case), RunOptions(slo_seconds=SLO_SECONDS, seed=seed)).run()
    found = figures_of(tally, trace)
    return (
        name, found.node_hours, tally.pod_hours, found.cost_per_1000, 100 * found.quality_goodput, found.wait_p95,
    )  # fmt: skip


def table_of(rows: Sequence[Row]) -> str:
    """Return the means per plan as a Markdown table."""
    lines = [
        "| scale-in | node hours | pod hours | per 1,000 pictures | quality-weighted | wait p95 s |",
        "|---|---|---|---|---|---|",
    ]
    for name in PLANS:
        own = [row[1:] for row in rows if row[0] == name]
        if own:
            hours, pods, cost, quality, p95 = (sum(column) / len(own) for column in zip(*own, strict=True))
            lines.append(f"| {name} | {hours:.0f} | {pods:.0f} | {cost:.3f} | {quality:.2f} | {p95:.1f} |")
    return "\n".join(lines)


def main() -> int:
    """Print the table for the seeds given as arguments, by default 1, 2 and 3."""
    seeds = [int(word) for word in sys.argv[1:]] or [1, 2, 3]
    pairs = list(product(PLANS, seeds))
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(row_of, [name for name, _ in pairs], [seed for _, seed in pairs]))
    print(table_of(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
