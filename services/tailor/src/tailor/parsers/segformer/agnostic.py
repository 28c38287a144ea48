"""What may change in a photo of a person, from ATR labels: CatVTON's rule, with stand-ins for its other models.

The published automasker reads three models: LIP and ATR parsers and DensePose. Here ATR's map stands in LIP's place
too, and DensePose's parts come from the pose's landmarks: shapes of a body's measures around them, kept to what the
map shows as a person. A hand is what lies beyond the wrist's line. ATR has no coat: where a garment is `outer`, what it
calls upper clothes is the jacket, and so is a dress on trunk and arms; where it is `inner`, it is the shirt.
The kernels are the published ones, so maps come in at the published scale: a long side of about 1024. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory, Landmark
from tailor.labels import Atr
from tailor.masks import (
    ANKLES,
    ELBOWS,
    FEET,
    HANDS,
    HIPS,
    KNEES,
    SEEN,
    SHOULDERS,
    WRISTS,
    Point,
    body_measure,
    limb,
    points_of,
)

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WORKING_SIDE: Final = 1024
"""Long side the published kernels were made for."""

LEGS: Final = (Atr.LEFT_LEG, Atr.RIGHT_LEG)
ARMS: Final = (Atr.LEFT_ARM, Atr.RIGHT_ARM)
ACCESSORIES: Final = (Atr.HAT, Atr.SUNGLASSES, Atr.BAG, Atr.LEFT_SHOE, Atr.RIGHT_SHOE, Atr.SCARF)

# In units of the body's measure, as in `tailor.masks`: an adult's, where shoulders are 0.36 m apart.
UPPER_ARM_RADIUS, ELBOW_RADIUS, WRIST_RADIUS = 0.15, 0.12, 0.085
HIP_RADIUS, KNEE_RADIUS, ANKLE_RADIUS = 0.27, 0.18, 0.12
HAND_RADIUS, PALM_RADIUS, FOOT_RADIUS, TOES_RADIUS = 0.22, 0.11, 0.10, 0.17
FINGERTIPS: Final = 2.1
"""From the wrist, in distances to the knuckles."""
TRUNK: Final = ((0.3, -0.16), (1.05, -0.05), (0.95, 0.4), (0.9, 0.7), (1.05, 1.02))
"""Half of its outline: in half shoulder widths from its middle, and in its lengths from shoulders to hips."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one category keeps and changes.

    Attributes:
        keep: Body and clothes that stay.
        change: Clothes that always go.
        body: Parts of the body that a garment covers, by names of `Body`.
        over_dress: A dress on these parts counts as upper clothes.
    """

    keep: tuple[Atr, ...]
    change: tuple[Atr, ...]
    body: tuple[str, ...]
    over_dress: bool = False


_UNDER_A_TOP: Final = (*LEGS, Atr.DRESS, Atr.SKIRT, Atr.PANTS)

RULES: Final[dict[GarmentCategory, Rule]] = {
    "upper": Rule(keep=(*LEGS, Atr.SKIRT, Atr.PANTS), change=(Atr.UPPER_CLOTHES, Atr.DRESS), body=("trunk", "arms")),
    "lower": Rule(keep=(*ARMS, Atr.FACE, Atr.UPPER_CLOTHES), change=(Atr.PANTS, Atr.SKIRT, Atr.DRESS), body=("legs",)),
    "overall": Rule(
        keep=(),
        change=(Atr.UPPER_CLOTHES, Atr.DRESS, Atr.PANTS, Atr.SKIRT),
        body=("trunk", "arms", "legs"),
    ),
    "inner": Rule(keep=_UNDER_A_TOP, change=(Atr.UPPER_CLOTHES,), body=("trunk",)),
    "outer": Rule(keep=_UNDER_A_TOP, change=(Atr.UPPER_CLOTHES,), body=("trunk", "arms"), over_dress=True),
}


@dataclass(frozen=True, kw_only=True)
class Body:
    """Stands in for DensePose's parts; each (h, w) bool.

    Attributes:
        ends: Hands and feet: they stay.
        arms: Without hands; legs likewise without feet.
    """

    ends: Mask
    trunk: Mask
    arms: Mask
    legs: Mask


def agnostic_masks(labels: Pixels, body: Body) -> dict[GarmentCategory, Pixels]:
    """Return category -> (h, w) uint8, 255 = may change; `dress` follows the rule of `overall`.

    Args:
        labels: (h, w) uint8, `Atr`, long side about `WORKING_SIDE`.
        body: Of the same person.
    """
    masks = {category: compose(labels, body, rule) for category, rule in RULES.items()}
    return {**masks, "dress": masks["overall"]}


def compose(labels: Pixels, body: Body, rule: Rule) -> Pixels:
    """Return one category's mask, (h, w) uint8, 0 or 255."""
    size = max(labels.shape)
    small, large = _kernel(size // 250), size // 25 | 1
    person = labels != Atr.BACKGROUND
    covered = np.any([getattr(body, name) for name in rule.body], axis=0) & person
    if rule.over_dress:
        labels = np.where(covered & (labels == Atr.DRESS), np.uint8(Atr.UPPER_CLOTHES), labels)
    strong = (_dilate(body.ends, small) & _any_of(labels, (*ARMS, *LEGS))) | (labels == Atr.FACE)
    weak = strong | _any_of(labels, (*rule.keep, *ACCESSORIES, Atr.HAIR))
    area = (~weak & person) | _coarse(covered, small)
    area = _hulls(area) & ~weak
    area = cv2.GaussianBlur(area.astype(np.uint8) * 255, (large, large), 0) >= 25
    area = (area | _any_of(labels, rule.change)) & ~strong
    return _dilate(area, small).astype(np.uint8) * 255


def body_of(landmarks: Sequence[Landmark], shape: tuple[int, int]) -> Body:
    """Return a body's parts as seen; landmarks in pixels of that map."""
    points = points_of(landmarks)
    seen = [mark.visibility >= SEEN for mark in landmarks]
    unit = body_measure(points)
    ends, arms, legs = (np.zeros(shape, np.uint8) for _ in range(3))
    for hand, other in ((HANDS[0], HANDS[1]), (HANDS[1], HANDS[0])):
        if all(seen[end] for end in hand):
            ends |= _hand(points, hand, other if all(seen[end] for end in other) else (), unit, shape)
    for foot in FEET:
        if all(seen[end] for end in foot):
            hull = cv2.convexHull(points[list(foot)].astype(np.float32))[:, 0]
            cv2.fillPoly(ends, [np.round(hull).astype(np.int32)], 255)
            for end in foot[1:]:
                ends |= limb(shape, points[foot[0]], points[end], FOOT_RADIUS * unit, TOES_RADIUS * unit)
    for area, lines, radii in (
        (arms, (SHOULDERS, ELBOWS, WRISTS), (UPPER_ARM_RADIUS, ELBOW_RADIUS, WRIST_RADIUS)),
        (legs, (HIPS, KNEES, ANKLES), (HIP_RADIUS, KNEE_RADIUS, ANKLE_RADIUS)),
    ):
        for joints in zip(*lines, strict=True):
            for k, (a, b) in enumerate(pairwise(joints)):
                if seen[b]:
                    area |= limb(shape, points[a], points[b], radii[k] * unit, radii[k + 1] * unit)
    left, right = (ends == 0) & (arms > 0), (ends == 0) & (legs > 0)
    return Body(ends=ends > 0, trunk=_trunk(points, shape), arms=left, legs=right)


def _hand(points: Point, hand: Sequence[int], other: Sequence[int], unit: float, shape: tuple[int, int]) -> Pixels:
    """Return wherever a hand may reach beyond the line across its wrist; on the other forearm only where it surely is.

    Args:
        points: (33, 2).
        hand: Its wrist, then its knuckles.
        other: The other hand's; none: it is not seen.
        unit: The body's measure.
        shape: Of the map.
    """
    wrist, knuckles = points[hand[0]], points[list(hand[1:])].mean(axis=0)
    reach = wrist + (knuckles - wrist) * FINGERTIPS
    radius = HAND_RADIUS * unit
    area = limb(shape, wrist, reach, radius, radius)
    if other:
        arm = limb(shape, points[other[0] - 2], points[other[0]], ELBOW_RADIUS * unit, WRIST_RADIUS * unit)
        area[(arm > 0) & (limb(shape, wrist, reach, PALM_RADIUS * unit, PALM_RADIUS * unit) == 0)] = 0
    forearm = wrist - points[hand[0] - 2]  # The elbow's landmark is two before the wrist's.
    forearm = forearm / max(float(np.linalg.norm(forearm)), 1e-6)
    across, far = np.array([-forearm[1], forearm[0]]) * 4 * radius, forearm * 4 * radius
    behind = [wrist + across, wrist - across, wrist - across - far, wrist + across - far]
    cv2.fillPoly(area, [np.round(np.array(behind)).astype(np.int32)], 0)
    return area


def _trunk(points: Point, shape: tuple[int, int]) -> Mask:
    shoulders, hips = points[list(SHOULDERS)], points[list(HIPS)]
    middle, down = shoulders.mean(axis=0), hips.mean(axis=0) - shoulders.mean(axis=0)
    half = (shoulders[0] - shoulders[1]) / 2
    corners = [middle + half * x + down * y for x, y in (*TRUNK, *((-x, y) for x, y in reversed(TRUNK)))]
    area = np.zeros(shape, np.uint8)
    cv2.fillPoly(area, [np.round(np.array(corners)).astype(np.int32)], 1)
    return area > 0


def _any_of(labels: Pixels, wanted: Sequence[Atr]) -> Mask:
    table = np.zeros(256, np.bool_)
    table[list(wanted)] = True
    return table[labels]


def _kernel(side: int) -> NDArray[np.uint8]:
    return np.ones((side | 1, side | 1), np.uint8)


def _dilate(mask: Mask, kernel: NDArray[np.uint8], *, iterations: int = 1) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel, iterations=iterations) > 0)


def _coarse(mask: Mask, kernel: NDArray[np.uint8]) -> Mask:
    """Grow on a quarter of the size, as the published rule does with DensePose's parts."""
    height, width = mask.shape
    quarter = cv2.resize(mask.astype(np.uint8), (width // 4, height // 4), interpolation=cv2.INTER_NEAREST)
    grown = _dilate(quarter > 0, kernel, iterations=2).astype(np.uint8)
    return np.asarray(cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def _hulls(mask: Mask) -> Mask:
    """Return the filled convex hulls of all separate pieces."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
    filled = np.zeros(mask.shape, np.uint8)
    for contour in contours:
        cv2.fillConvexPoly(filled, cv2.convexHull(contour), 1)
    return filled > 0
