"""Which pixels of a person may change, from landmarks and person mask: the agnostic masks. Pure.

A mask covers the body parts a garment of its category may cover, generously, because it has to hide the old garment
and its folds; it spares face, hair, hands and feet, but no cloth that is seen in a hand's or foot's place (`spared`).
Landmarks 11..32 are drawn as limbs: tapered capsules whose width scales with the body's own measure, the longer of
shoulder width and half the torso's length (a person seen from the side has no shoulder width).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory, Landmark
from tailor.spared import Floats, along, around, weighted_lab, without_cloth

Pixels = NDArray[np.uint8]
Point = NDArray[np.float64]

NOSE, LEFT_EAR, RIGHT_EAR, MOUTH_LEFT, MOUTH_RIGHT = 0, 7, 8, 9, 10
SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES = (11, 12), (13, 14), (15, 16), (23, 24), (25, 26), (27, 28)
HANDS: Final = ((15, 17, 19, 21), (16, 18, 20, 22))
FEET: Final = ((27, 29, 31), (28, 30, 32))

SEEN: Final = 0.3
"""A limb whose end is less visible than this is not drawn: better a sleeve too short than a mask across the room."""

SURE: Final = 0.9
"""Hands and feet are spared from this visibility on: a hand guessed on a sleeve would leave a hole in the garment."""

WORKING_SIDE: Final = 768
"""Masks are drawn at most this large and enlarged: wide discs on a 2048 photo cost a second, and their edge is soft."""

# Radii and margins in units of the body's measure, chosen on photos so that a T-shirt, a loose jumper and wide trousers
# are hidden whole.
UPPER_ARM_RADIUS, FOREARM_RADIUS, HAND_RADIUS, FOOT_RADIUS = 0.32, 0.24, 0.13, 0.14
THIGH_RADIUS, CALF_RADIUS, TORSO_MARGIN, LOOSE_MARGIN = 0.30, 0.22, 0.12, 0.08
HEM_BELOW_HIPS, HEM_MARGIN = 0.30, 0.36
"""How far down, and how far beside the hips' joints, a loose hem ends."""
CUFF, TROUSER_CUFF = 0.4, 0.25
"""How far from the wrist to the fingers' middle a hand is not spared, and from the ankle to the foot's a foot."""
COLLAR, FRONTS = 0.20, 0.30
"""From the trunk's middle to the edges of an open jacket, at the neck and at the hem."""
SKIRT_MARGIN, SKIRT_FLARE = 0.15, 0.22
"""Around the waist, and further out from the hips to the ankles: a skirt is widest where it ends."""

WAIST_ABOVE_HIPS: Final = 0.22


def points_of(landmarks: Sequence[Landmark]) -> Point:
    """Return the landmarks as (33, 2), x and y in pixels."""
    return np.array([(mark.x, mark.y) for mark in landmarks], np.float64)


def body_measure(points: Point) -> float:
    """Return the body's measure in pixels: the longer of shoulder width and half the torso's length."""
    width = float(np.linalg.norm(points[SHOULDERS[0]] - points[SHOULDERS[1]]))
    length = float(np.linalg.norm(points[list(SHOULDERS)].mean(axis=0) - points[list(HIPS)].mean(axis=0)))
    return max(width, length / 2, 1.0)


def soft_edge(mask: Pixels, radius_pixels: float) -> Pixels:
    """Return the mask with its edge blurred over about `radius_pixels` on either side."""
    if radius_pixels <= 0:
        return mask
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), radius_pixels / 2), np.uint8)


