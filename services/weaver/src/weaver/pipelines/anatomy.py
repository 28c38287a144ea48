"""Where a cut-out's shoulders, sides, hem, sleeves and neck opening are, read from its outline. Pure.

`puppet` hangs a garment by these: stretching the bounding box over the shoulders would put the cuffs there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Point = NDArray[np.float64]

LOW_TOP: Final = 0.22
"""If the outline above the sides begins this far down (share of the height), there are straps, not shoulders."""

SIDES, LONG_SIDES = (0.50, 0.80), (0.24, 0.42)
"""The rows, as shares of the height, in which a trunk's sides are read: below the sleeves, above a skirt."""

BUST_ROWS, BUST_HEIGHT, BUST_WIDTH = (0.10, 0.34), 0.06, 1.3
"""A dress is as wide as its bust, not as its waist: sought in these rows, this high, at most this many waists wide."""

FRONTS_MOST: Final = 0.35
"""Share of the cut-out's width: a jacket is open no wider; between sleeves that end below the hem there is more."""

CROTCH_LEAST, LEGS_LEAST = 0.15, 0.2
"""Shares of the height: no crotch is higher up, and legs are longer than the second."""

OPENING_DEPTHS: Final = (0.012, 0.03, 0.05, 0.08)
"""Where the inside of the back is sought below the top middle, as shares of the height: under the collar's back."""

OPENING_SYMMETRY: Final = 0.7
"""Share of an opening that its mirror image covers: plain cloth whose shade runs off to one side is none."""

OPENING_TOLERANCE: Final = (22, 10, 10)
"""Of cv2's 8-bit Lab: the shade inside a neck varies in lightness more than in colour."""

MIN_SLEEVE: Final = 0.025
"""A sleeve has at least this share of the garment's pixels."""

SLEEVE_HEAD: Final = 0.18
"""Of the height: a sleeve begins at most this far below the shoulder; what flares further down is a skirt."""

TWIN_SHARE: Final = 0.6
"""Share of a sleeve's mirror image that must be cloth, or the other side has no sleeve."""


@dataclass(frozen=True, kw_only=True)
class Sleeve:
    """One sleeve.

    Attributes:
        mask: (h, w), its pixels, with a strip of the torso beside the seam.
        beyond: (h, w), its pixels beyond the seam alone.
        joint: x, y, the upper end of its seam: it turns about this point, so the shoulder's outline stays closed.
        cuff: x, y, the middle of its far end.
    """

    mask: Mask
    beyond: Mask
    joint: Point
    cuff: Point


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """A garment's landmarks on its cut-out.

    Attributes:
        corners: (4, 2): top left, top right, bottom left, bottom right of what covers the trunk (or hips and legs).
        torso: (h, w), the garment without its sleeves.
        sleeves: Left and right in the picture; None where there is none.
        opening: (h, w), the inside of the back seen through the neck; nothing where none is seen.
    """

    corners: Point
    torso: Mask
    sleeves: tuple[Sleeve | None, Sleeve | None]
    opening: Mask


def upper_anatomy(garment: Pixels, *, long: bool = False, buttoned: bool = True) -> Anatomy:
    """Read a garment that hangs from the shoulders, (h, w, 4) uint8.

    Args:
        garment: The cut-out.
        long: Its sides are read higher up.
        buttoned: Or else it may be open in front: both fronts are one trunk.
    """
    solid = garment[..., 3] > 127
    if not buttoned:
        solid = _shut(solid)
    height, width = solid.shape
    left, right = _bust(solid) if long else _sides(solid, *SIDES)
    top_outline = np.where(solid.any(axis=0), solid.argmax(axis=0), height)
    strap = max(2, round(0.02 * width))
    tops = [float(np.median(top_outline[max(0, x - strap) : x + strap + 1])) for x in (round(left), round(right))]
    highest = float(top_outline[round(left) : round(right) + 1].min())
    shoulders = [top if top - highest < LOW_TOP * height else highest + 0.03 * height for top in tops]
    hem = float(np.flatnonzero(solid[:, round((left + right) / 2)]).max(initial=height - 1))
    corners = np.array([(left, shoulders[0]), (right, shoulders[1]), (left, hem), (right, hem)], np.float64)
    mirrored = solid[:, ::-1]
    first = _sleeve(solid, side=left, far=right, shoulder=shoulders[0])
    second = _sleeve(mirrored, side=width - 1 - right, far=width - 1 - left, shoulder=shoulders[1])
    if second is not None:
        second = _mirrored(second, axis=(width - 1) / 2)
    first = first or _twin(second, solid, axis=(left + right) / 2)
    second = second or _twin(first, solid, axis=(left + right) / 2)
    torso = solid.copy()
    for sleeve in (first, second):
        if sleeve is not None:
            torso &= ~sleeve.beyond
    return Anatomy(
        corners=corners, torso=torso, sleeves=(first, second), opening=_opening(garment, solid, left=left, right=right)
    )


