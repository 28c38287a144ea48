"""A run's result: one flat record of figures per run, means with 95 % intervals over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import sqrt
from typing import Final

import numpy as np

from workbench.simulate.actors import Tally
from workbench.simulate.traces import Trace

NODE_HOUR_PRICE: Final = 1.0
"""One GPU node for an hour, in an invented currency: only ratios have meaning."""

STUDENT_95: Final = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
"""Two-sided 95 % quantiles of Student's t by degrees of freedom."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One run, or the mean of several.

    Attributes:
        goodput: Share of all jobs finished inside the SLO.
        quality_goodput: The same, a degraded picture counting 0.9.
        wait_p50: Seconds from arrival to a worker's claim; likewise p95 and p99.
        shed: Share refused: by admission, by a full queue or by shedding the head.
        expired: Share dropped because its deadline had become impossible.
        late: Share finished after the SLO, or not at all by then.
        wasted: Share of the busy GPU seconds spent on late, crashed or duplicate work.
        degraded: Share of the pictures made in degraded form.
        flips_per_hour: Changes of `config:mode` or `config:degraded_mode`.
        node_hours: As billed.
        cost_per_1000: Node hours per 1,000 pictures inside the SLO.
        jain: Jain's index over the tenants' goodput: 1 is fair.
        others_goodput: Goodput of all tenants but the largest.
        eta_kept: Share of finished jobs that met the p90 they were promised.
        gpus: Most replicas requested.
        jobs: Jobs that arrived.
    """

    goodput: float
    quality_goodput: float
    wait_p50: float
    wait_p95: float
    wait_p99: float
    shed: float
    expired: float
    late: float
    wasted: float
    degraded: float
    flips_per_hour: float
    node_hours: float
    cost_per_1000: float
    jain: float
    others_goodput: float
    eta_kept: float
    gpus: float
    jobs: float

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 5) for name, value in asdict(self).items()}


def figures_of(tally: Tally, trace: Trace) -> Figures:
    """Return the figures of one run."""
    jobs = max(tally.arrived, 1)
    waits = np.array(tally.waits) if tally.waits else np.zeros(1)
    p50, p95, p99 = (float(value) for value in np.percentile(waits, (50, 95, 99)))
    made = tally.in_slo + tally.late
    return Figures(
        goodput=tally.in_slo / jobs,
        quality_goodput=tally.quality / jobs,
        wait_p50=p50,
        wait_p95=p95,
        wait_p99=p99,
        shed=tally.shed / jobs,
        expired=tally.expired / jobs,
        late=(tally.late + tally.unfinished) / jobs,
        wasted=tally.wasted_seconds / tally.gpu_seconds if tally.gpu_seconds else 0.0,
        degraded=tally.degraded / made if made else 0.0,
        flips_per_hour=tally.flips * 3600 / trace.seconds,
        node_hours=tally.node_hours,
        cost_per_1000=NODE_HOUR_PRICE * tally.node_hours / max(tally.in_slo, 1) * 1000,
        jain=_jain([tally.tenant_in_slo.get(one, 0) / count for one, count in tally.tenant_arrived.items()]),
        others_goodput=_without_largest(tally),
        eta_kept=tally.kept / tally.promised if tally.promised else 1.0,
        gpus=tally.peak_replicas,
        jobs=tally.arrived,
    )


def mean(runs: Sequence[Figures]) -> Figures:
    """Return the mean of the figures over runs."""
    names = [each.name for each in fields(Figures)]
    return Figures(**{name: sum(getattr(run, name) for run in runs) / len(runs) for name in names})


def interval(runs: Sequence[Figures], name: str) -> float:
    """Return the half width of the 95 % confidence interval of a figure's mean."""
    if len(runs) < 2:
        return 0.0
    values = [float(getattr(run, name)) for run in runs]
    centre = sum(values) / len(values)
    spread = sqrt(sum((value - centre) ** 2 for value in values) / (len(values) - 1))
    return STUDENT_95.get(len(values) - 1, 1.96) * spread / sqrt(len(values))


def _jain(shares: Sequence[float]) -> float:
    squares = sum(share**2 for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def _without_largest(tally: Tally) -> float:
    counts = tally.tenant_arrived
    largest = max(counts, key=lambda tenant: counts[tenant], default=-1)
    arrived = sum(count for tenant, count in counts.items() if tenant != largest)
    in_slo = sum(count for tenant, count in tally.tenant_in_slo.items() if tenant != largest)
    return in_slo / arrived if arrived else 1.0
