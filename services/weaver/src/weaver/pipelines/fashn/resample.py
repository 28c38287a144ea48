"""Resizing as the published preprocessing does it: area averages down, eight-tap Lanczos up. Numpy only.

Pillow has neither: its box filter takes whole pixels where areas are cut (2 of 255 levels away on average), its Lanczos
has six taps. Both are linear along each axis, so one small matrix per axis does it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

LANCZOS_LOBES: Final = 4


def resample(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """Resize (h, w, C) uint8 to (width, height): by area where both sides shrink, by Lanczos where one grows."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    kernel = area_weights if size[0] <= width and size[1] <= height else lanczos_weights
    rows, columns = kernel(height, size[1]), kernel(width, size[0])
    planes = picture.astype(np.float32).transpose(2, 0, 1)
    resized = (rows @ planes @ columns.T).transpose(1, 2, 0)
    return np.ascontiguousarray(np.rint(resized).clip(0, 255), np.uint8)


def area_weights(source: int, target: int) -> Floats:
    """Return (target, source): how much of each source pixel lies under each target pixel; rows sum to 1."""
    edges = np.arange(target + 1) * (source / target)
    pixels = np.arange(source)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = overlap.clip(min=0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def lanczos_weights(source: int, target: int) -> Floats:
    """Return (target, source) weights of sinc(d)·sinc(d/4) over the eight nearest pixels; edges repeat."""
    centres = (np.arange(target) + 0.5) * (source / target) - 0.5
    taps = np.floor(centres)[:, None] + np.arange(1 - LANCZOS_LOBES, LANCZOS_LOBES + 1)
    distance = centres[:, None] - taps
    values = np.sinc(distance) * np.sinc(distance / LANCZOS_LOBES)
    values /= values.sum(axis=1, keepdims=True)
    weights = np.zeros((target, source))
    np.add.at(weights, (np.arange(target)[:, None], taps.clip(0, source - 1).astype(int)), values)
    return weights.astype(np.float32)
