"""Colour: how far the worn garment's Lab colours are from the cut-out's. Pure.

Each channel's distribution is compared at its quantiles (the earth mover's distance), so a print's share counts,
not its place. Lightness counts half: a garment takes on the light of the photo.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.eval.quality.score import Mask, Score, Tryon, lab, share

QUANTILES: Final = np.linspace(0.05, 0.95, 19)
LIGHTNESS_WEIGHT: Final = 0.5
FREE: Final = 4.0
"""Lab distance that is none: light and folds alone make it."""

WORST: Final = 44.0
"""Lab distance that is 0: red for orange is about this far."""

LEAST_PIXELS: Final = 64
RIM_SHARE: Final = 0.02
"""Of the region's longer side: edges mix colours, so this rim does not count."""


def colour(tryon: Tryon) -> Score:
    """Compare the colours of cut-out and worn garment."""
    worn, given = inner(tryon.worn), inner(tryon.garment[..., 3] > 127)
    if min(np.count_nonzero(worn), np.count_nonzero(given)) < LEAST_PIXELS:
        return Score(value=None, reason="no garment is seen whose colour could be compared")
    there = _quantiles(lab(tryon.result)[worn])
    here = _quantiles(lab(np.ascontiguousarray(tryon.garment[..., :3]))[given])
    apart = np.abs(there - here).mean(axis=0)
    distance = float(np.sqrt((LIGHTNESS_WEIGHT * apart[0]) ** 2 + apart[1] ** 2 + apart[2] ** 2))
    return Score(
        value=share(1 - (distance - FREE) / (WORST - FREE)),
        reason=f"Lab distance {distance:.1f} (lightness {apart[0]:.1f}, a {apart[1]:.1f}, b {apart[2]:.1f})",
    )


def inner(mask: Mask) -> Mask:
    """Return a mask without its rim."""
    if not mask.any():
        return mask
    rows, columns = np.nonzero(mask)
    rim = max(1, round(RIM_SHARE * max(np.ptp(rows), np.ptp(columns))))
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)) > 0)


def _quantiles(colours: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.quantile(colours, QUANTILES, axis=0))
