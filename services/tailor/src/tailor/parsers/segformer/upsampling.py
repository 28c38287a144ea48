"""Logits to labels at the photo's size: bilinear (align_corners false) and argmax, as published, without doing it all.

Between four neighbouring logit vectors a bilinear value is a convex combination of them. If all four put the same label
first, that label is first everywhere between them: exact, and true of nearly all of a photo. Only the cells whose
corners disagree are interpolated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

CHUNK_PIXELS = 1 << 18
"""Pixels interpolated at once: 18 labels of them stay in a few megabytes."""


def labels_at(logits: Floats, *, width: int, height: int) -> Pixels:
    """Return (height, width) uint8, the label with the largest upsampled logit; the first of equals.

    Args:
        logits: (labels, h, w) float32.
    """
    _, h, w = logits.shape
    y0, y1, ty = _sources(height, h)
    x0, x1, tx = _sources(width, w)
    first = logits.argmax(axis=0).astype(np.uint8)
    # The label of each pixel's upper left corner, and whether the other three agree.
    rows, columns = _agreement(first, y0, y1, x0, x1)
    labels = rows
    ys, xs = np.nonzero(columns)
    table = np.ascontiguousarray(logits.transpose(1, 2, 0))
    for at in range(0, len(ys), CHUNK_PIXELS):
        y, x = ys[at : at + CHUNK_PIXELS], xs[at : at + CHUNK_PIXELS]
        u, v = tx[x][:, None], ty[y][:, None]
        top = table[y0[y], x0[x]] * (1 - u) + table[y0[y], x1[x]] * u
        low = table[y1[y], x0[x]] * (1 - u) + table[y1[y], x1[x]] * u
        labels[y, x] = (top * (1 - v) + low * v).argmax(axis=1)
    return labels


def _agreement(
    first: Pixels, y0: NDArray[np.intp], y1: NDArray[np.intp], x0: NDArray[np.intp], x1: NDArray[np.intp]
) -> tuple[Pixels, NDArray[np.bool_]]:
    """Return the corner labels (H, W) and where the four corners of a pixel differ (H, W)."""
    across = first[:, x0] != first[:, x1]
    corner = first[:, x0]
    differ = (corner[y0] != corner[y1]) | across[y0] | across[y1]
    return corner[y0], differ


def _sources(size: int, source: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return for each output index its two source indices and the second one's weight."""
    at = np.maximum((np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(source / size) - 0.5, 0)
    low = at.astype(np.intp)
    return low, np.minimum(low + 1, source - 1), (at - low).astype(np.float32)
