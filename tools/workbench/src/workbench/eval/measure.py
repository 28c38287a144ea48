"""How close a cut-out is to the true garment; and how well a confidence separates good from bad. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

KEPT: Final = 0.97
"""Least share of the true area that a whole cut-out has."""
HOLE: Final = 0.01
"""Largest hole of a whole cut-out, as a share of the true area."""
HALO_PIXELS: Final = 2.0
GOOD_IOU: Final = 0.95
HALO_QUANTILE: Final = 0.95
"""Share of the cut-out's outline within the halo; the rest may be the tip of a shadow in a corner."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One cut-out against the truth.

    Attributes:
        iou: Intersection over union.
        kept: Share of the true area in the cut-out.
        hole: The largest connected part of the true area that is missing, two pixels inside the outline and more.
        halo_pixels: How far outside the truth the outline lies, at its 95 % quantile.
    """

    iou: float
    kept: float
    hole: float
    halo_pixels: float

    @property
    def whole(self) -> bool:
        return self.kept >= KEPT and self.hole <= HOLE and self.halo_pixels <= HALO_PIXELS

    @property
    def good(self) -> bool:
        return self.iou >= GOOD_IOU


NOTHING: Final = Score(iou=0.0, kept=0.0, hole=1.0, halo_pixels=0.0)


def score(truth: Pixels, alpha: Pixels) -> Score:
    """Compare (H, W) masks, 0..255; a pixel counts from 128."""
    true, found = truth > 127, alpha > 127
    area = int(np.count_nonzero(true))
    if not area or not found.any():
        return NOTHING
    both = int(np.count_nonzero(true & found))
    inner = cv2.erode(true.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    _, _, stats, _ = cv2.connectedComponentsWithStats((inner & ~found).astype(np.uint8), connectivity=4)
    hole = int(stats[1:, cv2.CC_STAT_AREA].max()) if len(stats) > 1 else 0
    away = cv2.distanceTransform((~true).astype(np.uint8), cv2.DIST_L2, 5)
    rim = found & (cv2.erode(found.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    return Score(
        iou=both / int(np.count_nonzero(true | found)),
        kept=both / area,
        hole=hole / area,
        halo_pixels=float(np.quantile(away[rim], HALO_QUANTILE)),
    )


def area_under_curve(confidences: Sequence[float], good: Sequence[bool]) -> float:
    """Return the chance that a good one has a higher confidence than a bad one (ROC AUC; ties count half)."""
    values, labels = np.asarray(confidences, float), np.asarray(good, bool)
    better, worse = values[labels], values[~labels]
    if not len(better) or not len(worse):
        return float("nan")
    difference = better[:, None] - worse[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
