"""The ground that a flat garment lies on: its colour everywhere, as far as a smooth surface describes it. Pure.

Paper under a lamp is brighter here than there. A surface of second degree in CIELAB is fitted to the photo's border and
to what continues it inwards; what is left over, in units of the ground's own unevenness, shows where something lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tailor.parsers.contract import Pixels

Plane = NDArray[np.floating[Any]]
Truth = NDArray[np.bool_]

BORDER_FRACTION: Final = 0.025
"""Of the longer side: the ring in which the ground is sought first."""

PLAIN_FRACTION: Final = 0.80
"""The share of the photo's border that must look alike: one side may be touched by the garment."""

PLAIN_DISTANCE: Final = 10.0
"""In CIELAB: a studio background with its vignette and a soft shadow stays within this."""

ROUGH: Final = 1.3
"""Lightness, as a standard deviation on the border: a ground that is less even has a texture."""

FIT_ROUNDS: Final = 6
EXTEND_ROUNDS: Final = 2
FIT_SHRINK: Final = 4
FEATURE_BLUR: Final = 0.8
LEAST_UNEVENNESS: Final = (0.11, 0.35)
"""Lightness, chroma: a ground that is evener than this is noise of the encoder, not of the scene."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a photo's ground looks like.

    Attributes:
        delta: (H, W, 3) the photo minus the ground, in CIELAB.
        smooth: The same, without the camera's noise.
        unevenness: Of the ground: lightness and chroma, as a standard deviation.
        plain: Share of the border that the surface fits.
    """

    delta: Plane
    smooth: Plane
    unevenness: tuple[float, float]
    plain: float

    @property
    def is_plain(self) -> bool:
        """Of one colour that changes slowly."""
        return self.is_of_one_colour and self.unevenness[0] < ROUGH

    @property
    def is_of_one_colour(self) -> bool:
        return self.plain >= PLAIN_FRACTION


def ring(shape: tuple[int, ...]) -> Truth:
    """Return where a photo of this shape has its border."""
    margin = max(2, round(BORDER_FRACTION * max(shape[:2])))
    border = np.ones(shape[:2], bool)
    border[margin:-margin, margin:-margin] = False
    return border


def lab_of(small: Pixels) -> Plane:
    """Return (H, W, 3) CIELAB float32 of sRGB pixels."""
    return np.asarray(cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB), np.float32)


def find_ground(small: Pixels) -> Ground:
    """Fit the ground of a photo at working size; the fit itself needs a quarter of its size."""
    lab = lab_of(small)
    height, width = lab.shape[:2]
    coarse_size = (max(16, width // FIT_SHRINK), max(16, height // FIT_SHRINK))
    coarse = np.asarray(cv2.resize(lab, coarse_size, interpolation=cv2.INTER_AREA), np.float32)
    rim = ring(coarse.shape)
    start = np.median(coarse[rim], axis=0)
    used = rim & (np.linalg.norm(coarse - start, axis=2) < 3 * PLAIN_DISTANCE)
    solution = _fit(coarse, used if used.any() else rim)
    for _ in range(EXTEND_ROUNDS):
        calm = np.linalg.norm(coarse - _surface(solution, coarse.shape), axis=2) < PLAIN_DISTANCE / 3
        reached = touching_rim(calm)
        if not reached.any():
            break
        solution = _fit(coarse, reached)
    delta = np.asarray(lab - _surface(solution, lab.shape), np.float32)
    border = ring(lab.shape)
    beside = delta[border]
    alike = np.linalg.norm(beside, axis=1) < PLAIN_DISTANCE
    smooth = np.asarray(cv2.GaussianBlur(delta, (0, 0), FEATURE_BLUR), np.float32)
    spread = [_deviation(channel) for channel in smooth[border][alike].T]
    return Ground(
        delta=delta,
        smooth=smooth,
        unevenness=(max(spread[0], LEAST_UNEVENNESS[0]), max(spread[1], spread[2], LEAST_UNEVENNESS[1])),
        plain=float(np.mean(alike)),
    )


def _deviation(values: Plane) -> float:
    """Return a standard deviation about 0 that a few far values do not move."""
    return 1.48 * float(np.median(np.abs(values))) if values.size else 0.0


def _fit(lab: Plane, where: Truth) -> NDArray[np.float64]:
    """Return (6, 3) coefficients of the surface of second degree through the pixels of `where`.

    Those far from it count less and less.
    """
    height, width = lab.shape[:2]
    ys, xs = np.nonzero(where)
    basis = _basis((xs + 0.5) / width, (ys + 0.5) / height)
    values = lab[ys, xs].astype(np.float64)
    weight: NDArray[np.float64] = np.ones(len(xs))
    solution: NDArray[np.float64] = np.zeros((basis.shape[1], 3))
    for _ in range(FIT_ROUNDS):
        weighted = basis * weight[:, None]
        # A little of the plain mean: a ring of which a side is missing must not bend the surface.
        gram = weighted.T @ basis + np.diag([0, *[1e-3 * len(xs)] * 5])
        solution = np.asarray(np.linalg.solve(gram, weighted.T @ values), np.float64)
        residual = np.linalg.norm(values - basis @ solution, axis=1)
        scale = max(2.5 * float(np.median(residual)), 0.6)
        weight = np.asarray(1 / (1 + (residual / scale) ** 2) ** 2, np.float64)
    return solution


def _surface(solution: NDArray[np.float64], shape: tuple[int, ...]) -> Plane:
    height, width = shape[:2]
    # Of second degree in x for every y: three planes of numbers instead of six.
    constant, x1, y1, xy, xx, yy = solution
    x, y = 2 * (np.arange(width) + 0.5) / width - 1, 2 * (np.arange(height) + 0.5) / height - 1
    rows = constant + y[:, None] * y1 + (y**2)[:, None] * yy
    slopes = x1 + y[:, None] * xy
    columns = (x**2)[:, None] * xx
    full = rows[:, None, :] + slopes[:, None, :] * x[None, :, None] + columns[None, :, :]
    return np.asarray(full, np.float32)


def _basis(x: Plane, y: Plane) -> NDArray[np.float64]:
    x, y = 2 * x - 1, 2 * y - 1
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1).astype(np.float64)


def touching_rim(mask: Truth) -> Truth:
    """Return the parts of a mask that reach the photo's edge."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.asarray(np.isin(labels, rim[rim > 0]))
