"""The network's input: photos stretched to a square, bilinear, with ImageNet statistics, as published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

Forward = Callable[[Pixels], Floats]
"""(B, S, S, 3) uint8 -> logits (B, 18, S/4, S/4) float32."""

SIDE: Final = 512
MEAN: Final = (0.485, 0.456, 0.406)
SPREAD: Final = (0.229, 0.224, 0.225)


def stretched(photo: Pixels, *, side: int) -> Pixels:
    """Return a photo, (H, W, 3) uint8 sRGB, as the network takes it: (side, side, 3) uint8."""
    return np.asarray(Image.fromarray(photo).resize((side, side), Image.Resampling.BILINEAR))
