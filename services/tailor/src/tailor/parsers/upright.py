"""Tells from a cut-out's outline how the garment lies in its picture: upright, on its side, upside down or askew. Pure.

A garment mirrors about its upright axis. Which end of the axis is the top is told by both ends: legs hang from a waist,
a neck is narrower than the shoulders under it and than the hem, a neckline dips where a hem is straight. Where the ends
are too alike, as a tube's, nothing is turned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tailor.parsers.ground import Truth

SYMMETRY_GAIN: Final = 0.10
"""A sideways garment mirrors this much better about its horizontal axis than about its vertical one."""

TILTS: Final = (-30, -20, -10, 10, 20, 30)
TILT_GAIN: Final = 0.06
"""Degrees, and how much better a tilted garment mirrors about a tilted axis."""

SIZE: Final = (96, 128)
"""Width and height at which ends are compared."""

LEAST_GAP: Final = 0.15
"""Of the height: a gap in the middle of an end that goes deeper, between wide parts, is one between two legs."""

WIDE_LEGS: Final = 0.45
"""Share of the width that both legs cover together, from which on the gap counts in full."""

ENDS: Final = np.array([-7.8, 2.5, 4.4, -2.1, 35.0])
"""What speaks for an end being the top: no legs, widening below it, being narrow, no empty corners beside it, a rough
edge. A logistic regression on the first two drawn families' outlines, upright and upside down."""

SURE: Final = 2.5
"""Log odds from which on an end is the top: on the drawn families no upright garment is taken for another."""


@dataclass(frozen=True, kw_only=True)
class Lie:
    """How a garment lies.

    Attributes:
        rotated: It does not lie upright.
        turn: Quarter turns clockwise that set it upright; 0 where nobody can be sure of them.
    """

    rotated: bool = False
    turn: int = 0


def lie_of(found: Truth) -> Lie:
    """Return how the garment of a cut-out at working size lies; `found` is one piece, not empty."""
    box = _box(found)
    upright, sideways = symmetry(box), symmetry(box.T)
    straight, tilted = _overlaps(found)
    if tilted > max(straight + TILT_GAIN, sideways):
        return Lie(rotated=True)
    if sideways > upright + SYMMETRY_GAIN:
        evidence = _evidence(np.rot90(box))
        return Lie(rotated=True, turn=0 if abs(evidence) < SURE else 3 if evidence > 0 else 1)
    return Lie(rotated=True, turn=2) if _evidence(box) < -SURE else Lie()


def symmetry(mask: Truth) -> float:
    """Return how well a mask lies on its mirror image about the middle of its box, 0..1."""
    small = _resized(_box(mask), (128, 128))
    return _overlap(small, small[:, ::-1])


def _box(mask: Truth) -> Truth:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return mask[top : top + height, left : left + width]


def _resized(mask: Truth, size: tuple[int, int]) -> Truth:
    return np.asarray(cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127)


def _overlap(first: Truth, second: Truth) -> float:
    return float(np.count_nonzero(first & second)) / max(1.0, float(np.count_nonzero(first | second)))


def _evidence(box: Truth) -> float:
    """Return the log odds that the upper end of a garment's box is its top."""
    small = _resized(box, SIZE)
    ends = _end(small) - _end(small[::-1])
    ends[0] = np.sign(ends[0]) if abs(ends[0]) > LEAST_GAP else 0
    return float(ENDS @ ends)


def _end(small: Truth) -> NDArray[np.floating[Any]]:
    """Return the measures of the upper end, in the order of `ENDS`."""
    height = SIZE[1]
    gaps = np.where(small.any(axis=0), small.argmax(axis=0), height) / height
    middle = float(gaps[34:62].max())
    legs = 0.0
    if middle > LEAST_GAP:
        legs = middle * min(1.0, float(small[int(middle * height / 2)].mean()) / WIDE_LEGS)
    first, under, end = (_extent(small, *rows) for rows in ((0.0, 0.06), (0.12, 0.20), (0.02, 0.08)))
    corners = float(np.concatenate([gaps[2:20], gaps[-20:-2]]).mean())
    edge = gaps[24:72][gaps[24:72] < 0.5]
    rough = min(float(edge.std()), LEAST_GAP) if edge.size else 0.0
    return np.array([legs, np.log(under / first), -np.log(end), corners, rough])


def _extent(small: Truth, top: float, bottom: float) -> float:
    """Return how wide the rows between two heights are, gaps included, as a share of the whole width."""
    width, height = SIZE
    columns = np.flatnonzero(small[int(top * height) : int(bottom * height)].any(axis=0))
    return float(columns[-1] - columns[0] + 1 if columns.size else 1) / width


def _overlaps(found: Truth) -> tuple[float, float]:
    """Return how well the garment covers its mirror image about the upright axis, and about the best tilted one."""
    rows, columns = np.nonzero(found)
    middle = float(columns.mean()), float(rows.mean())
    scale = 74 / (max(np.ptp(rows), np.ptp(columns)) + 1)
    overlaps = []
    for tilt in (0, *TILTS):
        matrix = cv2.getRotationMatrix2D(middle, tilt, scale)
        matrix[:, 2] += 64 - np.array(middle)
        turned = np.asarray(cv2.warpAffine(found.astype(np.uint8) * 255, matrix, (128, 128)) > 127)
        shift = round(63.5 - float(np.nonzero(turned)[1].mean()))
        moved = [np.roll(turned, shift + aside, axis=1) for aside in (-1, 0, 1)]
        overlaps.append(max(_overlap(image, image[:, ::-1]) for image in moved))
    return overlaps[0], max(overlaps[1:])
