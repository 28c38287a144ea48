"""The parser without trained weights for garments: colour on a plain background, landmarks on a person.

A garment that lies or hangs alone is cut from its ground by `flat`: by colour and outline on a plain one, with a low
confidence on a texture. A worn garment is taken from the body's geometry and colours, with a confidence to match.
Everything else is refused with a code. Default of the local stack; passes the parsers' contract tests.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from proteus.artefacts import GarmentCategory
from proteus.errors import InvalidRequest, NoGarmentDetected, PhotoRejected
from tailor.masks import HIPS, NOSE, SHOULDERS, agnostic_masks, body_measure, points_of
from tailor.parsers.colour import colour_distance
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.parsers.flat import find_flat, shrink
from tailor.parsers.ground import PLAIN_DISTANCE, Plane, find_ground
from tailor.parsers.plausible import doubts
from tailor.parsers.shape import guess_category
from tailor.parsers.worn import find_worn
from tailor.pose import Pose, PoseModel

TRUST: Final = {"colour": 0.95, "outline": 0.9, "both": 0.5, "texture": 0.3}
"""How far each way of finding a garment is trusted at best."""

UNEVEN: Final = ((0.3, 2.0), (1.0, 0.5))
"""Lightness, as a standard deviation on the border, and what it leaves of the confidence: on a line between the two."""

SAME_CLOTH: Final = 10.0
"""In CIELAB: a face that differs less than this from the trunk's middle is no face."""


class ClassicParser:
    """Implements `parsers.contract.Parser`.

    Args:
        pose: Finds people.
    """

    name = "classic"
    version = "6"

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
        if not _has_a_head(photo, pose):
            return self.cut_flat(photo, category)
        try:
            return find_worn(photo, pose, category)
        except NoGarmentDetected:
            # Cloth of skin's colour may look like somebody who lies there; of people who stand or sit it is true.
            if _upright(pose):
                raise
            return self.cut_flat(photo, category)

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
            agnostic=agnostic_masks(pose.landmarks, pose.mask, photo),
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
    place = (slice(max(0, y - 2), max(0, y + 3)), slice(max(0, x - 2), max(0, x + 3)))
    face = colour_distance(ground)[place]
    if face.size == 0:
        return True
    # A dress has a waist where a network sees a face; but cloth is there, as on the trunk.
    (a, b), (c, d) = (points_of(pose.landmarks)[list(pair)] * scale for pair in (SHOULDERS, HIPS))
    u, v = np.round((a + b + c + d) / 4).astype(int)
    trunk = ground.delta[max(0, v - 2) : max(0, v + 3), max(0, u - 2) : max(0, u + 3)].reshape(-1, 3)
    if len(trunk):
        away = np.median(ground.delta[place].reshape(-1, 3), axis=0) - np.median(trunk, axis=0)
        if float(np.linalg.norm(away)) < SAME_CLOTH:
            return False
    eyes = [
        float(np.median(patch))
        for mark in (pose.landmarks[2], pose.landmarks[5])
        if (patch := _patch(colour_distance(ground), mark.x * scale, mark.y * scale)).size
    ]
    # Above a neckline there is ground where eyes would be.
    return float(np.median(face)) >= PLAIN_DISTANCE and (not eyes or max(eyes) >= PLAIN_DISTANCE)


def _patch(values: Plane, x: float, y: float) -> Plane:
    """Return the values around a place; nothing outside the photo."""
    column, row = round(x), round(y)
    return values[max(0, row - 2) : max(0, row + 3), max(0, column - 2) : max(0, column + 3)]


def _upright(pose: Pose) -> bool:
    """Tell whether the nose is above the shoulders in the photo."""
    points = points_of(pose.landmarks)
    return bool(points[list(SHOULDERS), 1].mean() - points[NOSE, 1] > 0.2 * body_measure(points))
