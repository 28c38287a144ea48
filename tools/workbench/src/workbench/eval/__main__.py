"""`proteus eval`: measures try-ons; alone (`make eval`), it cuts every drawn garment and measures the cuts.

JSON stands on the last line; the status is 1 where a bar is missed.

    python -m workbench.eval --sheets FOLDER        all pictures of all families, contact sheets into FOLDER
    python -m workbench.eval --pictures 48          a spread of them
    python -m workbench.eval --family c             one family; may be given several times
    python -m workbench.eval picture | set | drawn | distance      how good try-ons are (`quality.cli`)

Family `c` is blind: nobody looks at its single pictures to change the parser, and it has no contact sheets. Its figures
show the parser on garments that it was not made for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from tailor.parsers.classic import ClassicParser
from tailor.pose import PoseModel
from workbench.eval import cuts, scenes, sheets
from workbench.eval.quality import cli
from workbench.weights import fetch_pose

BARS: Final = {"whole_share": 0.90, "auc": 0.90, "refused": 0}
"""On plain and gradient grounds: share of whole cut-outs, and refusals; AUC over all pictures."""

evaluate = typer.Typer(
    help="Measure how good try-ons are; without a command, cut every drawn garment and measure the cuts.",
    no_args_is_help=False,
    invoke_without_command=True,
)
evaluate.command("picture")(cli.picture)
evaluate.command("set")(cli.of_set)
evaluate.command("drawn")(cli.of_drawn_tryons)
evaluate.command("distance")(cli.distance_of)


@evaluate.callback()
def cut_every_drawn_garment(
    context: typer.Context,
    pictures: Annotated[int, typer.Option(help="how many, spread over the families; 0: all")] = 0,
    family: Annotated[list[str] | None, typer.Option(help="which families; without it, all")] = None,
    sheets_folder: Annotated[Path | None, typer.Option("--sheets", help="folder for contact sheets")] = None,
    pose_folder: Annotated[Path, typer.Option(help="folder of the pose models")] = Path(".proteus/models/pose"),
) -> None:
    """Measure how good try-ons are; without a command, cut every drawn garment and measure the cuts."""
    if context.invoked_subcommand is not None:
        return
    parser = ClassicParser(PoseModel(fetch_pose(pose_folder)))
    unknown = sorted(set(family or ()) - set(scenes.FAMILIES))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no family; {', '.join(scenes.FAMILIES)} are known")
    families = [name for name in scenes.FAMILIES if not family or name in family]
    chosen = (
        scenes.sample(pictures, families) if pictures else [case for name in families for case in scenes.cases(name)]
    )
    report: dict[str, Any] = {}
    for name in families:
        outcomes = [cuts.cut(case, parser) for case in chosen if case.family == name]
        report[name] = cuts.summary(outcomes)
        show(name, report[name])
        if sheets_folder and name in scenes.TUNED:
            for group in report[name]["groups"]:
                shown = [outcome for outcome in outcomes if outcome.case.group == group]
                sheets.write(shown, sheets_folder, f"{name}-{group}")
    report["missed"] = missed(report)
    print(json.dumps(report))
    raise typer.Exit(1 if report["missed"] else 0)


def missed(report: dict[str, Any]) -> list[str]:
    """Return the bars that a report misses, as sentences."""
    found = []
    for family in sorted(report):
        groups = [report[family]["groups"][name] for name in cuts.PLAIN if name in report[family]["groups"]]
        asked = sum(group["pictures"] for group in groups)
        whole, refused = sum(group["whole"] for group in groups), sum(group["refused"] for group in groups)
        if asked and whole < BARS["whole_share"] * asked:
            found.append(f"family {family}: {whole} of {asked} on plain and gradient grounds are whole")
        if refused > BARS["refused"]:
            found.append(f"family {family}: {refused} refused on plain and gradient grounds")
        if report[family]["auc"] < BARS["auc"]:
            found.append(f"family {family}: the confidence's AUC is {report[family]['auc']}")
    return found


def show(family: str, summary: dict[str, Any]) -> None:
    """Print a table, one row for each group and for each category."""
    columns = ("pictures", "whole", "good", "refused", "kept_mean", "kept_least", "hole_worst", "halo_pixels_worst",
               "iou_mean", "confidence_mean")  # fmt: skip
    title = f"family {family}: {summary['pictures']} pictures, AUC {summary['auc']}, {summary['bad_share']:.0%} bad"
    table = Table("group", *(name.replace("_", " ") for name in columns), title=title)
    for name, group in {**summary["groups"], **summary["categories"]}.items():
        table.add_row(name, *(str(group[column]) for column in columns))
    Console(file=sys.stderr, width=140).print(table)


if __name__ == "__main__":
    evaluate()
