"""People as a perfect parser and a perfect DensePose would see them: drawn parts, ATR labels and noisy landmarks.

    a pose, a build, an outfit ─▶ parts (DensePose's) · labels (ATR's) · landmarks (BlazePose's, with noise)

Lengths are in shoulder widths, as in `workbench.eval.bodies`. Hands have a palm and five fingers, more or less bent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import Landmark
from tailor.labels import Atr
from workbench.eval import bodies
from workbench.eval.bodies import BUILDS, LEFT, POSES, RIGHT, Frame, Skeleton

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

SIZE: Final = (768, 576)
SIDES: Final = (RIGHT, LEFT)
NOISE: Final = 0.02
"""Of landmarks, in shoulder widths, as a standard deviation: about a centimetre."""


class Part(IntEnum):
    """DensePose's parts, front and back in one."""

    GROUND = 0
    TORSO = 1
    RIGHT_HAND = 3
    LEFT_HAND = 4
    RIGHT_FOOT = 5
    LEFT_FOOT = 6
    RIGHT_THIGH = 7
    LEFT_THIGH = 8
    RIGHT_LEG = 11
    LEFT_LEG = 12
    LEFT_BIG_ARM = 15
    RIGHT_BIG_ARM = 16
    LEFT_FOREARM = 19
    RIGHT_FOREARM = 20
    FACE = 23


@dataclass(frozen=True, kw_only=True)
class Worn:
    """An outfit.

    Attributes:
        sleeve: Where it ends on the arm: 0 at the shoulder, 1 at the elbow, 2 at the wrist.
        loose: How far cloth stands off the body.
        bottom: `pants` or `skirt`, or `dress` for a dress in place of top and bottom.
        hem: Where pants, skirt or dress end: 1 at the knee, 2 at the ankle.
        hair: How far it falls below the chin.
        shoes: Bare feet without them.
        extras: Of bag, hat, scarf.
    """

    sleeve: float = 0.5
    loose: float = 0.03
    bottom: str = "pants"
    hem: float = 2.0
    hair: float = 0.0
    shoes: bool = True
    extras: tuple[str, ...] = ()


OUTFITS: Final = (
    Worn(),
    Worn(sleeve=1.97, loose=0.06),
    Worn(sleeve=0.0, bottom="pants", hem=0.5, shoes=False),
    Worn(sleeve=1.9, loose=0.08, bottom="skirt", hem=0.9, hair=0.45),
    Worn(sleeve=0.4, bottom="dress", hem=1.1, hair=0.3),
    Worn(sleeve=1.2, loose=0.05, hem=1.6, extras=("bag", "hat", "scarf")),
)


@dataclass(frozen=True, kw_only=True)
class ParseMap:
    """One drawn person."""

    name: str
    parts: Pixels
    labels: Pixels
    landmarks: tuple[Landmark, ...]


def drawn(seed: int = 0) -> Iterator[ParseMap]:
    """Yield people: every pose, with builds and outfits in turn."""
    builds = [*BUILDS.items()]
    for number, (name, pose) in enumerate(POSES.items()):
        for turn in range(2):
            build_name, build = builds[(number + 2 * turn) % len(builds)]
            worn = OUTFITS[(number + 3 * turn) % len(OUTFITS)]
            rng = np.random.default_rng([seed, number, turn])
            body = bodies.skeleton(replace(pose, stance=pose.stance + 2), build)
            yield _person(f"{name}-{build_name}-{turn}", body, worn, folded=pose.folded, rng=rng)


def _person(name: str, body: Skeleton, worn: Worn, *, folded: bool, rng: np.random.Generator) -> ParseMap:
    tall = 0.8 + 0.35 + float(max(body.at("toes", side)[1] for side in SIDES)) + 0.25
    scale = SIZE[0] / tall
    frame = Frame(size=SIZE, scale=scale, middle=(SIZE[1] / 2, 1.3 * scale))
    canvas = _Canvas(frame, rng)
    canvas.legs(body, worn)
    canvas.trunk(body, worn)
    canvas.head(body, worn)
    for side in SIDES:
        canvas.arm(body, worn, side)
    canvas.extras(body, worn)
    return ParseMap(name=name, parts=canvas.parts, labels=canvas.labels, landmarks=canvas.landmarks(body))


