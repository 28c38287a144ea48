"""Takes a garment that a person wears: the body's geometry gives the region, skin and colours the pixels. Pure.

Shirt and trousers overlap in geometry: a shirt hangs over the hips. So the colours are sampled where landmarks say
what must be there (the trunk's upper part, thighs and calves, the crown's hair), and a pixel that is nearer to what
the person also wears belongs to that.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import ACCESSORIES, GarmentCategory
from proteus.errors import NoGarmentDetected
from tailor.cutting import drop_specks
from tailor.masks import ANKLES, HIPS, KNEES, MOUTH_LEFT, MOUTH_RIGHT, SEEN, SHOULDERS, agnostic_masks, soft_edge
from tailor.parsers.colour import ROUNDS, grab
from tailor.parsers.contract import GarmentMask, Pixels
from tailor.parsers.flat import AREA_FRACTIONS, shrink
from tailor.pose import Pose

Truth = NDArray[np.bool_]
Floats = NDArray[np.float32]

CONFIDENCE: Final = 0.4
"""Geometry and colour models, no trained parser: good for a try-out."""

LIGHTNESS_WEIGHT: Final = 0.4
"""Of Lab's L against a and b: folds change lightness more than colour."""

SKIN: Final = 11.0
"""Within this of the cheeks' colour a pixel may be skin."""

SAME_CLOTH: Final = 8.0
"""Samples that are nearer to each other than this, in the median, may be one cloth's: a dress is not cut in two."""

NEARER: Final = 2.0
"""A pixel belongs to another garment if it is nearer to it than to this one by this much."""

SAMPLES: Final = 40


def find_worn(photo: Pixels, pose: Pose, category: str) -> GarmentMask:
    """Find what a person wears of a category; `auto` means the top.

    Raises:
        NoGarmentDetected: It cannot be told from skin and background, or too little of it is visible; or it
            is no cloth.
    """
    if category in ACCESSORIES:
        raise NoGarmentDetected(f"somebody wears it: a photo of the {category} alone can be cut out")
    chosen: GarmentCategory = "upper" if category == "auto" else category  # type: ignore[assignment]
    place: GarmentCategory = "upper" if chosen in ("inner", "outer") else chosen
    height, width = photo.shape[:2]
    small, scale = shrink(photo)
    size = (small.shape[1], small.shape[0])
    person = cv2.resize(pose.mask, size, interpolation=cv2.INTER_AREA)
    area = cv2.resize(agnostic_masks(pose.landmarks, pose.mask)[place], size, interpolation=cv2.INTER_AREA)
    colours = _Colours(small, pose, scale, person > 127)
    skin, other = colours.skin, colours.of_others(place)
    trimap = np.full(person.shape, cv2.GC_BGD, np.uint8)
    inside = (area > 127) & (person > 127) & ~other
    trimap[inside] = cv2.GC_PR_FGD
    deep = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    core = inside & (deep > 0.5 * deep.max()) & ~skin
    trimap[core] = cv2.GC_FGD
    trimap[inside & skin] = cv2.GC_PR_BGD
    if not core.any():
        raise NoGarmentDetected("the garment on the person cannot be told from skin and background")
    found = grab(small, trimap, rounds=ROUNDS).astype(np.uint8) * 255
    if np.count_nonzero(found) < AREA_FRACTIONS[0] * found.size:
        raise NoGarmentDetected("too little of the garment is visible on the person")
    full = cv2.resize(found, (width, height), interpolation=cv2.INTER_CUBIC)
    alpha = drop_specks(np.minimum(soft_edge(full, 1.5 / scale), pose.mask))
    return GarmentMask(alpha=alpha, category=chosen, confidence=CONFIDENCE, worn=True)


