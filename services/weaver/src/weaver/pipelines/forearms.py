"""What of an arm lies before the trunk: forearm, hand and bare fingers, as masks in a window of the photo. Pure."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from proteus.artefacts import Landmark
from weaver.pipelines.anatomy import Pixels, Point

FOREARM_RADIUS: Final = 0.15
"""In shoulder widths."""

FINGER_RADIUS, FINGER_LENGTH = 0.10, 2.0
"""In shoulder widths, spread fingers between the knuckles included; in distances from the wrist to a knuckle."""

BARE_HAND: Final = 0.25
"""If this share of the hand's place is skin, the hand is bare."""


def forearm(
    skin: Pixels,
    elbow: Landmark,
    wrist: Landmark,
    unit: float,
    *,
    offset: tuple[int, int],
    outline: Point | None,
    gone: Pixels,
) -> Pixels:
    """Return the arm from the middle of the forearm to the wrist, and the hand: what lies before the trunk.

    Args:
        skin: (h, w) uint8, in a window of the photo.
        elbow: In pixels of the photo.
        wrist: The same.
        unit: The shoulders' width in pixels.
        offset: Left and top of the window.
        outline: The arm's, in pixels of the photo.
        gone: (h, w) uint8, 255 = was the old garment: a hand behind it is not seen.
    """
    shape = skin.shape
    a, b = np.array([elbow.x, elbow.y]), np.array([wrist.x, wrist.y])
    area, hand = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for drawn, first, last in ((area, a + (b - a) * 0.25, b), (hand, b - (b - a) * 0.05, b + (b - a) * 0.30)):
        start, end = (_pixel(point - offset) for point in (first, last))
        cv2.line(drawn, start, end, 255, max(1, round(2 * FOREARM_RADIUS * unit)), cv2.LINE_AA)
    if outline is not None:
        arm = np.zeros(shape, np.uint8)
        cv2.fillPoly(arm, [np.array([_pixel(point - offset) for point in outline], np.int32)], 255, cv2.LINE_AA)
        area = np.minimum(area, arm)
    # A bare hand has no cloth around it; a glove is all cloth.
    bare_hand = np.minimum(hand, skin)
    if np.count_nonzero(bare_hand > 127) <= BARE_HAND * np.count_nonzero(hand > 127):
        bare_hand = np.maximum(bare_hand, np.minimum(hand, 255 - gone))
    return np.maximum(area, bare_hand)


def fingers(
    skin: Pixels, landmarks: tuple[Landmark, ...], wrist: int, unit: float, *, offset: tuple[int, int]
) -> Pixels:
    """Return the bare fingers: landmarks are their knuckles, and they are about as long again."""
    start = np.array([landmarks[wrist].x, landmarks[wrist].y])
    knuckles = np.array([(landmarks[index].x, landmarks[index].y) for index in range(wrist + 2, wrist + 7, 2)])
    tips = start + (knuckles - start) * FINGER_LENGTH
    spread = np.array([_pixel(point - offset) for point in (*knuckles, *tips)], np.int32)
    area = np.zeros(skin.shape, np.uint8)
    hull = cv2.convexHull(spread)
    cv2.fillConvexPoly(area, hull, 255, cv2.LINE_AA)
    cv2.polylines(area, [hull], True, 255, max(1, round(2 * FINGER_RADIUS * unit)), cv2.LINE_AA)
    return np.minimum(area, skin)


def _pixel(point: Point) -> tuple[int, int]:
    """Round into cv2's drawing range: landmarks may lie far outside the photo."""
    x, y = np.clip(np.round(point), -30_000, 30_000)
    return int(x), int(y)
