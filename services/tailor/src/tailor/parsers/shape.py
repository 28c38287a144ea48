"""Guesses a cut-out's category from its outline. Pure; for parsers that have no labels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory

SKIRT_BANDS: Final = ((0.03, 0.10), (0.45, 0.55), (0.88, 0.96))
"""Rows, as shares of the height, whose widths are compared: a skirt widens from one to the next."""


def guess_category(alpha: NDArray[np.uint8]) -> tuple[GarmentCategory, float]:
    """Return the likeliest category of an outline and how far to trust it, 0..1.

    Two legs make trousers, gaps beside a trunk sleeves; without either, long is a dress, and what only widens from a
    narrow straight top is a skirt. The rest is worn above the waist.

    Args:
        alpha: (H, W) uint8, 255 = garment, not empty.
    """
    solid = alpha > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    box = solid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = box.shape
    tall = height / width
    widths = np.array([row.sum() / width for row in box])
    pieces = np.array([np.count_nonzero(np.diff(np.concatenate([[False], row])) & row) for row in box])
    bottom = slice(int(height * 0.7), max(int(height * 0.95), int(height * 0.7) + 1))
    if np.mean(pieces[bottom] == 2) > 0.6 and tall > 0.9:
        return "lower", 0.85
    if np.mean(pieces[int(height * 0.35) : int(height * 0.75)] >= 3) > 0.3 and tall < 2.0:
        return "upper", 0.85
    top, middle, low = (float(np.median(widths[int(height * a) : int(height * b) + 1])) for a, b in SKIRT_BANDS)
    straight_top = widths[min(int(height * 0.02), height - 1)] > 0.75 * top
    if tall < 1.9 and straight_top and top < middle < low and top < 0.75 * low and (pieces == 1).mean() > 0.95:
        return "lower", 0.55
    if tall > 1.55:
        return "dress", 0.7
    return "upper", 0.8
