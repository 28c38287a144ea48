"""Outfits: several garments on one person, put on one after the other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.rules.options import TryonOptions
from proteus.errors import InvalidRequest, ProteusError
from proteus.jobs import Category

GARMENTS_MOST: Final = 4

_ORDER: Final = {
    Category.LOWER: 0,
    Category.DRESS: 0,
    Category.OVERALL: 0,
    Category.UPPER: 1,
    Category.INNER: 1,
    Category.OUTER: 2,
    Category.SHOES: 3,
    Category.BAG: 4,
    Category.HAT: 5,
}
"""Which garment of an outfit is put on before which."""

_ONCE: Final = (Category.LOWER, Category.UPPER, Category.INNER, Category.SHOES, Category.BAG, Category.HAT)
_WHOLE: Final = (Category.DRESS, Category.OVERALL)

_MARK: Final = "garment-"
"""Begins the variant of a picture of an outfit; the garment's place in the request follows."""


class OutfitIncomplete(ProteusError):
    """Not every garment of the outfit could be put on."""

    code = "outfit_incomplete"
    hint = "The pictures before it are kept; submit what is missing with the last of them as the person's photo."


class OutfitOptions(TryonOptions):
    """The options of an outfit: each garment is a picture to be made, and one of them is the result."""

    garments_count: int
    layers: tuple[Category, ...] = ()

    @property
    def categories(self) -> frozenset[Category]:
        """What is put on."""
        return frozenset(self.layers)

    @property
    def pictures(self) -> int:
        """How many pictures are made."""
        return self.garments_count


@dataclass(frozen=True, kw_only=True, slots=True)
class OutfitGarment:
    """One garment of an outfit.

    Attributes:
        position: Its place in the request, from 1.
        url: Its photo's or its cut-out's address.
        category: As the engines know it.
    """

    position: int
    url: str
    category: Category


def in_order(layers: Sequence[Category]) -> list[int]:
    """Return the places of an outfit's garments, from 0, in the order in which they are put on.

    Raises:
        InvalidRequest: They cannot be worn together.
    """
    if Category.AUTO in layers:
        raise InvalidRequest("Each garment of an outfit names its category: it decides which one is put on first.")
    for layer in _ONCE:
        if layers.count(layer) > 1:
            raise InvalidRequest(f"An outfit has one {layer} garment at most; a second layer is `outer`.")
    if {Category.UPPER, Category.INNER} <= set(layers):
        raise InvalidRequest("An outfit has one top: `upper`, or `inner` under a jacket that the person wears already.")
    whole = [layer for layer in layers if layer in _WHOLE]
    if len(whole) > 1 or (whole and {Category.LOWER, Category.UPPER, Category.INNER} & set(layers)):
        raise InvalidRequest(
            f"With a garment of the category {whole[0].value!r} only `outer` ones and accessories can be worn."
        )
    return sorted(range(len(layers)), key=lambda place: _ORDER[layers[place]])


def variant_of(position: int) -> str:
    """Return the variant of the picture that puts on the garment at this place of the request."""
    return f"{_MARK}{position}"


def position_of(variant: str) -> int | None:
    """Return the place of a picture's garment in the request; None: it is no picture of an outfit."""
    place = variant.removeprefix(_MARK)
    return int(place) if place != variant and place.isdecimal() else None