class _Canvas:
    """Parts and labels, drawn from behind to the front."""

    def __init__(self, frame: Frame, rng: np.random.Generator) -> None:
        self.frame, self._rng = frame, rng
        self.parts, self.labels = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
        self._knuckles: dict[int, tuple[Points, ...]] = {}

    def legs(self, body: Skeleton, worn: Worn) -> None:
        for side in SIDES:
            hip, knee, ankle, toes = (body.at(name, side) for name in ("hip", "knee", "ankle", "toes"))
            thigh, leg, foot = (Part[f"{_word(side)}_{part}"] for part in ("THIGH", "LEG", "FOOT"))
            line, radii = [hip, knee, ankle], [bodies.THIGH_RADIUS, bodies.KNEE_RADIUS, bodies.ANKLE_RADIUS]
            self._both(self._limb(line[:2], radii[:2]), thigh, Atr[f"{_word(side)}_LEG"])
            self._both(self._limb(line[1:], radii[1:]), leg, Atr[f"{_word(side)}_LEG"])
            sole = self._limb([ankle, (ankle + toes) / 2, toes], [0.10, 0.12, 0.09])
            self._both(sole, foot, Atr[f"{_word(side)}_SHOE"] if worn.shoes else Atr[f"{_word(side)}_LEG"])
            if worn.bottom == "pants":
                cloth, wide = _until(line, worn.hem), [radius + worn.loose for radius in radii]
                self._label(self._limb(cloth, wide[: len(cloth)]), Atr.PANTS)
        if worn.bottom == "skirt":
            low = [_until([body.at(n, s) for n in ("hip", "knee", "ankle")], worn.hem)[-1] for s in SIDES]
            corners = [body.on_trunk(-0.9, 0.8), body.on_trunk(0.9, 0.8), low[1] + [0.42, 0], low[0] - [0.42, 0]]
            self._label(self._shape(corners), Atr.SKIRT)

    def trunk(self, body: Skeleton, worn: Worn) -> None:
        wide = body.build.width
        outline = [(-0.3, -0.16), (-1.1, -0.04), (-1.0 * wide, 0.4), (-0.92 * wide, 0.7), (-1.05 * wide, 1.02)]
        sides = [*outline, *((-x, y) for x, y in reversed(outline))]
        self._part(self._shape([body.on_trunk(x, y) for x, y in sides]), Part.TORSO)
        off = 1 + 2 * worn.loose
        if worn.bottom == "dress":
            low = [_until([body.at(n, s) for n in ("hip", "knee", "ankle")], worn.hem)[-1] for s in SIDES]
            hem = [low[1] + [0.45, 0], low[0] - [0.45, 0]]
            top = [body.on_trunk(x * off, y) for x, y in [*((-x, y) for x, y in outline[1:][::-1]), *outline[1:]]]
            self._label(self._shape([*hem[1:], *hem[:1], *top]), Atr.DRESS)
            self._label(self._shape([body.on_trunk(x * off, y) for x, y in sides]), Atr.DRESS)
            return
        hem_y = 1.06 + worn.loose
        cloth = [(x * off, y) for x, y in outline[:-1]] + [(-1.06 * wide * off, hem_y)]
        both = [*cloth, *((-x, y) for x, y in reversed(cloth))]
        self._label(self._shape([body.on_trunk(x, y) for x, y in both]), Atr.UPPER_CLOTHES)
        if worn.bottom == "pants":
            self._label(
                self._shape([body.on_trunk(x, y) for x, y in ((-0.9, hem_y), (0.9, hem_y), (0.9, 1.14), (-0.9, 1.14))]),
                Atr.PANTS,
            )

    def head(self, body: Skeleton, worn: Worn) -> None:
        neck, up = body.on_trunk(0, -0.02), -body.down
        self._both(self._limb([neck, body.head], [bodies.NECK_RADIUS, bodies.NECK_RADIUS]), Part.FACE, Atr.FACE)
        self._label(self._limb([body.head + up * 0.12, body.head + up * 0.02], [0.34, 0.30]), Atr.HAIR)
        self._both(self._limb([body.head + up * 0.05, body.head - up * 0.22], [0.26, 0.2]), Part.FACE, Atr.FACE)
        if worn.hair:
            for side in SIDES:
                start = body.head + body.across * side * 0.28
                self._label(self._limb([start, start + body.down * (0.3 + worn.hair)], [0.09, 0.07]), Atr.HAIR)

    def arm(self, body: Skeleton, worn: Worn, side: int) -> None:
        shoulder, elbow, wrist = (body.at(name, side) for name in ("shoulder", "elbow", "wrist"))
        line, skin = [shoulder, elbow, wrist], Atr[f"{_word(side)}_ARM"]
        radii = [bodies.UPPER_ARM_RADIUS, bodies.ELBOW_RADIUS, bodies.WRIST_RADIUS]
        self._both(self._limb(line[:2], radii[:2]), Part[f"{_word(side)}_BIG_ARM"], skin)
        self._both(self._limb(line[1:], radii[1:]), Part[f"{_word(side)}_FOREARM"], skin)
        self._hand(side, elbow, wrist, skin)
        if worn.sleeve:
            cloth, wide = _until(line, worn.sleeve), [radius + worn.loose for radius in radii]
            label = Atr.DRESS if worn.bottom == "dress" else Atr.UPPER_CLOTHES
            self._label(self._limb(cloth, wide[: len(cloth)]), label)

    def _hand(self, side: int, elbow: Points, wrist: Points, skin: Atr) -> None:
        """Palm and fingers, turned at the wrist and bent at random; remember the landmarks that BlazePose has."""
        turn = np.deg2rad(self._rng.uniform(-22, 22))
        straight = (wrist - elbow) / np.linalg.norm(wrist - elbow)
        along = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ straight
        across = np.array([-along[1], along[0]]) * side
        reach, seen = self._rng.uniform(0.05, 0.24), self._rng.uniform(0.55, 1.0)  # Fingers bend; palms turn aside.
        roots = [
            wrist + along * out + across * aside * seen
            for out, aside in ((0.25, -0.085), (0.27, -0.03), (0.275, 0.03), (0.26, 0.085))
        ]
        area = self._limb([wrist, wrist + along * 0.12], [bodies.WRIST_RADIUS, 0.10])
        area |= self._limb([wrist + along * 0.10, wrist + along * 0.24], [0.12 * seen + 0.02, 0.12 * seen + 0.02])
        for root, long in zip(roots, (0.8, 0.97, 1.0, 0.92), strict=True):
            area |= self._limb([root, root + along * reach * long], [0.032, 0.026])
        thumb = wrist + along * 0.19 + across * 0.15 * seen
        area |= self._limb([wrist + along * 0.07 + across * 0.05, thumb, thumb + along * 0.07], [0.05, 0.04, 0.03])
        # DensePose's hand begins at the wrist's line.
        ys, xs = np.mgrid[: SIZE[0], : SIZE[1]]
        place = self.frame.points(wrist[None])[0]
        area[(xs - place[0]) * straight[0] + (ys - place[1]) * straight[1] < 0] = 0
        self._both(area, Part[f"{_word(side)}_HAND"], skin)
        self._knuckles[side] = (roots[0], roots[3], thumb)

    def extras(self, body: Skeleton, worn: Worn) -> None:
        if "hat" in worn.extras:
            self._label(self._limb([body.head - body.down * 0.3, body.head - body.down * 0.45], [0.34, 0.26]), Atr.HAT)
        if "scarf" in worn.extras:
            self._label(self._limb([body.on_trunk(-0.35, -0.1), body.on_trunk(0.35, -0.1)], [0.1, 0.1]), Atr.SCARF)
        if "bag" in worn.extras:
            self._label(
                self._shape([body.on_trunk(x, y) for x, y in ((1.0, 0.8), (1.9, 0.8), (1.9, 1.3), (1.0, 1.3))]), Atr.BAG
            )

    def landmarks(self, body: Skeleton) -> tuple[Landmark, ...]:
        """Return what BlazePose would say: its points with noise, the hands' at the knuckles."""
        marks = [np.array([mark.x, mark.y]) for mark in bodies.landmarks(body, self.frame)]
        for side, first in ((LEFT, 0), (RIGHT, 1)):
            for index, place in zip((17, 19, 21), self._knuckles[side], strict=True):
                marks[index + first] = self.frame.points(place[None])[0]
        noise = self._rng.normal(0, NOISE * self.frame.scale, (33, 2))
        return tuple(
            Landmark(x=float(x), y=float(y), visibility=0.99)
            for x, y in (mark + by for mark, by in zip(marks, noise, strict=True))
        )

    def _limb(self, points: Sequence[Points], radii: Sequence[float]) -> Pixels:
        return (bodies.tube(self.frame, points, radii) > 0.5).astype(np.uint8)

    def _shape(self, corners: Sequence[Points]) -> Pixels:
        area = np.zeros(SIZE, np.uint8)
        cv2.fillPoly(area, [np.round(self.frame.points(np.array(corners))).astype(np.int32)], 1)
        return area

    def _both(self, area: Pixels, part: Part, label: Atr) -> None:
        self._part(area, part)
        self._label(area, label)

    def _part(self, area: Pixels, part: Part) -> None:
        self.parts[area > 0] = part

    def _label(self, area: Pixels, label: Atr) -> None:
        self.labels[area > 0] = label


def _word(side: int) -> str:
    return "LEFT" if side == LEFT else "RIGHT"


def _until(line: Sequence[Points], end: float) -> list[Points]:
    """Return the line up to a place on it: 1 at its second point."""
    whole = int(end)
    if whole >= len(line) - 1:
        return [*line]
    return [*line[: whole + 1], line[whole] + (line[whole + 1] - line[whole]) * (end - whole)]
