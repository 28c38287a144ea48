"""Drawn try-ons, whose garment, person and mask are known to the pixel, made by the engine `puppet`.

The worn garment is where the picture differs from the same photo with the old garment taken off.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from proteus.artefacts import GarmentCategory
from weaver.pipelines.puppet import weave
from weaver.pipelines.removal import bare
from workbench.eval import portraits
from workbench.eval.bodies import Size
from workbench.eval.quality.score import Tryon

ENGINE: Final = "puppet"

GARMENTS: Final[tuple[tuple[str, GarmentCategory], ...]] = (
    ("tee-white-print", "upper"), ("tank-white-print", "upper"), ("tee-photo", "upper"), ("long-breton", "upper"),
    ("shirt-checks", "upper"), ("jumper-red", "upper"), ("dress-red", "dress"), ("maxi-roses", "dress"),
    ("jeans-blue", "lower"), ("skirt-flowers", "lower"), ("crop-flowers", "upper"), ("long-dress-grey", "dress"),
)  # fmt: skip
"""Letters, a picture, stripes, checks, plain cloth, flowers; short, long and no sleeves; every category."""

APART: Final = 5
"""From one case to the next person: two sets of the same length do not pair the same ones."""


def cases(count: int = len(GARMENTS), *, size: Size = (768, 576)) -> Iterator[tuple[str, Tryon]]:
    """Yield try-ons with their names, one at a time."""
    people = portraits.cases(count)
    for index in range(count):
        garment, category = GARMENTS[index % len(GARMENTS)]
        person = people[index * APART % count]
        yield f"{garment} on {person.name}", made(person, garment, category, size)


@lru_cache(maxsize=16)
def made(person: portraits.Person, garment: str, category: GarmentCategory, size: Size) -> Tryon:
    """Return the try-on of a drawn garment by a drawn person."""
    portrait = portraits.draw(person, size=size)
    cut = portraits.garment(garment)
    job = portrait.job(cut, category)
    result = weave(job).image
    return Tryon(
        person=portrait.photo,
        garment=cut,
        result=result,
        mask=(portrait.agnostic[category] > 127).astype("uint8") * 255,
        worn=(result != bare(job).image).any(axis=2),
    )
