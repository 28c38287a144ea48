"""Bodies of the drawn people: a skeleton in a pose, its 33 landmarks, and tubes along its limbs. Pure.

Lengths are in shoulder widths, x to the right of the picture, y down, zero between the shoulders; `Frame` converts
them to pixels. `left` is the person's own left, at the right of the picture when they face the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from proteus.artefacts import Landmark
from workbench.eval.canvas import Plane, Points, plane

Size = tuple[int, int]
"""(height, width) in pixels."""

SUBPIXEL_BITS: Final = 4
LEFT, RIGHT = 1, -1
"""Sides of the person; also the sign of x."""

NECK_RADIUS, UPPER_ARM_RADIUS, ELBOW_RADIUS, WRIST_RADIUS = 0.165, 0.15, 0.115, 0.078
THIGH_RADIUS, KNEE_RADIUS, ANKLE_RADIUS = 0.27, 0.17, 0.105


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Angles in degrees from straight down, outwards positive; one (upper arm, forearm) for each side.

    Attributes:
        lean: Of the trunk, to the right of the picture.
        turn: How far the body turns aside: the shoulders come closer to each other.
        stance: Of each leg.
        folded: Arms in front of the trunk.
    """

    right: tuple[float, float]
    left: tuple[float, float]
    lean: float = 0.0
    turn: float = 0.0
    stance: float = 5.0
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Build:
    """How a body differs from the mean: factors of widths, of the trunk's and of the legs' length."""

    width: float = 1.0
    trunk: float = 1.0
    legs: float = 1.0


POSES: Final[dict[str, Pose]] = {
    "hanging": Pose(right=(9, 5), left=(9, 5)),
    "away": Pose(right=(24, 16), left=(26, 20)),
    "hips": Pose(right=(42, -48), left=(42, -48)),
    "one-hip": Pose(right=(10, 4), left=(40, -50), lean=3),
    "one-up": Pose(right=(12, 8), left=(128, 165)),
    "waving": Pose(right=(16, 10), left=(62, 150), lean=-2),
    "wide": Pose(right=(74, 80), left=(76, 78)),
    "turned": Pose(right=(14, 2), left=(8, 10), turn=38),
    "leaning": Pose(right=(20, 30), left=(14, -4), lean=9),
    "belly": Pose(right=(14, -72), left=(12, 8), folded=True),
    "clasped": Pose(right=(16, -58), left=(16, -58), folded=True),
    "striding": Pose(right=(26, 12), left=(20, 34), stance=13),
}

BUILDS: Final[dict[str, Build]] = {
    "mean": Build(),
    "slim": Build(width=0.86, legs=1.06),
    "broad": Build(width=1.2, trunk=0.97),
    "long": Build(width=0.95, trunk=1.1),
    "short": Build(width=1.08, trunk=0.93, legs=0.9),
}


@dataclass(frozen=True, kw_only=True)
class Frame:
    """From shoulder widths to pixels."""

    size: Size
    scale: float
    middle: tuple[float, float]

    def points(self, line: Sequence[Sequence[float]] | Points) -> Points:
        return np.asarray(np.asarray(line, np.float64).reshape(-1, 2) * self.scale + np.array(self.middle))


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """Joints by name and side, in shoulder widths; `down` and `across` are the trunk's axes."""

    joints: dict[tuple[str, int], Points]
    down: Points
    across: Points
    head: Points
    build: Build

    def at(self, name: str, side: int) -> Points:
        return self.joints[name, side]

    def on_trunk(self, x: float, y: float) -> Points:
        """Return a point of the trunk: x in half shoulder widths, y in trunk lengths."""
        middle = (self.at("shoulder", LEFT) + self.at("shoulder", RIGHT)) / 2
        half = float(np.linalg.norm(self.at("shoulder", LEFT) - self.at("shoulder", RIGHT))) / 2
        low = (self.at("hip", LEFT) + self.at("hip", RIGHT)) / 2
        return np.asarray(middle + self.across * x * half + (low - middle) * y)


