"""What may change in a photo of a person, from ATR labels: CatVTON's rule, with stand-ins for its other models.

The published automasker reads three models: LIP and ATR parsers and DensePose. Here ATR's map stands in LIP's place
too, arms or legs with the category's own clothes stand in for DensePose's parts, and hands and feet, which DensePose
gave, come from the pose's landmarks. The kernels are the published ones, so maps come in at the published scale: a
long side of about 1024. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory, Landmark
from tailor.labels import Atr
from tailor.masks import FEET, HANDS, SEEN, body_measure, limb, points_of

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WORKING_SIDE: Final = 1024
"""Long side the published kernels were made for."""

LEGS: Final = (Atr.LEFT_LEG, Atr.RIGHT_LEG)
ARMS: Final = (Atr.LEFT_ARM, Atr.RIGHT_ARM)
ACCESSORIES: Final = (Atr.HAT, Atr.SUNGLASSES, Atr.BAG, Atr.LEFT_SHOE, Atr.RIGHT_SHOE, Atr.SCARF)

HAND_RADIUS, FOOT_RADIUS = 0.16, 0.14
"""In units of the body's measure, as in `tailor.masks`."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one category keeps and changes.

    Attributes:
        keep: Body and clothes that stay.
        change: Clothes that always go.
        body: Stands in for DensePose's parts of the category.
    """

    keep: tuple[Atr, ...]
    change: tuple[Atr, ...]
    body: tuple[Atr, ...]


RULES: Final[dict[GarmentCategory, Rule]] = {
    "upper": Rule(
        keep=(*LEGS, Atr.SKIRT, Atr.PANTS), change=(Atr.UPPER_CLOTHES, Atr.DRESS), body=(*ARMS, Atr.UPPER_CLOTHES)
    ),
    "lower": Rule(
        keep=(*ARMS, Atr.FACE, Atr.UPPER_CLOTHES),
        change=(Atr.PANTS, Atr.SKIRT, Atr.DRESS),
        body=(*LEGS, Atr.PANTS, Atr.SKIRT),
    ),
    "overall": Rule(
        keep=(),
        change=(Atr.UPPER_CLOTHES, Atr.DRESS, Atr.PANTS, Atr.SKIRT),
        body=(*ARMS, *LEGS, Atr.UPPER_CLOTHES, Atr.PANTS, Atr.SKIRT, Atr.DRESS),
    ),
}


def agnostic_masks(labels: Pixels, extremities: Mask) -> dict[GarmentCategory, Pixels]:
    """Return category -> (h, w) uint8, 255 = may change; `dress` follows the rule of `overall`.

    Args:
        labels: (h, w) uint8, `Atr`, long side about `WORKING_SIDE`.
        extremities: (h, w), hands and feet.
    """
    masks = {category: compose(labels, extremities, rule) for category, rule in RULES.items()}
    return {**masks, "dress": masks["overall"]}


def compose(labels: Pixels, extremities: Mask, rule: Rule) -> Pixels:
    """Return one category's mask, (h, w) uint8, 0 or 255."""
    size = max(labels.shape)
    small, large = _kernel(size // 250), size // 25 | 1
    limbs = _any_of(labels, (*ARMS, *LEGS))
    strong = (_dilate(extremities, small) & limbs) | (labels == Atr.FACE)
    weak = strong | _any_of(labels, (*rule.keep, *ACCESSORIES, Atr.HAIR))
    area = (~weak & (labels != Atr.BACKGROUND)) | _coarse(_any_of(labels, rule.body), small)
    area = _hulls(area) & ~weak
    area = cv2.GaussianBlur(area.astype(np.uint8) * 255, (large, large), 0) >= 25
    area = (area | _any_of(labels, rule.change)) & ~strong
    return _dilate(area, small).astype(np.uint8) * 255


def extremities(landmarks: Sequence[Landmark], shape: tuple[int, int]) -> Mask:
    """Return hands and feet as seen, (h, w); landmarks in pixels of that map."""
    points = points_of(landmarks)
    unit = body_measure(points)
    area = np.zeros(shape, np.uint8)
    for ends in HANDS + FEET:
        if all(landmarks[end].visibility >= SEEN for end in ends):
            radius = (HAND_RADIUS if ends in HANDS else FOOT_RADIUS) * unit
            area |= limb(shape, points[list(ends[1:])].mean(axis=0), points[ends[0]], radius, radius * 0.6)
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
