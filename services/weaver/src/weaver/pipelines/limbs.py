"""Outlines of arms, legs, neck and trunk below the clothes, from landmarks, and the light across a limb. Pure.

A sleeve is wider than its arm. Where the sleeve is tight, the arm has the sleeve's outline; where it is loose, the arm
has an adult's mean width. Coordinates are working pixels of a `Scene`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from weaver.pipelines.anatomy import Mask, Point
from weaver.pipelines.fitting import ANKLES, ELBOWS, HIPS, KNEES, SHOULDERS, WRISTS
from weaver.pipelines.labels import GROUND, HAIR, SKIN, TOP, Labels
from weaver.pipelines.mesh import Floats
from weaver.pipelines.scene import Scene

# Half widths in shoulder widths (joint to joint, about 0.34 m): anthropometric means of adults.
ARM_RADII: Final = (0.15, 0.12, 0.08)
LEG_RADII: Final = (0.26, 0.17, 0.11)
TRUNK_RADII: Final = (0.52, 0.42, 0.47)
NECK_RADIUS: Final = 0.17
COLLAR, NAPE = 0.08, (0.18, 0.36)
"""In shoulder widths: a collar that stands off farther is a hood's; from the neck's side on less and less far, until at
the shoulders' ends nothing of a body is above them."""

BESIDE_NECK: Final = 0.29
"""In shoulder widths from the neck's middle: farther out a body is not seen above a garment's shoulders."""

CUFF_REACH: Final = 0.14
TIGHT: Final = 1.3
"""An outline up to this many mean half widths away is that of the limb; one farther away is that of a loose sleeve."""

STEPS: Final = 24
BARE_ROWS, BARE_FADE, BARE_MOST = 4, 5.0, 1.6
"""Of a limb's steps: fewer bare ones do not show how wide it is; over so many its width goes over to the cloth's; bare
skin up to this many mean half widths away is the limb's."""

ROUNDNESS, ROUNDNESS_RANGE, SIDE_LIGHT_MOST = -0.22, (-0.34, -0.10), 0.16
"""Light across a limb is 1 + b s + c (s^2 - 1/3), s from -1 to 1: c if it is not measured, its range, most of |b|."""

LEAST_PIXELS: Final = 60
"""Fewer pixels of a limb do not show how light falls on it."""


@dataclass(frozen=True)
class Limb:
    """One limb.

    Attributes:
        line: (STEPS, 2) from shoulder or hip to wrist or ankle.
        normal: (STEPS, 2), unit vectors to the limb's first side.
        radii: (STEPS, 2) half widths to either side.
        end: Index of the joint at its end.
        rounded: It begins with a half disc: a shoulder has no corner.
    """

    line: Point
    normal: Point
    radii: Point
    end: int
    rounded: bool = False

    def outline(self) -> Point:
        """Return the outline as a polygon."""
        first = self.line + self.normal * self.radii[:, :1]
        second = self.line - self.normal * self.radii[:, 1:]
        if not self.rounded:
            return np.concatenate([first, second[::-1]])
        turn = np.linspace(np.pi, 0, STEPS // 2)[1:-1, None]
        backwards = np.array([self.normal[0, 1], -self.normal[0, 0]])
        backwards *= -np.sign(backwards @ (self.line[1] - self.line[0])) or 1.0
        reach = np.where(np.cos(turn) > 0, self.radii[0, 0], self.radii[0, 1])
        cap = self.line[0] + reach * (np.cos(turn) * self.normal[0] + np.sin(turn) * backwards)
        return np.concatenate([cap, first, second[::-1]])

    def across(self, size: tuple[int, int]) -> tuple[Floats, tuple[slice, slice]]:
        """Return s, -1 to 1 from the second side to the first, in a box of the working crop; NaN off the limb."""
        reach = float(self.radii.max()) * 1.3
        low = np.maximum(np.floor(self.line.min(axis=0) - reach).astype(int), 0)
        high = np.minimum(np.ceil(self.line.max(axis=0) + reach).astype(int) + 1, size[::-1])
        box = (slice(int(low[1]), max(int(low[1]), int(high[1]))), slice(int(low[0]), max(int(low[0]), int(high[0]))))
        ys, xs = np.mgrid[box].astype(np.float32)
        found = np.full(ys.shape, np.nan, np.float32)
        least = np.full(ys.shape, np.inf, np.float32)
        for (x, y), (nx, ny), (one, other) in zip(self.line, self.normal, self.radii, strict=True):
            dx, dy = xs - np.float32(x), ys - np.float32(y)
            away = dx * dx + dy * dy
            side = dx * np.float32(nx) + dy * np.float32(ny)
            nearer = away < least
            least = np.where(nearer, away, least)
            found = np.where(
                nearer, np.where(side > 0, side / np.float32(max(one, 1)), side / np.float32(max(other, 1))), found
            )
        return np.where(np.abs(found) <= 1.25, np.clip(found, -1, 1), np.nan).astype(np.float32), box


def arms(scene: Scene, old: Mask) -> list[Limb]:
    """Return the arms whose elbows are seen."""
    return [replace(limb, rounded=True) for limb in _limbs(scene, old, (SHOULDERS, ELBOWS, WRISTS), ARM_RADII)]


def legs(scene: Scene, old: Mask) -> list[Limb]:
    """Return the legs whose knees are seen."""
    return _limbs(scene, old, (HIPS, KNEES, ANKLES), LEG_RADII)


def _limbs(scene: Scene, old: Mask, joints: tuple[tuple[int, int], ...], radii: tuple[float, ...]) -> list[Limb]:
    found = []
    for start, middle, end in zip(*joints, strict=True):
        if not scene.seen[middle]:
            continue
        points = scene.points[[start, middle, end]] if scene.seen[end] else scene.points[[start, middle]]
        if joints[0] == SHOULDERS:
            down = scene.points[list(HIPS)].mean(axis=0) - scene.points[list(SHOULDERS)].mean(axis=0)
            points = points.copy()
            points[0] = points[0] + down / max(float(np.linalg.norm(down)), 1.0) * 0.03 * scene.unit
        widths = np.array(radii[: len(points)])
        if scene.seen[end]:
            # Cuffs reach beyond the joint, over the hand's or the foot's beginning.
            last = points[2] - points[1]
            tip = points[2] + last / max(float(np.linalg.norm(last)), 1.0) * CUFF_REACH * scene.unit
            points, widths = np.concatenate([points, [tip]]), np.append(widths, widths[-1])
        found.append(_limb(scene, old, points, widths * scene.unit, end))
    return found


def _limb(scene: Scene, old: Mask, joints: Point, radii: Point, end: int, *, tight: float = TIGHT) -> Limb:
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(joints, axis=0), axis=1))])
    at = np.linspace(0, lengths[-1], STEPS)
    line = np.stack([np.interp(at, lengths, joints[:, axis]) for axis in (0, 1)], axis=1)
    # The bend is rounded, or the outline folds over itself inside the elbow.
    line[1:-1] = (line[:-2] + 2 * line[1:-1] + line[2:]) / 4
    along = np.gradient(line, axis=0)
    along = cv2.blur(along, (1, 5), borderType=cv2.BORDER_REPLICATE)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    mean = np.interp(at, lengths, radii)
    sides = np.stack([_measured(scene, old, line, side * normal, mean, tight) for side in (1, -1)], axis=1)
    return Limb(line=line, normal=normal, radii=sides, end=end)


