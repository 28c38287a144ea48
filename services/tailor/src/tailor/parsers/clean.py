"""Parser `clean`: three permissively licensed networks and BlazePose, no non-commercial weights anywhere.

A flat garment is the foreground. A worn one is what cloth-seg calls a garment of the category, inside the foreground,
without skin and hair, where the body's geometry expects it. A person's agnostic masks are the geometry's regions and
all that is worn there, spared face, hair and bare skin outside the region: so CatVTON's mask needs no other parser.
Opt-in: `TAILOR_PARSER=clean` and a folder `clean` in `TAILOR_WEIGHTS_DIR` with the files that `clean_models` names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import ACCESSORIES, GarmentCategory, Landmark
from proteus.errors import InvalidRequest, NoGarmentDetected, PhotoRejected
from tailor.cutting import drop_specks
from tailor.masks import WORKING_SIDE, agnostic_masks, body_measure, grow, points_of, soft_edge
from tailor.parsers.clean_models import KINDS, Body, CleanModels, Cloth, Floats, fingerprint
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.parsers.shape import guess_category
from tailor.pose import Pose, PoseModel

Truth = NDArray[np.bool_]

CUT_CLASSES: Final[dict[str, tuple[Cloth, ...]]] = {
    **dict.fromkeys(("upper", "inner", "outer"), (Cloth.UPPER,)),
    "lower": (Cloth.LOWER,),
    "overall": (Cloth.UPPER, Cloth.LOWER, Cloth.FULL),
    "dress": (Cloth.UPPER, Cloth.LOWER, Cloth.FULL),
}
"""The classes of a garment of a category; a dress often comes as an upper and a lower part."""

WORN_CLASSES: Final[dict[str, tuple[Cloth, ...]]] = {
    "upper": (Cloth.UPPER, Cloth.FULL),
    "lower": (Cloth.LOWER, Cloth.FULL),
    "overall": (Cloth.UPPER, Cloth.LOWER, Cloth.FULL),
    "dress": (Cloth.UPPER, Cloth.LOWER, Cloth.FULL),
}
"""The classes that are removed when a garment of a category is put on."""

CATEGORY_OF: Final[dict[int, GarmentCategory]] = {Cloth.UPPER: "upper", Cloth.LOWER: "lower", Cloth.FULL: "dress"}
PERSON: Final = (Body.HAIR, Body.BODY_SKIN, Body.FACE_SKIN)

MIN_AREA: Final = 0.02
"""Share of the photo: less is no garment."""
MIN_SKIN: Final = 0.005
"""Share of the photo that must be skin or hair before a pose found in it counts as a wearer: clothes hangers have
shoulders too."""
CLOTH_MARGIN: Final = 0.05
"""How far beyond the old garment may be repainted, in body measures: its seam and its shadow."""
PERSON_MARGIN: Final = 0.35
"""How far from the pose's own mask the foreground is still this person, in body measures: wide skirts, loose hair."""
EDGE_PIXELS: Final = 1.5
"""Softness of a worn garment's edge where it borders on skin."""


