"""Colours of a photo: palettes of samples, distances to them, and missing ones filled smoothly. Pure numpy and cv2.

Colours are CIELAB as float32: L from 0 to 100, a and b around 0.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from weaver.pipelines.anatomy import Mask, Pixels
from weaver.pipelines.mesh import Floats

LIGHTNESS_WEIGHT: Final = 0.4
"""Of Lab's L against a and b: folds and shade change lightness more than colour."""

SAMPLES_MOST: Final = 800
"""Of a palette; more change nothing."""


def palette(samples: Floats, most: int) -> Floats:
    """Return at most `most` colours that represent the samples, (n, 3); rare ones are left out."""
    if len(samples) <= most:
        return samples
    samples = samples[:: max(1, len(samples) // SAMPLES_MOST)]
    centred = samples - samples.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    # k-means from ranks along the widest axis: the same samples always give the same palette.
    rank = np.argsort(np.argsort(centred @ axes[:, -1]))
    start = (rank * most // len(samples)).astype(np.int32)[:, None]
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    _, labels, centres = cv2.kmeans(
        np.ascontiguousarray(samples, np.float32), most, start, stop, 1, cv2.KMEANS_USE_INITIAL_LABELS
    )
    share = np.bincount(labels[:, 0], minlength=most) / len(samples)
    return np.asarray(centres[share > 0.02], np.float32)


def distance(lab: Floats, colours: Floats) -> Floats:
    """Return how far each pixel is from the nearest of the colours; far from all where there are none."""
    least = np.full(lab.shape[:2], 1e4, np.float32)
    if not len(colours):
        return np.sqrt(least)
    planes = [np.ascontiguousarray(lab[..., axis]) for axis in range(3)]
    planes[0] = planes[0] * np.float32(LIGHTNESS_WEIGHT)
    for lightness, a, b in colours * np.array([LIGHTNESS_WEIGHT, 1, 1], np.float32):
        total = np.square(planes[0] - lightness)
        total += np.square(planes[1] - a)
        total += np.square(planes[2] - b)
        np.minimum(least, total, out=least)
    return np.sqrt(least)


def nearest(samples: Floats, colours: Floats) -> Floats:
    """Return how far each sample, (n, 3), is from the nearest of the colours."""
    return np.asarray(np.min([weighted(samples - colour) for colour in colours], axis=0), np.float32)


def weighted(difference: Floats, *, lightness: float = LIGHTNESS_WEIGHT) -> Floats:
    """Return the length of differences in Lab; lightness counts less unless its weight is given."""
    squares = np.square(difference) * np.array([lightness**2, 1, 1], np.float32)
    return np.asarray(np.sqrt(squares.sum(axis=-1)), np.float32)


def fill(values: Floats, known: Mask | Floats) -> Floats:
    """Return (h, w, 3), smooth, unknown pixels filled from their surroundings, coarse to fine; else zeros."""
    weight = np.asarray(known, np.float32)
    levels = [(values * weight[..., None], weight)]
    while min(levels[-1][1].shape) > 2:
        total, its = levels[-1]
        size = (max(1, (total.shape[1] + 1) // 2), max(1, (total.shape[0] + 1) // 2))
        levels.append(
            (
                np.asarray(cv2.resize(total, size, interpolation=cv2.INTER_AREA), np.float32),
                np.asarray(cv2.resize(its, size, interpolation=cv2.INTER_AREA), np.float32),
            )
        )
    total, its = levels[-1]
    # Where nothing is known far and wide, the mean of all that is; black would run in from there.
    mean = total.sum(axis=(0, 1)) / max(float(its.sum()), 1e-4)
    coarse = np.asarray(np.where(its[..., None] > 1e-4, total / np.maximum(its, 1e-4)[..., None], mean), np.float32)
    for total, its in reversed(levels[1:-1]):
        larger = cv2.resize(coarse, total.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        sure = np.clip(its * 4, 0, 1)[..., None]
        coarse = total / np.maximum(its, 1e-4)[..., None] * sure + larger * (1 - sure)
    return np.asarray(cv2.resize(coarse, values.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def spread(picture: Pixels, known: Mask, sigma: float) -> Pixels:
    """Return a picture, (h, w, 3) uint8, whose unknown pixels have the nearest known one's colour, blurred.

    Unlike `fill`, nothing comes from the far side of what lies between: the shade beside an arm stays there.
    """
    if not known.any():
        return picture
    _, nearest_known = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(nearest_known.max()) + 1, 3), np.uint8)
    colours[nearest_known[known]] = picture[known]
    found = colours[nearest_known]
    found = np.where(known[..., None], found, cv2.GaussianBlur(found, (0, 0), max(0.6, sigma)))
    return np.asarray(found, np.uint8)
