"""Moves a rough outline to where the photo has its edge. Pure, at working size.

An outline found by reach lies a few pixels outside: an edge is blurred, an encoder spreads colour over its blocks, a
contact shadow looks like cloth. So the outline is unrolled: one row for each of its points, one column for each place
across it. The edge is the path through all rows that is crisp along its whole length; a shadow is soft, the gap beside
a thin stripe is short, and a path that bends costs.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tailor.parsers.contract import Pixels
from tailor.parsers.ground import Ground, Plane, Truth

Line = NDArray[np.floating[Any]]

INWARDS: Final = 10.0
OUTWARDS: Final = 3.0
STEP: Final = 0.5
"""Pixels at working size: how far from the rough outline the edge is sought, and how finely."""

LINE_BLUR: Final = 3.0
SHORTEST: Final = 40
"""Points of the outline: the rough one's steps and notches are smoothed; what is shorter is a speck."""

FINE_BLUR: Final = 0.7
BROAD_BLUR: Final = 2.5
ALONG_BLUR: Final = 1.5
"""Pixels at working size, across and along the outline: an edge is crisp as far as the broad blur does not keep it."""

CHROMA_WEIGHT: Final = 0.5
"""An encoder stores colour at half the size, so its edges are the less sure ones."""

ENOUGH: Final = (0.3, 3.0)
ENOUGH_QUANTILE: Final = 0.4
ENOUGH_REACH: Final = 30
"""Lightness per pixel, least and most, that counts as an edge in full: a quantile of what the rows have nearby."""

MORE: Final = 0.1
"""What the logarithm of a crisper edge adds."""

INWARDS_COST: Final = 0.03
BEND_COST: Final = 0.12
BRIGHT_COST: Final = 0.1
"""Per pixel inwards, per bend by one step, and per step outside the path that is brighter than the ground."""

BRIGHT: Final = 1.5
"""Lightness above the ground's that neither a shadow has nor an encoder's ringing: white cloth beyond a dark stripe."""

OVERLAP: Final = 150
"""Points by which a closed outline is lengthened at both ends, so that its path closes, too."""


def disc(radius: int) -> Pixels:
    """Return the disc of a radius in pixels, as a structuring element."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def placed(ground: Ground, mask: Truth) -> Truth:
    """Return the mask with its outline, and those of its holes, moved to the crispest edge along their length."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    lines = [_blurred(one[:, 0].astype(np.float64), LINE_BLUR) for one in contours if len(one) >= SHORTEST]
    if not lines:
        return mask
    solid = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(solid, [np.round(line * 16).astype(np.int32) for line in lines], 1, shift=4)
    inside, outside = (cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 5) for side in (mask, ~mask))
    depth = np.asarray(np.where(mask, inside - 0.5, 0.5 - outside), np.float32)
    moves = np.concatenate([_moves(ground, depth, line) for line in lines])
    # Each pixel goes with the point of the outline that is nearest to it.
    columns, rows = np.clip(np.round(np.concatenate(lines)).astype(int), 0, np.array(mask.shape[::-1]) - 1).T
    seeds = np.ones(mask.shape, np.uint8)
    seeds[rows, columns] = 0
    away, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    count = np.bincount(labels[rows, columns], minlength=int(labels.max()) + 1)
    moved = np.bincount(labels[rows, columns], moves, minlength=len(count)) / np.maximum(count, 1)
    found = np.where(solid > 0, -away, away) <= moved[labels]
    found = np.where(away <= INWARDS + 1, found, solid > 0)
    return np.asarray(cv2.medianBlur(found.astype(np.uint8), 3) > 0)


