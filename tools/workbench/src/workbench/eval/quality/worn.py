"""Where a result shows the garment, from the photo and the result alone. Pure.

What changed is the garment, and where the old one was larger, skin that the new one bares. So a mask of the worn
garment, where an engine or a parser has one, is better.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from workbench.eval.canvas import Pixels
from workbench.eval.quality.score import Mask

CHANGED_LEVELS: Final = 14
"""Least difference of any channel: what decoding and scaling alone change is below it."""

CLOSED_SHARE: Final = 0.02
"""Of the longer side: gaps up to this wide, where both garments are alike, belong to the garment."""

LEAST_SHARE: Final = 0.002
"""Of the picture: less is no garment."""


def worn_in(person: Pixels, result: Pixels, mask: Pixels | None = None) -> Mask:
    """Return where the garment is, (H, W); nothing where too little changed."""
    changed = np.abs(person.astype(np.int16) - result).max(axis=2) >= CHANGED_LEVELS
    if mask is not None:
        changed &= mask > 0
    side = max(3, round(max(changed.shape) * CLOSED_SHARE)) | 1
    small = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    whole = cv2.morphologyEx(small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    large = [place for place in range(1, len(stats)) if stats[place, cv2.CC_STAT_AREA] >= LEAST_SHARE * changed.size]
    return np.asarray(np.isin(labels, large))
