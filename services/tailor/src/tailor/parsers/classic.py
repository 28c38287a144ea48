"""The parser without trained weights for garments: colour on a plain background, landmarks on a person.

A garment on a plain background is told from it by colour (a soft shadow counts as background), and its edge is matted
at the photo's full size. A garment that somebody wears is taken from the body's geometry and colours, with a
confidence that says so. Everything else is refused with a code. Default of the local stack; passes the parsers'
contract tests.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory
from proteus.errors import InvalidRequest, NoGarmentDetected, PhotoRejected
from tailor.cutting import drop_specks
from tailor.masks import agnostic_masks, grow, soft_edge
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.parsers.shape import guess_category
from tailor.pose import Pose, PoseModel

Plane = NDArray[np.floating[Any]]

WORKING_SIDE: Final = 512
"""The garment is found at this size and matted at the photo's: grabCut costs 0.1 s here and 2 s at 2048."""

BORDER_FRACTION: Final = 0.025
PLAIN_FRACTION: Final = 0.80
"""The share of the photo's border that must look alike: one side may be touched by the garment."""

PLAIN_DISTANCE: Final = 10.0
"""In CIELAB: a studio background with its vignette and a soft shadow stays within this."""

FAINTEST_DISTANCE: Final = 3.0
"""In CIELAB: less is not seen as an edge by people either."""

GARMENT_DISTANCE: Final = 22.0
"""In CIELAB: as far from the background as this is garment for certain."""

SHADOW_WEIGHT: Final = 0.35
"""A darker grey on a grey background counts this much of its distance: shadows differ in lightness alone."""

AREA_FRACTIONS: Final = (0.02, 0.95)
WORN_CONFIDENCE: Final = 0.4
"""Geometry and colour models, no trained parser: good for a try-out."""


class ClassicParser:
    """Implements `parsers.contract.Parser`.

    Args:
        pose: Finds people.
    """

    name = "classic"
    version = "1"

    def __init__(self, pose: PoseModel) -> None:
        self.pose = pose

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        """Find the garment; `auto` guesses the category from the cut-out's shape.

        Raises:
            NoGarmentDetected: There is none, or it cannot be told from its background.
            InvalidRequest: The category is none of ours.
        """
        if category not in ("auto", "upper", "lower", "overall", "dress"):
            raise InvalidRequest(f"category is {category!r}; auto, upper, lower, overall and dress are known")
        try:
            pose = self.pose.find(photo)
        except PhotoRejected:
            return _plain(photo, category)
        return _worn(photo, pose, category) if _has_a_head(photo, pose) else _plain(photo, category)

    def find_person(self, photo: Pixels) -> PersonMasks:
        """Find the person and draw the masks of every category.

        Raises:
            NoPersonDetected: There is none.
            PersonCropped: Too little of the torso is in the photo.
        """
        pose = self.pose.find(photo)
        return PersonMasks(
            landmarks=pose.landmarks, person=pose.mask, agnostic=agnostic_masks(pose.landmarks, pose.mask)
        )


def _has_a_head(photo: Pixels, pose: Pose) -> bool:
    """Tell a wearer from a shirt on a hanger, which has shoulders, too: there, background is where a face would be."""
    nose = pose.landmarks[0]
    small, scale = _small(photo)
    x, y = round(nose.x * scale), round(nose.y * scale)
    try:
        face = _background_distance(small)[max(0, y - 2) : max(0, y + 3), max(0, x - 2) : max(0, x + 3)]
    except NoGarmentDetected:
        return True
    return face.size == 0 or float(np.median(face)) >= PLAIN_DISTANCE


