"""Turns photos into the network's input, and its output back into a photo. Numpy and Pillow only.

Sizes follow the published preprocessing: shrink to at most the canvas's longer side, fit into the canvas keeping the
aspect, pad with black on both sides, scale to [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from weaver.pipelines.fashn.pose import Keypoints, draw
from weaver.pipelines.fashn.resample import resample
from weaver.pipelines.framing import Frame, on_background

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Size = tuple[int, int]
"""(width, height)."""

CATEGORY_CLASS: Final = {"upper": 1, "inner": 1, "outer": 1, "lower": 2, "overall": 3, "dress": 3}
"""The network's classes: 1 tops, 2 bottoms, 3 one-pieces."""

MASKED_GREY: Final = 127
"""In training, what replaced everything but the garment in photos of a garment on a person."""
FLAT_GROUND: Final = 255
"""A cut-out without a wearer is laid on white, as flat-lay photos mostly are."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """One side of the network's input, and where the photo lies in it.

    Attributes:
        picture: (3, H, W) float32 in [-1, 1].
        pose: (1, H, W) float32 in [-1, 1].
        photo: Size of the photo.
        content: Size of the photo on the canvas.
        offset: (left, top) of the photo on the canvas.
    """

    picture: Floats
    pose: Floats
    photo: Size
    content: Size
    offset: tuple[int, int]


def shrunk_size(photo: Size, *, limit: int) -> Size:
    """Return the size with both sides at most `limit`; never larger than the photo."""
    longest = max(photo)
    if longest <= limit:
        return photo
    return max(photo[0] * limit // longest, 1), max(photo[1] * limit // longest, 1)


def fitted_size(size: Size, *, canvas: Size) -> Size:
    """Return the largest size of this aspect inside the canvas; it may be larger than it was."""
    if size[0] * canvas[1] > size[1] * canvas[0]:
        return canvas[0], max(size[1] * canvas[0] // size[0], 1)
    return max(size[0] * canvas[1] // size[1], 1), canvas[1]


def prepare(photo: Pixels, *, canvas: Size, keypoints: Keypoints | None) -> Prepared:
    """Bring a photo, and the pose of its person, onto the canvas.

    Args:
        photo: (h, w, 3) uint8.
        canvas: (width, height) of the network's canvas.
        keypoints: In pixels of the photo; None: it shows no person, the pose is black.
    """
    size = (photo.shape[1], photo.shape[0])
    drawn = shrunk_size(size, limit=max(canvas))
    content = fitted_size(drawn, canvas=canvas)
    offset = ((canvas[0] - content[0]) // 2, (canvas[1] - content[1]) // 2)
    shrunk = Image.fromarray(np.ascontiguousarray(photo)).resize(drawn, Image.Resampling.LANCZOS)
    fitted = Image.fromarray(resample(np.asarray(shrunk), content))
    pose = np.zeros((drawn[1], drawn[0]), np.uint8)
    if keypoints is not None:
        pose = draw(keypoints, photo=size, size=drawn)
    grey = Image.fromarray(pose).resize(content, Image.Resampling.NEAREST)
    return Prepared(
        picture=_on_canvas(fitted, canvas=canvas, offset=offset),
        pose=_on_canvas(grey, canvas=canvas, offset=offset),
        photo=size,
        content=content,
        offset=offset,
    )


def prepare_garment(cut: Pixels, *, worn: bool, canvas: Size, keypoints: Keypoints | None = None) -> Prepared:
    """Bring a cut-out, (h, w, 4) uint8 straight alpha, onto the canvas.

    Args:
        cut: The garment without its surroundings.
        worn: The photo showed it on a person: everything else becomes the grey of the published masking.
        canvas: (width, height) of the network's canvas.
        keypoints: The wearer's, in pixels of the cut-out; without them, as for a flat garment, the pose is black.
    """
    ground = MASKED_GREY if worn else FLAT_GROUND
    photo = on_background(cut, (ground, ground, ground))
    return prepare(photo, canvas=canvas, keypoints=keypoints if worn else None)


def to_pixels(picture: Floats) -> Pixels:
    """Return the network's (3, H, W) as (H, W, 3) uint8: clamped, and truncated as published, not rounded."""
    unit = (np.clip(picture.astype(np.float32), -1, 1) + 1) / 2
    return np.ascontiguousarray((unit * 255).astype(np.uint8).transpose(1, 2, 0))


def paste_back(photo: Pixels, painted: Pixels, mask: Pixels | None, prepared: Prepared) -> Pixels:
    """Return the photo, at its own size, with the painted canvas inside the feathered mask.

    The network paints the whole frame anew; face and background outside the mask keep every value they had.

    Args:
        photo: (h, w, 3), the one that was prepared.
        painted: (H, W, 3), the whole canvas.
        mask: (h, w), 255 = may change; None: the painted frame replaces the photo.
        prepared: Where the photo lies on the canvas.
    """
    left, top = prepared.offset
    content = painted[top : top + prepared.content[1], left : left + prepared.content[0]]
    if mask is None:
        return np.asarray(Image.fromarray(content).resize(prepared.photo, Image.Resampling.LANCZOS))
    whole = Frame(photo=prepared.photo, canvas=prepared.content, window=(0, 0, *prepared.photo))
    return whole.paste(photo, content, mask)


def _on_canvas(picture: Image.Image, *, canvas: Size, offset: tuple[int, int]) -> Floats:
    """Pad with black and scale to [-1, 1], channels first."""
    padded = Image.new(picture.mode, canvas)
    padded.paste(picture, offset)
    pixels = np.asarray(padded, np.float32).reshape(canvas[1], canvas[0], -1)
    return np.ascontiguousarray((pixels / 127.5 - 1).transpose(2, 0, 1))
