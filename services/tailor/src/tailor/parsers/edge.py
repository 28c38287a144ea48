"""Moves a rough outline to where the photo has its edge. Pure, at working size.

An outline found by reach lies a few pixels outside: an edge is blurred, an encoder spreads colour over its blocks, a
contact shadow is as crisp as cloth. The outline goes to the halfway colour between both sides or, where they hardly
differ, to where the colour changes fastest; from the rough place, from where what looks like ground beside a strong
edge is peeled off, and from each place found. The crisper place counts.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from tailor.parsers.contract import Pixels
from tailor.parsers.ground import Ground, Plane, Truth

PEEL_REACH: Final = 6
PEEL_SHARE: Final = 0.15
PEEL_CONTRAST: Final = 8.0
PLACE_REACH: Final = 4
TELLING_CONTRAST: Final = 60.0
"""Reaches in pixels at working size, contrasts in grey levels between both sides of the outline."""

PLACES: Final = 3
"""How often an outline is sought from the last place: a shadow reaches farther than `PLACE_REACH`."""

SHADE_BLUR: Final = 2.5
"""Pixels at working size: shade is what such a blur keeps."""

BRIGHT: Final = 1.2
"""Lightness above the ground's that neither a shadow has nor an encoder's ringing."""

FAINT_GAIN: Final = 3.0
"""Steps of CIELAB are told apart this finely where the outline is faint."""

NOTCH: Final = 5
"""Pixels at working size: half the width of a stripe. A wider one also rounds armpits off."""


def disc(radius: int) -> Pixels:
    """Return the disc of a radius in pixels, as a structuring element."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def peeled(small: Pixels, ground: Ground, mask: Truth) -> Truth:
    """Return the mask without the rim that an encoder has spread beside a strong edge."""
    sides = _Sides(small, mask, PEEL_REACH)
    ground_like = (sides.contrast > PEEL_CONTRAST) & (sides.share < PEEL_SHARE) & ~_bright(ground)
    return _unnotched(mask & ~(sides.band & ground_like), mask)


def placed(small: Pixels, ground: Ground, mask: Truth) -> Truth:
    """Return the mask with its outline where the colour is halfway between both sides, or where it changes fastest.

    Along white cloth runs a dark line: its own rim, which turns away from the light, or a shadow beside it. The line's
    crisp side is the outline, its soft side is shade. So the outline is sought from outside, from within the line and
    from each place found, and the crisper place counts.
    """
    fine = ground.smooth - cv2.GaussianBlur(ground.smooth, (0, 0), SHADE_BLUR)
    crisp = np.linalg.norm([_gradient(channel) for channel in cv2.split(fine)], axis=0).astype(np.float32)
    best = _moved(small, ground, mask)
    for place in range(PLACES):
        other = _moved(small, ground, best if place else peeled(small, ground, mask))
        best = _unnotched(np.where(_steepness(crisp, other) > _steepness(crisp, best), other, best), best)
    return best


def _bright(ground: Ground) -> Truth:
    """Return what is brighter than the ground: between a dark stripe and the ground it is white cloth."""
    return np.asarray(ground.smooth[..., 0] > BRIGHT)


def _gradient(values: Plane) -> Plane:
    return np.asarray(np.hypot(cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1)) / 8)


def _steepness(steep: Plane, mask: Truth) -> Plane:
    """Return how steep the outline near each pixel is, on average."""
    solid = mask.astype(np.uint8)
    outline = (cv2.dilate(solid, disc(1)) != cv2.erode(solid, disc(1))).astype(np.float32)
    size = (4 * PLACE_REACH + 1, 4 * PLACE_REACH + 1)
    return np.asarray(cv2.blur(steep * outline, size) / np.maximum(cv2.blur(outline, size), 1e-4))


def _moved(small: Pixels, ground: Ground, mask: Truth) -> Truth:
    """Return the mask with its outline moved to the edge within reach."""
    sides = _Sides(small, mask, PLACE_REACH)
    if not sides.band.any():
        return mask
    picture = np.clip(128 + FAINT_GAIN * ground.smooth, 0, 255).astype(np.uint8)
    markers = np.where(sides.inner, 2, np.where(sides.outer, 1, 0)).astype(np.int32)
    # It floods over the smallest steps first, so both floods meet at the largest.
    cv2.watershed(picture, markers)
    halfway = (sides.share > 0.5) | _bright(ground)
    found = np.where(sides.band, np.where(sides.contrast > TELLING_CONTRAST, halfway, markers == 2), mask)
    return _unnotched(found, mask)


class _Sides:
    """The colours on both sides of an outline, and where each pixel of the band between lies.

    Attributes:
        contrast: Grey levels between both sides.
        share: 0 is the ground's colour beside this pixel, 1 the garment's.
    """

    def __init__(self, small: Pixels, mask: Truth, reach: int) -> None:
        solid = mask.astype(np.uint8)
        self.inner: Truth = cv2.erode(solid, disc(reach), borderType=cv2.BORDER_REPLICATE) > 0
        self.outer: Truth = cv2.dilate(solid, disc(reach)) == 0
        photo, size = small.astype(np.float32), (4 * reach + 1, 4 * reach + 1)
        weights = [cv2.blur(side.astype(np.float32), size) for side in (self.inner, self.outer)]
        garment, ground = (
            cv2.blur(photo * side[..., None], size) / np.maximum(weight, 1e-4)[..., None]
            for side, weight in zip((self.inner, self.outer), weights, strict=True)
        )
        axis = garment - ground
        squared = np.sum(axis**2, axis=2)
        self.contrast: Plane = np.sqrt(squared)
        self.share: Plane = np.sum((photo - ground) * axis, axis=2) / np.maximum(squared, 1.0)
        self.band: Truth = ~self.outer & ~self.inner & (weights[0] > 0.01) & (weights[1] > 0.01)


def _unnotched(found: Truth, before: Truth) -> Truth:
    """Close the notches that were not there before: between two dark stripes a white one looks like ground."""
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, disc(NOTCH)) > 0
    return np.asarray(cv2.medianBlur((found | (closed & before)).astype(np.uint8) * 255, 3) > 127)
