"""The simulation's section of docs/benchmarks.md, written from the results between two marks; the rest stays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from arbitrator.policies.sizing import SHOP_DAY
from workbench.simulate.bars import Results, bars_of, summary, table_and_slo
from workbench.simulate.curves import CURVES
from workbench.simulate.outcome import Figures, interval, mean
from workbench.simulate.scenarios import ALL, DAY_GPUS, SEEDS

BEGIN: Final = "<!-- simulate: begin (written by `make simulate`) -->"
END: Final = "<!-- simulate: end -->"

SIMPLIFIED: Final = """\
What the simulation leaves out: the tailor (its work is done before a job arrives); the time of a claim, of Redis and of
the network (an event takes none; the arbitrator's decisions arrive within their tick); a picture's fetch and store are
inside t(b); noise on t(b) is lognormal with sigma 5 %. Every job has a deadline at the SLO. The gateways (two) see the
queue as it was up to a second ago plus what they admitted themselves, the arbitrator sees only admitted jobs. Nodes and
pods always start, in 150 s and 45 s; a node is billed by the started hour. Rivals are their published rules on one
shared queue with exact costs, which flatters them; what was simplified for each is said in
`workbench/simulate/systems/rivals.py`. Nothing here was measured on a GPU: two of the three cost curves are public
measurements scaled to a try-on of two seconds, and a degraded picture is assumed to take 0.4 of the time and to be
worth 0.9."""


BESIDE: Final = """\
Quality-weighted % of all jobs inside the SLO, mean over the curves; where `slo` is ahead on every line, it is the
arbitrator's default. What is behind it, beside rivals that know no tenants:
"""

STARVED: Final = """\
`signal` is the chart's default (`scaling.form`): KEDA counts the set in which the arbitrator writes how many weavers it
wants, the load at full quality plus a quarter of its root. `signal or busy` never asks for fewer than work at that
moment. The plain form and the formula count waiting jobs. With an SLO of 12 s, admission never lets ten jobs per GPU
wait, so ten per replica starves them; the formula that takes over while the arbitrator is silent therefore counts with
half of what a pod makes within the SLO.
"""


def section(results: Results, *, wall_seconds: float, processes: int) -> str:
    """Return the section's Markdown."""
    figures = summary(results)
    wins = table_and_slo(results)
    jobs = sum(one.figures.jobs for one in results.all)
    cpu_seconds = sum(one.cpu_seconds for one in results.all)
    large = results.mean(group="100 GPUs")
    parts = [
        "## Simulation: admission, batching and policies\n",
        "`make simulate` runs the production code of admission, batching, estimates and policies in a discrete-event",
        f"simulation: {len(results.all)} runs, {jobs / 1e6:.1f} million jobs, {cpu_seconds:.0f} CPU seconds",
        f"({wall_seconds:.0f} s in {processes} processes when this page was written; on idle cores the CPU decides).",
        f"Means of {len(SEEDS)} seeds (± half a 95 % interval); the policy was tuned on others.\n",
        "| bar (worst of the three curves) | value | bound | |\n|---|---|---|---|",
        *(
            f"| `{bar.figure}` | {bar.value:g} | {bar.says} | {'reached' if bar.reached else '**missed**'} |"
            for bar in bars_of(figures)
        ),
        "",
        f"Quality-weighted, the points over the best rival are {figures['points_over_best_rival_quality_weighted']:g};",
        f"over Proteus' (ASPLOS'24) accscale, which degrades too, {figures['points_over_accscale']:g}. Of the finished",
        f"jobs {100 * float(figures['eta_p90_kept']):.0f} % met the p90 they were promised (worst curve).\n",
        f"The fixed fleet sized for the peak has {DAY_GPUS} GPUs (load 0.9 in the peak hour); against the smallest one",
        "whose quality-weighted goodput is no worse than ours, the cost ratio is",
        f"{figures['cost_ratio_to_smallest_fixed']:g}.\n",
        "### Four GPUs, SLO 12 s, load 0.9, two spikes of five times\n",
        "![Goodput of every system on each cost curve](benchmarks/goodput.svg)\n",
        _bars_table(results),
        "![Queue, GPUs, batch and mode over time](benchmarks/spikes.svg)\n",
        "A *flip* is a change of `config:mode` or `config:degraded_mode`. `table` follows the depth and flips with it;",
        "`slo` holds a mode for ten minutes, because the share of degraded jobs, not the mode, follows the demand.\n",
        "![What degrading buys](benchmarks/trade-off.svg)\n",
        "Degrading late or never sheds more jobs, degrading early spends quality on jobs that would have made it. The",
        "default sits where the quality-weighted curve is flat.\n",
        "### `table` against `slo`, fixed fleet\n",
        "| trace | `table` | `slo` |\n|---|---|---|",
        *(f"| {trace} | {100 * table:.2f} | {100 * slo:.2f} |" for trace, (table, slo) in wins.items()),
        "",
        BESIDE,
        _traces_table(results),
        "### A shop's day: what a GPU hour buys\n",
        f"The peak hour keeps {DAY_GPUS} GPUs busy at load 0.9; the day's mean is {sum(SHOP_DAY) / 24:.0f} % of it.\n",
        _day_table(results),
        STARVED,
        "![The day on the arbitrator's signal](benchmarks/day.svg)\n",
        "### Spikes on fleets that may grow (affine curve, 4 to 12 GPUs)\n",
        _fleet_table(results, "spikes, autoscaled"),
        "![Degradation bridges the cold start](benchmarks/bridge.svg)\n",
        "### Faults: four crashes per GPU hour, one job in a thousand kills its process (load 0.7)\n",
        _fleet_table(results, "faults"),
        "### A day of 100 GPUs, one run\n",
        f"{large.jobs / 1e6:.2f} million jobs, {100 * large.goodput:.2f} % inside the SLO, {large.gpus:.0f} GPUs at",
        f"most, {large.node_hours:.0f} node hours (a fixed fleet of 100: 2400). The simulation ran at",
        f"{figures['jobs_per_cpu_second']} jobs per CPU second.\n",
        "### What this is not\n",
        SIMPLIFIED,
    ]
    return "\n".join(parts) + "\n"


def write(page: Path, text: str) -> None:
    """Replace the section in the page."""
    marked = f"{BEGIN}\n{text}{END}\n"
    before = page.read_text() if page.exists() else "# Benchmarks\n\n"
    if BEGIN in before and END in before:
        head, _, rest = before.partition(BEGIN)
        _, _, tail = rest.partition(END)
        page.write_text(head + marked + tail.lstrip("\n"))
    else:
        page.write_text(before.rstrip("\n") + "\n\n" + marked)


def label(system: str) -> str:
    """Return a system's name for people."""
    name = system.replace("_plain", ", no degrade")
    return f"**{name.replace('ours_', 'ours, ')}**" if system.startswith("ours_") else name.replace("_", " ")


def _bars_table(results: Results) -> str:
    lines = [
        "| curve | system | goodput % | quality-weighted | shed + expired % | late % | wait p50 / p95 / p99 s "
        "| wasted % | flips/h |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for curve in CURVES:
        for system in ALL:
            runs = results.figures(group="bars", system=system, curve=curve)
            one = mean(runs)
            flips = f"{one.flips_per_hour:.1f}" if system.startswith("ours_") else ""
            lines.append(
                f"| {curve} | {label(system)} | {100 * one.goodput:.1f} ± {100 * interval(runs, 'goodput'):.1f} "
                f"| {100 * one.quality_goodput:.1f} | {100 * (one.shed + one.expired):.1f} | {100 * one.late:.1f} "
                f"| {one.wait_p50:.1f} / {one.wait_p95:.1f} / {one.wait_p99:.1f} | {100 * one.wasted:.2f} | {flips} |"
            )
    return "\n".join(lines) + "\n"


def _traces_table(results: Results) -> str:
    lines = [
        "| trace | system | goodput % | quality-weighted | other tenants % | Jain | wait p95 s | flips/h |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for trace in ("steady", "heavy", "sale"):
        for system in ("greedy", "bento", "ours_table", "ours_slo"):
            one = results.mean(group="traces", trace=trace, system=system)
            lines.append(
                f"| {trace} | {label(system)} | {100 * one.goodput:.1f} | {100 * one.quality_goodput:.1f} "
                f"| {100 * one.others_goodput:.1f} | {one.jain:.3f} | {one.wait_p95:.1f} | {one.flips_per_hour:.1f} |"
            )
    return "\n".join(lines) + "\n"


def _day_table(results: Results) -> str:
    lines = [
        "| policy | fleet | goodput % | quality-weighted | degraded % | wait p95 s | node hours | per 1,000 pictures |",
        "|---|---|---|---|---|---|---|---|",
    ]
    fleets = dict.fromkeys((one.case.system, one.case.fleet_name) for one in results.of(group="day"))
    for system, fleet in sorted(fleets, key=lambda key: (key[1], key[0])):
        runs = results.figures(group="day", system=system, fleet_name=fleet)
        one = mean(runs)
        hours = f"{one.node_hours:.0f}" + (f" ± {interval(runs, 'node_hours'):.0f}" if len(runs) > 1 else "")
        lines.append(
            f"| {label(system)} | {fleet} | {100 * one.goodput:.2f} | {100 * one.quality_goodput:.2f} "
            f"| {100 * one.degraded:.1f} | {one.wait_p95:.1f} | {hours} | {one.cost_per_1000:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _fleet_table(results: Results, group: str) -> str:
    lines = [
        "| policy | fleet | goodput % | quality-weighted | wait p95 s | wasted % | most GPUs | node hours | flips/h |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for system, fleet in dict.fromkeys((one.case.system, one.case.fleet_name) for one in results.of(group=group)):
        runs: Sequence[Figures] = results.figures(group=group, system=system, fleet_name=fleet)
        one = mean(runs)
        lines.append(
            f"| {label(system)} | {fleet} | {100 * one.goodput:.1f} ± {100 * interval(runs, 'goodput'):.1f} "
            f"| {100 * one.quality_goodput:.1f} | {one.wait_p95:.1f} | {100 * one.wasted:.2f} | {one.gpus:.1f} "
            f"| {one.node_hours:.1f} | {one.flips_per_hour:.1f} |"
        )
    return "\n".join(lines) + "\n"