def _small(photo: Pixels) -> tuple[Pixels, float]:
    """Return the photo at working size, and its scale."""
    scale = min(1.0, WORKING_SIDE / max(photo.shape[:2]))
    if scale == 1:
        return photo, scale
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _plain(photo: Pixels, category: str) -> GarmentMask:
    """Cut a garment from its plain background."""
    small, _ = _small(photo)
    trust, distance = 0.95, _background_distance(small)
    found = _grab(small, _trimap(distance))
    if np.count_nonzero(found) < AREA_FRACTIONS[0] * found.size:
        # White on white: every difference counts, shadows too, as far as the background itself is even.
        trust, distance = 0.6, _background_distance(small, even_shadows=True)
        found = _grab(small, _trimap(distance))
    area = float(np.count_nonzero(found)) / found.size
    if not AREA_FRACTIONS[0] <= area <= AREA_FRACTIONS[1]:
        raise NoGarmentDetected(f"no garment was found: {area:.0%} of the picture differ from its background")
    alpha = drop_specks(_matte(photo, found))
    edge = cv2.morphologyEx(found, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    contrast = float(np.median(distance[edge])) / GARMENT_DISTANCE if edge.any() else 0.0
    confidence = trust * min(1.0, 0.4 + 0.6 * contrast)
    guessed, certainty = guess_category(alpha)
    chosen: GarmentCategory = guessed if category == "auto" else category  # type: ignore[assignment]
    if category == "auto":
        confidence *= certainty
    return GarmentMask(alpha=alpha, category=chosen, confidence=round(confidence, 3), worn=False)


def _background_distance(small: Pixels, *, even_shadows: bool = False) -> Plane:
    """Return how far each pixel is from the background in CIELAB, darkening without colour counted less.

    With `even_shadows` darkening counts in full, and the distance is stretched so that the background's own unevenness
    just stays below `PLAIN_DISTANCE`.

    Raises:
        NoGarmentDetected: The border is not of one colour.
    """
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    margin = max(2, round(BORDER_FRACTION * max(small.shape[:2])))
    border = np.ones(small.shape[:2], bool)
    border[margin:-margin, margin:-margin] = False
    colour = np.median(lab[border], axis=0)
    delta = lab - colour
    lightness, chroma = delta[..., 0], np.hypot(delta[..., 1], delta[..., 2])
    shade = np.where(lightness < 0, SHADOW_WEIGHT + (1 - SHADOW_WEIGHT) * np.clip((-lightness - 25) / 15, 0, 1), 1.0)
    distance = np.hypot(lightness * np.where(chroma < 6, shade, 1.0), chroma)
    plain = float(np.mean(distance[border] < PLAIN_DISTANCE))
    if plain < PLAIN_FRACTION:
        raise NoGarmentDetected(
            f"the background is not plain ({plain:.0%} of the border look alike), and nobody wears it"
        )
    if even_shadows:
        distance = np.hypot(lightness, chroma)
        noise = max(float(np.quantile(distance[border], PLAIN_FRACTION)) * 2, FAINTEST_DISTANCE)
        distance = cv2.GaussianBlur(distance, (0, 0), 1.0) * max(1.0, PLAIN_DISTANCE / noise)
    return np.asarray(distance, np.float64)


def _trimap(distance: Plane) -> Pixels:
    """Return grabCut's map: background that the border reaches, garment for certain, and the band between."""
    calm = (distance < PLAIN_DISTANCE).astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(calm, connectivity=4)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    trimap = np.full(distance.shape, cv2.GC_PR_FGD, np.uint8)
    trimap[distance >= GARMENT_DISTANCE] = cv2.GC_FGD
    outside = np.isin(labels, rim) & (calm > 0)
    trimap[outside] = cv2.GC_BGD
    top, bottom = _extent(~outside, axis=1)
    left, right = _extent(~outside, axis=0)
    for index in range(1, count):
        if index in rim or stats[index, cv2.CC_STAT_AREA] < 0.001 * distance.size:
            continue
        x, y = centres[index]
        # The background seen through a neck or between sleeve and side is a hole; white letters on a chest are not.
        high = y < top + 0.25 * (bottom - top)
        aside = min(x - left, right - x) < 0.22 * (right - left)
        trimap[labels == index] = cv2.GC_BGD if high or aside else cv2.GC_FGD
    return trimap


def _extent(mask: NDArray[np.bool_], *, axis: int) -> tuple[int, int]:
    where = np.flatnonzero(mask.any(axis=axis))
    return (int(where[0]), int(where[-1])) if where.size else (0, 0)


def _grab(small: Pixels, trimap: Pixels) -> Pixels:
    """Return 255 where grabCut sees the garment, deciding what the trimap leaves open."""
    open_ = (trimap == cv2.GC_PR_FGD) | (trimap == cv2.GC_PR_BGD)
    if open_.any() and (trimap == cv2.GC_BGD).any() and (trimap == cv2.GC_FGD).any():
        cv2.setRNGSeed(1)
        models = np.zeros((2, 1, 65))
        cv2.grabCut(small, trimap, None, models[0], models[1], 3, cv2.GC_INIT_WITH_MASK)
    found = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    return np.asarray(cv2.medianBlur(found, 3), np.uint8)


def _matte(photo: Pixels, found: Pixels) -> Pixels:
    """Return a soft alpha at the photo's size: in a narrow band, how much each pixel is garment and not background."""
    height, width = photo.shape[:2]
    band = max(2.0, 1.6 * max(height, width) / max(found.shape))
    mask = (cv2.resize(found, (width, height), interpolation=cv2.INTER_CUBIC) > 127).astype(np.uint8) * 255
    inner, outer = 255 - grow(255 - mask, band), grow(mask, band)
    garment, background = _spread(photo, inner, band * 2), _spread(photo, 255 - outer, band * 2)
    axis = garment - background
    length = np.sum(axis**2, axis=-1)
    share = np.sum((photo.astype(np.float32) - background) * axis, axis=-1) / np.maximum(length, 1.0)
    # Where garment and background look alike the colours say nothing: the plain, smoothed mask decides.
    trust = np.clip((length - 400) / 1600, 0, 1)
    smooth = soft_edge(mask, band / 2).astype(np.float32) / 255
    alpha = trust * np.clip(share * 1.16 - 0.08, 0, 1) + (1 - trust) * smooth
    alpha = np.where(inner > 0, 1.0, np.where(outer > 0, alpha, 0.0))
    return np.asarray((alpha * 255).round(), np.uint8)


def _spread(photo: Pixels, where: Pixels, radius: float) -> NDArray[np.float32]:
    """Return the colours of `where`, carried over its edge."""
    size = 2 * round(radius) + 1
    weight = (where > 0).astype(np.float32)
    total = cv2.blur(photo.astype(np.float32) * weight[..., None], (size, size))
    return np.asarray(total / np.maximum(cv2.blur(weight, (size, size)), 1e-4)[..., None], np.float32)


def _worn(photo: Pixels, pose: Pose, category: str) -> GarmentMask:
    """Take the garment that a person wears: the body's geometry says where, skin and colours say which pixels."""
    chosen: GarmentCategory = "upper" if category == "auto" else category  # type: ignore[assignment]
    height, width = photo.shape[:2]
    small, scale = _small(photo)
    size = (small.shape[1], small.shape[0])
    person = cv2.resize(pose.mask, size, interpolation=cv2.INTER_AREA)
    area = cv2.resize(agnostic_masks(pose.landmarks, pose.mask)[chosen], size, interpolation=cv2.INTER_AREA)
    trimap = np.full(person.shape, cv2.GC_BGD, np.uint8)
    inside = (area > 127) & (person > 127)
    trimap[inside] = cv2.GC_PR_FGD
    deep = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    core = inside & (deep > 0.5 * deep.max()) & ~_skin(small, pose, scale)
    trimap[core] = cv2.GC_FGD
    trimap[inside & _skin(small, pose, scale)] = cv2.GC_PR_BGD
    if not core.any():
        raise NoGarmentDetected("the garment on the person cannot be told from skin and background")
    found = _grab(small, trimap)
    if np.count_nonzero(found) < AREA_FRACTIONS[0] * found.size:
        raise NoGarmentDetected("too little of the garment is visible on the person")
    full = cv2.resize(found, (width, height), interpolation=cv2.INTER_CUBIC)
    alpha = drop_specks(np.minimum(soft_edge(full, 1.5 / scale), pose.mask))
    return GarmentMask(alpha=alpha, category=chosen, confidence=WORN_CONFIDENCE, worn=True)


def _skin(small: Pixels, pose: Pose, scale: float) -> NDArray[np.bool_]:
    """Return where the colour is that of this person's cheeks."""
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    eyes_to_mouth = [pose.landmarks[index] for index in (0, 9, 10)]
    samples = []
    for mark in eyes_to_mouth:
        x, y = round(mark.x * scale), round(mark.y * scale)
        patch = lab[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].reshape(-1, 3)
        samples.append(patch)
    patches = np.concatenate(samples)
    if not len(patches):
        return np.zeros(small.shape[:2], bool)
    delta = lab - np.median(patches, axis=0)
    return np.asarray(np.hypot(np.hypot(delta[..., 1], delta[..., 2]), delta[..., 0] * 0.3) < 11)
