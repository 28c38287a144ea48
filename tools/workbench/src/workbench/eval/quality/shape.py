"""Shape: whether the worn garment's silhouette is that of the cut-out: its length, and how much cloth there is. Pure.

A flat garment and a worn one differ: sleeves fold, a hip is before a hem. Two ratios survive that. The length over the
width at the shoulders (or the waist) tells a cropped or a stretched garment, and the area over the squared length tells
sleeves or legs that are missing, and a garment that is mostly covered.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from workbench.eval.quality.score import Mask, Score, Tryon, box_of, share

TOP_ROWS: Final = (0.06, 0.18)
"""Share of the height, from the top, in which the width at the shoulders is read."""

FREE: Final = 0.35
"""Difference of logarithms that is none: posture and perspective make it."""

WORST: Final = 1.4
"""Difference of logarithms that is 0: a garment four times too long."""


def shape(tryon: Tryon) -> Score:
    """Compare the proportions of both silhouettes."""
    given = tryon.garment[..., 3] > 127
    if not given.any():
        return Score(value=None, reason="the cut-out is empty")
    if not tryon.worn.any():
        return Score(value=0.0, reason="no garment is seen in the result", failure="missing_garment")
    here, there = proportions(given), proportions(tryon.worn)
    names = ("length over width", "area over squared length")
    apart = [abs(float(np.log(one / other))) for one, other in zip(there, here, strict=True)]
    worst = int(np.argmax(apart))
    return Score(
        value=share(1 - (apart[worst] - FREE) / (WORST - FREE)),
        reason=f"{names[worst]} is {there[worst]:.2f}, the cut-out's {here[worst]:.2f}",
    )


def proportions(mask: Mask) -> tuple[float, float]:
    """Return length over the width at the top, and area over squared length; the mask must not be empty."""
    seen = mask[box_of(mask)]
    height = seen.shape[0]
    first, last = (round(height * share_) for share_ in TOP_ROWS)
    widths = [float(np.ptp(np.flatnonzero(row)) + 1) for row in seen[first : max(last, first + 1)] if row.any()]
    return height / (float(np.median(widths)) if widths else 1.0), float(np.count_nonzero(seen)) / height**2
