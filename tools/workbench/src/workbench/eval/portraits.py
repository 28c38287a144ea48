"""Drawn people with their truth: photo, landmarks, masks, and which pixel is skin, old top, old bottom, hair or ground.

A pose network does not recognise them, so their `PersonParse` is made here and goes directly to an engine. The person
mask is as coarse as the network's; the agnostic masks are the tailor's own. `cases` names a spread, `draw` draws one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from proteus.artefacts import GarmentCategory, Landmark, PersonParse
from proteus.jobs import JobId
from tailor.masks import agnostic_masks
from weaver.pipelines.contract import WeaveJob
from workbench.eval import bodies, cloth, outfits
from workbench.eval.bodies import BUILDS, LEFT, POSES, RIGHT, Frame, Size, Skeleton
from workbench.eval.canvas import (
    HEIGHT,
    WIDTH,
    Pixels,
    Plane,
    Random,
    blur,
    depth,
    fill,
    lit,
    mirrored,
    noise,
    over,
    photographed,
    plane,
    rounded,
)
from workbench.eval.cloth import Colour, Dye, seed_of
from workbench.eval.family_a import Shape, draw_a
from workbench.eval.grounds import GROUNDS

SKINS: Final[dict[str, Colour]] = {
    "pale": (238, 202, 184), "fair": (224, 182, 156), "tan": (198, 150, 118), "brown": (150, 102, 74),
    "dark": (104, 68, 50), "deep": (70, 46, 36),
}  # fmt: skip
HAIRS: Final[dict[str, Colour]] = {"black": (34, 28, 26), "brown": (84, 56, 38), "blond": (206, 172, 116)}
DYES: Final[dict[str, Dye]] = {
    "magenta": cloth.heather((190, 30, 120)),
    "green": cloth.plain((36, 140, 70)),
    "blue": cloth.heather((40, 70, 190)),
    "yellow": cloth.plain((226, 192, 40)),
    "stripes": cloth.stripes((120, 40, 170), (230, 210, 60), period=44, share=0.5),
    "checks": cloth.checks((30, 120, 120), (210, 60, 120), period=60),
    "black": cloth.plain((32, 32, 36)),
    "white": cloth.plain((240, 240, 238)),
}
BOTTOM_DYES: Final[dict[str, Dye]] = {
    "denim": cloth.denim((66, 84, 116)), "grey": cloth.plain((92, 94, 98)), "sand": cloth.plain((190, 168, 134)),
}  # fmt: skip

NETWORK_SIDE: Final = 256
"""Side of the pose network's person mask."""

