"""Rendered people: photos of dressed bodies whose parts are known to the pixel. Licences: `LICENCES.md` above.

They differ in sex, origin, build, skin, hair, pose and clothes; a pose network recognises them, so they go the whole
way that a shopper's photo goes. `render_people` made them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FOLDER: Final = Path(__file__).parent
NAMES: Final = tuple(f"{number:02d}" for number in range(1, 13))
DEMO: Final = "01"
"""Who is in the demo, and the sample person of Studio."""

PARTS: Final = ("wall", "skin", "top", "bottom", "hair", "shoes")


def photo_file(name: str) -> Path:
    """Return a person's photo, a JPEG."""
    return FOLDER / f"{name}.jpg"


def parts_of(name: str) -> NDArray[np.uint8]:
    """Return what the photo shows where, (H, W) uint8, indices into `PARTS`."""
    with Image.open(FOLDER / f"{name}.png") as picture:
        return np.asarray(picture, np.uint8)
