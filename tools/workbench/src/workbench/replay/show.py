"""Prints a comparison: one column per policy, reality first, and how to read the difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from workbench.replay.comparison import Comparison, Fleet
from workbench.replay.outcome import Outcome
from workbench.replay.record import Record, clock

_ROWS: Final[tuple[tuple[str, Callable[[Outcome], str]], ...]] = (
    ("wait p50", lambda one: f"{one.wait_p50:.1f} s"),
    ("wait p95", lambda one: f"{one.wait_p95:.1f} s"),
    ("wait p99", lambda one: f"{one.wait_p99:.1f} s"),
    ("in SLO", lambda one: f"{one.goodput:.1%}"),
    ("degraded", lambda one: f"{one.degraded:.1%}"),
    ("node hours", lambda one: "–" if one.node_hours is None else f"{one.node_hours:.1f}"),
    ("cost per 1,000", lambda one: "–" if one.cost_per_1000 is None else f"{one.cost_per_1000:.2f}"),
)


def show(made: Comparison, record: Record, fleet: Fleet, *, notes: Sequence[str], console: Console) -> None:
    """Print a comparison."""
    table = Table("", f"measured ({made.ruled})", *(f"simulated {name}" for name in made.simulated))
    for name, cell in _ROWS:
        table.add_row(name, cell(made.measured), *(cell(outcome) for outcome in made.simulated.values()))
    plan = fleet.plan
    weavers = plan.replicas if plan.signal == "fixed" else f"{plan.min_replicas} to {plan.max_replicas}"
    console.print(
        f"{len(record.arrivals):,} pictures from {clock(record.since)} to {clock(record.until)}; weavers: {weavers}; "
        f"t(1): {fleet.cost.t(1):.2f} s; SLO: {fleet.slo_seconds:g} s"
    )
    console.print(table)
    console.print(
        f"The simulation of {made.ruled} is {100 * made.goodput_error:.1f} points in SLO and "
        f"{made.wait_p95_error_seconds:.1f} s at p95 away from what was measured: smaller differences mean nothing."
    )
    for note in notes:
        console.print(f"Note: {note}.")