def agnostic_masks(
    landmarks: Sequence[Landmark], person: Pixels, photo: Pixels | None = None
) -> dict[GarmentCategory, Pixels]:
    """Return category -> (H, W) uint8, 255 = may change.

    Args:
        landmarks: 33, in pixels of the photo.
        person: (H, W) uint8, 255 = person.
        photo: (H, W, 3) uint8, or None: hands and feet are then spared by geometry alone.
    """
    height, width = person.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    small = cv2.resize(person, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else person
    points = points_of(landmarks) * scale
    unit = body_measure(points)
    visibility = np.array([mark.visibility for mark in landmarks])
    seen = visibility >= SEEN
    near = grow((small > 127).astype(np.uint8) * 255, LOOSE_MARGIN * unit)
    spared = head(points, small.shape)
    lab = None if photo is None else weighted_lab(cv2.resize(photo, small.shape[::-1], interpolation=cv2.INTER_AREA))
    for ends in HANDS + FEET:
        if (visibility[list(ends)] >= SURE).all():
            radius = (HAND_RADIUS if ends in HANDS else FOOT_RADIUS) * unit
            tips, joint = points[list(ends[1:])].mean(axis=0), points[ends[0]]
            # From beyond wrist and ankle on: cuffs end there.
            start = joint + (tips - joint) * (CUFF if ends in HANDS else TROUSER_CUFF)
            place = limb(small.shape, tips, start, radius, radius * 0.6)
            spared |= place if lab is None else _bare(place, lab, points, visibility, ends, unit)
    upper = _upper(points, seen, unit, small.shape) & near & ~spared
    legs, between = _lower(points, seen, unit, small.shape)
    lower = ((legs & near) | between) & ~spared
    both, between = upper | lower, _between_fronts(points, unit, small.shape) & upper
    masks: dict[GarmentCategory, Pixels] = {
        "upper": upper, "lower": lower, "overall": both, "dress": both, "inner": between, "outer": upper,
    }  # fmt: skip
    return {category: _enlarge(mask, width=width, height=height) for category, mask in masks.items()}


def _bare(
    place: Pixels, lab: Floats, points: Point, visibility: NDArray[np.float64], ends: tuple[int, ...], unit: float
) -> Pixels:
    """Return a hand's or foot's place without the cloth of sleeve, trunk or leg that is seen there."""
    mouth, eyes = points[[MOUTH_LEFT, MOUTH_RIGHT]].mean(axis=0), points[[2, 5]].mean(axis=0)
    face = around(lab, (mouth + eyes) / 2, radius=0.6 * float(np.linalg.norm(mouth - eyes)))
    if not (visibility[[NOSE, 2, 5, MOUTH_LEFT, MOUTH_RIGHT]] >= SURE).all():
        face = face[:0]
    joint, before, reach = ends[0], ends[0] - 2, 0.05 * unit
    cloth = [along(lab, points[before], points[joint], reach=reach)]
    if ends in FEET:
        return without_cloth(place, lab, cloth=cloth, own=[face, around(lab, points[ends[2]], radius=0.05 * unit)])
    cloth += [along(lab, points[shoulder], points[hip], reach=reach) for shoulder in SHOULDERS for hip in HIPS]
    cloth += [along(lab, points[hip], points[knee], reach=reach) for hip, knee in zip(HIPS, KNEES, strict=True)]
    return without_cloth(place, lab, cloth=cloth, own=[face])


def _upper(points: Point, seen: NDArray[np.bool_], unit: float, shape: tuple[int, ...]) -> Pixels:
    area = _torso(points, unit, shape)
    for shoulder, elbow, wrist in zip(SHOULDERS, ELBOWS, WRISTS, strict=True):
        if seen[elbow]:
            area |= limb(shape, points[shoulder], points[elbow], UPPER_ARM_RADIUS * unit, UPPER_ARM_RADIUS * unit * 0.9)
            if seen[wrist]:
                area |= limb(shape, points[elbow], points[wrist], UPPER_ARM_RADIUS * unit * 0.9, FOREARM_RADIUS * unit)
    return area


def _torso(points: Point, unit: float, shape: tuple[int, ...]) -> Pixels:
    """The quad of shoulders and hips, grown on every side, down to where a loose hem ends."""
    shoulders, hips = points[list(SHOULDERS)], points[list(HIPS)]
    down = hips.mean(axis=0) - shoulders.mean(axis=0)
    down /= max(float(np.linalg.norm(down)), 1e-6)
    across = np.array([-down[1], down[0]]) * unit * HEM_MARGIN
    side = np.sign((shoulders[0] - shoulders[1]) @ across) or 1.0
    low = hips + down * HEM_BELOW_HIPS * unit
    # Up to the neck, where a collar lies: the head, chin included, is spared elsewhere.
    middle, reach = shoulders.mean(axis=0), (shoulders[0] - shoulders[1]) * 0.25
    neck = middle + (points[[MOUTH_LEFT, MOUTH_RIGHT]].mean(axis=0) - middle) * 0.5
    corners = [*shoulders[::-1], neck + reach, neck - reach, low[1] - across * side, low[0] + across * side]
    return grow(_polygon(cv2.convexHull(np.array(corners, np.float32))[:, 0], shape), TORSO_MARGIN * unit)


def _between_fronts(points: Point, unit: float, shape: tuple[int, ...]) -> Pixels:
    """Return what an open jacket leaves of the trunk: from the collar down, wider towards the hem."""
    shoulders, hips = points[list(SHOULDERS)], points[list(HIPS)]
    middle, low = shoulders.mean(axis=0), hips.mean(axis=0)
    down = (low - middle) / max(float(np.linalg.norm(low - middle)), 1e-6)
    across, top, bottom = np.array([-down[1], down[0]]), middle - down * 0.3 * unit, low + down * HEM_BELOW_HIPS * unit
    corners = [top - across * COLLAR * unit, top + across * COLLAR * unit, bottom + across * FRONTS * unit,
               bottom - across * FRONTS * unit]  # fmt: skip
    return _polygon(np.array(corners), shape)


def _lower(points: Point, seen: NDArray[np.bool_], unit: float, shape: tuple[int, ...]) -> tuple[Pixels, Pixels]:
    """Return the legs' limbs, and the hull over both: a skirt hangs where no body is."""
    shoulders, hips = points[list(SHOULDERS)].mean(axis=0), points[list(HIPS)].mean(axis=0)
    up = (shoulders - hips) / max(float(np.linalg.norm(shoulders - hips)), 1e-6)
    waist = points[list(HIPS)] + up * WAIST_ABOVE_HIPS * unit
    area = limb(shape, waist[0], waist[1], THIGH_RADIUS * unit, THIGH_RADIUS * unit)
    across = (waist[0] - waist[1]) / max(float(np.linalg.norm(waist[0] - waist[1])), 1e-6) * SKIRT_FLARE * unit
    corners = [*waist, points[HIPS[0]] + across, points[HIPS[1]] - across]
    for hip, knee, ankle in zip(HIPS, KNEES, ANKLES, strict=True):
        if seen[knee]:
            area |= limb(shape, points[hip], points[knee], THIGH_RADIUS * unit, THIGH_RADIUS * unit * 0.85)
            corners += [points[knee] + across, points[knee] - across]
            if seen[ankle]:
                area |= limb(shape, points[knee], points[ankle], THIGH_RADIUS * unit * 0.85, CALF_RADIUS * unit)
                corners += [points[ankle] + across, points[ankle] - across]
    hull = cv2.convexHull(np.array(corners, np.float32))[:, 0]
    return area, grow(_polygon(hull, shape), SKIRT_MARGIN * unit)


def head(points: Point, shape: tuple[int, ...]) -> Pixels:
    """Return face, hair and everything above the chin, as (H, W) uint8."""
    mouth = points[[MOUTH_LEFT, MOUTH_RIGHT]].mean(axis=0)
    eyes = points[[2, 5]].mean(axis=0)
    down = mouth - eyes
    chin = mouth + down * 0.75
    crown = eyes - down * 2.4
    half = max(float(np.linalg.norm(points[LEFT_EAR] - points[RIGHT_EAR])) / 2, float(np.linalg.norm(down)) * 0.9)
    return limb(shape, crown + (chin - crown) * 0.3, chin - down * 0.55, half * 1.5, half * 0.8)


def limb(shape: tuple[int, ...], a: Point, b: Point, radius_a: float, radius_b: float) -> Pixels:
    """Return a capsule from `a` to `b` that tapers, (H, W) uint8, 255 inside."""
    area = np.zeros(shape[:2], np.uint8)
    along = b - a
    length = float(np.linalg.norm(along))
    if length > 1e-6:
        normal = np.array([-along[1], along[0]]) / length
        corners = [a + normal * radius_a, b + normal * radius_b, b - normal * radius_b, a - normal * radius_a]
        area = _polygon(np.array(corners), shape)
    for centre, radius in ((a, radius_a), (b, radius_b)):
        cv2.circle(area, _pixel(centre), max(1, round(radius)), 255, -1)
    return area


def grow(mask: Pixels, by_pixels: float) -> Pixels:
    """Return the mask (0 or 255) grown by a disc; by distances: dilating is slow with wide discs."""
    if by_pixels < 0.5 or not mask.any():
        return mask
    near = cv2.distanceTransform((mask <= 127).astype(np.uint8), cv2.DIST_L2, 5) <= by_pixels
    return np.asarray(near * 255, np.uint8)


def _enlarge(mask: Pixels, *, width: int, height: int) -> Pixels:
    if mask.shape == (height, width):
        return mask
    smooth = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.where(smooth > 127, 255, 0), np.uint8)


def _polygon(corners: NDArray[np.floating], shape: tuple[int, ...]) -> Pixels:
    area = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(area, [np.array([_pixel(corner) for corner in corners], np.int32)], 255)
    return area


def _pixel(point: NDArray[np.floating]) -> tuple[int, int]:
    """Round into cv2's drawing range: landmarks may lie far outside the photo."""
    x, y = np.clip(np.round(point), -30_000, 30_000)
    return int(x), int(y)
