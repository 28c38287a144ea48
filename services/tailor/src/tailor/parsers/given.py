"""The mask that a garment's picture brings along: shops have cut-outs, better ones than a parser makes."""

from __future__ import annotations

from math import prod
from typing import Final, get_args

import numpy as np

from proteus.artefacts import GarmentCategory
from proteus.picture_warnings import WORDS
from tailor.parsers.contract import GarmentMask, Parser, Pixels
from tailor.parsers.flat import shrink
from tailor.parsers.plausible import doubts
from tailor.parsers.shape import guess_category

GIVEN_CONFIDENCE: Final = 0.98
LEAST_TRANSPARENT: Final = 0.02
"""Share of the picture: with less, the corners are rounded, and the garment is still on its ground."""


def find_in(photo: Pixels, alpha: Pixels | None, parser: Parser, *, category: str) -> tuple[GarmentMask, bool]:
    """Return the garment by its own alpha, or by the parser where there is none; and whether it was the alpha.

    Args:
        photo: (H, W, 3) uint8 sRGB, white under alpha 0.
        alpha: (H, W) uint8.

    Raises:
        NoGarmentDetected, InvalidRequest: From the parser.
    """
    if alpha is None or float(np.mean(alpha < 128)) < LEAST_TRANSPARENT or not (alpha > 127).any():
        return parser.find_garment(photo, category=category), False
    if category not in ("auto", *get_args(GarmentCategory)):
        return parser.find_garment(photo, category=category), False  # it refuses the word
    chosen: GarmentCategory = guess_category(alpha)[0] if category == "auto" else category  # type: ignore[assignment]
    warnings, _ = doubts(shrink(alpha)[0] > 127)
    left = prod(WORDS[one.code].left for one in warnings)
    return GarmentMask(
        alpha=alpha,
        category=chosen,
        confidence=round(GIVEN_CONFIDENCE * left, 3),
        worn=False,
        warnings=warnings,
    ), True
