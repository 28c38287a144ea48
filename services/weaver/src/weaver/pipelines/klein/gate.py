"""The quality gate: whether klein's picture is shown. Numpy and OpenCV only; a CPU does it in milliseconds.

klein is a general editor that paints the whole frame anew and was not trained for try-on: it may move the person,
change the face, repaint the room, or leave the garment out. So what it painted, before anything is pasted back, is
compared with the photo and the cut-out:

    background   away from the person and from what may change, colours are the photo's
    face         between eyes and mouth the light and dark are the photo's
    garment      where it belongs, enough of the picture has the cut-out's colours

The bars were chosen on drawn pictures, not on klein's own: this project has seen no weights. Lettering and a face's
identity are measured by `proteus eval` where its networks are installed, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.errors import QualityTooLow
from weaver.pipelines import colours, framing
from weaver.pipelines.contract import Pixels, WeaveJob

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

LENGTH: Final = 256
"""Pixels of the longer side at which colours are compared: finer differences are the decoder's."""

FREE_SHARE: Final = 0.04
"""Of the longer side: how far from the person and the mask the background begins. Shadows and hair reach that far."""

LEAST_SHARE: Final = 0.02
"""A smaller share of the frame is no background."""

BACKGROUND_MOST: Final = 8.0
"""Mean Lab distance that the background may be from the photo's."""

FACE_POINTS: Final = range(11)
"""BlazePose's: nose, eyes, ears, mouth."""

FACE_SIDE: Final = 48
"""Pixels at which faces are compared; a smaller one in the photo is not."""

FACE_LEAST: Final = 0.6
"""Least correlation of a face's lightness with the photo's."""

FLAT: Final = 2.0
"""Deviation of the lightness below which nothing can be correlated."""

PALETTE: Final = 5
"""Colours that stand for a garment."""

NEAR: Final = 16.0
"""Lab distance within which a pixel has a garment's colour: folds and the photo's light make that much."""

CHANGED: Final = 10.0
"""Lab distance of a pixel that was painted anew: the decoder alone makes less."""

CHANGED_LEAST: Final = 0.05
"""Least share of the place of clothes that must have been."""

GARMENT_LEAST: Final = 0.25
"""Least share of the place of clothes that has their colours."""

THING_LEAST: Final = 0.01
"""The same for a thing that covers little of its place."""

THINGS: Final = ("shoes", "bag", "hat")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A job's pictures, small, as CIELAB."""

    job: WeaveJob
    photo: Floats
    painted: Floats


def require_shown(job: WeaveJob, painted: Pixels) -> None:
    """Do nothing if a picture may be shown.

    Args:
        job: Whose picture it is.
        painted: (H, W, 3), the whole frame as the model painted it, at the photo's size.

    Raises:
        QualityTooLow: It may not; the message says why.
    """
    if wrong := faults(job, painted):
        raise QualityTooLow(f"klein made a picture that is not shown: {'; '.join(wrong)}.", made=True)


def faults(job: WeaveJob, painted: Pixels) -> list[str]:
    """Return why a picture is not shown, a clause each; none: it is."""
    seen = Seen(job=job, photo=_lab(_small(job.person)), painted=_lab(_small(painted)))
    found = (_background(seen), _face(job, painted), _garment(seen))
    return [fault for fault in found if fault is not None]


def _background(seen: Seen) -> str | None:
    taken = [_small_mask(mask) for mask in (seen.job.person_mask, seen.job.agnostic_mask) if mask is not None]
    if not taken:
        return None
    reach = 2 * round(FREE_SHARE * max(seen.photo.shape[:2])) + 1
    grown = cv2.dilate(np.any(taken, axis=0).astype(np.uint8), np.ones((reach, reach), np.uint8))
    outside = grown == 0
    if outside.mean() < LEAST_SHARE:
        return None
    far = float(colours.weighted(seen.painted[outside] - seen.photo[outside], lightness=1.0).mean())
    if far <= BACKGROUND_MOST:
        return None
    return f"the background changed (Lab distance {far:.1f}, {BACKGROUND_MOST:g} is allowed)"


def _face(job: WeaveJob, painted: Pixels) -> str | None:
    box = _face_box(job)
    if box is None:
        return None
    left, top, right, bottom = box
    here, there = (
        cv2.resize(
            _lab(np.ascontiguousarray(picture[top:bottom, left:right]))[..., 0],
            (FACE_SIDE, FACE_SIDE),
            interpolation=cv2.INTER_AREA,
        )
        for picture in (job.person, painted)
    )
    if float(here.std()) < FLAT:
        return None
    alike = float(np.corrcoef(here.ravel(), there.ravel())[0, 1]) if float(there.std()) >= FLAT else 0.0
    if alike >= FACE_LEAST:
        return None
    return f"the face changed (correlation {alike:.2f}, {FACE_LEAST:g} is needed)"


def _garment(seen: Seen) -> str | None:
    job = seen.job
    place = job.agnostic_mask if job.agnostic_mask is not None else job.person_mask
    opaque = job.garment[..., 3] > 127
    if place is None or not opaque.any():
        return None
    thing = job.garment_category in THINGS
    inside = _small_mask(place)
    if not inside.any():
        return None
    changed = colours.weighted(seen.painted - seen.photo)[inside] > CHANGED
    if not thing and changed.mean() < CHANGED_LEAST:
        return (
            f"nothing was put on ({changed.mean():.0%} of the garment's place changed, {CHANGED_LEAST:.0%} is needed)"
        )
    wanted = colours.palette(_lab(np.ascontiguousarray(job.garment[..., :3]))[opaque], PALETTE)
    share = float((colours.distance(seen.painted, wanted)[inside] <= NEAR).mean())
    least = THING_LEAST if thing else GARMENT_LEAST
    if share >= least:
        return None
    return f"the garment is not seen ({share:.0%} of its place has its colours, {least:.0%} is needed)"


def _face_box(job: WeaveJob) -> framing.Box | None:
    """Return the box around eyes and mouth, without brow: a hat may shade it; None: no such face is in the photo."""
    if job.parse is None or len(job.parse.landmarks) <= FACE_POINTS[-1]:
        return None
    marks = [job.parse.landmarks[point] for point in FACE_POINTS]
    if min(mark.visibility for mark in marks) < 0.5:
        return None
    x, y = np.array([mark.x for mark in marks]), np.array([mark.y for mark in marks])
    height = 0.3 * np.ptp(y)
    height_px, width_px = job.person.shape[:2]
    left, right = max(int(x.min()), 0), min(int(x.max()) + 1, width_px)
    top, bottom = max(int(y.min() - height), 0), min(int(y.max() + height) + 1, height_px)
    if min(right - left, bottom - top) < FACE_SIDE // 2:
        return None
    return left, top, right, bottom


def _lab(picture: Pixels) -> Floats:
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = LENGTH / max(shape[:2])
    return max(round(shape[1] * scale), 1), max(round(shape[0] * scale), 1)


def _small(picture: Pixels) -> Pixels:
    return np.asarray(cv2.resize(picture, _size(picture.shape), interpolation=cv2.INTER_AREA))


def _small_mask(mask: Pixels) -> Mask:
    return np.asarray(cv2.resize(mask, _size(mask.shape), interpolation=cv2.INTER_AREA) >= 128)
