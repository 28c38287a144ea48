"""`proteus simulate`: run the standard set, write the page, end with one line of JSON. Or run one case and show it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from pathlib import Path
from typing import Annotated, Final, cast, get_args

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from workbench.simulate.bars import Results, bars_of, summary
from workbench.simulate.curves import CURVES
from workbench.simulate.page import section, write
from workbench.simulate.scaling import Signal
from workbench.simulate.scenarios import (
    DAY,
    DAY_GPUS,
    FORTY_MINUTES,
    SEEDS,
    Case,
    SystemName,
    autoscaled,
    fixed,
    run,
    run_all,
    standard_set,
)
from workbench.simulate.traces import TRACES

app = typer.Typer(
    help="Run the standard set of simulations and write its page, or run one case and show it.",
    no_args_is_help=False,
    invoke_without_command=True,
)

MISSED: Final = 1
CALIBRATED_WITHIN: Final = 0.1
"""How far simulation and reality may be apart, in goodput and in the relative 95th percentile."""


@app.callback()
def standard(
    context: typer.Context,
    page: Annotated[
        Path | None, typer.Option(help="Write this page and its pictures, e.g. docs/benchmarks.md.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Write every run's figures here.")] = None,
    processes: Annotated[int, typer.Option(help="Worker processes.")] = min(os.cpu_count() or 1, 8),
) -> None:
    """Simulate fleets with the production rules: without a command the standard set. Status 1: a bar is missed."""
    if context.invoked_subcommand is not None:
        return
    console = Console(stderr=True)
    start = time.monotonic()
    cases = standard_set()
    runs = track(run_all(cases, processes=processes), total=len(cases), description="simulating", console=console)
    results = Results(runs)
    wall_seconds = time.monotonic() - start
    figures = summary(results)
    if output is not None:
        records = [
            {"group": one.case.group, "system": one.case.system, "trace": one.case.trace, "curve": one.case.curve}
            | {"fleet": one.case.fleet_name, "seed": one.case.seed, **one.figures.to_json()}
            for one in results.all
        ]
        output.write_text("\n".join(json.dumps(record) for record in records) + "\n")
    if page is not None:
        write(page, section(results, wall_seconds=wall_seconds, processes=processes))
        _draw(results, page.parent / "benchmarks")
    table = Table("bar", "value", "bound", "")
    for bar in bars_of(figures):
        table.add_row(bar.figure, f"{bar.value:g}", bar.says, "[green]reached" if bar.reached else "[red]missed")
    console.print(table)
    print(json.dumps({**figures, "runs": len(cases), "wall_seconds": round(wall_seconds, 1)}))
    if not all(bar.reached for bar in bars_of(figures)):
        raise typer.Exit(MISSED)


@app.command()
def one(
    system: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(SystemName))}.")] = "ours_slo",
    trace: Annotated[str, typer.Option(help=f"One of {', '.join(TRACES)}.")] = "spikes",
    curve: Annotated[str, typer.Option(help=f"One of {', '.join(CURVES)}.")] = "affine",
    load: Annotated[
        float, typer.Option(help="Base load over the capacity of --gpus; for day: of the peak hour.")
    ] = 0.9,
    gpus: Annotated[int, typer.Option(min=1)] = 4,
    signal: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Signal))}.")] = "fixed",
    minutes: Annotated[float | None, typer.Option(help="Length; default 40, for day 1440.")] = None,
    seed: Annotated[int, typer.Option()] = SEEDS[0],
) -> None:
    """Simulate one system on one trace and print its figures as JSON."""
    choices = ((system, get_args(SystemName)), (trace, TRACES), (curve, CURVES), (signal, get_args(Signal)))
    for value, allowed in choices:
        if value not in allowed:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}")
    kind = cast(Signal, signal)
    plan = fixed(gpus) if kind == "fixed" else autoscaled(kind, start=max(1, gpus // 4), most=2 * gpus)
    case = Case(
        group="one",
        system=cast(SystemName, system),
        trace=trace,
        curve=curve,
        load=load,
        gpus=gpus,
        seconds=60 * minutes if minutes else DAY if trace == "day" else FORTY_MINUTES,
        seed=seed,
        plan=plan,
    )
    result = run(case)
    print(json.dumps({**result.figures.to_json(), "cpu_seconds": round(result.cpu_seconds, 2)}))


@app.command()
def calibrate(
    scale: Annotated[float, typer.Option(min=0.1, help="Multiplies every duration.")] = 0.5,
    seed: Annotated[int, typer.Option()] = SEEDS[0],
    folder: Annotated[Path, typer.Option(help="For the servers' data and the logs.")] = Path(".proteus/calibrate"),
) -> None:
    """Play one trace through the simulator and through the real stack. Status 1: they differ by more than 10 %."""
    from workbench.simulate import calibrate as calibration  # brings the services in: only this command needs them

    shutil.rmtree(folder, ignore_errors=True)
    trace = calibration.trace_at(scale, seed=seed)
    bench = calibration.Bench(folder.resolve(), scale=scale)
    real = asyncio.run(bench.run(trace))
    model = calibration.simulated(trace, scale=scale, seed=seed)
    figures = {
        "goodput_difference": round(abs(real.goodput - model.goodput), 4),
        "p95_difference": round(abs(real.p95_seconds - model.p95_seconds) / model.p95_seconds, 4),
        "goodput_real": round(real.goodput, 4),
        "goodput_simulated": round(model.goodput, 4),
        "p95_seconds_real": round(real.p95_seconds, 3),
        "p95_seconds_simulated": round(model.p95_seconds, 3),
        "jobs": len(trace),
        "scale": scale,
        "cpu_share": round(bench.cpu_share, 3),
    }
    print(json.dumps(figures))
    if max(figures["goodput_difference"], figures["p95_difference"]) > CALIBRATED_WITHIN:
        raise typer.Exit(MISSED)


def _draw(results: Results, folder: Path) -> None:
    from workbench.simulate import plots  # matplotlib is an extra: only a page needs it

    plots.goodput(results, folder / "goodput.svg")
    plots.trade_off(results, folder / "trade-off.svg")
    sampled = [result for result in results.all if result.samples]
    spikes = [result for result in sampled if result.case.group == "bars" and result.case.curve == "affine"]
    plots.timeline(spikes, folder / "spikes.svg", title="Two spikes ×5 on four GPUs, affine curve")
    bridge = [result for result in sampled if result.case.group == "spikes, autoscaled"]
    plots.timeline(bridge, folder / "bridge.svg", title="Two spikes ×5, four to twelve GPUs")
    day = [result for result in sampled if result.case.group == "day"]
    plots.timeline(day, folder / "day.svg", title=f"A shop's day, peak {DAY_GPUS} GPUs", hours=True)