SHIRT: Final = plane((0.93, 0.93, 0.92))
PARTS: Final = ("ground", "skin", "top", "bottom", "hair", "shoes")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One drawn person; `view` is `full` or `half` (the photo ends at the thighs)."""

    pose: str = "hanging"
    build: str = "mean"
    skin: str = "fair"
    hair: str = "brown"
    long_hair: bool = False
    top: str = "tee"
    dye: str = "magenta"
    bottom: str = "trousers"
    bottom_dye: str = "denim"
    ground: str = "246"
    view: str = "full"

    @property
    def name(self) -> str:
        hair = f"{self.hair}-{'long' if self.long_hair else 'short'}"
        cloth_ = f"{self.top}-{self.dye}/{self.bottom}-{self.bottom_dye}"
        return "/".join((self.pose, self.build, self.skin, hair, cloth_, self.ground, self.view))


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """A drawn photo and its truth.

    Attributes:
        photo: (H, W, 3) uint8 sRGB.
        person_mask: (H, W) uint8, 255 = person, as coarse as the network's.
        agnostic: Category -> (H, W) uint8, 255 = may change.
        parts: (H, W) uint8, indices into `PARTS`: the visible one at each pixel.
    """

    person: Person
    body: Skeleton
    frame: Frame
    photo: Pixels
    landmarks: tuple[Landmark, ...]
    person_mask: Pixels
    agnostic: dict[GarmentCategory, Pixels]
    parts: Pixels

    def is_part(self, *names: str) -> np.ndarray:
        return np.asarray(np.isin(self.parts, [PARTS.index(name) for name in names]))

    def job(self, garment: Pixels, category: GarmentCategory) -> WeaveJob:
        """Return the try-on of a cut-out, (h, w, 4) uint8 RGBA."""
        height, width = self.parts.shape
        parse = PersonParse(
            image_key="drawn", width=width, height=height, parser="drawn", parser_version="1",
            pose_model="drawn", landmarks=self.landmarks, person_mask_key="drawn", agnostic_mask_keys={},
        )  # fmt: skip
        return WeaveJob(
            id=JobId(self.person.name), person=self.photo, garment=garment, garment_category=category, parse=parse,
            person_mask=self.person_mask, agnostic_mask=self.agnostic[category],
        )  # fmt: skip


def cases(count: int) -> tuple[Person, ...]:
    """Return people that differ in every feature: pose, build, skin, hair, garment and ground vary in turn."""
    grounds = [name for name in GROUNDS["a"] if name not in ("255", "bed", "carpet")]
    found = []
    for index in range(count):
        found.append(
            Person(
                pose=tuple(POSES)[index % len(POSES)],
                build=tuple(BUILDS)[(index * 2) % len(BUILDS)],
                skin=tuple(SKINS)[(index * 5 + index // 6) % len(SKINS)],
                hair=tuple(HAIRS)[index % len(HAIRS)],
                long_hair=index % 4 == 1,
                top=tuple(outfits.TOPS)[(index * 7 + index // 11) % len(outfits.TOPS)],
                dye=tuple(DYES)[(index + index // 8) % 6],
                bottom=outfits.BOTTOMS[(index + index // 4) % len(outfits.BOTTOMS)],
                bottom_dye=tuple(BOTTOM_DYES)[index % len(BOTTOM_DYES)],
                ground=grounds[(index * 3) % len(grounds)],
                view="half" if index % 5 == 3 else "full",
            )
        )
    return tuple(found)


def frame_of(view: str, size: Size) -> Frame:
    """Return where the body lies in a photo."""
    height, width = size
    if view == "half":
        return Frame(size=size, scale=height / 3.4, middle=(width / 2, height * 0.42))
    return Frame(size=size, scale=height / 6.3, middle=(width / 2, height * 0.26))


def draw(person: Person, *, size: Size = (768, 576)) -> Portrait:
    """Draw one person."""
    random = np.random.default_rng(seed_of(person.name))
    body, frame = bodies.skeleton(POSES[person.pose], BUILDS[person.build]), frame_of(person.view, size)
    light = _light_of(random)
    painter = _Painter(
        ground=_fitted(GROUNDS["a"][person.ground][1](random), size), light=light, random=random, frame=frame
    )
    skin, hair = plane(np.divide(SKINS[person.skin], 255)), plane(np.divide(HAIRS[person.hair], 255))
    top = outfits.TOPS[person.top]
    areas, bare = outfits.top_areas(body, frame, top), outfits.skin_areas(body, frame)
    everything = np.max([*areas.values(), *bare.values()], axis=0)
    top_colour = _fitted(DYES[person.dye](_unfitted(everything), random), size)
    bottom_colour = _fitted(BOTTOM_DYES[person.bottom_dye](_unfitted(everything), random), size)
    folded = POSES[person.pose].folded
    sides = ("right", "left")

    def arms(names: tuple[str, ...]) -> None:
        for side in names:
            painter.paint("skin", bare[f"arm-{side}"], skin)
            if f"sleeve-{side}" in areas:
                painter.paint("top", areas[f"sleeve-{side}"], top_colour, folds=0.5)

    back = bodies.tube(frame, [body.head + body.down * -0.18, body.head + body.down * 0.1], [0.32, 0.30])
    painter.paint("hair", back, hair)
    painter.paint("skin", bare["legs"], skin)
    painter.paint("shoes", bare["feet"], plane((0.16, 0.15, 0.15)))
    painter.paint("skin", bare["trunk"], skin)
    if not folded:
        arms(sides)
    if "dress" not in person.top:
        painter.paint("bottom", outfits.bottom_area(body, frame, person.bottom), bottom_colour, folds=0.4)
    painter.paint("skin", bare["neck"], skin)
    painter.paint("top", areas["trunk"], top_colour, folds=1.0)
    if "shirt" in areas:
        painter.paint("top", areas["shirt"], SHIRT, folds=0.4)
    if "collar" in areas:
        painter.paint("top", areas["collar"], top_colour)
    if folded:
        arms(sides)
    painter.paint("skin", bare["head"], skin)
    _face(painter, body, skin, hair)
    if person.long_hair:
        for side in (LEFT, RIGHT):
            lock = [body.head + body.across * side * 0.24 + body.down * at for at in (-0.1, 0.35, 0.95)]
            painter.paint("hair", bodies.tube(frame, [*lock], [0.10, 0.12, 0.07]), hair)
    parts = np.argmax(painter.seen, axis=0).astype(np.uint8)
    mask = _coarse(painter.seen[0])
    marks = bodies.landmarks(body, frame)
    photo = photographed(painter.picture, random)
    return Portrait(
        person=person, body=body, frame=frame, photo=photo, landmarks=marks, person_mask=mask,
        agnostic=agnostic_masks(marks, mask, photo), parts=parts,
    )  # fmt: skip


@lru_cache(maxsize=64)
def garment(name: str) -> Pixels:
    """Return a garment of the first family as a cut-out, (h, w, 4) uint8 RGBA."""
    colour, alpha = draw_a(name, np.random.default_rng(seed_of(name)))
    rows, columns = np.flatnonzero((alpha > 0.02).any(axis=1)), np.flatnonzero((alpha > 0.02).any(axis=0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    cut = np.concatenate([colour[box], alpha[box][..., None]], axis=2)
    return np.asarray(np.clip(cut * 255, 0, 255).round(), np.uint8)


MARKS: Final[dict[str, Colour]] = {"trunk": (40, 60, 200), "left": (220, 40, 40), "right": (30, 170, 60)}
"""Colours of a marked garment: its trunk, and the sleeves at the left and at the right of the picture."""

LETTER: Final[Colour] = (250, 240, 60)


def marked(shape: Shape) -> Pixels:
    """Return a garment of this shape whose sleeves differ, with an L on its chest, as a cut-out (h, w, 4)."""
    every = np.array([*mirrored(shape.body), *mirrored(shape.limb)])
    low, high = every.min(axis=0), every.max(axis=0)
    scale = 400 / (high[0] - low[0])
    size = (round((high[1] - low[1]) * scale) + 8, 408)

    def area(points: Sequence[tuple[float, float]], side: int = 1) -> Plane:
        line = (rounded(points) * [side, 1] - [low[0] if side > 0 else -high[0], low[1]]) * scale + 4
        return fill(line, size)

    cut = np.zeros((*size, 3), np.float32)
    trunk, sleeves = area(mirrored(shape.body)), [area(shape.limb, side) for side in (-1, 1)] if shape.limb else []
    for sleeve, name in zip(sleeves, ("left", "right"), strict=False):
        cut = over(cut, plane(MARKS[name]), sleeve)
    cut = over(cut, plane(MARKS["trunk"]), trunk)
    middle, unit = 204, 0.1 * scale
    letter = np.array([(0, 2), (0.5, 2), (0.5, 4), (1.6, 4), (1.6, 4.5), (0, 4.5)]) * unit + [middle - 0.8 * unit, 4]
    cut = over(cut, plane(LETTER), fill(letter, size))
    alpha = np.max([trunk, *sleeves], axis=0)
    return np.asarray(np.clip(np.dstack([cut, alpha * 255]), 0, 255).round(), np.uint8)


@dataclass
class _Painter:
    """Paints layer over layer and tracks how much of each part is visible."""

    ground: Plane
    light: tuple[float, float, float]
    random: Random
    frame: Frame

    def __post_init__(self) -> None:
        self.picture = self.ground.copy()
        self.seen = np.zeros((len(PARTS), *self.frame.size), np.float32)
        self.seen[0] = 1

    def paint(self, part: str, area: Plane, colour: Plane, *, folds: float = 0.0) -> None:
        """Lay a rounded shape of one colour, (3,) or (H, W, 3), over the picture, lit and with folds."""
        scale = self.frame.scale
        roundness = 0.16 * scale
        deep = np.clip(depth(area) / roundness, 0, 1)
        height = roundness * 0.9 * np.sqrt(1 - (1 - deep) ** 2)
        if folds:
            size = self.frame.size
            height = height + folds * scale * (
                0.012 * noise(self.random, 0.3 * scale, size) + 0.006 * noise(self.random, 0.12 * scale, size)
            )
        x, y, z = self.light
        shade = 0.30 + 0.70 * lit(blur(height, 0.012 * scale + 0.5), x=x, y=y, z=z) / z
        shaded = np.clip(plane(colour) * np.clip(shade, 0.3, 1.15)[..., None], 0, 1)
        # A layer casts a slight shadow on the one below.
        shadow = blur(np.roll(area, round(0.02 * scale), axis=0), 0.03 * scale) * 0.18
        self.picture = plane(self.picture * (1 - (shadow * (1 - self.seen[0]))[..., None]))
        self.picture = over(self.picture, plane(shaded), area)
        self.seen *= 1 - area
        self.seen[PARTS.index(part)] += area


def _face(painter: _Painter, body: Skeleton, skin: Plane, hair: Plane) -> None:
    frame, up = painter.frame, -body.down
    for side in (LEFT, RIGHT):
        eye = body.head + body.across * side * 0.11 + up * 0.10
        painter.paint("skin", bodies.tube(frame, [eye, eye + body.across * 0.01], [0.028, 0.028]), plane(skin * 0.25))
        brow = [eye + up * 0.07 - body.across * 0.05, eye + up * 0.07 + body.across * 0.05]
        painter.paint("hair", bodies.tube(frame, brow, [0.014, 0.014]), hair)
    mouth = [body.head - up * 0.16 - body.across * 0.07, body.head - up * 0.16 + body.across * 0.07]
    painter.paint(
        "skin", bodies.tube(frame, mouth, [0.02, 0.02]), plane(np.clip(skin * plane((0.85, 0.55, 0.55)), 0, 1))
    )
    cap = bodies.tube(
        frame,
        [body.head + up * 0.30 - body.across * 0.16, body.head + up * 0.36, body.head + up * 0.30 + body.across * 0.16],
        [0.09, 0.10, 0.09],
    )
    painter.paint("hair", cap, hair)


def _light_of(random: Random) -> tuple[float, float, float]:
    angle = random.uniform(-0.9, 0.9)
    side = random.uniform(0.2, 0.5)
    return float(side * np.sin(angle)), float(side * np.cos(angle)), float(np.sqrt(1 - side**2))


def _coarse(ground: Plane) -> Pixels:
    """Return the person mask as the pose network would: 256 pixels a side, enlarged."""
    height, width = ground.shape
    scale = NETWORK_SIDE / max(height, width)
    small = cv2.resize(1 - ground, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.7), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(soft * 255, 0, 255).round(), np.uint8)


def _fitted(picture: Plane, size: Size) -> Plane:
    """Return a picture of the garments' canvas at a photo's size."""
    return plane(np.clip(cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), 0, 1))


def _unfitted(area: Plane) -> Plane:
    return plane(cv2.resize(area, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR))


def recast(person: Person, **changes: object) -> Person:
    """Return the same person with changes."""
    return replace(person, **changes)  # type: ignore[arg-type]
