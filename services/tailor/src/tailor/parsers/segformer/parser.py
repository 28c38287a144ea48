"""SegFormer behind the parser seam: garments by label and colour, people by label and pose."""

from __future__ import annotations

from typing import Final, get_args

import cv2
import numpy as np

from proteus.artefacts import ACCESSORIES, GarmentCategory, Landmark
from proteus.errors import InvalidRequest, NoGarmentDetected, NoPersonDetected
from tailor.labels import BODY_LABELS, GARMENT_LABELS, dominant_category
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.parsers.segformer.agnostic import WORKING_SIDE, agnostic_masks, extremities
from tailor.parsers.segformer.matting import soft_alpha
from tailor.parsers.segformer.network import Network
from tailor.parsers.segformer.preparation import Floats
from tailor.parsers.segformer.upsampling import labels_at
from tailor.pose import Pose, PoseModel

WORN_FRACTION: Final = 0.01
"""Of the photo: with more face, hair, arms and legs than this, a person wears the garment."""

GARMENT_FRACTION: Final = 0.005
"""Of the photo: less is a speck, not a garment."""


class SegformerParser:
    """Finds garments and people. One instance per thread; they may share the network.

    Args:
        network: From `load_network`.
        pose: Landmarks, hands and feet.
    """

    name = "segformer"

    def __init__(self, network: Network, pose: PoseModel) -> None:
        self.version = f"1-{network.version}"
        self._network = network
        self._pose = pose

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        """Find the garment in a photo, (H, W, 3) uint8 sRGB; `category` is `auto` or the one to look for.

        A worn outfit gives the garment of the category; a photo of a garment alone gives all of it, however the
        network names its parts.

        Raises:
            NoGarmentDetected: There is none.
            InvalidRequest: No such category.
        """
        if category not in ("auto", *get_args(GarmentCategory)):
            raise InvalidRequest(f"category {category!r} is none of auto, {', '.join(get_args(GarmentCategory))}")
        probabilities = _softmax(self._network.logits([photo])[0])
        labels = probabilities.argmax(axis=0)
        counts = dict(enumerate(np.bincount(labels.ravel(), minlength=len(probabilities)).tolist()))
        worn = sum(counts[label] for label in BODY_LABELS) >= WORN_FRACTION * labels.size
        dominant = dominant_category(counts)
        if category == "auto" and dominant is None:
            raise NoGarmentDetected
        wanted: GarmentCategory = dominant[0] if dominant and category == "auto" else category  # type: ignore[assignment]
        named = (wanted,) if worn else ("overall", *ACCESSORIES) if wanted in ACCESSORIES else ("overall",)
        probability = probabilities[sorted(frozenset().union(*(GARMENT_LABELS[one] for one in named)))].sum(axis=0)
        found = probability >= 0.5
        if found.mean() < GARMENT_FRACTION:
            raise NoGarmentDetected(f"no garment of category {wanted} was found in the picture")
        return GarmentMask(
            alpha=soft_alpha(photo, probability),
            category=wanted,
            confidence=float(probability[found].mean()) * (dominant[1] if dominant and category == "auto" else 1.0),
            worn=worn,
        )

    def find_person(self, photo: Pixels, *, index: int | None = None) -> PersonMasks:
        """Find the person in a photo, (H, W, 3) uint8 sRGB.

        Raises:
            NoPersonDetected: There is none.
            PersonCropped: Shoulders or hips are outside the picture.
        """
        pose = self._pose.find(photo, index=index, closely=True)
        logits = self._network.logits([photo])[0]
        height, width = photo.shape[:2]
        person = _person(labels_at(logits, width=width, height=height), pose)
        if not person.any():
            raise NoPersonDetected
        # At the published scale, whatever the photo's; sides in fours for the rule's quarter maps.
        scale = min(1.0, WORKING_SIDE / max(height, width))
        w, h = (max(4, round(side * scale / 4) * 4) for side in (width, height))
        labels = labels_at(logits, width=w, height=h)
        labels[cv2.resize(person, (w, h), interpolation=cv2.INTER_NEAREST) == 0] = 0
        marks = [
            Landmark(x=mark.x * w / width, y=mark.y * h / height, visibility=mark.visibility) for mark in pose.landmarks
        ]
        masks = agnostic_masks(labels, extremities(marks, (h, w)))
        return PersonMasks(
            landmarks=pose.landmarks,
            person=person,
            agnostic={category: _enlarged(mask, width, height) for category, mask in masks.items()},
            people=pose.people,
            index=pose.index,
        )


def _person(labels: Pixels, pose: Pose) -> Pixels:
    """Return the pieces of foreground that the pose's person is part of, (H, W) uint8."""
    count, pieces = cv2.connectedComponents((labels > 0).astype(np.uint8))
    hit = np.zeros(count, np.bool_)
    hit[np.unique(pieces[pose.mask > 127])] = True
    hit[0] = False
    return np.where(hit[pieces], np.uint8(255), np.uint8(0))


def _enlarged(mask: Pixels, width: int, height: int) -> Pixels:
    smooth = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(smooth > 127, np.uint8(255), np.uint8(0))


def _softmax(logits: Floats) -> Floats:
    risen = np.exp(logits - logits.max(axis=0))
    return np.asarray(risen / risen.sum(axis=0), np.float32)