def _shut(solid: Mask) -> Mask:
    """Return a garment's shape with the gap between its fronts closed."""
    width, columns = solid.shape[1], np.arange(solid.shape[1])
    middle = float(np.flatnonzero(solid.any(axis=0))[[0, -1]].mean())
    left = np.where(solid & (columns <= middle), columns, -1).max(axis=1, initial=-1)[:, None]
    right = np.where(solid & (columns > middle), columns, width).min(axis=1, initial=width)[:, None]
    gap = (left < columns) & (columns < right) & (left >= 0) & (right < width) & (right - left < FRONTS_MOST * width)
    return np.asarray(solid | gap)


def crotch_of(anatomy: Anatomy) -> float | None:
    """Return the row, in pixels of the cut-out, below which trousers have two legs; None: a skirt, or closed legs."""
    solid, corners = anatomy.torso, anatomy.corners
    height = solid.shape[0]
    middle = round(float(corners[:2, 0].mean()))
    free = np.flatnonzero(~solid[round(CROTCH_LEAST * height) :, middle])
    if not free.size:
        return None
    crotch = int(free[0]) + round(CROTCH_LEAST * height)
    below = solid[crotch:, middle]
    return float(crotch) if len(below) >= LEGS_LEAST * height and below.mean() < 0.3 else None


def lower_anatomy(garment: Pixels) -> Anatomy:
    """Read trousers or a skirt, (h, w, 4) uint8: the corners are those of the waistband and of the hem below it."""
    solid = garment[..., 3] > 127
    height = solid.shape[0]
    left, right = _sides(solid, 0.02, 0.08)
    corners = np.array([(left, 0.0), (right, 0.0), (left, height - 1.0), (right, height - 1.0)], np.float64)
    return Anatomy(corners=corners, torso=solid, sleeves=(None, None), opening=np.zeros_like(solid))


def _sides(solid: Mask, start: float, end: float) -> tuple[float, float]:
    """Return the median left and right edge of the middle piece in these rows (shares of the height)."""
    height, width = solid.shape
    rows = solid[int(start * height) : max(int(end * height), int(start * height) + 1)]
    weight = rows.sum(axis=0)
    middle = round(float((weight * np.arange(width)).sum()) / max(float(weight.sum()), 1.0))
    lefts, rights = [], []
    for row in rows:
        if row[middle]:
            before, after = np.flatnonzero(~row[:middle]), np.flatnonzero(~row[middle:])
            lefts.append(int(before[-1]) + 1 if before.size else 0)
            rights.append(middle + int(after[0]) - 1 if after.size else width - 1)
    if not lefts:
        return 0.0, width - 1.0
    return float(np.median(lefts)), float(np.median(rights))


def _bust(solid: Mask) -> tuple[float, float]:
    """Return the sides of a dress at its bust: the highest rows without sleeves or straps."""
    left, right = _sides(solid, *LONG_SIDES)
    for start in np.arange(*BUST_ROWS, 0.02):
        sides = _sides(solid, start, start + BUST_HEIGHT)
        if right - left <= sides[1] - sides[0] <= BUST_WIDTH * (right - left):
            return sides
    return left, right


def _armpit(solid: Mask, *, side: float, shoulder: float) -> float:
    """Return the row where a left sleeve's lower edge meets the side."""
    height, width = solid.shape
    column = solid[:, max(0, round(side - 0.02 * width))]
    start = round(shoulder)
    # A shoulder slopes: the sleeve begins some way down this column.
    cloth = np.flatnonzero(column[start : start + round(0.3 * height)])
    begin = start + (int(cloth[0]) if cloth.size else 0) + round(0.03 * height)
    free = np.flatnonzero(~column[begin:])
    return float(begin + free[0]) if free.size else start + 0.4 * height


def _outside(solid: Mask, *, side: float, armpit: float) -> Mask:
    """Return what lies left of the trunk: beyond the seam above the armpit, beyond the gap below it."""
    height, width = solid.shape
    columns = np.arange(width)[None, :]
    outside = solid & (columns < side)
    below = solid[min(height, int(armpit)) :]
    if below.size:
        # Below the armpit a trunk may flare beyond its side; only what a gap separates from it is sleeve.
        gap = ~below & (columns < side)
        last_gap = np.where(gap.any(axis=1), width - 1 - gap[:, ::-1].argmax(axis=1), -1)
        outside[int(armpit) :] = below & (columns < last_gap[:, None])
    # A ruffle of the hem lies outside, too, but does not hang from the shoulder.
    _, pieces = cv2.connectedComponents(outside.astype(np.uint8), connectivity=8)
    return np.asarray(outside & np.isin(pieces, np.unique(pieces[: int(armpit)])))