class CleanParser:
    """Implements `parsers.contract.Parser`.

    Args:
        pose: Finds people.
        folder: Holds the three ONNX files.
        threads: Per network.

    Raises:
        ModelUnavailable: Something is missing.
    """

    name = "clean"

    def __init__(self, pose: PoseModel, *, folder: Path, threads: int = 1) -> None:
        self.pose = pose
        self.models = CleanModels(folder, threads=threads)
        self.version = f"1-{fingerprint(folder, KINDS)}"

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        """Find the garment; `auto` takes the category that covers most.

        Raises:
            NoGarmentDetected: There is none of this category.
            InvalidRequest: The category is none of ours.
        """
        if category not in ("auto", *get_args(GarmentCategory)):
            raise InvalidRequest(f"category is {category!r}; auto, {', '.join(get_args(GarmentCategory))} are known")
        foreground = self.models.foreground(photo)
        body = self.models.body(photo)
        try:
            pose = self.pose.find(photo)
        except PhotoRejected:
            pose = None
        if pose is None or np.isin(body, PERSON).mean() < MIN_SKIN:
            return _flat(foreground, self.models.cloth(photo), category)
        return _worn(foreground, self.models.cloth(photo), body, pose, category)

    def find_person(self, photo: Pixels, *, index: int | None = None) -> PersonMasks:
        """Find the person and draw the masks of every category.

        Raises:
            NoPersonDetected: There is none.
            PersonCropped: Too little of the torso is in the photo.
        """
        pose = self.pose.find(photo, index=index, closely=True)
        height, width = photo.shape[:2]
        scale = min(1.0, WORKING_SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
        marks = tuple(
            Landmark(x=mark.x * scale, y=mark.y * scale, visibility=mark.visibility) for mark in pose.landmarks
        )
        own = np.asarray(cv2.resize(pose.mask, size, interpolation=cv2.INTER_AREA), np.uint8)
        unit = body_measure(points_of(marks))
        near = np.asarray(cv2.resize(grow(_mask(own > 127), PERSON_MARGIN * unit), (width, height)), np.uint8)
        person = np.asarray((self.models.foreground(photo) * 255).round(), np.uint8)
        person = np.where(near > 127, person, 0).astype(np.uint8)
        agnostic = _agnostic(
            marks,
            np.asarray(cv2.resize(person, size, interpolation=cv2.INTER_AREA), np.uint8),
            cloth=self.models.cloth(small),
            body=self.models.body(small),
        )
        full = {name: _mask(cv2.resize(mask, (width, height)) > 127) for name, mask in agnostic.items()}
        return PersonMasks(landmarks=pose.landmarks, person=person, agnostic=full, people=pose.people, index=pose.index)


def _flat(foreground: Floats, cloth: Pixels, category: str) -> GarmentMask:
    """Take what stands out from the background."""
    alpha = drop_specks(np.asarray((foreground * 255).round(), np.uint8))
    solid = alpha > 127
    if solid.mean() < MIN_AREA:
        raise NoGarmentDetected(
            f"no garment was found: {solid.mean():.1%} of the picture stand out from its background"
        )
    confidence = float(foreground[solid].mean())
    if category == "auto":
        found = _dominant(cloth, solid)
        if found is None:
            guessed, certainty = guess_category(alpha)
            found = guessed, certainty
        chosen, share = found
        confidence *= share
    else:
        chosen = category  # type: ignore[assignment]
    return GarmentMask(alpha=alpha, category=chosen, confidence=round(confidence, 3), worn=False)


def _worn(foreground: Floats, cloth: Pixels, body: Pixels, pose: Pose, category: str) -> GarmentMask:
    """Take what cloth-seg calls the garment, in the foreground, where this body wears such garments."""
    if category in ACCESSORIES:
        raise NoGarmentDetected(f"somebody wears it: a photo of the {category} alone can be cut out")
    bare = np.isin(body, PERSON)
    if category == "auto":
        found = _dominant(cloth, (foreground > 0.5) & ~bare)
        if found is None:
            raise NoGarmentDetected("the clothes of the person cannot be separated from the rest of the picture")
        chosen, share = found
    else:
        chosen, share = category, 1.0  # type: ignore[assignment]
    inside = np.isin(cloth, CUT_CLASSES[chosen]) & ~bare
    place: GarmentCategory = "upper" if chosen in ("inner", "outer") else chosen
    inside &= _touching(inside, agnostic_masks(pose.landmarks, pose.mask)[place] > 127)
    if inside.mean() < MIN_AREA:
        raise NoGarmentDetected(f"no {chosen} garment was found on the person")
    alpha = soft_edge(_mask(inside), EDGE_PIXELS) * foreground
    confidence = float(foreground[inside].mean()) * share
    return GarmentMask(
        alpha=drop_specks(np.asarray(alpha.round(), np.uint8)),
        category=chosen,
        confidence=round(confidence, 3),
        worn=True,
    )


def _agnostic(
    landmarks: tuple[Landmark, ...], person: Pixels, *, cloth: Pixels, body: Pixels
) -> dict[GarmentCategory, Pixels]:
    """The regions of the body's geometry and the old garment; face, hair and skin outside the region stay."""
    margin = CLOTH_MARGIN * body_measure(points_of(landmarks))
    near = grow(_mask(person > 127), margin) > 0
    masks: dict[GarmentCategory, Pixels] = {}
    for category, region in agnostic_masks(landmarks, person).items():
        garment = grow(_mask(np.isin(cloth, WORN_CLASSES[category])), margin) > 0
        kept = np.isin(body, (Body.HAIR, Body.FACE_SKIN)) | ((body == Body.BODY_SKIN) & (region == 0))
        masks[category] = _mask(((region > 0) | garment) & ~kept & near)
    return masks


def _dominant(cloth: Pixels, where: Truth) -> tuple[GarmentCategory, float] | None:
    """The category of most of the garment's pixels and its share of them."""
    counts = np.bincount(cloth[where], minlength=len(Cloth))[1:]
    if not counts.sum():
        return None
    best = int(counts.argmax())
    return CATEGORY_OF[best + 1], float(counts[best] / counts.sum())


def _touching(mask: Truth, region: Truth) -> Truth:
    """The pieces of a mask that reach into a region."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    kept = np.unique(labels[region & mask])
    return np.asarray(np.isin(labels, kept[kept > 0]))


def _mask(truth: Truth) -> Pixels:
    return truth.astype(np.uint8) * 255
