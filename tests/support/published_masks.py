"""The published automasker's rule in full, written from its description: an oracle for ours.

Its inputs are DensePose's parts and two label maps, ATR's and LIP's. The maps drawn for tests have ATR's labels alone:
they stand in LIP's place too, and what ATR calls upper clothes, or a dress on trunk and arms, is the coat where a coat
is asked for.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

HANDS_AND_FEET: Final = (3, 4, 5, 6)
TORSO, BIG_ARMS, FOREARMS = (1, 2), (15, 16, 17, 18), (19, 20, 21, 22)
THIGHS, LEGS = (7, 8, 9, 10), (11, 12, 13, 14)

# ATR's ids.
HAT, HAIR, SUNGLASSES, UPPER, SKIRT, PANTS, DRESS, FACE = 1, 2, 3, 4, 5, 6, 7, 11
SHOES, BOTH_LEGS, BOTH_ARMS, BAG, SCARF = (9, 10), (12, 13), (14, 15), 16, 17
ACCESSORIES: Final = (HAT, SUNGLASSES, BAG, *SHOES, SCARF)

TABLE: Final[dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]] = {
    "upper": ((*BOTH_LEGS, SKIRT, PANTS), (UPPER, DRESS), (*TORSO, *BIG_ARMS, *FOREARMS)),
    "lower": ((*BOTH_ARMS, FACE, UPPER), (PANTS, SKIRT, DRESS), (*THIGHS, *LEGS)),
    "overall": ((), (UPPER, DRESS, PANTS, SKIRT), (*TORSO, *THIGHS, *LEGS, *BIG_ARMS, *FOREARMS)),
    "inner": ((*BOTH_LEGS, DRESS, SKIRT, PANTS), (UPPER,), TORSO),
    "outer": ((*BOTH_LEGS, DRESS, SKIRT, PANTS), (UPPER,), (*TORSO, *BIG_ARMS, *FOREARMS)),
}
"""Type -> what is protected, what is always masked, DensePose's parts that are masked."""


def published(kind: str, labels: Pixels, parts: Pixels) -> Mask:
    """Return the mask of one cloth type, (H, W); both sides multiples of 4."""
    protected, always, dense_parts = TABLE[kind]
    if kind == "outer":
        labels = np.where((labels == DRESS) & np.isin(parts, dense_parts), np.uint8(UPPER), labels)
    longest = max(labels.shape)
    small = np.ones((_odd(longest // 250),) * 2, np.uint8)
    wide = _odd(longest // 25)

    ends = cv2.dilate(np.isin(parts, HANDS_AND_FEET).astype(np.uint8), small) > 0
    strong = (ends & np.isin(labels, (*BOTH_ARMS, *BOTH_LEGS))) | (labels == FACE)
    weak = strong | np.isin(labels, (*protected, HAIR, *ACCESSORIES))
    background = labels == 0

    height, width = labels.shape
    quarter = cv2.resize(
        np.isin(parts, dense_parts).astype(np.uint8), (width // 4, height // 4), interpolation=cv2.INTER_NEAREST
    )
    grown = cv2.dilate(quarter, small, iterations=2)
    dense = cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST) > 0

    area = (~weak & ~background) | dense
    contours = cv2.findContours(area.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    hulls = np.zeros(labels.shape, np.uint8)
    cv2.drawContours(hulls, [cv2.convexHull(contour) for contour in contours], -1, 1, cv2.FILLED)
    area = (hulls > 0) & ~weak
    blurred = cv2.GaussianBlur(np.where(area, np.uint8(255), np.uint8(0)), (wide, wide), 0)
    area = ((blurred >= 25) | np.isin(labels, always)) & ~strong
    return np.asarray(cv2.dilate(area.astype(np.uint8), small) > 0)


def _odd(side: int) -> int:
    return side if side % 2 else side + 1
