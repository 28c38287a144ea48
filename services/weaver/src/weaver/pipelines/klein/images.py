"""Turns photos into klein's two reference pictures, and its picture back into a photo. Numpy and Pillow only.

The photo is laid on the canvas whole, keeping its aspect; beside it the canvas repeats the photo's edge, so that no
bars are painted. The garment is laid on white in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from weaver.pipelines.framing import Frame, frame, on_background

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Size = tuple[int, int]
"""(width, height)."""

FLAT_GROUND: Final = (255, 255, 255)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A job's pictures as the network takes them.

    Attributes:
        person: (3, H, W) float32 in [-1, 1].
        garment: Likewise.
        frame: Where the photo lies on the canvas.
    """

    person: Floats
    garment: Floats
    frame: Frame


def prepare(person: Pixels, garment: Pixels, *, canvas: Size) -> Prepared:
    """Bring a photo, (h, w, 3), and a cut-out, (h, w, 4) straight alpha, onto the canvas."""
    place = frame((person.shape[1], person.shape[0]), canvas=canvas)
    flat = on_background(garment, FLAT_GROUND)
    return Prepared(person=_scaled(place.lay(person)), garment=_scaled(_on_ground(flat, canvas)), frame=place)


def to_pixels(picture: Floats) -> Pixels:
    """Return the decoder's (3, H, W) in [-1, 1] as (H, W, 3) uint8, clamped and rounded as published."""
    unit = np.clip(picture / 2 + 0.5, 0, 1)
    return np.ascontiguousarray(np.rint(unit * 255).astype(np.uint8).transpose(1, 2, 0))


def whole(painted: Pixels, place: Frame) -> Pixels:
    """Return the painted canvas as a photo of the original's size."""
    left, top, right, bottom = place.window
    x0, y0, x1, y1 = place.visible
    resized = Image.fromarray(painted).resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    return np.array(resized)[y0 - top : y1 - top, x0 - left : x1 - left]


def _on_ground(picture: Pixels, canvas: Size) -> Pixels:
    """Lay a picture in the middle of a white canvas, as large as it fits."""
    height, width = picture.shape[:2]
    scale = min(canvas[0] / width, canvas[1] / height)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    ground = Image.new("RGB", canvas, FLAT_GROUND)
    laid = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.LANCZOS)
    ground.paste(laid, ((canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2))
    return np.asarray(ground)


def _scaled(picture: Pixels) -> Floats:
    return np.ascontiguousarray((picture.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1))
