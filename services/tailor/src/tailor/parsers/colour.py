"""Finds a flat garment by its colour: what is far from the ground is garment, and grabCut decides the band between.

The surer of the two passes where a garment differs strongly from its ground: a soft shadow counts little. Pure.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from tailor.parsers.contract import Pixels
from tailor.parsers.ground import PLAIN_DISTANCE, Ground, Plane, Truth, touching_rim

GARMENT_DISTANCE: Final = 22.0
"""In CIELAB: as far from the ground as this is garment for certain."""

SHADOW_WEIGHT: Final = 0.35
"""A darker grey on a grey ground counts this much of its distance: shadows differ in lightness alone."""

ROUNDS: Final = 3
HIGH_FRACTION: Final = 0.25
ASIDE_FRACTION: Final = 0.22
LEAST_HOLE: Final = 0.001


def colour_distance(ground: Ground) -> Plane:
    """Return how far each pixel is from the ground in CIELAB, darkening without colour counted less."""
    lightness, chroma = ground.delta[..., 0], np.hypot(ground.delta[..., 1], ground.delta[..., 2])
    shade = np.where(lightness < 0, SHADOW_WEIGHT + (1 - SHADOW_WEIGHT) * np.clip((-lightness - 25) / 15, 0, 1), 1.0)
    return np.asarray(np.hypot(lightness * np.where(chroma < 6, shade, 1.0), chroma), np.float32)


def find_by_colour(small: Pixels, ground: Ground) -> Truth:
    """Return the garment of a photo at working size."""
    return grab(small, _trimap(colour_distance(ground)), rounds=ROUNDS)


def _trimap(distance: Plane) -> Pixels:
    """Return grabCut's map: ground that the border reaches, garment for certain, and the band between."""
    calm = distance < PLAIN_DISTANCE
    trimap = np.full(distance.shape, cv2.GC_PR_FGD, np.uint8)
    trimap[distance >= GARMENT_DISTANCE] = cv2.GC_FGD
    outside = touching_rim(calm)
    trimap[outside] = cv2.GC_BGD
    top, bottom = _extent(~outside, axis=1)
    left, right = _extent(~outside, axis=0)
    count, labels, stats, centres = cv2.connectedComponentsWithStats((calm & ~outside).astype(np.uint8), connectivity=4)
    for index in range(1, count):
        if stats[index, cv2.CC_STAT_AREA] < LEAST_HOLE * distance.size:
            continue
        x, y = centres[index]
        # The ground seen through a neck or between sleeve and side is a hole; white letters on a chest are not.
        high = y < top + HIGH_FRACTION * (bottom - top)
        aside = min(x - left, right - x) < ASIDE_FRACTION * (right - left)
        trimap[labels == index] = cv2.GC_BGD if high or aside else cv2.GC_FGD
    return trimap


def _extent(mask: Truth, *, axis: int) -> tuple[int, int]:
    where = np.flatnonzero(mask.any(axis=axis))
    return (int(where[0]), int(where[-1])) if where.size else (0, 0)


def grab(small: Pixels, trimap: Pixels, *, rounds: int) -> Truth:
    """Return where grabCut sees the garment, deciding the pixels that the map leaves open."""
    open_ = (trimap == cv2.GC_PR_FGD) | (trimap == cv2.GC_PR_BGD)
    background = (trimap == cv2.GC_BGD) | (trimap == cv2.GC_PR_BGD)
    if open_.any() and background.any() and not background.all():
        cv2.setRNGSeed(1)
        models = np.zeros((2, 1, 65))
        cv2.grabCut(small, trimap, None, models[0], models[1], rounds, cv2.GC_INIT_WITH_MASK)
    found = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    return np.asarray(cv2.medianBlur(found, 3) > 127)
