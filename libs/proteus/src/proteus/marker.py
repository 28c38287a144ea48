"""What a weaver does to a picture beside the XMP: a visible label, an imperceptible watermark, a signature.

Each is off unless a setting asks for it. A watermark is a plugin: an entry point of the group `proteus.watermarks` that
returns an object with `embed`. None is shipped: those with usable strength need weights, whose licences an operator has
to check.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from proteus.credentials import Credentials
from proteus.errors import ProteusError
from proteus.marks import Mark

Pixels = NDArray[np.uint8]

WATERMARKS: Final = "proteus.watermarks"
LABEL_SHARE: Final = 1 / 40
"""The letters' height as a share of the picture's: readable on a phone, and clear of the garment."""

LABEL_LEAST_PIXELS: Final = 10


class Watermark(Protocol):
    """Writes a mark that the eye does not see."""

    def embed(self, pixels: Pixels) -> Pixels:
        """Return the picture, (H, W, 3) uint8 sRGB, with the mark."""


class NoSuchWatermark(ProteusError):
    """MARKS_WATERMARK names no installed watermark."""

    code = "no_such_watermark"


@dataclass(frozen=True, kw_only=True)
class Marker:
    """Marks pictures.

    Attributes:
        label: A text at the lower left, the deployment's; empty: none.
        watermark: None: none.
        credentials: Signs; None: nobody does.
    """

    label: str = ""
    watermark: Watermark | None = None
    credentials: Credentials | None = None

    def stamped(self, pixels: Pixels, *, label: str | None = None) -> Pixels:
        """Return a picture with its label and its watermark, (H, W, 3) uint8 sRGB.

        Args:
            pixels: The same.
            label: The tenant's own; empty: none; None: the deployment's.
        """
        if text := self.label if label is None else label:
            pixels = labelled(pixels, text)
        return self.watermark.embed(pixels) if self.watermark else pixels

    def signed(self, data: bytes, mark: Mark) -> bytes:
        """Return a picture's file with its signature."""
        return self.credentials.created(data, mark) if self.credentials else data


PLAIN: Final = Marker()
"""Leaves pictures as they are: they have their XMP alone."""


def labelled(pixels: Pixels, text: str) -> Pixels:
    """Return a picture with a text at the lower left: white on a dark ground, so that it shows on any picture.

    What is too wide for the picture is written smaller.
    """
    picture = Image.fromarray(pixels)
    draw = ImageDraw.Draw(picture, "RGBA")
    size = max(LABEL_LEAST_PIXELS, round(picture.height * LABEL_SHARE))
    room, wide = picture.width - size, ImageFont.load_default(size).getlength(text)
    if wide > room:
        size = max(1, int(size * room / wide))
    at = (size // 2, picture.height - size // 2)
    font = ImageFont.load_default(size)
    box = draw.textbbox(at, text, font=font, anchor="lb")
    draw.rectangle((box[0] - size // 4, box[1] - size // 4, box[2] + size // 4, box[3] + size // 4), (0, 0, 0, 160))
    draw.text(at, text, (255, 255, 255, 255), font=font, anchor="lb")
    return np.asarray(picture)


def find_watermark(name: str) -> Watermark | None:
    """Return the installed watermark of this name; None: the name is empty.

    Raises:
        NoSuchWatermark: There is none.
    """
    if not name:
        return None
    for found in entry_points(group=WATERMARKS, name=name):
        made: Watermark = found.load()()
        return made
    raise NoSuchWatermark(f"MARKS_WATERMARK is {name!r}; no installed package offers it in {WATERMARKS!r}")