def _measured(scene: Scene, old: Mask, line: Point, outward: Point, mean: Point, tight_most: float) -> Point:
    """Return the half widths to one side: the silhouette's where it is near, the mean where it is loose or hidden."""
    height, width = scene.labels.shape
    body = old | (scene.labels == SKIN)
    shares = np.linspace(0.5, BARE_MOST + 0.1, 25)
    places = line[:, None] + outward[:, None] * (mean[:, None] * shares)[..., None]
    xs = np.clip(np.round(places[..., 0]).astype(int), 0, width - 1)
    ys = np.clip(np.round(places[..., 1]).astype(int), 0, height - 1)
    ends = scene.labels[ys, xs] == GROUND
    on = body[ys, xs]
    first = np.where(ends.any(axis=1), ends.argmax(axis=1), -1)
    tight = (first > 0) & on[np.arange(len(line)), np.maximum(first - 1, 0)]
    found = mean * shares[np.maximum(first, 1)] - 0.5
    own = np.where(tight & (found <= tight_most * mean), found, mean)
    # Beside bare skin a limb goes on below its cloth as wide as the skin says, on both sides of the joints' line.
    middle_x, middle_y = (np.clip(np.round(line[:, axis]).astype(int), 0, (width, height)[axis] - 1) for axis in (0, 1))
    shown = tight & (scene.labels[middle_y, middle_x] == SKIN) & (found <= BARE_MOST * mean)
    if np.count_nonzero(shown) >= BARE_ROWS:
        at, rows = np.flatnonzero(shown), np.arange(len(line))
        near = np.exp(-np.abs(rows[:, None] - at).min(axis=1) / BARE_FADE)
        skin = np.interp(rows, at, (found / mean)[at]) * mean
        own = np.where(
            shown, skin, np.minimum(own, skin + (own - skin) * (1 - near)) + np.maximum(skin - own, 0) * near
        )
    # A single row of the mask that sticks out is an error of the mask, not of the body.
    padded = np.pad(own / mean, 3, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)
    padded = np.pad(middle, 2, mode="edge")
    return np.asarray(np.convolve(padded, [0.1, 0.2, 0.4, 0.2, 0.1], mode="valid") * mean)


