"""Labels each pixel of a person's photo: ground, skin, the two garments that are worn, hair. Pure numpy and cv2.

The parse has landmarks, a coarse person mask and what may change; it does not say which pixels are cloth. So this
module takes samples of the photo where landmarks say what must be there (face and hands, trunk and arms, thighs, the
crown of the head, the ground beside the person), makes a palette of each, and gives every pixel the nearest label.
Inside the person a pixel that is neither skin nor hair counts as cloth: a collar that is left over is worse than a
shadow that is repainted. `labels` corrects what colour alone confuses.

Everything here is a `crop` of the photo around the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from weaver.pipelines.anatomy import Mask, Pixels, Point
from weaver.pipelines.colours import distance, fill, nearest, palette, weighted
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.crop import Crop
from weaver.pipelines.fitting import ANKLES, ELBOWS, HIPS, KNEES, SEEN, SHOULDERS, WRISTS
from weaver.pipelines.labels import (
    BOTTOM,
    GROUND,
    HAIR,
    SAME_CLOTH,
    SKIN,
    TOP,
    Labels,
    ground_in_gaps,
    only_hair_of_the_head,
    without_mixed_rims,
)
from weaver.pipelines.mesh import Floats

SKIN_REACH: Final = 15.0
"""Farther than this from the skin's palette (weighted Lab) nothing inside the person is skin: it is cloth."""

HAIR_SHADE: Final = 10.0
"""Of L: hair is so much darker than the darkest of the skin's palette."""

LIMB_SKIN: Final = 11.0
"""Samples along a limb that are nearer to the skin's palette than this are bare."""

LEG_SKIN: Final = 7.0
"""The same for legs, where sand-coloured trousers are more common than bare thighs."""

LOOSE_CLOTH: Final = 14.0
"""Beyond the person mask a pixel is cloth only if it is nearer to its palette than this, and than the ground."""

LEAST_FACE: Final = 0.1
"""In shoulder widths: eyes and mouth that are nearer each other tell nothing of the head."""

BAND: Final = 0.07
"""In shoulder widths: how far the person mask's edge may be off; the pose network's mask has 256 pixels a side."""

ONE_PIECE_SHARE: Final = 0.5
"""One garment covers both if this share of the legs' samples has the trunk's colours, and of the trunk's the legs'.
Jeans and a shirt with stripes of their blue are two."""

SIDE_TAKEN, TRUNK_END = 3.0, 0.1
"""In Lab: how much more likely cloth beyond the hips is the legs'; over this share of the trunk."""

ALIKE: Final = 2.0
"""In Lab: cloth that differs from the ground by no more than this from its own palette may be either."""

DEFAULT_SKIN: Final = (66.0, 14.0, 18.0)
"""CIELAB, where neither face nor hands are seen: between all."""


@dataclass(frozen=True)
class Scene:
    """The read photo.

    Attributes:
        rgb: (h, w, 3) uint8.
        lab: (h, w, 3) float32 CIELAB.
        points: (33, 2) landmarks in working pixels.
        seen: (33,) bool.
        unit: Shoulder width, or what stands for it from the side, in working pixels.
        person: (h, w) bool.
        labels: (h, w) uint8: GROUND, SKIN, TOP, BOTTOM, HAIR.
        one_piece: Trunk and legs wear the same cloth.
        bottom_known: The legs' cloth was seen.
        allowed: (h, w) bool: what may change.
        skin: CIELAB of the person's skin.
    """

    crop: Crop
    rgb: Pixels
    lab: Floats
    points: Point
    seen: Mask
    unit: float
    person: Mask
    labels: Labels
    one_piece: bool
    bottom_known: bool
    allowed: Mask
    skin: Floats

    def down_the_trunk(self) -> Floats:
        """Return, for every pixel, how far it lies down the trunk: 0 at the shoulders, 1 at the hips."""
        return down_the_trunk(self.points, self.crop.size)


