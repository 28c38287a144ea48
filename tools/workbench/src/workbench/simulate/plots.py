"""Plots for people: a run over time, and the gain. One SVG each, next to docs/benchmarks.md.

matplotlib is imported here and nowhere else; it is an extra (`pip install -e tools/workbench[plots]`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from workbench.simulate.actors import Sample
from workbench.simulate.bars import Results
from workbench.simulate.curves import CURVES
from workbench.simulate.outcome import interval, mean
from workbench.simulate.scenarios import ALL, TRADES, Result, policy_of

MODE_COLOURS: Final = {"VIP": "#d7ecd9", "ECONOMY": "#fdf0c8", "SURGE": "#f9d5cf"}
INK, BLUE, ORANGE, GREY = "#1b1f24", "#1f6feb", "#d1570c", "#8b949e"
SYSTEM_COLOURS: Final = {"ours_slo": BLUE, "ours_slo_plain": "#79a8f2", "ours_table": "#b6cef8", "accscale": ORANGE}
SERIES: Final[Sequence[tuple[str, Callable[[Sample], float], str]]] = (
    ("waiting", lambda row: row[1], INK),
    ("GPUs ready", lambda row: row[2], BLUE),
    ("batch", lambda row: row[4], ORANGE),
    ("degraded %", lambda row: 100 * row[6], "#8250df"),
)


def timeline(results: Sequence[Result], path: Path, *, title: str, hours: bool = False) -> None:
    """Draw queue, GPUs, batch and degraded share over time, a column per result, the mode as the background."""
    scale, unit = (3600, "hours") if hours else (60, "minutes")
    with _style():
        figure = Figure(figsize=(6.2 * len(results) + 0.6, 7.4), layout="constrained")
        axes = figure.subplots(len(SERIES) + 1, len(results), sharex=True, sharey="row", squeeze=False)
        highest = [0.0] * (len(SERIES) + 1)
        for column, result in enumerate(results):
            rows = result.samples
            times = [row[0] / scale for row in rows]
            series = [(name, [value(row) for row in rows], colour) for name, value, colour in SERIES]
            series.append(("shed / min", _per_minute(rows), "#cf222e"))
            for line, (name, values, colour) in enumerate(series):
                axis = axes[line][column]
                _ground(axis, rows, times)
                axis.plot(times, values, color=colour, lw=1.1, drawstyle="steps-post")
                if name == "GPUs ready":
                    asked = [row[3] for row in rows]
                    axis.plot(times, asked, color=GREY, lw=0.9, ls="--", drawstyle="steps-post", label="asked for")
                    axis.legend(loc="upper left", fontsize=8)
                highest[line] = max(highest[line], *values)
                axis.set_ylim(0, 1.08 * highest[line] or 1)
                if column == 0:
                    axis.set_ylabel(name)
            axes[0][column].set_title(f"{_label(result.case.system)}, {result.case.fleet_name}", fontsize=10)
            axes[-1][column].set_xlabel(unit)
        figure.suptitle(f"{title}     ground: green VIP, yellow ECONOMY, red SURGE", fontsize=11)
        _save(figure, path)


def goodput(results: Results, path: Path) -> None:
    """Draw goodput inside the SLO of every system on each curve, with 95 % intervals."""
    with _style():
        figure = Figure(figsize=(10.5, 4.6), layout="constrained")
        axes = figure.subplots(1, len(CURVES), sharey=True)
        for axis, curve in zip(axes, CURVES, strict=True):
            for place, system in enumerate(reversed(ALL)):
                runs = results.figures(group="bars", system=system, curve=curve)
                value = 100 * mean(runs).goodput
                quality = 100 * mean(runs).quality_goodput
                colour = SYSTEM_COLOURS.get(system, GREY)
                axis.barh(place, value, color=colour, xerr=100 * interval(runs, "goodput"), height=0.7)
                axis.plot([quality, quality], [place - 0.35, place + 0.35], color="white", lw=1.6)
                axis.text(1.5, place, f"{value:.1f}", va="center", color=INK, fontsize=8)
            axis.set_yticks(range(len(ALL)), [_label(system) for system in reversed(ALL)])
            axis.set_xlim(0, 100)
            axis.set_xlabel("% of all jobs inside the SLO")
            axis.set_title(curve, fontsize=10)
        figure.suptitle("4 GPUs, SLO 12 s, load 0.9, two spikes ×5 (white line: quality-weighted)", fontsize=11)
        _save(figure, path)


def trade_off(results: Results, path: Path) -> None:
    """Draw jobs against quality as the policy degrades sooner or later."""
    with _style():
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        axis = figure.subplots()
        for curve, marker in zip(CURVES, "os^", strict=True):
            never = results.mean(group="bars", system="ours_slo_plain", curve=curve)
            points = [(0.0, 100 * never.goodput, 100 * never.quality_goodput)]
            for trade in TRADES:
                figures = results.mean(group="trade-off", curve=curve, policy=policy_of(*trade))
                points.append((100 * figures.degraded, 100 * figures.goodput, 100 * figures.quality_goodput))
            degraded, good, quality = zip(*sorted(points), strict=True)
            axis.plot(degraded, good, marker=marker, color=BLUE, label=f"{curve}: all pictures count 1")
            axis.plot(degraded, quality, marker=marker, color=ORANGE, label=f"{curve}: a degraded one counts 0.9")
        axis.set_xlabel("% of the pictures that were degraded")
        axis.set_ylabel("% of all jobs inside the SLO")
        axis.legend(fontsize=7)
        axis.set_title("From never to eager: what degrading buys", fontsize=10)
        _save(figure, path)


def _label(system: str) -> str:
    if system.startswith("ours_"):
        return "ours: " + system.removeprefix("ours_").replace("_plain", ", no degrade")
    return system.replace("_plain", ", no degrade").replace("_", " ")


def _per_minute(rows: Sequence[Sample]) -> list[float]:
    shed = [row[7] for row in rows]
    window = 12
    return [(shed[index] - shed[max(0, index - window)]) for index in range(len(shed))]


def _ground(axis: Any, rows: Sequence[Sample], times: Sequence[float]) -> None:
    """Colour the background by mode."""
    start = 0
    for index in range(1, len(rows) + 1):
        if index == len(rows) or rows[index][5] != rows[start][5]:
            right = times[min(index, len(rows) - 1)]
            axis.axvspan(times[start], right, color=MODE_COLOURS.get(rows[start][5], "white"), lw=0)
            start = index


def _style() -> Any:
    return mpl.rc_context(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "svg.hashsalt": "proteus",
            "path.simplify_threshold": 1.0,
        }
    )


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)
