"""`make sheet`: README's picture, four people in three garments by the engine `puppet`, as one WebP.

    drawn garments, rendered people ─▶ tailor.pose, weaver.pipelines.puppet ─▶ docs/images/tryons.webp

The people are rendered (`assets.people`), because no photo of ordinary people comes with a licence that lets us pass it
on. They go the whole way: a pose network finds them, and nothing but their pictures is used.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from proteus.artefacts import GarmentCategory, PersonParse
from proteus.imaging import decode, encode
from proteus.jobs import JobId
from tailor.parsers.classic import ClassicParser
from tailor.parsers.contract import Parser
from tailor.pose import PoseModel
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.puppet import weave
from workbench.assets import people
from workbench.eval import portraits
from workbench.eval.canvas import Pixels
from workbench.weights import fetch_pose

GARMENTS: Final[tuple[tuple[str, GarmentCategory, str], ...]] = (
    ("tee-white-print", "upper", "a printed tee"),
    ("long-breton", "upper", "a striped long sleeve"),
    ("dress-red", "dress", "a dress"),
)

PEOPLE: Final = (("01", "02"), ("09", "06"))
"""The rows of the sheet: names of `assets.people`."""

PAPER: Final = (250, 249, 247)
INK: Final = (60, 58, 54)
TILE: Final = (148, 330)
"""Width and height of a picture on the sheet: the middle of a photo."""

HEADER: Final = 120
GAP: Final = 6
CAPTION: Final = 24


def tryons(parser: Parser, name: str) -> list[Pixels]:
    """Return a person's photo, and the person in each garment."""
    photo = decode(people.photo_file(name).read_bytes()).pixels
    found = parser.find_person(photo)
    height, width = photo.shape[:2]
    parse = PersonParse(
        image_key=name, width=width, height=height, parser=parser.name, parser_version=parser.version,
        pose_model=PoseModel.name, landmarks=found.landmarks, person_mask_key=name, agnostic_mask_keys={},
    )  # fmt: skip
    made = [
        weave(
            WeaveJob(
                id=JobId(name), person=photo, garment=portraits.garment(garment), garment_category=category,
                parse=parse, person_mask=found.person, agnostic_mask=found.agnostic[category],
            )
        ).image
        for garment, category, _ in GARMENTS
    ]  # fmt: skip
    return [photo, *made]


def sheet(parser: Parser) -> Pixels:
    """Return the sheet: garments on top, below them two people in each row, the photo first."""
    width, height = TILE
    half = (len(GARMENTS) + 1) * (width + GAP) + GAP
    canvas = Image.new("RGB", (2 * half, HEADER + CAPTION + len(PEOPLE) * (height + GAP) + GAP), PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=13)
    for side in (0, half):
        words = ["the photo", *(words for _, _, words in GARMENTS)]
        for column, word in enumerate(words):
            middle = side + GAP + column * (width + GAP) + width // 2
            draw.text((middle, HEADER + 4), word, fill=INK, font=font, anchor="mt")
            if column:
                cut = Image.fromarray(portraits.garment(GARMENTS[column - 1][0]))
                cut.thumbnail((width - GAP, HEADER - 2 * GAP), Image.Resampling.LANCZOS)
                canvas.paste(cut, (middle - cut.width // 2, (HEADER - cut.height) // 2), cut)
    for line, row in enumerate(PEOPLE):
        y = HEADER + CAPTION + line * (height + GAP)
        for side, name in zip((0, half), row, strict=True):
            for column, picture in enumerate(tryons(parser, name)):
                canvas.paste(_tile(picture), (side + GAP + column * (width + GAP), y))
    return np.asarray(canvas)


def _tile(picture: Pixels) -> Image.Image:
    """Return the middle of a picture at a tile's size."""
    width, height = TILE
    full = Image.fromarray(picture)
    wide = round(full.height * width / height)
    left = (full.width - wide) // 2
    return full.crop((left, 0, left + wide, full.height)).resize(TILE, Image.Resampling.LANCZOS)


def main() -> None:
    """Write the sheet to the path on the command line."""
    target = Path(sys.argv[1])
    parser = ClassicParser(PoseModel(fetch_pose(Path(".proteus/models/pose"))))
    target.write_bytes(encode(sheet(parser), "webp"))
    print(f"{target}: {target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
