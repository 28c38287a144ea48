"""Guesses a cut-out's category from its outline. Pure; for parsers that have no labels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import CategoryScore, GarmentCategory

SKIRT_BANDS: Final = ((0.03, 0.10), (0.45, 0.55), (0.88, 0.96))
"""Rows, as shares of the height, whose widths are compared: a skirt widens from one to the next."""


DRESS_TALL: Final = 1.55
"""Height over width from which on a garment without legs or sleeves is a dress."""

BETWEEN: Final = 0.08
"""How far from `DRESS_TALL` the proportions leave it open, as a standard deviation."""


def guess_category(alpha: NDArray[np.uint8]) -> tuple[GarmentCategory, float]:
    """Return the likeliest category of an outline and how far to trust it, 0..1; see `rank_categories`."""
    best = rank_categories(alpha)[0]
    return best.category, best.score


def rank_categories(alpha: NDArray[np.uint8]) -> tuple[CategoryScore, ...]:
    """Return every category with its score, the likeliest first; the scores add up to 1.

    Two legs make trousers, with much above them an overall; gaps beside a trunk make sleeves; without either, long is a
    dress, and what only widens from a narrow straight top is a skirt. The rest is worn above the waist.

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
    long = float(1 / (1 + np.exp(-(tall - DRESS_TALL) / BETWEEN)))
    if np.mean(pieces[bottom] == 2) > 0.6 and tall > 0.9:
        return _ranked(lower=0.85, overall=0.09, dress=0.03, upper=0.03)
    if np.mean(pieces[int(height * 0.35) : int(height * 0.75)] >= 3) > 0.3 and tall < 2.0:
        return _ranked(upper=0.85, dress=0.10, overall=0.03, lower=0.02)
    top, middle, low = (float(np.median(widths[int(height * a) : int(height * b) + 1])) for a, b in SKIRT_BANDS)
    straight_top = widths[min(int(height * 0.02), height - 1)] > 0.75 * top
    if tall < 1.9 and straight_top and top < middle < low and top < 0.75 * low and (pieces == 1).mean() > 0.95:
        return _ranked(lower=0.55, dress=0.10 + 0.20 * long, upper=0.30 - 0.20 * long, overall=0.05)
    rest = 0.18
    return _ranked(dress=(1 - rest) * long, upper=(1 - rest) * (1 - long), lower=rest / 2, overall=rest / 2)


def _ranked(**scores: float) -> tuple[CategoryScore, ...]:
    best = sorted(scores.items(), key=lambda one: -one[1])
    return tuple(CategoryScore(category=name, score=round(score, 3)) for name, score in best)
