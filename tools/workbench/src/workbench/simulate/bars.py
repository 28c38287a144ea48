"""The bars: figures that the standard set must reach, from its results; worst curve, mean of the seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workbench.simulate.curves import CURVES
from workbench.simulate.outcome import Figures, mean
from workbench.simulate.scenarios import DAY_GPUS, PLAIN_RIVALS, Result


@dataclass(frozen=True)
class Bar:
    """One figure and what it must reach."""

    figure: str
    value: float
    bound: float
    at_least: bool

    @property
    def reached(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def says(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


BOUNDS: Final[Mapping[str, tuple[float, bool]]] = {
    "goodput_ratio_to_greedy": (3.5, True),
    "points_over_best_rival": (5.0, True),
    "points_over_best_rival_without_degrade": (-1.0, True),
    "flips_per_hour": (4.0, False),
    "wasted_ratio": (0.01, False),
    "cost_ratio_to_fixed": (0.5, False),
    "day_quality_weighted": (0.999, True),
}


class Results:
    """The results of the standard set, with their means."""

    def __init__(self, results: Iterable[Result]) -> None:
        self.all = list(results)

    def of(self, **wanted: object) -> list[Result]:
        """Return the results whose case has these attributes."""
        return [one for one in self.all if all(getattr(one.case, name) == value for name, value in wanted.items())]

    def figures(self, **wanted: object) -> list[Figures]:
        return [one.figures for one in self.of(**wanted)]

    def mean(self, **wanted: object) -> Figures:
        return mean(self.figures(**wanted))

    def bar(self, system: str, curve: str) -> Figures:
        """Return means in the bars' scenario."""
        return self.mean(group="bars", system=system, curve=curve)


def summary(results: Results) -> dict[str, float | bool]:
    """Return the JSON of the command's last line."""
    ours = {curve: results.bar("ours_slo", curve) for curve in CURVES}
    plain = {curve: results.bar("ours_slo_plain", curve) for curve in CURVES}
    greedy = {curve: results.bar("greedy", curve) for curve in CURVES}
    scaled, fixed = (
        results.mean(group="day", system="ours_slo", fleet_name=fleet) for fleet in ("signal", f"fixed {DAY_GPUS}")
    )

    def best(curve: str) -> float:
        return max(results.bar(rival, curve).goodput for rival in PLAIN_RIVALS)

    def worst(points: Callable[[str], float]) -> float:
        return 100 * min(points(curve) for curve in CURVES)

    large = results.of(group="100 GPUs")
    wins = table_and_slo(results)
    return {
        "goodput_ratio_to_greedy": round(min(ours[curve].goodput / greedy[curve].goodput for curve in CURVES), 3),
        "points_over_best_rival": round(worst(lambda curve: ours[curve].goodput - best(curve)), 2),
        "points_over_best_rival_quality_weighted": round(
            worst(lambda curve: ours[curve].quality_goodput - best(curve)), 2
        ),
        "points_over_best_rival_without_degrade": round(worst(lambda curve: plain[curve].goodput - best(curve)), 2),
        "points_over_accscale": round(
            worst(lambda curve: ours[curve].quality_goodput - results.bar("accscale", curve).quality_goodput), 2
        ),
        "flips_per_hour": round(max(figures.flips_per_hour for figures in ours.values()), 2),
        "wasted_ratio": round(max(figures.wasted for figures in ours.values()), 5),
        "cost_ratio_to_fixed": round(scaled.node_hours / fixed.node_hours, 4),
        "day_quality_weighted": round(scaled.quality_goodput, 5),
        "cost_ratio_to_smallest_fixed": round(scaled.node_hours / smallest_fixed(results, scaled).node_hours, 4),
        "goodput_difference_to_fixed": round(scaled.goodput - fixed.goodput, 5),
        "eta_p90_kept": round(min(figures.eta_kept for figures in ours.values()), 3),
        "slo_beats_table_on_every_trace": all(slo > table for table, slo in wins.values()),
        "jobs_per_cpu_second": round(
            sum(r.figures.jobs for r in large) / sum(r.cpu_seconds for r in large) if large else 0.0
        ),
    }


def smallest_fixed(results: Results, scaled: Figures) -> Figures:
    """Return the smallest fixed fleet of the day that is no worse, quality-weighted; the largest if all are."""
    sizes = sorted({one.case.plan.replicas for one in results.of(group="day", system="ours_slo") if one.case.is_fixed})
    fleets = [results.mean(group="day", system="ours_slo", fleet_name=f"fixed {size}") for size in sizes]
    return next((one for one in fleets if one.quality_goodput >= scaled.quality_goodput), fleets[-1])


def table_and_slo(results: Results) -> dict[str, tuple[float, float]]:
    """Return quality-weighted goodput of `table` and `slo` per trace, over all curves, on the same fixed fleet."""
    places: dict[str, dict[str, object]] = {
        "steady": {"group": "traces", "trace": "steady"},
        "spikes": {"group": "bars"},
        "day": {"group": "day", "fleet_name": f"fixed {DAY_GPUS - 2}"},
        "heavy": {"group": "traces", "trace": "heavy"},
        "sale": {"group": "traces", "trace": "sale"},
    }
    return {
        trace: (
            results.mean(system="ours_table", **place).quality_goodput,
            results.mean(system="ours_slo", **place).quality_goodput,
        )
        for trace, place in places.items()
    }


def bars_of(figures: Mapping[str, float | bool]) -> Sequence[Bar]:
    """Return the bars with their values."""
    return [Bar(name, float(figures[name]), bound, at_least) for name, (bound, at_least) in BOUNDS.items()]
