"""How well a preview replaces the old garment: how much of it survives, and what else changed. Pure.

A colour is the old garment's own if hardly any other pixel of the photo, or of the new garment, has it: bins of a Lab
histogram. None of these may remain inside the mask, and beside old and new garment the photo may not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory
from weaver.pipelines.puppet import weave
from weaver.pipelines.removal import bare
from workbench.eval.bodies import LEFT, RIGHT
from workbench.eval.canvas import Pixels
from workbench.eval.outfits import arm_to
from workbench.eval.portraits import Portrait

Mask = NDArray[np.bool_]

BIN_LEVELS: Final = 12
"""Width of a histogram's bin in 8-bit Lab."""

OWN_SHARE: Final = 0.97
"""Least share of a bin's pixels in the photo that are the old garment's, for the colour to be its own."""

BELOW_SHOULDER: Final = 0.35
"""Share of an arm, from the shoulder, that the trunk's cloth may cover."""

RIM: Final = 0.08
"""Shoulder widths around the old garment in which the photo may change: its blurred edge goes with it."""


@dataclass(frozen=True, kw_only=True)
class Removal:
    """The result of removing an old garment.

    Attributes:
        survived: Pixels of its own colours inside the mask afterwards, as a share of before.
        strayed: Share of the pixels beside the old garment and its rim that the removal changed.
        outside: Any pixel outside the mask differs from the photo.
        image: The preview.
    """

    survived: float
    strayed: float
    outside: bool
    image: Pixels


def removal(portrait: Portrait, garment: Pixels, category: GarmentCategory) -> Removal:
    """Weave a cut-out onto a drawn person and compare."""
    job = portrait.job(garment, category)
    bared, image = bare(job).image, weave(job).image
    allowed = portrait.agnostic[category] > 127
    old = old_garment(portrait, category)
    own = own_colours(portrait.photo, old, garment)
    uncovered = (image == bared).all(axis=-1) & to_go(portrait, category)
    before, after = own[bins(portrait.photo)] & allowed & old, own[bins(image)] & allowed & uncovered
    near = cv2.distanceTransform((~old).astype(np.uint8), cv2.DIST_L2, 5) <= RIM * portrait.frame.scale
    changed = (bared != portrait.photo).any(axis=-1)
    return Removal(
        survived=int(after.sum()) / max(1, int(before.sum())),
        strayed=int((changed & ~near).sum()) / max(1, int((allowed & ~near).sum())),
        outside=bool((image != portrait.photo).any(axis=-1)[~allowed].any()),
        image=image,
    )


def sleeve_reach(portrait: Portrait, image: Pixels, mark: str) -> float:
    """Return how far a marked garment's sleeve is visible on its arm, as a share of the way from shoulder to wrist.

    The farthest place where some of the arm's width has the sleeve's colour, as most places before have, or the trunk's
    below the shoulder.
    """
    side = RIGHT if mark == "left" else LEFT
    points, radii = arm_to(portrait.body, side, 1.0)
    line = portrait.frame.points(np.array(points))
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    shares = np.linspace(0.0, 1.0, 41)
    seen, cloth = [], []
    colour, trunk = has_mark(image, mark), has_mark(image, "trunk")
    for share in shares:
        at = share * lengths[-1]
        centre = np.array([np.interp(at, lengths, line[:, axis]) for axis in (0, 1)])
        reach = round(float(np.interp(at, lengths, radii)) * portrait.frame.scale * 0.6)
        x, y = np.clip(np.round(centre).astype(int), 0, np.array(colour.shape)[::-1] - 1)
        box = (slice(max(0, y - reach), y + reach + 1), slice(max(0, x - reach), x + reach + 1))
        seen.append(bool(colour[box].mean() > 0.2))
        cloth.append(seen[-1] or (share < BELOW_SHOULDER and bool(trunk[box].mean() > 0.2)))
    so_far = np.cumsum(cloth) / (np.arange(len(cloth)) + 1)
    reached = np.array(seen) & (so_far > 0.7)
    return float(shares[reached].max(initial=0.0))


def has_mark(image: Pixels, mark: str) -> Mask:
    """Return where a marked garment's colour is visible, lit or in shade."""
    red, green, blue = (image[..., channel].astype(int) for channel in range(3))
    if mark == "left":
        return np.asarray((red > 1.9 * green) & (red > 1.9 * blue) & (red > 80))
    if mark == "right":
        return np.asarray((green > 1.7 * red) & (green > 1.5 * blue) & (green > 60))
    return np.asarray((blue > 1.7 * red) & (blue > 1.7 * green) & (blue > 80))


def old_garment(portrait: Portrait, category: GarmentCategory) -> Mask:
    """Return the true pixels of the garments that the new one replaces."""
    if category == "upper":
        return portrait.is_part("top")
    if category == "lower":
        return portrait.is_part("bottom") if "dress" not in portrait.person.top else portrait.is_part("top")
    return portrait.is_part("top", "bottom")


def to_go(portrait: Portrait, category: GarmentCategory) -> Mask:
    """Return where none of it may remain: a dress below a new top stays as a skirt, above a new skirt as a top."""
    everywhere = np.ones(portrait.parts.shape, bool)
    if "dress" not in portrait.person.top or category not in ("upper", "lower"):
        return everywhere
    height, width = portrait.parts.shape
    start, end = portrait.frame.points(np.array([portrait.body.on_trunk(0, 0), portrait.body.on_trunk(0, 1)]))
    axis = (end - start) / float((end - start) @ (end - start))
    ys, xs = np.mgrid[0:height, 0:width]
    down = (xs - start[0]) * axis[0] + (ys - start[1]) * axis[1]
    return np.asarray(down < 0.8) if category == "upper" else np.asarray(down > 1.0)


def own_colours(photo: Pixels, old: Mask, garment: Pixels) -> NDArray[np.bool_]:
    """Return, for each bin, whether its colour is the old garment's alone."""
    places = bins(photo)
    count = np.bincount(places.ravel(), minlength=_BINS)
    of_old = np.bincount(places[old], minlength=_BINS)
    worn = bins(np.ascontiguousarray(garment[..., :3]))[garment[..., 3] > 127]
    taken = np.bincount(worn, minlength=_BINS) > 3
    return np.asarray((of_old >= OWN_SHARE * count) & (of_old >= 8) & ~taken)


_SIDE: Final = 256 // BIN_LEVELS + 1
_BINS: Final = _SIDE**3


def bins(picture: Pixels) -> NDArray[np.int64]:
    """Return the bin of each pixel's colour."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.int64) // BIN_LEVELS
    return np.asarray((lab[..., 0] * _SIDE + lab[..., 1]) * _SIDE + lab[..., 2])