def _moves(ground: Ground, depth: Plane, line: Line) -> Line:
    """Return how far outwards, in pixels, each point of a closed outline goes.

    Args:
        depth: How deep each pixel lies inside the rough mask, in pixels; negative outside.
        line: (n, 2) x and y; the garment is on its right hand.
    """
    tangent = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    normal = tangent[:, ::-1] * [-1, 1] / np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    steps = np.arange(-INWARDS, OUTWARDS + STEP / 2, STEP)
    places = (line[:, None] + steps[None, :, None] * normal[:, None]).astype(np.float32)
    maps = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    weighted = ground.delta * np.array([1, CHROMA_WEIGHT, CHROMA_WEIGHT], np.float32)
    strip, deep = (cv2.remap(of, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for of in (weighted, depth))
    # Behind the middle of a strap, or in a corner, lies the other side's edge.
    own = np.abs(steps + deep) < 2 + np.abs(steps) / 4
    limit = np.array(depth.shape[::-1]) - 1
    own &= ((places > 0) & (places < limit)).all(axis=2)
    path = _path(np.where(own, _score(strip, steps, own), -1.0))
    # Where the garment goes on outside the photo, there is no edge.
    at_rim = ((line < 1) | (line > limit - 1)).any(axis=1)
    return np.where(at_rim, OUTWARDS, _blurred(steps[path][:, None], 1.0)[:, 0])


def _score(strip: Plane, steps: Line, own: Truth) -> Plane:
    """Return how good an edge each place of an unrolled outline is."""
    fine, broad = (
        cv2.GaussianBlur(strip, (0, 0), sigmaX=blur / STEP, sigmaY=ALONG_BLUR) for blur in (FINE_BLUR, BROAD_BLUR)
    )
    slope, shade = (cv2.Sobel(blurred, cv2.CV_32F, 1, 0, ksize=1) / (2 * STEP) for blurred in (fine, broad))
    steep = np.linalg.norm(slope, axis=2)
    crisp = np.maximum(np.sum(slope * (slope - shade), axis=2), 0) / np.maximum(steep, 1e-3)
    crisp[:, [0, -1]] = 0
    best = np.pad(np.where(own, crisp, 0).max(axis=1), ENOUGH_REACH, mode="wrap")
    nearby = np.lib.stride_tricks.sliding_window_view(best, 2 * ENOUGH_REACH + 1)
    every = np.quantile(nearby[::8], ENOUGH_QUANTILE, axis=1)
    enough = np.clip(np.interp(np.arange(len(nearby)), np.arange(len(every)) * 8, every), *ENOUGH)[:, None]
    bright = fine[..., 0] > BRIGHT
    beyond = np.cumsum(bright[:, ::-1], axis=1)[:, ::-1] - bright
    gain = np.minimum(crisp / enough, 1) + MORE * np.log1p(crisp / enough)
    return np.asarray(gain + INWARDS_COST * steps - BRIGHT_COST * beyond)


def _path(score: Plane) -> NDArray[np.intp]:
    """Return the column of each row on the path of the highest score; it moves by one column a row at most."""
    count, width = score.shape
    order = np.arange(-OVERLAP, count + OVERLAP) % count
    total, columns = score[order[0]], np.arange(width)
    came_from = np.zeros((len(order), width), np.intp)
    choices = np.full((3, width), -np.inf)
    for row, index in enumerate(order[1:], start=1):
        choices[0, 1:], choices[1], choices[2, :-1] = total[:-1] - BEND_COST, total, total[1:] - BEND_COST
        chosen = choices.argmax(axis=0)
        came_from[row] = columns + chosen - 1
        total = choices[chosen, columns] + score[index]
    path = np.zeros(len(order), np.intp)
    path[-1] = total.argmax()
    for row in range(len(order) - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path[OVERLAP:-OVERLAP]


def _blurred(line: Line, deviation: float) -> Line:
    """Return a closed outline, (n, k), blurred along its length."""
    reach = int(3 * deviation)
    kernel = cv2.getGaussianKernel(2 * reach + 1, deviation)[:, 0]
    closed = np.pad(line, ((reach, reach), (0, 0)), mode="wrap")
    return np.stack([np.convolve(channel, kernel, "valid") for channel in closed.T], axis=1)
