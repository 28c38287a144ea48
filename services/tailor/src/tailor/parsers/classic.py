"""The parser without trained weights for garments: colour on a plain background, landmarks on a person.

A garment that lies or hangs alone is cut from its ground by `flat`: by colour and outline on a plain one, with a low
confidence on a texture. A worn garment is taken from the body's geometry and colours, with a confidence to match.
Everything else is refused with a code. Default of the local stack; passes the parsers' contract tests.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory
from proteus.errors import InvalidRequest, NoGarmentDetected, PhotoRejected
from tailor.cutting import drop_specks
from tailor.masks import agnostic_masks, soft_edge
from tailor.parsers.colour import ROUNDS, colour_distance, grab
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.parsers.flat import AREA_FRACTIONS, find_flat, shrink
from tailor.parsers.ground import PLAIN_DISTANCE, find_ground
from tailor.parsers.plausible import doubts
from tailor.parsers.shape import guess_category
from tailor.pose import Pose, PoseModel

TRUST: Final = {"colour": 0.95, "outline": 0.9, "both": 0.5, "texture": 0.3}
"""How far each way of finding a garment is trusted at best."""

UNEVEN: Final = ((0.3, 2.0), (1.0, 0.5))
"""Lightness, as a standard deviation on the border, and what it leaves of the confidence: on a line between the two."""

WORN_CONFIDENCE: Final = 0.4
"""Geometry and colour models, no trained parser: good for a try-out."""


class ClassicParser:
    """Implements `parsers.contract.Parser`.

    Args:
        pose: Finds people.
    """

    name = "classic"
    version = "3"

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
            return self.cut_flat(photo, category)
        return _worn(photo, pose, category) if _has_a_head(photo, pose) else self.cut_flat(photo, category)

    def cut_flat(self, photo: Pixels, category: str) -> GarmentMask:
        """Cut a garment that nobody wears from its ground.

        Raises:
            NoGarmentDetected: There is none, or it cannot be told from its background.
        """
        found = find_flat(photo)
        guessed, _ = guess_category(found.alpha)
        chosen: GarmentCategory = guessed if category == "auto" else category  # type: ignore[assignment]
        warnings, plausible = doubts(found.found)
        confidence = TRUST[found.way] * float(np.interp(found.unevenness, *UNEVEN)) * plausible
        return GarmentMask(
            alpha=found.alpha, category=chosen, confidence=round(confidence, 3), worn=False, warnings=warnings
        )

    def find_person(self, photo: Pixels, *, index: int | None = None) -> PersonMasks:
        """Find the person and draw the masks of every category.

        Raises:
            NoPersonDetected: There is none.
            PersonCropped: Too little of the torso is in the photo.
        """
        pose = self.pose.find(photo, index=index, closely=True)
        return PersonMasks(
            landmarks=pose.landmarks,
            person=pose.mask,
            agnostic=agnostic_masks(pose.landmarks, pose.mask),
            people=pose.people,
            index=pose.index,
        )


def _has_a_head(photo: Pixels, pose: Pose) -> bool:
    """Tell a wearer from a shirt on a hanger, which has shoulders, too: there, background is where a face would be."""
    nose = pose.landmarks[0]
    small, scale = shrink(photo)
    ground = find_ground(small)
    if not ground.is_plain:
        return True
    x, y = round(nose.x * scale), round(nose.y * scale)
    face = colour_distance(ground)[max(0, y - 2) : max(0, y + 3), max(0, x - 2) : max(0, x + 3)]
    return face.size == 0 or float(np.median(face)) >= PLAIN_DISTANCE


def _worn(photo: Pixels, pose: Pose, category: str) -> GarmentMask:
    """Take the garment that a person wears: the body's geometry gives the region, skin and colours the pixels."""
    chosen: GarmentCategory = "upper" if category == "auto" else category  # type: ignore[assignment]
    height, width = photo.shape[:2]
    small, scale = shrink(photo)
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
    found = grab(small, trimap, rounds=ROUNDS).astype(np.uint8) * 255
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
