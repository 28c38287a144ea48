"""Variants: a result in another size, format or quality. What clients may ask for, and the name of the tailor's task.

A variant has no row: it is made on demand, may be lost at any time, and is made again at the next request.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

from proteus.picture_formats import SOURCE_TYPES

VARIANT: Final = "variant"
"""The tailor's task."""

JOB_PREFIX: Final = "var_"
"""Begins the ids of its jobs, which no row stands for."""

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
