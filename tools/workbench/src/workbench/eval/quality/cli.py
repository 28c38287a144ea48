"""`proteus eval picture`, `set`, `drawn`, `distance`: a table for people on stderr, one line of JSON on stdout.

proteus eval picture --person photo.png --garment cutout.png --result result.png --mask mask.png
proteus eval set FOLDER --sheet sheet.html
proteus eval drawn --page docs/quality.md
proteus eval distance balanced.png approximate.png --mask mask.png
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from proteus.errors import ProteusError
from workbench.eval.quality import drawn, hub_networks, networks, pictures, sheet
from workbench.eval.quality.distance import distance
from workbench.eval.quality.docs import document
from workbench.eval.quality.measuring import FROM_HUB, METRICS, Row, measure, seen, summary
from workbench.eval.quality.score import Score

Weights = Annotated[
    Path, typer.Option("--weights", help="The folder that `make weights MODEL=eval` fills: LPIPS, KID, CLIP-I, DINO.")
]
UNMEASURED: Final = 1
REFUSED: Final = 4


def picture(
    person: Annotated[Path, typer.Option(help="The photo.")],
    garment: Annotated[Path, typer.Option(help="The garment's cut-out, with transparency.")],
    result: Annotated[Path, typer.Option(help="The result, of the photo's size.")],
    mask: Annotated[Path | None, typer.Option(help="What may change, white; `return_mask` of a submit.")] = None,
    worn: Annotated[
        Path | None, typer.Option(help="Where the result shows the garment, white; without it, what changed.")
    ] = None,
    feather: Annotated[
        int | None, typer.Option(min=0, max=1000, help="Pixels around the mask that may change; 0: exact.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    weights: Weights = hub_networks.FOLDER,
) -> None:
    """Measure one picture. Exit status 4: refused; the sentence says why."""
    entry = pictures.Entry(
        name=result.name, person=person, garment=garment, result=result, mask=mask, worn=worn, feather=feather
    )  # fmt: skip
    try:
        row = Row(name=entry.name, scores=measure(pictures.read(entry), networks.load(weights)))
    except ProteusError as error:
        raise refused(error) from error
    if as_json:
        print(json.dumps(row.to_json()))
    else:
        show_picture(row)


def of_set(
    place: Annotated[Path, typer.Argument(help="A folder with a folder for each try-on, or a manifest (JSON).")],
    sheet_file: Annotated[Path | None, typer.Option("--sheet", help="Write a contact sheet, one HTML page.")] = None,
    weights: Weights = hub_networks.FOLDER,
) -> None:
    """Measure a set: a table, one line of JSON, a contact sheet. Exit status 1: some could not be read; 4: refused."""
    try:
        found, loaded = pictures.entries(place), networks.load(weights)
    except ProteusError as error:
        raise refused(error) from error
    rows = [row_of(entry, loaded) for entry in found]
    report(rows, sheet_file, title=f"Try-ons of {place.name}")
    raise typer.Exit(UNMEASURED if any(row.error for row in rows) else 0)


def distance_of(
    exact: Annotated[Path, typer.Argument(help="The result with every step done whole, e.g. quality `balanced`.")],
    result: Annotated[Path, typer.Argument(help="The result of the same inputs and seed, e.g. `approximate`.")],
    mask: Annotated[Path | None, typer.Option(help="What may change, white: only that is compared.")] = None,
) -> None:
    """Compare two results of one try-on; one line of JSON. Exit status 4: refused."""
    try:
        pair, place = (pictures.rgb(exact), pictures.rgb(result)), None if mask is None else pictures.rgb(mask)
        found = distance(*pair, mask=None if place is None else place.max(axis=2))
    except ProteusError as error:
        raise refused(error) from error
    print(json.dumps(asdict(found)))


def of_drawn_tryons(
    count: Annotated[int, typer.Option(min=1, help="How many.")] = len(drawn.GARMENTS),
    page: Annotated[Path | None, typer.Option(help="Write this page, e.g. docs/quality.md.")] = None,
    sheet_file: Annotated[Path | None, typer.Option("--sheet", help="Write a contact sheet, one HTML page.")] = None,
) -> None:
    """Measure the engine `puppet` on drawn people and garments."""
    loaded = networks.load()
    rows = [
        Row(name=name, group=drawn.ENGINE, scores=measure(tryon, loaded), pictures=sheet.thumbnails(tryon))
        for name, tryon in drawn.cases(count)
    ]
    report(rows, sheet_file, title="Drawn try-ons")
    if page is not None:
        page.write_text(document(rows))


def row_of(entry: pictures.Entry, loaded: networks.Networks) -> Row:
    """Measure one entry; one that cannot be read is a row with the reason."""
    try:
        tryon = pictures.read(entry)
        far = None if tryon.exact is None else distance(tryon.exact, tryon.result, mask=tryon.mask)
    except ProteusError as error:
        return Row(name=entry.name, group=entry.group, error=error.message)
    return Row(
        name=entry.name,
        group=entry.group,
        scores=measure(tryon, loaded),
        pictures=sheet.thumbnails(tryon),
        distance=far,
        seen=seen(tryon, loaded),
    )


def report(rows: list[Row], sheet_file: Path | None, *, title: str) -> None:
    """Write the contact sheet, the tables and the line of JSON."""
    if sheet_file is not None:
        sheet_file.write_text(sheet.page(rows, title=title))
    figures = summary(rows)
    show_set(rows, figures)
    print(json.dumps({"groups": figures, "pictures": [row.to_json() for row in rows]}))


def show_picture(row: Row) -> None:
    """Print a picture's metrics with their reasons."""
    table = Table("metric", "value", "failure", "reason", title=row.name)
    for name, score in row.scores.items():
        table.add_row(name, value_of(score), score.failure.replace("_", " "), score.reason)
    Console(width=140).print(table)


def show_set(rows: Iterable[Row], figures: dict[str, dict[str, Any]]) -> None:
    """Print a row for each picture, then the means of each group."""
    rows = list(rows)
    names = [
        name
        for name in METRICS
        if name not in FROM_HUB or any(row.scores[name].value is not None for row in rows if name in row.scores)
    ]
    table = Table("picture", "group", *names, "distance", "failures")
    for row in rows:
        values = (value_of(row.scores[name]) if name in row.scores else "" for name in names)
        failures = row.error or ", ".join(score.failure for score in row.scores.values() if score.failure)
        table.add_row(
            row.name, row.group, *values, "–" if row.distance is None else f"{row.distance.rms:.2f}", failures
        )
    for group, of_group in figures.items():
        means = [of_group["metrics"][name]["mean"] for name in names]
        shown = ("–" if mean is None else f"{mean:.2f}" for mean in (*means, of_group["distance_rms"]))
        table.add_row("mean", group, *shown, style="bold")
    console = Console(file=sys.stderr, width=160)
    console.print(table)
    for group, of_group in figures.items():
        if found := of_group["kid"]:
            console.print(
                f"KID of {group}: {found['mean']:.4f}, spread {found['spread']:.4f}, {found['pictures']} pictures"
            )


def value_of(score: Score) -> str:
    """Return a value for a table."""
    return "–" if score.value is None else f"{score.value:.2f}"


def refused(error: ProteusError) -> typer.Exit:
    """Print why, and return the exit."""
    Console(stderr=True, soft_wrap=True).print(f"[red]{error.message}[/red]")
    return typer.Exit(REFUSED)
