"""A coarse probability becomes a soft edge at the photo's own resolution.

The network decides on a grid of 128 cells; its edge is several photo pixels wide and does not follow the cloth. In a
narrow band around it every pixel is unmixed between the colours of sure garment and sure background beside it. Where
those two colours look alike the network's own probability stays. Outside the band alpha is 0 or 255. Pure.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

BAND_CELLS: Final = 0.75
"""Half width of the band in cells of the network's grid: its edge is right to about one cell."""

ALIKE: Final = 40.0
"""Distance in RGB at which the two sides' colours are trusted as much as the network."""


def soft_alpha(photo: Pixels, probability: Floats) -> Pixels:
    """Return alpha, (H, W) uint8.

    Args:
        photo: (H, W, 3) uint8.
        probability: (h, w) float32, of the network's grid stretched over the photo.
    """
    height, width = photo.shape[:2]
    prior = cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR).clip(0, 1)
    inside = (prior >= 0.5).astype(np.uint8)
    box = cv2.boundingRect(inside)
    if not box[2]:
        return np.zeros((height, width), np.uint8)
    half = max(1, round(BAND_CELLS * max(height / probability.shape[0], width / probability.shape[1])))
    rows = slice(max(box[1] - 4 * half, 0), box[1] + box[3] + 4 * half)
    columns = slice(max(box[0] - 4 * half, 0), box[0] + box[2] + 4 * half)
    alpha = np.zeros((height, width), np.uint8)
    alpha[rows, columns] = _unmixed(photo[rows, columns], prior[rows, columns], inside[rows, columns], half)
    return alpha


def _unmixed(photo: Pixels, prior: Floats, inside: Pixels, half: int) -> Pixels:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * half + 1, 2 * half + 1))
    garment = cv2.erode(inside, kernel, borderValue=1).astype(np.float32)
    ground = 1 - cv2.dilate(inside, kernel).astype(np.float32)
    band = (garment == 0) & (ground == 0)
    colours = photo.astype(np.float32)
    size = (6 * half + 1, 6 * half + 1)
    near, far = _mean(colours, garment, size), _mean(colours, ground, size)
    apart = near - far
    distance = (apart * apart).sum(axis=2)
    unmixed = (((colours - far) * apart).sum(axis=2) / np.maximum(distance, 1e-3)).clip(0, 1)
    # The colours count where they differ and the network is in doubt.
    trust = distance / (distance + ALIKE**2) * (4 * prior * (1 - prior)).clip(0, 1)
    soft = unmixed * trust + (2 * prior - 0.5).clip(0, 1) * (1 - trust)
    return np.rint(255 * np.where(band, soft, garment)).astype(np.uint8)


def _mean(colours: Floats, weight: Floats, size: tuple[int, int]) -> Floats:
    """Return the mean colour of the weighted pixels around each pixel; 0 where there is none."""
    total = cv2.blur(colours * weight[..., None], size)
    return np.asarray(total / np.maximum(cv2.blur(weight, size), 1e-4)[..., None], np.float32)
