"""Cuts a garment out: photo and alpha -> the transparent picture that later stages use.

Pure. The worker and `POST /segment` call it with what a parser found. The result has straight alpha, is cropped to the
garment, and its soft edge carries the garment's colour, not the background's: no bright rim on a dark shirt.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.errors import NoGarmentDetected

Pixels = NDArray[np.uint8]

MIN_AREA_FRACTION: Final = 0.005
"""Of the photo: less is a speck, not a garment."""

SPECK_FRACTION: Final = 0.02
"""Of the largest piece: smaller pieces are dropped."""

FAINT: Final = 8
"""Alpha below this is invisible; dropping it keeps the crop tight."""

SOLID: Final = 250


def cut_out(photo: Pixels, alpha: Pixels, *, straight: bool = False) -> tuple[Pixels, tuple[int, int, int, int]]:
    """Return the garment and where it was.

    Args:
        photo: (H, W, 3) uint8 sRGB.
        alpha: (H, W) uint8, 255 = garment, soft edge.
        straight: The photo came with this alpha: its edge has no colour of any background.

    Returns:
        (h, w, 4) uint8 RGBA with straight alpha and zero colour under alpha 0; and its bounding box in the photo (left,
        top, right, bottom; right and bottom exclusive).

    Raises:
        NoGarmentDetected: Nothing but specks is left.
        ValueError: The sizes differ.
    """
    if photo.shape[:2] != alpha.shape:
        raise ValueError(f"alpha is {alpha.shape}, the photo {photo.shape[:2]}")
    alpha = np.where(alpha < FAINT, 0, drop_specks(alpha)).astype(np.uint8)
    if np.count_nonzero(alpha > 127) < MIN_AREA_FRACTION * alpha.size:
        raise NoGarmentDetected
    left, top, width, height = cv2.boundingRect(alpha)
    box = (left, top, left + width, top + height)
    alpha = alpha[top : top + height, left : left + width]
    colour = photo[top : top + height, left : left + width]
    colour = colour.copy() if straight else clean_edge(colour, alpha)
    colour[alpha == 0] = 0
    return np.dstack([colour, alpha]), box


def drop_specks(alpha: Pixels) -> Pixels:
    """Return alpha without the pieces that are tiny beside the largest one."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha >= FAINT).astype(np.uint8), connectivity=8)
    if count <= 2:
        return alpha
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = areas >= SPECK_FRACTION * areas[1:].max()
    keep[0] = True
    return np.where(keep[labels], alpha, 0).astype(np.uint8)


def clean_edge(photo: Pixels, alpha: Pixels) -> Pixels:
    """Return the photo with the colour of half-covered pixels replaced by that of the solid garment beside them."""
    solid = (alpha >= SOLID).astype(np.float32)
    partly = (alpha > 0) & (alpha < SOLID)
    if not partly.any() or not solid.any():
        return photo.copy()
    cleaned = photo.copy()
    # Ever wider neighbourhoods, until every edge pixel has seen solid garment.
    todo = partly
    for radius in (2, 5, 12, 30):
        size = (2 * radius + 1, 2 * radius + 1)
        weight = cv2.blur(solid, size)
        seen = todo & (weight > 1e-3)
        if seen.any():
            total = cv2.blur(photo.astype(np.float32) * solid[..., None], size)
            cleaned[seen] = np.clip(total[seen] / weight[seen][:, None] + 0.5, 0, 255).astype(np.uint8)
        todo = todo & ~seen
        if not todo.any():
            break
    return cleaned


def on_white(cut: Pixels) -> Pixels:
    """Return a cut-out, (H, W, 4), on a white ground, (H, W, 3) uint8 sRGB."""
    share = cut[..., 3:].astype(np.uint16)
    return ((cut[..., :3] * share + 255 * (255 - share) + 127) // 255).astype(np.uint8)