def skeleton(pose: Pose, build: Build) -> Skeleton:
    """Return the joints of a body in a pose."""
    lean = np.deg2rad(pose.lean)
    down, across = np.array([-np.sin(lean), np.cos(lean)]), np.array([np.cos(lean), np.sin(lean)])
    narrow = float(np.cos(np.deg2rad(pose.turn)))
    joints: dict[tuple[str, int], Points] = {}
    for side, angles in ((LEFT, pose.left), (RIGHT, pose.right)):
        shoulder = across * side * 0.5 * narrow
        hip = down * 1.42 * build.trunk + across * side * 0.31 * narrow
        upper, lower = (np.deg2rad(angle) for angle in angles)
        elbow = shoulder + 0.80 * np.array([side * np.sin(upper), np.cos(upper)])
        wrist = elbow + 0.72 * np.array([side * np.sin(lower), np.cos(lower)])
        leg = np.array([side * np.sin(np.deg2rad(pose.stance)), np.cos(np.deg2rad(pose.stance))])
        joints["shoulder", side], joints["hip", side] = shoulder, hip
        joints["elbow", side], joints["wrist", side] = elbow, wrist
        joints["fingers", side] = wrist + (wrist - elbow) / 0.72 * 0.42
        joints["knee", side] = hip + leg * 1.22 * build.legs
        joints["ankle", side] = hip + leg * 2.34 * build.legs
        joints["toes", side] = joints["ankle", side] + np.array([side * 0.14, 0.26])
    return Skeleton(joints=joints, down=down, across=across, head=-down * 0.80, build=build)


def landmarks(body: Skeleton, frame: Frame) -> tuple[Landmark, ...]:
    """Return the 33 landmarks in pixels; those outside the photo are not visible."""
    up, right = -body.down, body.across
    face = {0: (0, 0.0), 1: (0.05, 0.10), 2: (0.11, 0.10), 3: (0.16, 0.10), 7: (0.26, 0.05), 9: (0.08, -0.16)}
    places = {index: body.head + right * x + up * y for index, (x, y) in face.items()}
    for index, twin in ((1, 4), (2, 5), (3, 6), (7, 8), (9, 10)):
        places[twin] = body.head - right * face[index][0] + up * face[index][1]
    named = (("shoulder", 11), ("elbow", 13), ("wrist", 15), ("hip", 23), ("knee", 25), ("ankle", 27), ("toes", 31))
    for name, index in named:
        places[index], places[index + 1] = body.at(name, LEFT), body.at(name, RIGHT)
    for side, first in ((LEFT, 0), (RIGHT, 1)):
        hand = body.at("fingers", side) - body.at("wrist", side)
        aside = np.array([-hand[1], hand[0]]) * side
        for index, along, out in ((17, 0.75, -0.22), (19, 0.85, 0.05), (21, 0.45, 0.30)):
            places[index + first] = body.at("wrist", side) + hand * along + aside * out
        places[29 + first] = body.at("ankle", side) + np.array([-side * 0.05, 0.12])
    height, width = frame.size
    marks = []
    for index in range(33):
        ((x, y),) = frame.points(np.array([places[index]]))
        inside = 0 <= x < width and 0 <= y < height
        marks.append(Landmark(x=float(x), y=float(y), visibility=0.99 if inside else 0.05))
    return tuple(marks)


def tube(frame: Frame, points: Sequence[Points], radii: Sequence[float]) -> Plane:
    """Return a line of tapered capsules through the points (in shoulder widths), antialiased, 0..1."""
    line, wide = frame.points(np.array(points)), [radius * frame.scale for radius in radii]
    area = np.zeros(frame.size, np.uint8)
    for a, b, radius_a, radius_b in zip(line, line[1:], wide, wide[1:], strict=False):
        along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
        normal = np.array([-along[1], along[0]])
        _fill(
            area, np.array([a + normal * radius_a, b + normal * radius_b, b - normal * radius_b, a - normal * radius_a])
        )
    for (x, y), radius in zip(line, wide, strict=True):
        centre = (_fixed(x), _fixed(y))
        cv2.circle(area, centre, max(1, _fixed(radius)), 255, -1, cv2.LINE_AA, SUBPIXEL_BITS)
    return plane(area) / np.float32(255)


def shape(frame: Frame, outline: Sequence[Points]) -> Plane:
    """Return the area inside an outline (in shoulder widths), antialiased, 0..1."""
    area = np.zeros(frame.size, np.uint8)
    _fill(area, frame.points(np.array(outline)))
    return plane(area) / np.float32(255)


def _fill(area: np.ndarray, outline: Points) -> None:
    corners = np.clip(np.round(outline * (1 << SUBPIXEL_BITS)), -(1 << 20), 1 << 20).astype(np.int32)
    cv2.fillPoly(area, [corners], 255, cv2.LINE_AA, SUBPIXEL_BITS)


def _fixed(value: float) -> int:
    return round(value * (1 << SUBPIXEL_BITS))
