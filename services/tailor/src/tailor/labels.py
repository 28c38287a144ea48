"""The labels of the human parsers, ATR's, and which of them make a garment of a category.

SegFormer's clothes models and SCHP-ATR share these ids; `parsers.segformer` and `masks` read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from proteus.artefacts import GarmentCategory


class Atr(IntEnum):
    """ATR's 18 labels."""

    BACKGROUND = 0
    HAT = 1
    HAIR = 2
    SUNGLASSES = 3
    UPPER_CLOTHES = 4
    SKIRT = 5
    PANTS = 6
    DRESS = 7
    BELT = 8
    LEFT_SHOE = 9
    RIGHT_SHOE = 10
    FACE = 11
    LEFT_LEG = 12
    RIGHT_LEG = 13
    LEFT_ARM = 14
    RIGHT_ARM = 15
    BAG = 16
    SCARF = 17


GARMENT_LABELS: Final[dict[GarmentCategory, frozenset[Atr]]] = {
    "upper": frozenset({Atr.UPPER_CLOTHES}),
    "lower": frozenset({Atr.SKIRT, Atr.PANTS}),
    "dress": frozenset({Atr.DRESS}),
    "overall": frozenset({Atr.UPPER_CLOTHES, Atr.SKIRT, Atr.PANTS, Atr.DRESS}),
    "inner": frozenset({Atr.UPPER_CLOTHES}),
    "outer": frozenset({Atr.UPPER_CLOTHES}),
    "shoes": frozenset({Atr.LEFT_SHOE, Atr.RIGHT_SHOE}),
    "bag": frozenset({Atr.BAG}),
    "hat": frozenset({Atr.HAT}),
}
"""Which labels are the garment, for each category."""

BODY_LABELS: Final = frozenset({Atr.HAIR, Atr.FACE, Atr.LEFT_LEG, Atr.RIGHT_LEG, Atr.LEFT_ARM, Atr.RIGHT_ARM})
"""In a garment's photo they show that it is worn."""

SINGLE_CATEGORIES: Final[tuple[GarmentCategory, ...]] = ("upper", "lower", "dress")


def dominant_category(pixel_counts: Mapping[int, int]) -> tuple[GarmentCategory, float] | None:
    """Return the category most of the garment's pixels belong to and its share of them; None: no garment pixels.

    Args:
        pixel_counts: Label id -> number of pixels.
    """
    counts = {name: sum(pixel_counts.get(label, 0) for label in GARMENT_LABELS[name]) for name in SINGLE_CATEGORIES}
    total = sum(counts.values())
    if total == 0:
        return None
    best = max(SINGLE_CATEGORIES, key=lambda name: counts[name])
    return best, counts[best] / total
