"""What is measured and what comes out: a try-on's pictures, and a score with its reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.eval.canvas import Pixels, Plane, plane

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One metric of one picture.

    Attributes:
        value: 0..1, 1 is best; None: it could not be measured.
        reason: A sentence: what was found, or why nothing could be measured.
        failure: A failure of a kind of its own, as `mirrored_text`; empty: none.
    """

    value: float | None
    reason: str
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Tryon:
    """The pictures of one try-on.

    Attributes:
        person: (H, W, 3) uint8 sRGB, the photo.
        garment: (h, w, 4) uint8 RGBA, the cut-out.
        result: (H, W, 3) uint8 sRGB.
        worn: (H, W), where the result shows the garment.
        mask: (H, W) uint8, from 128 on a pixel may change; None: unknown.
        feather_pixels: How far around the mask the engine blends, so that pixels may change there as well.
        truth: (H, W, 3), the same person in that garment, photographed; None: there is none.
        exact: (H, W, 3), the result of the same inputs and seed with every step done whole; None: there is none.
    """

    person: Pixels
    garment: Pixels
    result: Pixels
    worn: Mask
    mask: Pixels | None = None
    feather_pixels: int = 0
    truth: Pixels | None = None
    exact: Pixels | None = None


def share(value: float) -> float:
    """Return a number as a share, 0..1."""
    return float(min(1.0, max(0.0, value)))


def lab(picture: Pixels) -> Plane:
    """Return (H, W, 3) CIE Lab: L 0..100, a and b about -100..100."""
    return plane(cv2.cvtColor(plane(picture) / np.float32(255), cv2.COLOR_RGB2LAB))


def box_of(mask: Mask) -> tuple[slice, slice]:
    """Return the rows and columns that a mask spans; it must not be empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
