"""Finds a garment on a bed, a carpet, tiles, a floor and a wall: what the middle shows and the border does not. Pure.

The photo's border shows the colours of the ground, several of them; what is far from all of these is the garment's
first guess inside a rectangle, and grabCut goes on from there. Right more often than not, so its confidence is low.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from tailor.parsers.colour import grab
from tailor.parsers.contract import Pixels
from tailor.parsers.ground import Plane, Truth, lab_of, ring

GROUND_COLOURS: Final = 6
ROUNDS: Final = 5
SHRINK: Final = 2
"""GrabCut sees half the working size: the texture is averaged, and it costs a quarter."""

RECTANGLE_MARGIN: Final = 0.05
"""Of each side: the garment is expected inside."""

FAR_QUANTILE: Final = 0.995
SMALLEST_PIECE: Final = 0.3
"""Of the largest one: smaller pieces are the ground's own pattern."""

LIGHTNESS_WEIGHT: Final = 0.7
"""Textures and shadows differ in lightness more than in colour."""


def find_on_texture(small: Pixels) -> Truth:
    """Return the garment of a photo at working size."""
    height, width = small.shape[:2]
    size = (max(16, width // SHRINK), max(16, height // SHRINK))
    half = np.asarray(cv2.medianBlur(np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA)), 5), np.uint8)
    distance = _distance_from_border(half)
    rows, columns = (round(RECTANGLE_MARGIN * side) for side in half.shape[:2])
    rectangle = np.zeros(half.shape[:2], bool)
    rectangle[rows:-rows, columns:-columns] = True
    border = ring(half.shape)
    far = distance > max(float(np.quantile(distance[border], 0.9)), _otsu(distance))
    trimap = np.full(half.shape[:2], cv2.GC_PR_BGD, np.uint8)
    trimap[rectangle & far] = cv2.GC_PR_FGD
    trimap[border] = cv2.GC_BGD
    if not (trimap == cv2.GC_PR_FGD).any():
        return np.zeros((height, width), bool)
    found = _tidy(grab(half, trimap, rounds=ROUNDS))
    return np.asarray(cv2.resize(found.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_CUBIC) > 127)


def _distance_from_border(half: Pixels) -> Plane:
    """Return how far each pixel's colour is from the nearest of the border's colours, in that colour's own spread."""
    lab = cv2.GaussianBlur(lab_of(half), (0, 0), 1.5) * np.array([LIGHTNESS_WEIGHT, 1, 1], np.float32)
    samples = np.asarray(lab[ring(lab.shape)], np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(1)
    _, labels, centres = cv2.kmeans(samples, GROUND_COLOURS, np.zeros((0, 1), np.int32), stop, 1, cv2.KMEANS_PP_CENTERS)
    nearest = np.full(lab.shape[:2], np.inf, np.float32)
    for index, centre in enumerate(centres):
        own = samples[labels[:, 0] == index]
        spread = max(2.0, float(np.sqrt(np.mean(np.sum((own - centre) ** 2, axis=1)))) if len(own) else 2.0)
        nearest = np.minimum(nearest, np.linalg.norm(lab - centre, axis=2) / spread)
    return nearest


def _otsu(distance: Plane) -> float:
    """Return the threshold that parts the distances best."""
    most = max(float(np.quantile(distance, FAR_QUANTILE)), 1e-3)
    scaled = np.clip(distance / most * 255, 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(level) / 255 * most


def _tidy(found: Truth) -> Truth:
    """Return the mask closed, without threads and pieces of pattern, and with its small holes filled."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    mask = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count > 1:
        areas = stats[:, cv2.CC_STAT_AREA]
        kept = np.flatnonzero(areas >= SMALLEST_PIECE * areas[1:].max())
        mask = np.isin(labels, kept[kept > 0]).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    largest = 0.03 * float(np.count_nonzero(mask))
    for index in range(1, count):
        if stats[index, cv2.CC_STAT_AREA] < largest:
            mask[labels == index] = 1
    return np.asarray(mask > 0)
