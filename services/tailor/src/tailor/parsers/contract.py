"""The parser seam: finds the garment or the person in a photo.

A parser sees arrays only; storing, naming and caching are the worker's. Calls block and are CPU-bound; an instance
is used by one thread at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import GarmentCategory, Landmark, PictureWarning

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class GarmentMask:
    """A garment found in a photo.

    Attributes:
        alpha: (H, W) uint8, soft edge, at the photo's size.
        worn: The photo shows it on a person.
        warnings: What may be wrong with the photo.
        turn: Quarter turns clockwise that set the garment upright; the alpha lies as the photo does.
    """

    alpha: Pixels
    category: GarmentCategory
    confidence: float
    worn: bool
    warnings: tuple[PictureWarning, ...] = ()
    turn: int = 0


@dataclass(frozen=True, kw_only=True)
class PersonMasks:
    """A person found in a photo.

    Attributes:
        landmarks: 33, in pixels of the photo.
        person: (H, W) uint8, 255 = person.
        agnostic: Category -> (H, W) uint8, 255 = may change.
        people: How many people the photo shows; the masks are those of one.
        index: Which one, from the left, 0 being the first.
    """

    landmarks: tuple[Landmark, ...]
    person: Pixels
    agnostic: dict[GarmentCategory, Pixels]
    people: int = 1
    index: int = 0


class Parser(Protocol):
    """Finds garments and people."""

    name: str
    version: str

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        """Find the garment in a photo, (H, W, 3) uint8 sRGB; `category` is `auto` or the one to look for.

        Raises:
            NoGarmentDetected: There is none, or it cannot be told from its background.
        """

    def find_person(self, photo: Pixels, *, index: int | None = None) -> PersonMasks:
        """Find the person in a photo, (H, W, 3) uint8 sRGB; of several people the largest, or the one of this index.

        Raises:
            NoPersonDetected: There is none.
            PersonCropped: Shoulders or hips are outside the picture.
        """
