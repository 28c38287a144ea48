"""Outfits: several garments on one person, put on one after the other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from gateway.rules.options import TryonOptions
from proteus.errors import InvalidRequest, ProteusError
from proteus.jobs import Category

GARMENTS_MOST: Final = 4

Layer = Literal["auto", "lower", "dress", "overall", "upper", "outer"]
"""A garment's category in an outfit. `outer` is an upper garment that is worn over the others."""

_ORDER: Final[dict[str, int]] = {"lower": 0, "dress": 0, "overall": 0, "upper": 1, "outer": 2}
_WHOLE: Final = ("dress", "overall")

_MARK: Final = "garment-"
"""Begins the variant of a picture of an outfit; the garment's place in the request follows."""


class OutfitIncomplete(ProteusError):
    """Not every garment of the outfit could be put on."""

    code = "outfit_incomplete"
    hint = "The pictures before it are kept; submit what is missing with the last of them as the person's photo."


class OutfitOptions(TryonOptions):
    """The options of an outfit: each garment is a picture to be made, and one of them is the result."""

    garments_count: int

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


def in_order(layers: Sequence[Layer]) -> list[int]:
    """Return the places of an outfit's garments, from 0, in the order in which they are put on.

    Raises:
        InvalidRequest: They cannot be worn together.
    """
    if "auto" in layers:
        raise InvalidRequest("Each garment of an outfit names its category: it decides which one is put on first.")
    for layer in ("lower", "upper"):
        if layers.count(layer) > 1:
            raise InvalidRequest(f"An outfit has one {layer} garment at most; a second layer is `outer`.")
    whole = [layer for layer in layers if layer in _WHOLE]
    if len(whole) > 1 or (whole and {"lower", "upper"} & set(layers)):
        raise InvalidRequest(f"With a garment of the category {whole[0]!r} only `outer` ones can be worn.")
    return sorted(range(len(layers)), key=lambda place: _ORDER[layers[place]])


def category_of(layer: Layer) -> Category:
    """Return the category of a garment as tailor and engines know it."""
    return Category.UPPER if layer == "outer" else Category(layer)


def variant_of(position: int) -> str:
    """Return the variant of the picture that puts on the garment at this place of the request."""
    return f"{_MARK}{position}"


def position_of(variant: str) -> int | None:
    """Return the place of a picture's garment in the request; None: it is no picture of an outfit."""
    place = variant.removeprefix(_MARK)
    return int(place) if place != variant and place.isdecimal() else None
