"""`make sheet`: README's picture, four people in three garments by the engine `puppet`, as one WebP.

    drawn garments and people, the demo's photo ─▶ tailor.pose, weaver.pipelines.puppet ─▶ docs/images/tryons.webp

The astronaut's photo goes the whole way, pose and masks included. The others are drawn, because no photo of ordinary
people comes with a licence that lets us pass it on; a pose network does not know drawn people, so their landmarks are
the drawing's own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from proteus.artefacts import GarmentCategory, PersonParse
from proteus.imaging import decode, encode
from proteus.jobs import JobId
from tailor.parsers.classic import ClassicParser
from tailor.pose import PoseModel
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.puppet import weave
from workbench import assets
from workbench.eval import portraits
from workbench.eval.canvas import Pixels
from workbench.eval.portraits import Person
from workbench.weights import fetch_pose

GARMENTS: Final[tuple[tuple[str, GarmentCategory, str], ...]] = (
    ("tee-white-print", "upper", "a printed tee"),
    ("long-breton", "upper", "a striped long sleeve"),
    ("dress-red", "dress", "a dress"),
)

PEOPLE: Final = (
    Person(pose="away", build="broad", skin="deep", hair="black", top="tee", dye="green", ground="235"),
    Person(pose="hanging", build="slim", skin="fair", long_hair=True, top="polo", dye="blue", ground="beige"),
    Person(pose="away", skin="tan", hair="black", top="camisole", dye="magenta", bottom_dye="sand", ground="sky"),
)

PAPER: Final = (250, 249, 247)
INK: Final = (60, 58, 54)
TILE: Final = (240, 264)
"""Width and height of a picture on the sheet."""

GAP: Final = 10
CAPTION: Final = 26
TOP_SHARE: Final = 0.62
"""Of a drawn photo's height: below it are only legs and shoes."""


def jobs(parser: ClassicParser) -> list[list[WeaveJob]]:
    """Return the try-ons of each person, a garment each."""
    rows = [[_of_photo(parser, garment, category) for garment, category, _ in GARMENTS]]
    for person in PEOPLE:
        drawn = portraits.draw(person, size=(1024, 768))
        rows.append([drawn.job(portraits.garment(garment), category) for garment, category, _ in GARMENTS])
    return rows


def _of_photo(parser: ClassicParser, garment: str, category: GarmentCategory) -> WeaveJob:
    photo = decode(assets.PERSON.read_bytes()).pixels
    found = parser.find_person(photo)
    height, width = photo.shape[:2]
    parse = PersonParse(
        image_key="demo", width=width, height=height, parser=parser.name, parser_version=parser.version,
        pose_model=parser.pose.name, landmarks=found.landmarks, person_mask_key="demo", agnostic_mask_keys={},
    )  # fmt: skip
    return WeaveJob(
        id=JobId("demo"), person=photo, garment=portraits.garment(garment), garment_category=category, parse=parse,
        person_mask=found.person, agnostic_mask=found.agnostic[category],
    )  # fmt: skip


def sheet(rows: Sequence[Sequence[WeaveJob]]) -> Pixels:
    """Return the sheet: garments on top, then a person in each row, the photo first."""
    width, height = TILE
    left, top = GAP, GAP
    size = (
        GAP + (len(GARMENTS) + 1) * (width + GAP),
        GAP + (len(rows) + 1) * (height + GAP) - height // 2 + CAPTION,
    )
    canvas = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=16)
    small = height // 2
    for column, (name, _, words) in enumerate(GARMENTS, start=1):
        cut = Image.fromarray(portraits.garment(name))
        cut.thumbnail((width, small), Image.Resampling.LANCZOS)
        middle = left + column * (width + GAP) + width // 2
        canvas.paste(cut, (middle - cut.width // 2, top + (small - cut.height) // 2), cut)
        draw.text((middle, top + small + 4), words, fill=INK, font=font, anchor="mt")
    draw.text((left + width // 2, top + small + 4), "the photo", fill=INK, font=font, anchor="mt")
    for line, row in enumerate(rows):
        y = top + small + CAPTION + line * (height + GAP) + GAP // 2
        for column, picture in enumerate([row[0].person, *(weave(job).image for job in row)]):
            canvas.paste(_tile(picture), (left + column * (width + GAP), y))
    return np.asarray(canvas)


def _tile(picture: Pixels) -> Image.Image:
    """Return a picture, cut to a tile around the upper body."""
    width, height = TILE
    full = Image.fromarray(picture)
    if full.height > full.width:
        full = full.crop((0, 0, full.width, round(full.height * TOP_SHARE)))
    scale = max(width / full.width, height / full.height)
    full = full.resize((round(full.width * scale), round(full.height * scale)), Image.Resampling.LANCZOS)
    left, top = (full.width - width) // 2, 0
    return full.crop((left, top, left + width, top + height))


def main() -> None:
    """Write the sheet to the path on the command line."""
    target = Path(sys.argv[1])
    parser = ClassicParser(PoseModel(fetch_pose(Path(".proteus/models/pose"))))
    target.write_bytes(encode(sheet(jobs(parser)), "webp"))
    print(f"{target}: {target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
