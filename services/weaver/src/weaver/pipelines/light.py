"""The photo's light on a garment that was not in it: light and shade, folds, and the shadow that cloth casts. Pure.

Every function returns a factor around 1 for the pixels of a window (left, top, right, bottom) of the photo.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from weaver.pipelines.anatomy import Pixels
from weaver.pipelines.mesh import Floats

LIGHT_STRENGTH: Final = 0.35
"""How much of the photo's light and shade the cloth takes: more would print the old garment's pattern on it."""

LIGHT_RANGE: Final = (0.82, 1.15)

FOLD_SIZES: Final = (0.02, 0.09)
"""In shoulder widths: folds are broader than the first (weave, noise) and narrower than the second (light, shape)."""

FOLD_STRENGTH: Final = 0.7
FOLD_RANGE: Final = (0.82, 1.1)
PLAIN: Final = (0.05, 0.09)
"""Spread of the old cloth's lightness at the size of folds: up to the first all is folds, from the second on print."""

SHADOW: Final = 0.3
SHADOW_REACH: Final = 0.05
"""In shoulder widths: how far below its edge cloth darkens what it lies on, and by how much at the edge itself."""

COARSE: Final = 4
"""Folds are measured at this fraction of the photo's size: none is finer."""


def light_on(photo: Pixels, window: tuple[int, int, int, int], alpha: Floats, unit: float) -> Floats:
    """Return the photo's light on the garment: its lightness there, blurred until old patterns are gone.

    Args:
        photo: (H, W, 3) uint8.
        window: Where the garment is.
        alpha: (h, w), the garment's.
        unit: The shoulders' width in pixels.
    """
    left, top, right, bottom = window
    grey = cv2.cvtColor(photo[top:bottom, left:right], cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = (max(1, (right - left) // 8), max(1, (bottom - top) // 8))
    weight = cv2.resize(np.ascontiguousarray(alpha), small, interpolation=cv2.INTER_AREA) + 1e-3
    light = cv2.resize(grey, small, interpolation=cv2.INTER_AREA) * weight
    sigma = max(0.5, 0.16 * unit / 8)
    smooth = cv2.GaussianBlur(light, (0, 0), sigma) / cv2.GaussianBlur(weight, (0, 0), sigma)
    level = float((smooth * weight).sum() / weight.sum())
    factor = np.clip((np.maximum(smooth, 1) / max(level, 1.0)) ** LIGHT_STRENGTH, *LIGHT_RANGE)
    return np.asarray(cv2.resize(factor, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC), np.float32)


def folds_of(photo: Pixels, window: tuple[int, int, int, int], old: Pixels, unit: float) -> Floats:
    """Return the old garment's folds, for the new one to have; none where the old one's lightness is a pattern.

    Args:
        photo: (H, W, 3) uint8.
        window: Where the new garment is.
        old: (h, w) uint8, 255 = the old garment, in the window.
        unit: The shoulders' width in pixels.
    """
    left, top, right, bottom = window
    size = (right - left, bottom - top)
    small = (max(1, size[0] // COARSE), max(1, size[1] // COARSE))
    grey = cv2.cvtColor(photo[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    lightness = cv2.resize(grey, small, interpolation=cv2.INTER_AREA).astype(np.float32) + np.float32(8)
    # Its own edge is no fold: only what lies inside counts.
    inside = cv2.resize(old, small, interpolation=cv2.INTER_AREA)
    reach = max(1, round(FOLD_SIZES[1] * unit / COARSE))
    core = cv2.erode((inside > 200).astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    if not core.any():
        return np.ones(size[::-1], np.float32)
    weight = (inside > 200).astype(np.float32) + np.float32(1e-3)
    fine, broad = (
        cv2.GaussianBlur(lightness * weight, (0, 0), max(0.6, sigma * unit / COARSE))
        / cv2.GaussianBlur(weight, (0, 0), max(0.6, sigma * unit / COARSE))
        for sigma in FOLD_SIZES
    )
    folds = fine / np.maximum(broad, 1)
    spread = float(folds[core > 0].std())
    strength = FOLD_STRENGTH * float(np.clip((PLAIN[1] - spread) / (PLAIN[1] - PLAIN[0]), 0, 1))
    share = cv2.GaussianBlur(core.astype(np.float32), (0, 0), max(0.6, reach / 2)) * strength
    factor = np.clip(1 + (folds - 1) * share, *FOLD_RANGE)
    return np.asarray(cv2.resize(factor, size, interpolation=cv2.INTER_LINEAR), np.float32)


def contact_shadow(alpha: Floats, repainted: Pixels, unit: float) -> Floats:
    """Return the shadow that the garment casts on the body that was repainted beside it.

    The photo's own pixels get none, and the ground lies too far behind.

    Args:
        alpha: (h, w), the garment's.
        repainted: (h, w) uint8, 255 = body, painted where the old garment was.
        unit: The shoulders' width in pixels.
    """
    sigma = max(0.6, SHADOW_REACH * unit)
    # Light comes from above: the shadow lies lower than the cloth.
    fallen = cv2.warpAffine(alpha, np.array([[1, 0, 0], [0, 1, 0.5 * sigma]], np.float64), alpha.shape[::-1])
    cast = cv2.GaussianBlur(fallen, (0, 0), sigma) * (repainted.astype(np.float32) / np.float32(255))
    return np.asarray(1 - np.float32(SHADOW) * cast, np.float32)
