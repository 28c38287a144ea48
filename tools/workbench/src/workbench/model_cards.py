"""docs/models.md: one card per engine and parser, from what the code knows of each, with the limits that we have seen.

`python -m workbench.model_cards` writes it; a test compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from proteus.engines import CARDS, EngineCard
from proteus.licences import PARSERS, Licensed, ParserCard
from workbench.hub import MODELS

PAGE: Final = Path(__file__).parents[4] / "docs" / "models.md"

INTRODUCTION: Final = """# Model cards

What each engine (it makes the picture) and each parser (it finds the garment and the person) is, under which terms its
weights stand, and where it ends. Written by `python -m workbench.model_cards` from the cards that the services use.
None of this is legal advice: it repeats what the publishers state, and names the training data.

Commercial use has three answers. *yes*: allowed. *no*: forbidden. *tag only*: the publisher's licence tag allows it,
but what is known of the training data puts the tag in doubt. With `PROTEUS_LICENCE_POLICY=commercial` (chart:
`engines.licencePolicy`) weavers, tailors and gateways refuse *no*, and *tag only* unless the operator has accepted the
model by name: `PROTEUS_LICENCE_ACCEPT=clean` (chart: `engines.licenceAccept`).

No weights ship with Proteus. A model that says what pictures may show is not among those that it can fetch either: a
deployment brings its own, or examines nothing ([safety.md](safety.md)).
"""

DIFFUSION: Final = (
    "Never run on a GPU by this project: its algorithm equals the published one on tiny random weights (tests/models). "
    "Upper, lower and whole-body garments only; no shoes, bags or hats."
)

LIMITS: Final[dict[str, str]] = {
    "puppet": (
        "A preview, no generated picture: cloth keeps the folds and the light of its own photo, a garment shown from "
        "the side stays so, and what the person's old garment hid (skin, ground) is filled in from its surroundings."
    ),
    "catvton": DIFFUSION,
    "fashn": DIFFUSION,
    "klein": (
        "Never run on a GPU or with its weights by this project: its algorithm equals diffusers' own pipeline on tiny "
        "random weights (tests/models). A general editor, not trained for try-on: a gate compares its picture with the "
        "photo and the cut-out. A picture that is not shown is made by `fashn`, where a worker has it and it can; else "
        "the job is refused (`quality_too_low`). `auto` chooses it where no other engine of the fleet can put the "
        "garment on."
    ),
    "timed": "No model: it sleeps and returns the person's photo. Never offered unless an operator names it.",
    "classic": (
        "Finds garments on plain, gradient and many textured grounds by geometry; a crowded scene gets a low "
        "confidence or a refusal. Clothes that are worn are told apart by landmarks and colour, not by a model."
    ),
    "segformer": "Labels 18 classes of clothes and body parts; its weights are for research and evaluation.",
    "clean": "Three networks a slot: it needs more memory than the chart's default gives a tailor.",
    "isnet": "One network of 178 MB a slot. It finds what stands out, not what a garment is: a mannequin comes along.",
}


def page() -> str:
    """Return the whole page."""
    engines = [_card(card, _engine_rows(card)) for card in CARDS.values()]
    parsers = [_card(card, []) for card in PARSERS.values()]
    return "\n".join([INTRODUCTION, "## Engines", "", *engines, "## Parsers", "", *parsers])


def _card(card: EngineCard | ParserCard, more: list[tuple[str, str]]) -> str:
    rows = [*_licence_rows(card), *more, ("weights from", _sources(card.name)), ("limits", LIMITS[card.name])]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"### {card.name}\n\n{card.description}\n\n| | |\n|---|---|\n{table}\n"


def _licence_rows(card: Licensed) -> list[tuple[str, str]]:
    return [
        ("commercial use", card.commercial_terms.replace("_", " ")),
        ("code", card.code_licence),
        ("weights", card.weights_licence),
        ("training data", card.training_data_note),
    ]


def _engine_rows(card: EngineCard) -> list[tuple[str, str]]:
    presets = "; ".join(
        f"`{quality}` {preset.width} x {preset.height}, {preset.steps} steps"
        for quality, preset in card.presets.items()
        if preset.steps and not preset.shortcuts
    )
    expected = "; ".join(
        f"`{quality}` {least:g} to {most:g} s" for quality, (least, most) in card.expected_seconds.items()
    )
    return [
        ("device", card.device),
        ("qualities", presets or "one, at the photo's size"),
        ("`approximate`", _approximate(card)),
        ("plausible time of a picture (not measured)", expected or "any"),
        ("writes", card.output_format),
    ]


def _approximate(card: EngineCard) -> str:
    preset = card.preset("approximate")
    if not preset.shortcuts:
        return "made as `balanced`"
    return (
        f"leaves out parts of {preset.steps} steps: {' '.join(preset.shortcuts)} It computes "
        f"{100 * card.approximate_cost:.0f} % of `balanced`; how far its pictures are from those has not been measured "
        "with the published weights ([benchmarks.md](benchmarks.md#fewer-operations-the-quality-approximate))."
    )


def _sources(name: str) -> str:
    repositories = dict.fromkeys(file.repository for file in MODELS.get(name, ()))
    if repositories:
        listed = ", ".join(f"`{repository}`" for repository in repositories)
        return f"{listed}: `make weights MODEL={name}`"
    return "none needed"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
