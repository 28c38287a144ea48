"""`proteus size`: a day's pictures and prices in; fleet, values for the chart, cost and break-even out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from arbitrator.policies.sizing import GOAL, SHOP_DAY
from proteus.estimates import CostTable
from workbench.simulate.costs import FORM, from_file
from workbench.simulate.curves import Curve, measured
from workbench.size import report
from workbench.size.fleets import Day, break_even, choose, fixed_fleet, scaled_fleet

SHAPES: Final = {"shop": tuple(float(hour) for hour in SHOP_DAY), "flat": (1.0,) * 24}
HOURS: Final = 24
GOAL_MISSED: Final = 1


def size(
    pictures: Annotated[float, typer.Option(min=1, help="Pictures a day, on average.")],
    shape: Annotated[
        str, typer.Option(help="`shop` (an evening's peak; an assumption), `flat`, or 24 numbers with commas.")
    ] = "shop",
    slo_seconds: Annotated[float, typer.Option(min=0.1, help="Longest time from a submit to its picture.")] = 12.0,
    goal: Annotated[
        float, typer.Option(min=0.5, max=1.0, help="Least share of pictures in that time; a degraded one counts 0.9.")
    ] = GOAL,
    t_b: Annotated[Path | None, typer.Option("--t-b", exists=True, dir_okay=False, help=f"Measured: {FORM}.")] = None,
    picture_seconds: Annotated[
        float | None, typer.Option(min=0.001, help="Assumed instead of --t-b: seconds a picture, in any batch.")
    ] = None,
    node_hour: Annotated[float | None, typer.Option(min=0, help="Price of a GPU node for an hour.")] = None,
    month: Annotated[
        float, typer.Option(min=0, help="Price of everything else for a month: gateway, tailor, stores.")
    ] = 0.0,
    per_picture: Annotated[
        float | None, typer.Option(min=0.000001, help="Price of a picture elsewhere: when is the own fleet cheaper?")
    ] = None,
    currency: Annotated[str, typer.Option(help="Of all prices.")] = "USD",
    pod_start_seconds: Annotated[float, typer.Option(min=0, help="A weaver's start on a node that is there.")] = 45.0,
    node_start_seconds: Annotated[float, typer.Option(min=0, help="A node's start.")] = 150.0,
    days: Annotated[int, typer.Option(min=1, max=20, help="Days to simulate; figures are their mean.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on standard output.")] = False,
) -> None:
    """Size a fleet: simulate a day on it with the production rules. Exit status 1: no fleet keeps the goal.

    Without --t-b or --picture-seconds, two seconds a picture are assumed; `proteus fleet` shows what a weaver measured.
    """
    if t_b and picture_seconds is not None:
        raise typer.BadParameter("give a measured table or an assumption, not both", param_hint="--picture-seconds")
    if per_picture is not None and node_hour is None:
        raise typer.BadParameter("a break-even needs the price of a node", param_hint="--node-hour")
    day = Day(
        pictures=pictures,
        hours=_hours(shape),
        curve=_curve(t_b, picture_seconds),
        slo_seconds=slo_seconds,
        goal=goal,
        pod_start_seconds=pod_start_seconds,
        node_start_seconds=node_start_seconds,
        seeds=range(1, days + 1),
    )
    prices = report.Prices(currency=currency, node_hour=node_hour, month=month, picture=per_picture)
    console, even = Console(stderr=True), None
    with console.status("simulating a day …") as status:
        tried = []
        for what, make in (
            ("a fixed fleet", fixed_fleet),
            ("a fleet of at least one", lambda one: scaled_fleet(one, least=1)),
            ("a fleet that goes to zero", lambda one: scaled_fleet(one, least=0)),
        ):
            status.update(f"simulating a day on {what} …")
            tried.append(make(day))
        chosen = choose(tried, goal=goal)
        if node_hour is not None and per_picture is not None:
            status.update("looking for the break-even …")
            even = break_even(day, node_hour_price=node_hour, month_price=month, picture_price=per_picture)
    shown = Console(stderr=as_json)
    shown.print(report.table(tried, day, prices))
    for sentence in report.sentences(chosen, day, prices, even=even):
        shown.print(sentence, soft_wrap=True)
    shown.print(f"\n# values.yaml: {chosen.name}\n{report.values(chosen, day)}", end="", highlight=False)
    if as_json:
        print(json.dumps(report.to_json(chosen, tried, day, prices, even=even)))
    if chosen.figures.quality_goodput < goal:
        raise typer.Exit(GOAL_MISSED)


def _hours(shape: str) -> tuple[float, ...]:
    if shape in SHAPES:
        return SHAPES[shape]
    try:
        hours = tuple(float(part) for part in shape.split(","))
    except ValueError:
        hours = ()
    if len(hours) != HOURS or min(hours) < 0 or not 0 < sum(hours) < float("inf"):
        raise typer.BadParameter(
            f"{shape!r} is neither shop nor flat nor {HOURS} numbers, none negative, one positive", param_hint="--shape"
        )
    return hours


def _curve(file: Path | None, picture_seconds: float | None) -> Curve:
    if file is not None:
        try:
            return measured("measured", *from_file(file))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--t-b") from error
    seconds = 2.0 if picture_seconds is None else picture_seconds
    assumed = measured("assumed", CostTable(tuple(seconds * size for size in range(1, 9))))
    return Curve(
        name="assumed",
        cost=assumed.cost,
        degraded=assumed.degraded,
        says=f"assumed, not measured: {seconds:g} s a picture in any batch, and 0.4 of it degraded",
    )