class _Colours:
    """The photo's colours, and samples of what the person wears where."""

    def __init__(self, small: Pixels, pose: Pose, scale: float, person: Truth) -> None:
        lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
        self._lab = np.asarray(lab * np.array([LIGHTNESS_WEIGHT, 1, 1], np.float32), np.float32)
        self._points = np.array([(mark.x, mark.y) for mark in pose.landmarks]) * scale
        self._seen = np.array([mark.visibility >= SEEN for mark in pose.landmarks])
        self._person = person
        self.skin = self._is_skin()

    def of_others(self, category: str) -> Truth:
        """Return what is nearer to the person's other clothes, or hair, than to the garment of this category."""
        trunk, legs, hair = self._trunk(), self._legs(), self._hair()
        own = {"upper": trunk, "lower": legs}.get(category, np.concatenate([trunk, legs]))
        nothing = np.zeros(self._person.shape, bool)
        if not len(own):
            return nothing
        to_own, found = self._distance(own), nothing
        for other in ({"upper": (legs, hair), "lower": (trunk,)}).get(category, (hair,)):
            if len(other) and float(np.median(_nearest(other, own))) > SAME_CLOTH:
                found = found | (self._distance(other) < to_own - NEARER)
        return found

    def _trunk(self) -> Floats:
        """Return samples of what covers the chest: the upper part, where no trousers reach."""
        (left, right), (low_left, low_right) = self._points[list(SHOULDERS)], self._points[list(HIPS)]
        down, across = np.meshgrid(np.linspace(0.15, 0.7, 10), np.linspace(0.15, 0.85, 8))
        a = left + (low_left - left) * down[..., None]
        b = right + (low_right - right) * down[..., None]
        return self._at((a + (b - a) * across[..., None]).reshape(-1, 2))

    def _legs(self) -> Floats:
        """Return samples of what covers thighs and calves."""
        lines = []
        for hip, knee, ankle in zip(HIPS, KNEES, ANKLES, strict=True):
            for start, end, first, last in ((hip, knee, 0.35, 1.0), (knee, ankle, 0.0, 0.8)):
                if self._seen[end]:
                    at = np.linspace(first, last, 16)[:, None]
                    lines.append(self._points[start] + (self._points[end] - self._points[start]) * at)
        return self._at(np.concatenate(lines)) if lines else np.empty((0, 3), np.float32)

    def _hair(self) -> Floats:
        eyes, mouth = self._points[[2, 5]].mean(axis=0), self._points[[MOUTH_LEFT, MOUTH_RIGHT]].mean(axis=0)
        up, across = eyes - mouth, self._points[2] - self._points[5]
        return self._at(
            np.array([eyes + up * high + across * aside for high in (1.1, 1.3, 1.5) for aside in (-0.5, 0, 0.5)])
        )

    def _at(self, points: NDArray[np.float64]) -> Floats:
        """Return at most `SAMPLES` colours of the person that are no skin."""
        height, width = self._person.shape
        xs, ys = np.round(points).astype(np.int64).T
        inside = (xs >= 0) & (ys >= 0) & (xs < width) & (ys < height)
        xs, ys = xs[inside], ys[inside]
        cloth = self._person[ys, xs] & ~self.skin[ys, xs]
        found = self._lab[ys, xs][cloth]
        return np.asarray(found[:: max(1, -(-len(found) // SAMPLES))], np.float32)

    def _distance(self, samples: Floats) -> Floats:
        least = np.full(self._person.shape, np.inf, np.float32)
        for sample in samples:
            np.minimum(least, np.square(self._lab - sample).sum(axis=2), out=least)
        return np.asarray(np.sqrt(least), np.float32)

    def _is_skin(self) -> Truth:
        """Return where the colour is that of this person's cheeks."""
        samples = []
        for x, y in np.round(self._points[[0, MOUTH_LEFT, MOUTH_RIGHT]]).astype(int):
            samples.append(self._lab[max(0, y - 3) : max(0, y + 4), max(0, x - 3) : max(0, x + 4)].reshape(-1, 3))
        patches = np.concatenate(samples)
        if not len(patches):
            return np.zeros(self._person.shape, bool)
        delta = self._lab - np.median(patches, axis=0).astype(np.float32)
        delta[..., 0] *= 0.3 / LIGHTNESS_WEIGHT
        return np.asarray(np.square(delta).sum(axis=2) < SKIN**2)


def _nearest(samples: Floats, others: Floats) -> Floats:
    """Return how far each sample is from the nearest of the others."""
    return np.asarray(np.sqrt(np.square(samples[:, None] - others[None]).sum(axis=2)).min(axis=1), np.float32)
