"""Draws layers of quads into one picture: a z-buffer in numpy, no system library. Pure; same input, same pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CAMERA_AWAY: Final = 60.0
"""In the mesh's units, decimetres: as far as a photographer of whole people stands."""


@dataclass(frozen=True)
class Layer:
    """One surface.

    Attributes:
        vertices: (n, 3), x to the right, y up, z to the camera.
        quads: (m, 4) indices.
        normals: (n, 3).
        facts: (n, k): what `paint` gets, interpolated.
        paint: (p, k) -> (p, 4): colour 0..1, and whether the surface is there at all.
        folds: How strongly cloth folds.
        part: Its number in `Seen.parts`.
    """

    vertices: Array
    quads: NDArray[np.int64]
    normals: Array
    facts: Array
    paint: Callable[[Array], Array]
    folds: float
    part: int


@dataclass(frozen=True)
class Seen:
    """What is nearest to the camera at each pixel: (H, W) or (H, W, 3); part 0 is nothing."""

    colour: Array
    normal: Array
    depth: Array
    folds: Array
    parts: NDArray[np.uint8]

    @property
    def covered(self) -> NDArray[np.bool_]:
        return self.parts > 0


def rasterise(layers: Sequence[Layer], *, height: int, width: int, top: float, bottom: float) -> Seen:
    """Draw the layers; `top` and `bottom` are the heights, in the mesh's units, at the picture's edges."""
    scale = height / (top - bottom)
    colour, normal = np.zeros((height * width, 3)), np.zeros((height * width, 3))
    depth, folds = np.full(height * width, -np.inf), np.zeros(height * width)
    parts = np.zeros(height * width, np.uint8)
    for layer in layers:
        near = CAMERA_AWAY / (CAMERA_AWAY - layer.vertices[:, 2])
        middle = (top + bottom) / 2
        xs = width / 2 + layer.vertices[:, 0] * near * scale
        ys = height / 2 - (layer.vertices[:, 1] - middle) * near * scale
        triangles = np.concatenate([layer.quads[:, [0, 1, 2]], layer.quads[:, [0, 2, 3]]])
        pixels, weights, corners = _fragments(xs[triangles], ys[triangles], height=height, width=width)
        corners = triangles[corners]
        its_depth = (weights * layer.vertices[corners, 2]).sum(axis=1)
        order = np.lexsort((its_depth, pixels))
        pixels, weights, corners, its_depth = pixels[order], weights[order], corners[order], its_depth[order]
        painted = layer.paint((weights[..., None] * layer.facts[corners]).sum(axis=1))
        there = painted[:, 3] > 0.5
        pixels, weights, corners, its_depth = pixels[there], weights[there], corners[there], its_depth[there]
        painted = painted[there]
        # Sorted by depth within a pixel: its last fragment is the nearest.
        last = np.flatnonzero(np.append(pixels[1:] != pixels[:-1], True)) if len(pixels) else np.empty(0, np.int64)
        last = last[its_depth[last] > depth[pixels[last]]]
        place = pixels[last]
        depth[place], colour[place], folds[place] = its_depth[last], painted[last, :3], layer.folds
        parts[place] = layer.part
        normal[place] = (weights[last][..., None] * layer.normals[corners[last]]).sum(axis=1)
    shape = (height, width)
    return Seen(
        colour.reshape(*shape, 3), normal.reshape(*shape, 3), depth.reshape(shape), folds.reshape(shape),
        parts.reshape(shape),
    )  # fmt: skip


def _fragments(xs: Array, ys: Array, *, height: int, width: int) -> tuple[NDArray[np.int64], Array, NDArray[np.int64]]:
    """Return pixel, weights (p, 3) and triangle of every pixel centre inside a triangle; corners are (m, 3)."""
    left = np.clip(np.floor(xs.min(axis=1)), 0, width).astype(np.int64)
    right = np.clip(np.ceil(xs.max(axis=1)) + 1, 0, width).astype(np.int64)
    low = np.clip(np.floor(ys.min(axis=1)), 0, height).astype(np.int64)
    high = np.clip(np.ceil(ys.max(axis=1)) + 1, 0, height).astype(np.int64)
    wide, tall = right - left, high - low
    counts = np.maximum(wide, 0) * np.maximum(tall, 0)
    triangle = np.repeat(np.arange(len(xs)), counts)
    within = np.arange(len(triangle)) - np.repeat(np.cumsum(counts) - counts, counts)
    x = left[triangle] + within % np.maximum(wide[triangle], 1)
    y = low[triangle] + within // np.maximum(wide[triangle], 1)
    ax, bx, cx = xs[triangle].T
    ay, by, cy = ys[triangle].T
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    area = np.where(np.abs(area) < 1e-9, np.inf, area)
    second = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
    third = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
    first = 1 - second - third
    inside = (first >= -1e-6) & (second >= -1e-6) & (third >= -1e-6) & np.isfinite(area)
    weights = np.stack([first, second, third], axis=1)[inside]
    return (y * width + x)[inside], weights, triangle[inside]
