"""Identity: whether the face in the result is that of the photo, by the distance of face embeddings. Pure.

The embedder comes from outside: `networks.faces` is dlib's resnet, whose distances the constants belong to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.eval.canvas import Pixels
from workbench.eval.quality.score import Score, Tryon, share

Embedder = Callable[[Pixels], NDArray[np.float64] | None]
"""Returns the embedding of the largest face in (H, W, 3) uint8 sRGB, or None where there is no face."""

SAME_BELOW: Final = 0.6
"""Distance that the network's author gives as the threshold of the same person."""


def identity(tryon: Tryon, embedder: Embedder) -> Score:
    """Compare the faces; at the threshold of the same person the value is a half."""
    here = embedder(tryon.person)
    if here is None:
        return Score(value=None, reason="no face is found in the photo")
    there = embedder(tryon.result)
    if there is None:
        return Score(value=0.0, reason="the photo has a face, the result none", failure="face_lost")
    distance = float(np.linalg.norm(here - there))
    same = distance < SAME_BELOW
    return Score(
        value=share(1 - distance / (2 * SAME_BELOW)),
        reason=f"distance {distance:.2f}, {'the same' if same else 'another'} face (threshold {SAME_BELOW})",
        failure="" if same else "another_face",
    )
