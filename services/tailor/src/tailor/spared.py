"""What of a hand's or a foot's place is cloth all the same: a cuff, a pocket, the shirt behind a hand. Pure.

Landmarks say where a hand is, not what is seen there. A pixel is cloth if it has a colour of the sleeve, trunk or leg
and is nearer to it than to the colours of the hand (the face's) or the foot (the toe's); what is like neither, such as
a glove, is the hand's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Point = NDArray[np.float64]

LIGHTNESS_WEIGHT: Final = 0.4
"""Of Lab's L against a and b: folds and shade change lightness more than colour."""

SAME_CLOTH: Final = 12.0
"""In weighted Lab: cloth in shade differs by less from the cloth that was sampled."""

SHADED_CLOTH, SHADOW_PIXELS = 28.0, 5
"""The same where a hand's own shadow falls on it, up to so many pixels beside cloth that was recognised."""

SAME_SKIN: Final = 10.0
"""Samples of cloth that are this near to the hand's or foot's colours tell nothing."""

STEPS: Final = 14


def weighted_lab(photo: Pixels) -> Floats:
    """Return a photo, (h, w, 3) uint8 RGB, as CIELAB whose lightness counts less."""
    lab = cv2.cvtColor(photo.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    return np.asarray(lab * np.array([LIGHTNESS_WEIGHT, 1, 1], np.float32))


def along(lab: Floats, start: Point, end: Point, *, reach: float) -> Floats:
    """Return colours along a line between two joints, (n, 3), up to `reach` pixels beside it."""
    line = start + (end - start) * np.linspace(0.15, 0.75, STEPS)[:, None]
    normal = np.array([start[1] - end[1], end[0] - start[0]])
    normal = normal / max(float(np.linalg.norm(normal)), 1e-6) * reach
    return at(lab, np.concatenate([line - normal, line, line + normal]))


def around(lab: Floats, centre: Point, *, radius: float) -> Floats:
    """Return colours in a disc, (n, 3)."""
    steps = np.linspace(-radius, radius, 7)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return at(lab, centre + grid[np.hypot(*grid.T) <= radius])


def at(lab: Floats, places: Point) -> Floats:
    """Return the colours at those places, x and y, that lie in the photo."""
    xs, ys = np.round(places).astype(int).T
    inside = (xs >= 0) & (ys >= 0) & (xs < lab.shape[1]) & (ys < lab.shape[0])
    return np.asarray(lab[ys[inside], xs[inside]])


def without_cloth(place: Pixels, lab: Floats, *, cloth: Sequence[Floats], own: Sequence[Floats]) -> Pixels:
    """Return a hand's or foot's place without the cloth in it.

    Args:
        place: (h, w) uint8, 255 inside.
        lab: (h, w, 3), weighted.
        cloth: Colours of the garment beside it, (n, 3) each.
        own: Colours of hand or foot.
    """
    garment, its = np.concatenate([*cloth]), np.concatenate([*own])
    if not len(garment) or not len(its):
        return place
    garment = garment[_nearest(garment, its) > SAME_SKIN]
    square = np.ones((3, 3), np.uint8)
    # A cuff's dark end is recognised by the cloth beside the place.
    ys, xs = np.nonzero(cv2.dilate(place, square, iterations=SHADOW_PIXELS))
    if not len(garment) or not len(ys):
        return place
    colours = lab[ys, xs]
    to_garment, found, shaded = _nearest(colours, garment), np.zeros_like(place), np.zeros_like(place)
    nearer = to_garment < _nearest(colours, its)
    found[ys, xs] = (nearer & (to_garment < SAME_CLOTH)) * 255
    shaded[ys, xs] = (nearer & (to_garment < SHADED_CLOTH)) * 255
    # Single pixels are knuckles and shade; beside cloth, what is darker is the shadow on it.
    found = np.asarray(cv2.morphologyEx(found, cv2.MORPH_OPEN, square), np.uint8)
    found |= cv2.dilate(found, square, iterations=SHADOW_PIXELS) & shaded
    return np.asarray(cv2.morphologyEx(place & ~found, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)


def _nearest(samples: Floats, colours: Floats) -> Floats:
    """Return how far each sample is from the nearest of the colours."""
    squares = np.square(samples).sum(axis=1)[:, None] + np.square(colours).sum(axis=1)[None, :]
    return np.asarray(np.sqrt(np.maximum((squares - 2 * samples @ colours.T).min(axis=1), 0)), np.float32)
