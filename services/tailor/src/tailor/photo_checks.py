"""What a photo's pixels and its person's landmarks warn of. Pure; the same for every parser.

Each warning has a measured cause: a share of the trunk outside the photo, a ratio of lengths, brightness, sharpness.
The thresholds were set on the demo's photo, scikit-image's portraits and their dark, blurred, cut and shrunk copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from proteus.artefacts import CategoryScore, Landmark, PictureWarning, WarningCode
from proteus.picture_warnings import warn, warn_of_people
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels

LEAST_SIDE: Final = 256
"""Pixels of the longer side of what a photo shows: less is enlarged on every screen."""

LEAST_INSIDE: Final = 0.85
"""Share of the lines from shoulders to hips that lies in the photo; of a half-length portrait 0.88 and more."""

LEAST_FRONTAL: Final = 0.42
"""Distance of the shoulders over the trunk's length: 0.6 to 0.95 from the front, 0 from the side."""

LEAST_SEEN: Final = 0.5
"""Visibility of an elbow, as BlazePose says."""

DARK: Final = 60
"""Of 255: the brightest twentieth of the photo is darker."""

LEAST_SHARPNESS: Final = 0.012
"""Variance of the Laplacian over the variance, in the head at `HEAD_SIDE` pixels."""

HEAD_SIDE: Final = 96
LEAST_HEAD: Final = 48
"""Pixels: a smaller head tells nothing of sharpness."""

SURE_CUT: Final = 0.35
SURE_CATEGORY: Final = 0.6
HEAD: Final = range(11)
"""BlazePose's points of the face."""


def garment_warnings(
    garment: GarmentMask, categories: Sequence[CategoryScore], *, asked: str
) -> tuple[PictureWarning, ...]:
    """Return the warnings about a cut-out: its parser's, and what its size and the scores say.

    Args:
        garment: What a parser found.
        categories: The likeliest first.
        asked: The requested category; `auto`: the guess counts.
    """
    rows, columns = np.flatnonzero(garment.alpha.any(axis=1)), np.flatnonzero(garment.alpha.any(axis=0))
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 if rows.size else 0
    found = {
        WarningCode.GARMENT_WORN: garment.worn,
        WarningCode.CUTOUT_UNCERTAIN: garment.confidence < SURE_CUT,
        WarningCode.CATEGORY_UNCERTAIN: asked == "auto" and bool(categories) and categories[0].score < SURE_CATEGORY,
        WarningCode.LOW_RESOLUTION: side < LEAST_SIDE,
    }
    return (*garment.warnings, *(warn(code, "garment") for code, so in found.items() if so))


def person_warnings(photo: Pixels, person: PersonMasks, *, chosen: bool = False) -> tuple[PictureWarning, ...]:
    """Return the warnings about a person's photo, (H, W, 3) uint8 sRGB; `chosen`: the client named the person."""
    rows, columns = np.flatnonzero(person.person.any(axis=1)), np.flatnonzero(person.person.any(axis=0))
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 if rows.size else 0
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    found = {
        WarningCode.PERSON_CROPPED: _inside(person.landmarks, grey.shape) < LEAST_INSIDE,
        WarningCode.PERSON_TURNED: _frontal(person.landmarks) < LEAST_FRONTAL,
        WarningCode.POSE_UNCERTAIN: any(person.landmarks[elbow].visibility < LEAST_SEEN for elbow in (13, 14)),
        WarningCode.LOW_LIGHT: float(np.quantile(grey, 0.95)) < DARK,
        WarningCode.BLURRED: _sharpness(np.asarray(grey, np.uint8), person.landmarks) < LEAST_SHARPNESS,
        WarningCode.LOW_RESOLUTION: side < LEAST_SIDE,
    }
    several = (warn_of_people(person.people, person.index, by_client=chosen),) if person.people > 1 else ()
    return (*several, *(warn(code, "person") for code, so in found.items() if so))


def _inside(marks: Sequence[Landmark], shape: Sequence[int]) -> float:
    """Return the least share of a line from shoulder to hip that lies in the photo."""
    t = np.linspace(0, 1, 41)
    shares = []
    for shoulder, hip in ((11, 23), (12, 24)):
        a, b = marks[shoulder], marks[hip]
        xs, ys = a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t
        shares.append(float(np.mean((xs >= 0) & (xs < shape[1]) & (ys >= 0) & (ys < shape[0]))))
    return min(shares)


def _frontal(marks: Sequence[Landmark]) -> float:
    """Return the shoulders' distance over the trunk's length; negative where the person is seen from behind."""
    left, right = marks[11], marks[12]
    trunk = np.hypot(
        *(np.mean([(marks[a].x - marks[b].x, marks[a].y - marks[b].y) for a, b in ((11, 23), (12, 24))], 0))
    )
    return float((left.x - right.x) / max(1.0, trunk))


def _sharpness(grey: Pixels, marks: Sequence[Landmark]) -> float:
    """Return how much of the head's contrast lies in its finest details; infinite for a head too small to tell."""
    points = np.array([(marks[index].x, marks[index].y) for index in HEAD])
    centre, reach = points.mean(axis=0), float(np.ptp(points, axis=0).max())
    left, top = np.maximum(0, np.round(centre - reach)).astype(int)
    right, bottom = np.round(centre + reach).astype(int)
    head = grey[top:bottom, left:right]
    if min(head.shape, default=0) < LEAST_HEAD:
        return float("inf")
    scale = min(1.0, HEAD_SIDE / max(head.shape))
    small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(cv2.Laplacian(small, cv2.CV_32F).var() / 16 / max(1.0, float(small.var())))
