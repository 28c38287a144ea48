"""`proteus models`: every engine and parser with its licences.

It prints the cards of `proteus.engines` and `proteus.licences` that `GET /v1/models` serves; `--markdown` prints the
README's table.
"""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from proteus.engines import TIMED
from proteus.licences import CARDS_BY_KIND, Licensed

FIELDS: Final = ("code_licence", "weights_licence", "training_data_note")
HEADINGS: Final = ("Model", "Kind", "Commercial use", "Code", "Weights", "Training data")


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
        "commercial_terms": card.commercial_terms,
        **{field: str(getattr(card, field)) for field in FIELDS},
    }


def _shown() -> list[tuple[str, Licensed]]:
    return [(kind, card) for kind, card in CARDS_BY_KIND if card is not TIMED]


def _rows() -> list[list[str]]:
    return [
        [card.name, kind, card.commercial_terms.replace("_", " "), *(str(getattr(card, field)) for field in FIELDS)]
        for kind, card in _shown()
    ]
