"""Variants: a result in another size, format or quality. What clients may ask for.

A variant has no row: it is made on demand, may be lost at any time, and is made again at the next request.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

from proteus.picture_formats import SOURCE_TYPES

VariantFormat = Literal["avif", "webp", "jpeg", "png"]
VariantQuality = Literal["low", "normal", "high"]

CONTENT_TYPES: Final[dict[VariantFormat, str]] = {
    "avif": SOURCE_TYPES["avif"],
    "webp": SOURCE_TYPES["webp"],
    "jpeg": SOURCE_TYPES["jpeg"],
    "png": SOURCE_TYPES["png"],
}


class VariantWidth(IntEnum):
    """The widths there are, in pixels: a free choice would let a client fill caches and processors."""

    W160 = 160
    W320 = 320
    W480 = 480
    W768 = 768
    W1024 = 1024
