"""Likeness as networks see it: CLIP-I and DINO of cut-out and worn garment, LPIPS to a true picture, KID. Pure.

The networks come from outside (`hub_networks`). CLIP-I and DINO say whether the garment is the same one, whatever its
pose; LPIPS and KID need true pictures: of the same person in that garment, photographed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.eval.canvas import Pixels
from workbench.eval.quality.score import Score, Tryon, box_of, share

Vector = NDArray[np.float64]
Embed = Callable[[Pixels], Vector]
"""Returns the embedding of (H, W, 3) uint8 sRGB."""

Perceived = Callable[[Pixels, Pixels], float]
"""Returns LPIPS of two (H, W, 3) pictures of one size: 0 for equal ones, about 1 for unlike ones."""

SIDE: Final = 224
"""Pixels of the square in which a garment is shown to a network."""

KID_LEAST: Final = 50
"""Pictures below which a distribution's distance is noise, and none is given."""

KID_SUBSETS: Final = 100
KID_SUBSET: Final = 50
"""Pictures of a subset; their distances' mean and spread are the result."""


@dataclass(frozen=True, kw_only=True)
class Kid:
    """Kernel distance of a set's pictures from its true ones: mean and standard deviation over subsets, 0 for alike."""

    mean: float
    spread: float
    pictures: int


def likeness(tryon: Tryon, embed: Embed) -> Score:
    """Compare the garment with what is worn, both on white: the cosine of their embeddings."""
    if not tryon.worn.any():
        return Score(value=0.0, reason="the result shows no garment", failure="missing_garment")
    alpha = tryon.garment[..., 3] > 127
    if not alpha.any():
        return Score(value=None, reason="the cut-out is empty")
    here, there = embed(on_white(tryon.garment[..., :3], alpha)), embed(on_white(tryon.result, tryon.worn))
    lengths = float(np.linalg.norm(here)) * float(np.linalg.norm(there))
    cosine = float(here @ there) / max(lengths, 1e-12)
    return Score(value=share(cosine), reason=f"cosine {cosine:.3f}")


def lpips(tryon: Tryon, perceived: Perceived) -> Score:
    """Compare the result with the true picture; the value is one minus LPIPS."""
    if tryon.truth is None:
        return Score(value=None, reason="the set has no true picture of it (`truth`)")
    distance = perceived(tryon.result, tryon.truth)
    return Score(value=share(1 - distance), reason=f"LPIPS {distance:.3f} to the true picture")


def on_white(picture: Pixels, mask: NDArray[np.bool_]) -> Pixels:
    """Return what a mask shows, cut to its box and centred in a white square of `SIDE` pixels."""
    rows, columns = box_of(mask)
    shown = np.where(mask[rows, columns, None], picture[rows, columns], np.uint8(255))
    height, width = shown.shape[:2]
    side = max(height, width)
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = shown
    way = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=way), np.uint8)


def kid(made: Vector, true: Vector, *, seed: int = 0) -> Kid | None:
    """Return the kernel distance of two sets of embeddings, (n, d) and (m, d); None: too few pictures.

    The unbiased squared MMD with the kernel (x y / d + 1)^3, over random subsets: Binkowski and others, "Demystifying
    MMD GANs", 2018.
    """
    if min(len(made), len(true)) < KID_LEAST:
        return None
    draw = np.random.default_rng(seed)
    values = [
        _mmd(*(one[draw.choice(len(one), KID_SUBSET, replace=False)] for one in (made, true)))
        for _ in range(KID_SUBSETS)
    ]
    return Kid(mean=float(np.mean(values)), spread=float(np.std(values)), pictures=len(made))


def _mmd(made: Vector, true: Vector) -> float:
    def kernel(one: Vector, other: Vector) -> Vector:
        return np.asarray((one @ other.T / one.shape[1] + 1) ** 3, np.float64)

    n = len(made)
    within = sum((found.sum() - np.trace(found)) / (n * (n - 1)) for found in (kernel(made, made), kernel(true, true)))
    return float(within - 2 * kernel(made, true).mean())
