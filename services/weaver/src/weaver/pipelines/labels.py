"""The labels of a person's photo, and the rules that correct a first guess by colour. Pure numpy and cv2.

`scene` gives every pixel the label of the nearest palette. Colour alone confuses three things, which these rules undo
by the body's geometry: ground that is seen between limbs, hair away from the head, and edges where the camera has mixed
two colours to a third.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from weaver.pipelines.anatomy import Mask, Point
from weaver.pipelines.colours import nearest, palette
from weaver.pipelines.fitting import ANKLES, ELBOWS, HIPS, KNEES, SHOULDERS, WRISTS
from weaver.pipelines.mesh import Floats

Labels = NDArray[np.uint8]

GROUND, SKIN, TOP, BOTTOM, HAIR = range(5)

SAME_CLOTH: Final = 9.0
"""Colours nearer to each other than this, in weighted Lab, may be one cloth's."""

SAME_GROUND: Final = 7.0
"""Cloth outside the body that differs less than this from the ground beside it, in Lab, is ground."""

TRUNK_MARGIN: Final = 0.10
ARM_STRIPS: Final = (0.11, 0.06)
LEG_STRIPS: Final = (0.17, 0.08)
"""In shoulder widths: half widths of what is surely body, less than an adult's mean ones; of limbs above and below the
bend."""

FOOT: Final = 0.11
"""In shoulder widths: half width of a shoe around the line from ankle to toe."""

ANKLE: Final = 0.03
"""In shoulder widths: how far below the ankle's joint a shoe begins."""

INSTEP: Final = 0.38
"""Of the way from ankle to toe: a shoe's upper edge."""

HEELS, TOES = (30, 29), (32, 31)
"""BlazePose's; left and right in the picture, for a person who faces the camera."""


def surely_body(points: Point, seen: Mask, unit: float, size: tuple[int, ...]) -> Mask:
    """Return where trunk, arms and legs must be: narrow strips along the landmarks, (h, w) bool."""
    area = np.zeros(size[:2], np.uint8)
    trunk = [SHOULDERS[0], SHOULDERS[1], HIPS[1], HIPS[0]]
    cv2.fillPoly(area, [_pixels(points[trunk])], 1)
    _strip(area, points[[*trunk, trunk[0]]], TRUNK_MARGIN * unit)
    for joints, radii in (((SHOULDERS, ELBOWS, WRISTS), ARM_STRIPS), ((HIPS, KNEES, ANKLES), LEG_STRIPS)):
        for side in (0, 1):
            start, middle, end = (joint[side] for joint in joints)
            if seen[middle]:
                _strip(area, points[[start, middle]], radii[0] * unit)
            if seen[middle] and seen[end]:
                _strip(area, points[[middle, end]], radii[1] * unit)
    return area > 0


def feet(points: Point, seen: Mask, unit: float, size: tuple[int, ...]) -> Mask:
    """Return where the feet are, shoes included, (h, w) bool: no garment of ours covers them."""
    found = np.zeros(size[:2], bool)
    for knee, ankle, heel, toe in zip(KNEES, ANKLES, HEELS, TOES, strict=True):
        if seen[ankle] and seen[toe]:
            area = np.zeros(size[:2], np.uint8)
            _strip(area, points[[heel, toe]], FOOT * unit)
            # From beyond the ankle on: trousers end there.
            start = points[ankle] + (points[toe] - points[ankle]) * INSTEP
            _strip(area, np.array([start, points[toe]]), FOOT * unit)
            along = points[ankle] - points[knee]
            along = along / max(float(np.linalg.norm(along)), 1e-6)
            ys, xs = np.ogrid[0 : size[0], 0 : size[1]]
            beyond = (xs - points[ankle][0]) * along[0] + (ys - points[ankle][1]) * along[1]
            found |= (area > 0) & (beyond > ANKLE * unit)
    return found


def _strip(area: Labels, line: Point, radius: float) -> None:
    cv2.polylines(area, [_pixels(line)], False, 1, max(1, round(2 * radius)))


def _pixels(points: Point) -> NDArray[np.int32]:
    """Round into cv2's drawing range: landmarks may lie far outside the photo."""
    return np.clip(np.round(points), -30_000, 30_000).astype(np.int32)


def ground_in_gaps(
    labels: Labels, from_ground: Floats, points: Point, seen: Mask, unit: float, like_cloth: Mask
) -> Labels:
    """Give cloth that looks like the ground, and is not where the body must be, back to the ground.

    The person mask is coarse: it closes the gaps between arm and trunk and between the thighs, and what is inside it is
    cloth by default.

    Args:
        from_ground: (h, w), how far each pixel is from the ground's colour there, in Lab.
        like_cloth: (h, w), where cloth is of the ground's colour: nobody can tell, so the mask stands.
    """
    cloth = (labels == TOP) | (labels == BOTTOM)
    gap = cloth & (from_ground < SAME_GROUND) & ~like_cloth & ~surely_body(points, seen, unit, labels.shape)
    return np.where(gap, np.uint8(GROUND), labels)


def only_hair_of_the_head(labels: Labels, points: Point, unit: float, hair: Floats, low_trunk: Floats) -> Labels:
    """Give what has the hair's colour back to the cloth, unless it hangs together with the head."""
    # Where cloth and skin meet, the camera mixes them to what may look like a thread of hair.
    every = labels == HAIR
    found = cv2.morphologyEx(every.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    alike = (
        len(hair)
        and len(low_trunk)
        and float(nearest(np.median(hair, axis=0)[None], palette(low_trunk, 4))[0]) < SAME_CLOTH
    )
    eyes = points[[2, 5]].mean(axis=0)
    reach = 0.75 * unit
    ys, xs = np.mgrid[0 : labels.shape[0], 0 : labels.shape[1]]
    near = np.hypot(xs - eyes[0], ys - eyes[1]) < reach
    if alike:
        return np.where(every & ~near, np.uint8(TOP), labels)
    _, pieces = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    of_head = found & np.isin(pieces, np.unique(pieces[near & found]))
    return np.where(every & ~of_head & ~near, np.uint8(TOP), labels)


def without_mixed_rims(labels: Labels) -> Labels:
    """Give thin lines of cloth beside the ground back to it: there the camera mixed the person's colour with it."""
    square, wide = np.ones((5, 5), np.uint8), np.ones((7, 7), np.uint8)
    near_ground = cv2.dilate((labels == GROUND).astype(np.uint8), square) > 0
    for kind, others in ((TOP, (SKIN, HAIR, BOTTOM)), (BOTTOM, (SKIN, TOP))):
        near_other = cv2.dilate(np.isin(labels, others).astype(np.uint8), square) > 0
        cloth = (labels == kind).astype(np.uint8)
        thick = cv2.dilate(cv2.morphologyEx(cloth, cv2.MORPH_OPEN, wide), square) > 0
        labels = np.where((cloth > 0) & ~thick & near_ground & near_other, np.uint8(GROUND), labels)
    return labels
