"""`proteus models` and `proteus weights`: what may be used by whom, and how its weights get here.

`models` prints the cards of `proteus.engines` and `proteus.licences`, the ones `GET /v1/models` serves; `--markdown`
is the README's table. `weights` fetches one model's files through `workbench.hub`, and writes beside SegFormer's what a
tailor without PyTorch needs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from proteus.engines import TIMED
from proteus.errors import ProteusError
from proteus.licences import CARDS_BY_KIND, SEGFORMER, Licensed
from workbench import hub

FIELDS: Final = ("code_licence", "weights_licence", "training_data_note")
HEADINGS: Final = ("Model", "Kind", "Commercial use", "Code", "Weights", "Training data")
DEFAULT_FOLDER: Final = Path(".proteus/models")
UNAVAILABLE: Final = 3


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the README's table.")] = False,
) -> None:
    """List every engine and parser with its licences."""
    if as_json:
        print(json.dumps([described(kind, card) for kind, card in _shown()], ensure_ascii=False))
    elif markdown:
        print(markdown_table())
    else:
        table = Table(*HEADINGS, show_lines=True)
        for row in _rows():
            table.add_row(*row)
        Console().print(table)


def weights(
    model: Annotated[str, typer.Argument(help=f"One of {', '.join(sorted(hub.MODELS))}.")],
    folder: Annotated[Path, typer.Option(help="The model gets a folder of its own in here.")] = DEFAULT_FOLDER,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the licence of these weights and accept it.")
    ] = False,
) -> None:
    """Fetch one model's weights from the model hub and check them."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        place = hub.fetch_model(model, folder, say=console.print, accepted=accept_licence)
        if model == SEGFORMER.name:
            console.print(f"{export_segformer(place)} is the network for tailors without PyTorch.")
    except ProteusError as error:
        console.print(f"[red]{error.message}[/red] {error.hint}".strip())
        raise typer.Exit(UNAVAILABLE) from error
    print(place)


def export_segformer(place: Path) -> Path:
    """Have the exported network beside the weights; return where it lies.

    Raises:
        ModelUnavailable: The weights are not SegFormer's, or there is no PyTorch here to export them.
    """
    from tailor.parsers.segformer import SIDE, exported, locate  # reads OpenCV, which no other command here needs

    return exported(locate(place), side=SIDE)


def markdown_table() -> str:
    """Return the licence table in Markdown."""
    lines = [" | ".join(HEADINGS), " | ".join("---" for _ in HEADINGS), *(" | ".join(row) for row in _rows())]
    return "\n".join(f"| {line} |" for line in lines)


def described(kind: str, card: Licensed) -> dict[str, str | bool]:
    """Return one card as `GET /v1/models` names its fields."""
    return {
        "name": card.name,
        "kind": kind,
        "commercial_use": card.commercial_use,
        **{field: str(getattr(card, field)) for field in FIELDS},
    }


def _shown() -> list[tuple[str, Licensed]]:
    return [(kind, card) for kind, card in CARDS_BY_KIND if card is not TIMED]


def _rows() -> list[list[str]]:
    return [
        [card.name, kind, "yes" if card.commercial_use else "no", *(str(getattr(card, field)) for field in FIELDS)]
        for kind, card in _shown()
    ]