def look(job: WeaveJob) -> Scene:
    """Read a photo."""
    assert job.parse is not None
    assert job.person_mask is not None
    assert job.agnostic_mask is not None
    crop = Crop.around(np.maximum(job.person_mask, job.agnostic_mask))
    rgb, mask = crop.shrink(job.person), crop.shrink(job.person_mask)
    allowed = crop.shrink(job.agnostic_mask) > 127
    lab = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    points = crop.points(job.parse.landmarks)
    seen = np.array([mark.visibility >= SEEN for mark in job.parse.landmarks])
    unit = shoulder_width(points)
    person = mask > 127
    band = max(2.0, BAND * unit)
    inside = np.asarray(cv2.distanceTransform(person.astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    outside = np.asarray(cv2.distanceTransform((~person).astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    sampler = _Sampler(lab, inside > 0.5 * band, points, seen, unit)
    skin = sampler.skin()
    skin_distance = distance(lab, skin)
    top, low_trunk = sampler.top(skin_distance)
    bottom, low_bottom = sampler.bottom(skin_distance)
    one_piece = bool(len(bottom)) and _share(low_bottom, low_trunk) > ONE_PIECE_SHARE < _share(low_trunk, bottom)
    ground = fill(lab, outside > 1.5 * band)
    ground_distance = weighted(lab - ground)
    costs = np.full((5, *crop.size), 60.0, np.float32)
    costs[SKIN] = skin_distance
    costs[TOP] = distance(lab, palette(top, 6))
    along = down_the_trunk(points, crop.size)
    if len(bottom) and not one_piece:
        costs[BOTTOM] = np.where(along > 0.55, distance(lab, palette(bottom, 5)), 60)
    hair = sampler.hair(skin)
    if len(hair):
        costs[HAIR] = distance(lab, palette(hair, 3))
    costs = np.minimum(costs, 60)
    costs[GROUND] = np.where(inside > band, 90, ground_distance)
    if not one_piece:
        # Where both are of one colour, the trunk's end decides.
        costs[TOP] += SIDE_TAKEN * np.clip((along - 1) / TRUNK_END, 0, 1)
        costs[BOTTOM] += SIDE_TAKEN * np.clip((1 - along) / TRUNK_END, 0, 1)
    for index in range(5):
        costs[index] = cv2.blur(costs[index], (3, 3))
    # Where cloth and ground are of one colour, the person mask decides.
    like_cloth = (inside > 0) & (np.minimum(costs[TOP], costs[BOTTOM]) < ground_distance + ALIKE)
    costs[GROUND] = np.where(like_cloth, 90, costs[GROUND])
    labels = np.argmin(costs, axis=0).astype(np.uint8)
    # Inside the person what is near to no palette is cloth; outside only what is near to the cloth's palette is.
    cloth = np.where((along > 0.95) & (len(bottom) > 0) & (not one_piece), BOTTOM, TOP).astype(np.uint8)
    labels = np.where((labels == SKIN) & (costs[SKIN] > SKIN_REACH) & (inside > 0), cloth, labels)
    beyond = (outside > 0) & np.isin(labels, (TOP, BOTTOM, SKIN, HAIR))
    least = np.min(costs[1:], axis=0)
    labels = np.where(beyond & ((least > LOOSE_CLOTH) | (outside > 2.5 * band)), GROUND, labels)
    labels = ground_in_gaps(labels, weighted(lab - ground, lightness=0.6), points, seen, unit, like_cloth)
    labels = only_hair_of_the_head(labels, points, unit, hair, low_trunk)
    return Scene(
        crop=crop, rgb=rgb, lab=lab, points=points, seen=seen, unit=unit, person=person,
        labels=without_mixed_rims(np.asarray(cv2.medianBlur(labels, 3), np.uint8)), one_piece=one_piece,
        bottom_known=bool(len(bottom)), allowed=allowed, skin=np.median(skin, axis=0).astype(np.float32),
    )  # fmt: skip


def _share(samples: Floats, cloth: Floats) -> float:
    """Return the share of samples that have a colour of the cloth."""
    return float(np.mean(nearest(samples, palette(cloth, 4)) < SAME_CLOTH))


def shoulder_width(points: Point) -> float:
    """Return the shoulders' width, or what stands for it when they are seen from the side."""
    width = float(np.linalg.norm(points[SHOULDERS[0]] - points[SHOULDERS[1]]))
    trunk = float(np.linalg.norm(points[list(SHOULDERS)].mean(axis=0) - points[list(HIPS)].mean(axis=0)))
    return max(width, 0.45 * trunk, 1.0)


def down_the_trunk(points: Point, size: tuple[int, int]) -> Floats:
    """Return how far each pixel lies down the line from the shoulders (0) to the hips (1)."""
    start = points[list(SHOULDERS)].mean(axis=0)
    axis = points[list(HIPS)].mean(axis=0) - start
    axis = axis / max(float(axis @ axis), 1.0)
    ys, xs = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    return np.asarray(
        (xs - np.float32(start[0])) * np.float32(axis[0]) + (ys - np.float32(start[1])) * np.float32(axis[1])
    )


class _Sampler:
    """Takes colours where landmarks say what must be seen."""

    def __init__(self, lab: Floats, inside: Mask, points: Point, seen: Mask, unit: float) -> None:
        self._lab, self._inside, self._points, self._seen, self._unit = lab, inside, points, seen, unit

    def skin(self) -> Floats:
        """Return the skin's palette: the face's, and the hands' where they are bare."""
        points, found = self._points, np.empty((0, 3), np.float32)
        if self._seen[[0, 2, 5, 9, 10]].all():
            mouth, eyes = points[[9, 10]].mean(axis=0), points[[2, 5]].mean(axis=0)
            reach = max(0.75 * float(np.linalg.norm(mouth - eyes)), 2.0)
            face = self._disc((mouth + eyes) / 2, reach)
            # Eyes, brows and beards are no skin.
            found = (
                face[weighted(face - np.median(face, axis=0).astype(np.float32)) < SKIN_REACH] if len(face) else found
            )
        face = found
        for wrist, hand in zip(WRISTS, ((18, 20), (17, 19)), strict=True):
            if self._seen[wrist]:
                bare = self._disc(points[list(hand)].mean(axis=0), 0.07 * self._unit)
                if len(face) and len(bare):
                    bare = bare[nearest(bare, palette(face, 4)) < SKIN_REACH]
                found = np.concatenate([found, bare])
        return palette(found, 4) if len(found) >= 20 else np.array([DEFAULT_SKIN], np.float32)

    def top(self, skin_distance: Floats) -> tuple[Floats, Floats]:
        """Return colours of what covers trunk and arms, and those of the trunk's lower half alone."""
        points = self._points
        left, right = (points[index] for index in SHOULDERS)
        low_left, low_right = (points[index] for index in HIPS)
        trunk: list[Point] = []
        low: list[Point] = []
        for down in np.linspace(0.06, 0.92, 30):
            a, b = left + (low_left - left) * down, right + (low_right - right) * down
            for across in np.linspace(-0.05, 1.05, 24):
                (low if down > 0.5 else trunk).append(a + (b - a) * across)
        arms = [self._limb(shoulder, elbow, 0.1, 1.0) for shoulder, elbow in zip(SHOULDERS, ELBOWS, strict=True)] + [
            self._limb(elbow, wrist, 0.0, 0.9) for elbow, wrist in zip(ELBOWS, WRISTS, strict=True)
        ]
        found = self._cloth(np.concatenate([np.array(trunk), np.array(low), *arms]), skin_distance)
        lower = self._cloth(np.array(low), skin_distance)
        return found, lower if len(lower) >= 20 else found

    def bottom(self, skin_distance: Floats) -> tuple[Floats, Floats]:
        """Return colours of what covers thighs and calves, and those of the lower half of what is seen of them."""
        legs = []
        for hip, knee, ankle in zip(HIPS, KNEES, ANKLES, strict=True):
            line = np.concatenate([self._limb(hip, knee, 0.3, 1.0), self._limb(knee, ankle, 0.0, 0.9)])
            legs.append(line[self._on_person(line)])
        found = self._cloth(np.concatenate(legs), skin_distance, LEG_SKIN)
        low = self._cloth(np.concatenate([line[len(line) // 2 :] for line in legs]), skin_distance, LEG_SKIN)
        if len(found) < 20:
            return np.empty((0, 3), np.float32), np.empty((0, 3), np.float32)
        return found, low if len(low) >= 20 else found

    def hair(self, skin: Floats) -> Floats:
        """Return colours of the crown; none where it is bald or no face is seen."""
        nothing = np.empty((0, 3), np.float32)
        mouth, eyes = self._points[[9, 10]].mean(axis=0), self._points[[2, 5]].mean(axis=0)
        up = eyes - mouth
        if not self._seen[[0, 2, 5, 9, 10]].all() or float(np.linalg.norm(up)) < LEAST_FACE * self._unit:
            return nothing
        found = self._disc(eyes + up * 1.15, 0.35 * float(np.linalg.norm(up)))
        # Brown hair has fair skin's hue: much darker than any skin of this person it is hair, too.
        darker = found[:, 0] < skin[:, 0].min() - HAIR_SHADE
        found = found[(nearest(found, skin) > LIMB_SKIN) | darker]
        return found if len(found) >= 20 else nothing

    def _limb(self, start: int, end: int, first: float, last: float) -> Point:
        if not (self._seen[end] or self._in_photo(self._points[start])):
            return np.empty((0, 2))
        a, b = self._points[start], self._points[end]
        along = b - a
        normal = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6) * self._unit
        steps, offsets = np.linspace(first, last, 24), np.array([-0.07, -0.035, 0, 0.035, 0.07])
        return np.asarray((a + along * steps[:, None])[:, None] + normal * offsets[None, :, None]).reshape(-1, 2)

    def _in_photo(self, point: Point) -> bool:
        height, width = self._inside.shape
        return bool(0 <= point[0] < width and 0 <= point[1] < height)

    def _on_person(self, points: Point) -> Mask:
        height, width = self._inside.shape
        xs, ys = np.round(points).astype(np.int64).reshape(-1, 2).T
        inside = (xs >= 0) & (ys >= 0) & (xs < width) & (ys < height)
        inside[inside] = self._inside[ys[inside], xs[inside]]
        return np.asarray(inside)

    def _cloth(self, points: Point, skin_distance: Floats, bare_below: float = LIMB_SKIN) -> Floats:
        ys, xs = self._pixels(points)
        bare = skin_distance[ys, xs] < bare_below
        return np.asarray(self._lab[ys, xs][~bare], np.float32)

    def _disc(self, centre: Point, radius: float) -> Floats:
        steps = np.linspace(-radius, radius, 21)
        grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        ys, xs = self._pixels(centre + grid[np.hypot(*grid.T) <= radius])
        return np.asarray(self._lab[ys, xs], np.float32)

    def _pixels(self, points: Point) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        xs, ys = np.round(points[self._on_person(points)]).astype(np.int64).reshape(-1, 2).T
        return ys, xs
