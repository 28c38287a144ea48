"""What batches cost those who wait, and what they make of idle GPUs: `make bench-batches`.

Each run is done twice, without batches and with one that never ends: the same arrivals, the same noise. Fleets are
fixed: no batch keeps or wakes a worker (`tests/contract/test_queue_spare.py`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from workbench.simulate.actors import RunOptions, SpareRules
from workbench.simulate.curves import CURVES
from workbench.simulate.scenarios import SLO_SECONDS, Case, fixed, system_of
from workbench.simulate.traces import make
from workbench.simulate.world import World

GPUS: Final = (1, 4, 20)
LOADS: Final = (0.2, 0.5, 0.8)
PICTURES: Final = 20_000
"""Interactive pictures of a run, about."""

LATER_MOST: Final = 0.05
"""By how much the 95th percentile of the others may change: less than this share."""

WASTED_MOST: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fleet and load, with batches and without.

    Attributes:
        p95: Seconds from arrival to the picture, without batches; `p95_with` with them.
        slo_without: Share of the arrivals that were done in time; `slo_with` with batches.
        wasted: Share of all busy GPU time for parking and for what was lost.
        pictures_per_gpu_hour: Of batches.
        used: Share of the GPUs' whole time that was spent on something.
    """

    gpus: int
    load: float
    curve: str
    p95: float
    p95_with: float
    slo_without: float
    slo_with: float
    wasted: float
    pictures_per_gpu_hour: float
    used: float

    @property
    def later(self) -> float:
        """By which share of it the 95th percentile changed."""
        return self.p95_with / self.p95 - 1


def row_of(gpus: int, load: float, curve_name: str, *, seed: int, pictures: int = PICTURES) -> Row:
    """Run one fleet at one load, twice."""
    curve = CURVES[curve_name]
    rate = load * gpus * curve.best_rate
    seconds = pictures / rate
    trace = make("steady", mean_rate=rate, seconds=seconds, seed=seed)
    case = Case(
        group="batches", system="ours_slo", trace="steady", curve=curve_name, load=load, gpus=gpus, seconds=seconds,
        seed=seed, plan=fixed(gpus),
    )  # fmt: skip
    found = []
    for rules in (None, SpareRules()):
        options = RunOptions(slo_seconds=SLO_SECONDS, seed=seed, spare=rules)
        world = World(trace, curve, case.plan, system_of(case), options)
        found.append((world.run(), world.spare))
    (alone, _), (beside, spare) = found
    assert spare is not None
    spare.settle(seconds)
    busy = beside.gpu_seconds + spare.seconds
    return Row(
        gpus=gpus,
        load=load,
        curve=curve_name,
        p95=float(np.percentile(np.array(alone.latencies), 95)),
        p95_with=float(np.percentile(np.array(beside.latencies), 95)),
        slo_without=alone.in_slo / len(trace),
        slo_with=beside.in_slo / len(trace),
        wasted=(beside.wasted_seconds + spare.wasted) / busy,
        pictures_per_gpu_hour=spare.pictures * 3600 / seconds / gpus,
        used=busy / (gpus * seconds),
    )


def mean_of(rows: Sequence[Row]) -> Row:
    """Return the mean of rows of one fleet, load and curve."""
    first = rows[0]
    figures = {
        name: sum(getattr(row, name) for row in rows) / len(rows)
        for name in ("p95", "p95_with", "slo_without", "slo_with", "wasted", "pictures_per_gpu_hour", "used")
    }
    return Row(gpus=first.gpus, load=first.load, curve=first.curve, **figures)


def table_of(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| GPUs | load | curve | p95 without / with batches | change | in time without / with | wasted |"
        " pictures of batches per GPU hour | GPUs busy |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.gpus} | {row.load:g} | {row.curve} | {row.p95:.2f} / {row.p95_with:.2f} s | {100 * row.later:+.1f} % |"
        f" {100 * row.slo_without:.2f} / {100 * row.slo_with:.2f} % | {100 * row.wasted:.2f} % |"
        f" {row.pictures_per_gpu_hour:.0f} | {100 * row.used:.0f} % |"
        for row in rows
    ]
    return "\n".join(lines)


def _run(case: tuple[int, float, str, int]) -> Row:
    gpus, load, curve, seed = case
    return row_of(gpus, load, curve, seed=seed)


def main() -> int:
    """Print the table for the seeds given as arguments, by default 1, 2 and 3. Status 1: a bar is missed."""
    seeds = [int(word) for word in sys.argv[1:]] or [1, 2, 3]
    kinds = list(product(GPUS, LOADS, CURVES))
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(_run, [(*kind, seed) for kind in kinds for seed in seeds]))
    rows = [mean_of(found[place : place + len(seeds)]) for place in range(0, len(found), len(seeds))]
    print(table_of(rows))
    worst = {
        "p95_change_most": round(max(row.later for row in rows), 4),
        "wasted_most": round(max(row.wasted for row in rows), 5),
        "seeds": len(seeds),
        "pictures": PICTURES,
    }
    print(json.dumps(worst))
    return int(worst["p95_change_most"] >= LATER_MOST or worst["wasted_most"] >= WASTED_MOST)


if __name__ == "__main__":
    sys.exit(main())
