"""Mattes: how much of each pixel is what lies before a garment (hair, hands, a shirt), at the photo's own size. Pure.

    labels of the working picture ─▶ guided filter ─▶ coefficients ─▶ alpha of the photo's pixels, and their own colour

Labels are found on a small picture, so their edge is a staircase on the photo. A guided filter (He, Sun and Tang 2010;
its fast form, He and Sun 2015) explains a label near its edge by the photo's colours there, as `a . colour + b`. The
coefficients are as smooth as the light, so they are found on the small picture and used on the photo.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from weaver.pipelines.anatomy import Mask, Pixels
from weaver.pipelines.mesh import Floats
from weaver.pipelines.scene import Scene

REACH: Final = 0.035
"""In shoulder widths: half the side of the window in which colours explain a label; locks of hair are as wide."""

NOISE: Final = 4e-4
"""Variance of colour, of 1, that explains nothing: a camera's noise and a cloth's weave."""

SHARPNESS: Final = 1.6
"""How much steeper the edge is than the filter makes it: what it is unsure of is hardly ever half and half."""

SURE: Final = 0.9
"""From this alpha on a pixel's colour is its own, and not mixed with what was beside it."""


def coefficients(guide: Pixels, label: Mask, reach: int) -> Floats:
    """Return (h, w, 4): the label is, near its edge, the first three times the colour (0..1), plus the fourth.

    Args:
        guide: (h, w, 3) uint8.
        label: (h, w) bool.
        reach: Half the side of the window, in pixels.
    """
    colour, known = guide.astype(np.float32) / np.float32(255), label.astype(np.float32)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, (2 * reach + 1, 2 * reach + 1)), np.float32)

    shape = known.shape
    level, share = mean(colour), mean(known)
    products = mean((colour[..., :, None] * colour[..., None, :]).reshape(*shape, 9)).reshape(*shape, 3, 3)
    spread = products - level[..., :, None] * level[..., None, :] + NOISE * np.eye(3, dtype=np.float32)
    both = mean(colour * known[..., None]) - level * share[..., None]
    # The inverse of a symmetric matrix: the cross products of its rows over its determinant.
    rows = spread[..., 0, :], spread[..., 1, :], spread[..., 2, :]
    crosses = np.cross(rows[1], rows[2]), np.cross(rows[2], rows[0]), np.cross(rows[0], rows[1])
    slope = sum(cross * both[..., index, None] for index, cross in enumerate(crosses))
    slope = slope / np.maximum((rows[0] * crosses[0]).sum(axis=-1), NOISE**3)[..., None]
    rest = share - (slope * level).sum(axis=-1)
    return mean(np.dstack([slope, rest]).astype(np.float32))


def alpha_of(photo: Pixels, found: Floats) -> Floats:
    """Return (h, w) 0..1: what the coefficients, at the photo's size, say of a photo, (h, w, 3) uint8."""
    alpha = np.einsum("hwc,hwc->hw", photo.astype(np.float32), found[..., :3]) / np.float32(255) + found[..., 3]
    return np.asarray(np.clip((alpha - 0.5) * SHARPNESS + 0.5, 0, 1), np.float32)


def own_colour(photo: Pixels, alpha: Floats, reach: float) -> Pixels:
    """Return a photo whose mixed pixels, by the alpha of what is shown, have the colour of the sure ones nearby.

    Args:
        photo: (h, w, 3) uint8.
        alpha: (h, w) 0..1.
        reach: How far sure pixels are looked for, in pixels.
    """
    if not alpha.size:
        return photo
    sure = (alpha > SURE).astype(np.float32)
    side = 2 * max(1, round(reach)) + 1
    weight = cv2.blur(sure, (side, side))
    near = cv2.blur(photo.astype(np.float32) * sure[..., None], (side, side)) / np.maximum(weight, 1e-4)[..., None]
    mixed = (sure == 0) & (weight > 1e-3)
    return np.where(mixed[..., None], np.clip(near, 0, 255).astype(np.uint8), photo)


def matte(photo: Pixels, scene: Scene, label: Mask, window: tuple[int, int, int, int]) -> Floats:
    """Return how much of each pixel has a label, 0..1.

    Args:
        photo: (H, W, 3) uint8.
        scene: Read from it.
        label: (h, w) bool, in the scene's working pixels.
        window: left, top, right, bottom in the photo.
    """
    left, top, right, bottom = window
    alpha, crop = np.zeros((bottom - top, right - left), np.float32), scene.crop
    reach = max(2, round(REACH * scene.unit))
    # What lies within the window's reach, and of that what lies within the label's.
    low = np.floor((np.array([left, top]) - crop.box[:2]) * crop.scale).astype(int) - 3 * reach
    high = np.ceil((np.array([right, bottom]) - crop.box[:2]) * crop.scale).astype(int) + 3 * reach
    (x0, y0), (x1, y1) = np.maximum(low, 0), np.minimum(high, label.shape[::-1])
    rows, columns = np.flatnonzero(label[y0:y1, x0:x1].any(axis=1)), np.flatnonzero(label[y0:y1, x0:x1].any(axis=0))
    if not rows.size:
        return alpha
    x0, x1 = max(x0, x0 + int(columns[0]) - 3 * reach), min(x1, x0 + int(columns[-1]) + 3 * reach + 1)
    y0, y1 = max(y0, y0 + int(rows[0]) - 3 * reach), min(y1, y0 + int(rows[-1]) + 3 * reach + 1)
    found = coefficients(scene.rgb[y0:y1, x0:x1], label[y0:y1, x0:x1], reach)
    start, end = (np.array(place) / crop.scale + crop.box[:2] for place in ((x0, y0), (x1, y1)))
    (a, b), (c, d) = np.maximum(np.floor(start), (left, top)).astype(int), np.minimum(end, (right, bottom)).astype(int)
    if c > a and d > b:
        place = (a - x0 / crop.scale, b - y0 / crop.scale)
        alpha[b - top : d - top, a - left : c - left] = alpha_of(
            photo[b:d, a:c], crop.part(found, place, (d - b, c - a))
        )
    return alpha
