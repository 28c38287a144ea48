"""Background: whether any pixel outside the mask differs from the photo. Pure."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from workbench.eval.quality.score import Score, Tryon, share

WORST_RMS_LEVELS: Final = 16.0
"""A difference this large over the whole background is 0."""

MAY_CHANGE: Final = 128
"""Least value of the mask where the engines change a pixel."""

BEST_INEXACT: Final = 0.99
"""The highest value where any pixel differs: 1 means none does."""


def background(tryon: Tryon) -> Score:
    """Compare every pixel that may not change: 1 where none did, less the more and the further they differ."""
    if tryon.mask is None:
        return Score(value=None, reason="there is no mask that says what may change")
    side = 2 * tryon.feather_pixels + 1
    outside = cv2.dilate((tryon.mask >= MAY_CHANGE).astype(np.uint8), np.ones((side, side), np.uint8)) == 0
    if not outside.any():
        return Score(value=None, reason="the mask lets everything change")
    difference = np.abs(tryon.person.astype(np.int16) - tryon.result)[outside].astype(np.float64)
    pixels = int(np.count_nonzero(difference.max(axis=1)))
    if not pixels:
        return Score(value=1.0, reason=f"none of {int(outside.sum())} pixels outside the mask differs")
    rms = float(np.sqrt(np.mean(difference**2)))
    return Score(
        value=share(BEST_INEXACT - rms / WORST_RMS_LEVELS),
        reason=f"{pixels} of {int(outside.sum())} pixels outside the mask differ, "
        f"by {int(difference.max())} levels at most "
        f"and {difference.mean():.3f} on average",
    )
