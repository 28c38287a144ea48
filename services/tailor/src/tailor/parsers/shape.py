"""What a cut-out's outline says about its category. Pure; for parsers that have no labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory


def guess_category(alpha: NDArray[np.uint8]) -> tuple[GarmentCategory, float]:
    """Return the likeliest category of an outline and how far to trust it, 0..1.

    Two legs make trousers; long and with shoulders a dress; a top narrower than its bottom a skirt; the rest is worn
    above the waist.

    Args:
        alpha: (H, W) uint8, 255 = garment, not empty.
    """
    solid = alpha > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    box = solid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = box.shape
    tall = height / width
    bottom, top = box[int(height * 0.7) : int(height * 0.95)], box[: max(1, int(height * 0.15))]
    middle = slice(int(width * 0.35), max(int(width * 0.65), int(width * 0.35) + 1))
    gaps = [bool((~row[middle]).any() and row[: middle.start].any() and row[middle.stop :].any()) for row in bottom]
    if gaps and np.mean(gaps) > 0.6 and tall > 0.9:
        return "lower", 0.85
    top_width, bottom_width = float(top.any(axis=0).mean()), float(bottom.any(axis=0).mean())
    if tall > 1.55:
        return "dress", 0.7
    if (
        top_width < 0.8 * bottom_width
        and top.mean() > 0.4 * top_width
        and box[: int(height * 0.5)].any(axis=0).mean() < 0.97
    ):
        return "lower", 0.55
    return "upper", 0.8