def _sleeve(solid: Mask, *, side: float, far: float, shoulder: float) -> Sleeve | None:
    """Return the left sleeve."""
    armpit = _armpit(solid, side=side, shoulder=shoulder)
    outside = _outside(solid, side=side, armpit=armpit)
    head = int(np.clip(shoulder + SLEEVE_HEAD * solid.shape[0], 1, solid.shape[0]))
    _, pieces = cv2.connectedComponents(outside.astype(np.uint8), connectivity=8)
    outside &= np.isin(pieces, np.unique(pieces[:head]))
    if np.count_nonzero(outside) < MIN_SLEEVE * np.count_nonzero(solid):
        return None
    depth = armpit - shoulder
    joint = np.array([side, shoulder])
    ys, xs = np.nonzero(outside)
    away = np.hypot(xs - joint[0], ys - joint[1])
    farthest = away >= np.quantile(away, 0.85)
    cuff = np.array([xs[farthest].mean(), ys[farthest].mean()])
    # Under the trunk, where a turned sleeve would leave a gap: nothing at the shoulder's tip, most at the armpit.
    columns, rows = np.arange(solid.shape[1])[None, :], np.arange(solid.shape[0])[:, None]
    strip = 0.15 * (far - side) * np.clip((rows - shoulder) / max(depth, 1.0) - 0.1, 0, 1)
    seam = solid & (columns >= side) & (columns < side + strip) & (rows < armpit)
    return Sleeve(mask=outside | seam, beyond=outside, joint=joint, cuff=cuff)


def _mirrored(sleeve: Sleeve, *, axis: float) -> Sleeve:
    """Return the sleeve, mirrored about an upright line; pixels outside the picture are lost."""
    flip, move = np.array([-1.0, 1.0]), np.array([2 * axis, 0.0])
    return Sleeve(
        mask=_flipped(sleeve.mask, axis=axis), beyond=_flipped(sleeve.beyond, axis=axis),
        joint=sleeve.joint * flip + move, cuff=sleeve.cuff * flip + move,
    )  # fmt: skip


def _flipped(mask: Mask, *, axis: float) -> Mask:
    """Return a mask, mirrored about an upright line; pixels outside the picture are lost."""
    width = mask.shape[1]
    shift = round(2 * axis) - (width - 1)
    found = np.zeros_like(mask)
    flipped = mask[:, ::-1]
    if abs(shift) < width:
        found[:, max(0, shift) : width + min(0, shift)] = flipped[:, max(0, -shift) : width - max(0, shift)]
    return found


def _twin(sleeve: Sleeve | None, solid: Mask, *, axis: float) -> Sleeve | None:
    """Return the other sleeve where the outline did not show it: the mirror image of this one, if there is cloth."""
    if sleeve is None:
        return None
    other = _mirrored(sleeve, axis=axis)
    mask, beyond = other.mask & solid, other.beyond & solid
    if np.count_nonzero(beyond) < TWIN_SHARE * np.count_nonzero(sleeve.beyond):
        return None
    return Sleeve(mask=mask, beyond=beyond, joint=other.joint, cuff=other.cuff)


def _opening(garment: Pixels, solid: Mask, *, left: float, right: float) -> Mask:
    """Return the inside of the back: a patch at the top middle, of one colour, that ends before the chest begins.

    The collar's back, which lies above it, belongs to it.
    """
    height = solid.shape[0]
    middle, chest = round((left + right) / 2), round(0.3 * height)
    top = np.flatnonzero(solid[:chest, middle])
    found = np.zeros_like(solid)
    if not top.size:
        return found
    lab = cv2.cvtColor(np.ascontiguousarray(garment[:chest, :, :3]), cv2.COLOR_RGB2LAB)
    for depth in OPENING_DEPTHS:
        row = int(top[0]) + max(3, round(depth * height))
        if row >= chest or not solid[row, middle]:
            break
        patch = _patch(lab, solid[:chest], seed=(middle, row), half=0.42 * (right - left))
        share = float(np.count_nonzero(patch)) / max(float(np.count_nonzero(solid)), 1.0)
        reaches = float(np.count_nonzero(patch.any(axis=0))) / max(right - left, 1.0)
        if 0.004 <= share <= 0.08 and 0.15 <= reaches <= 0.8 and not patch[-2:].any():
            twin = _flipped(patch, axis=(left + right) / 2)
            if np.count_nonzero(patch & twin) < OPENING_SYMMETRY * np.count_nonzero(patch):
                continue
            below = np.maximum.accumulate(patch[::-1], axis=0)[::-1]
            found[:chest] = below & solid[:chest]
            return found
    return found


def _patch(lab: Pixels, solid: Mask, *, seed: tuple[int, int], half: float) -> Mask:
    """Return what has the seed's colour and is connected to it, at most `half` a side away; gaps closed."""
    blocked = np.ones((solid.shape[0] + 2, solid.shape[1] + 2), np.uint8)
    blocked[1:-1, 1:-1] = ~solid
    blocked[:, : max(1, round(seed[0] - half))] = 1
    blocked[:, round(seed[0] + half) :] = 1
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (255 << 8)
    cv2.floodFill(lab, blocked, seed, (0, 0, 0), OPENING_TOLERANCE, OPENING_TOLERANCE, flags)
    found = (blocked[1:-1, 1:-1] == 255).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0)