def light_across(s: Floats, labels: Labels, lightness: Floats) -> Floats:
    """Return the light on a limb for each s, measured on what is seen of it: 1 on average; NaN stays NaN.

    Args:
        s: What `Limb.across` returned.
        labels: The scene's labels in the same box.
        lightness: The scene's L there.
    """
    rows, light = [], []
    for kind in np.unique(labels[~np.isnan(s)]):
        chosen = (labels == kind) & ~np.isnan(s)
        if kind == GROUND or np.count_nonzero(chosen) < LEAST_PIXELS:
            continue
        level = float(np.median(lightness[chosen]))
        its = lightness[chosen] / max(level, 4.0)
        # Prints and stripes say nothing about light.
        calm = np.abs(its - 1) < 0.35
        rows.append(s[chosen][calm])
        light.append(its[calm])
    side, round_ = 0.0, ROUNDNESS
    if rows and sum(map(len, rows)) >= LEAST_PIXELS:
        where, value = np.concatenate(rows).astype(np.float64), np.concatenate(light).astype(np.float64)
        matrix = np.stack([np.ones_like(where), where, where**2 - 1 / 3], axis=1)
        _, side, round_ = np.linalg.solve(
            matrix.T @ matrix + np.diag([1e-6, 20.0, 20.0]), matrix.T @ value + np.array([0, 0, 20 * ROUNDNESS])
        )
    side = float(np.clip(side, -SIDE_LIGHT_MOST, SIDE_LIGHT_MOST))
    round_ = float(np.clip(round_, *ROUNDNESS_RANGE))
    return np.asarray(1 + side * s + round_ * (s * s - np.float32(1 / 3)), np.float32)


def trunk(scene: Scene, old: Mask) -> Limb:
    """Return the trunk as a limb from the shoulders to below the hips."""
    shoulders, hips = scene.points[list(SHOULDERS)].mean(axis=0), scene.points[list(HIPS)].mean(axis=0)
    joints = np.array([shoulders, shoulders + (hips - shoulders) * 0.62, hips + (hips - shoulders) * 0.1])
    # Never as wide as the old cloth may stand off: skin beside a narrower new garment looks like a mistake.
    return _limb(scene, old, joints, np.array(TRUNK_RADII) * scene.unit, HIPS[0], tight=1.0)


def neck_outline(scene: Scene) -> Point:
    """Return neck and shoulders as a polygon."""
    left, right = sorted(scene.points[list(SHOULDERS)], key=lambda point: float(point[0]))
    middle = (left + right) / 2
    across = (right - left) / max(float(np.linalg.norm(right - left)), 1e-6) * scene.unit
    down = scene.points[list(HIPS)].mean(axis=0) - middle
    down = down / max(float(np.linalg.norm(down)), 1e-6) * scene.unit
    mouth = scene.points[[9, 10]].mean(axis=0) if scene.seen[[9, 10]].all() else middle - down * 0.6
    chin = middle + (mouth - middle) * 0.75
    neck, base = across * NECK_RADIUS, middle - down * 0.17
    half = [
        chin + neck, base + neck * 1.02, base + neck * 1.35 + down * 0.03, right + across * 0.02 - down * 0.12,
        right + across * 0.11 - down * 0.06, right + across * 0.13 + down * 0.05, right - across * 0.02 + down * 0.3,
    ]  # fmt: skip
    mirror = [
        chin - neck, base - neck * 1.02, base - neck * 1.35 + down * 0.03, left - across * 0.02 - down * 0.12,
        left - across * 0.11 - down * 0.06, left - across * 0.13 + down * 0.05, left + across * 0.02 + down * 0.3,
    ]  # fmt: skip
    return np.array([*half, *reversed(mirror)])


def below_collar(scene: Scene, shoulders: Point) -> Mask:
    """Return where neck and nape go on below a collar: it is thin, so they reach as far as it did."""
    area = np.ones(scene.labels.shape, np.uint8)
    cv2.fillPoly(area, [np.round(shoulders).astype(np.int32)], 0)
    middle = scene.points[list(SHOULDERS)].mean(axis=0)
    aside = np.abs(np.arange(scene.labels.shape[1]) - middle[0])[None, :] / scene.unit
    reach = COLLAR * np.clip((NAPE[1] - aside) / (NAPE[1] - NAPE[0]), 0, 1)
    beside = cv2.distanceTransform(area, cv2.DIST_L2, 3) < reach * scene.unit
    near = aside < NAPE[1]
    # Lines of it are colours that the camera mixed.
    skin = cv2.morphologyEx((scene.labels == SKIN).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    slopes = np.zeros_like(beside)
    # From where bare skin ends below the neck a body goes straight on to the shoulders' ends.
    for side, ends in ((1, shoulders[2:6]), (-1, shoulders[8:12])):
        beyond = side * (np.arange(scene.labels.shape[1]) - middle[0]) / scene.unit
        ys, xs = np.nonzero(skin & ((beyond > NECK_RADIUS) & (beyond < NAPE[1]))[None, :])
        below_chin = np.abs(ys - middle[1]) < NAPE[1] * scene.unit
        corners = np.concatenate([np.stack([xs, ys], axis=1)[below_chin], ends])
        sloping = np.zeros(scene.labels.shape, np.uint8)
        cv2.fillConvexPoly(sloping, cv2.convexHull(np.round(corners).astype(np.int32)), 1)
        slopes |= sloping > 0
    # A collar that stands off shows ground beside the neck.
    slopes &= (aside < BESIDE_NECK) & (scene.labels != HAIR)
    return np.asarray(near & (skin | ((scene.labels == TOP) & beside) | slopes))
