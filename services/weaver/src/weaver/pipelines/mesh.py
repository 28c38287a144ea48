"""Textured meshes: 10 x 10 vertices, or more rows, that carry a piece of a garment onto a photo. Pure numpy and cv2.

A mesh is two grids of the same shape: where each vertex lies on the cut-out, and where on the photo. Between vertices
the picture is interpolated over triangles, exactly as the Mirror's `PlaneGeometry` does on a graphics card.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Grid = NDArray[np.float64]

VERTICES_PER_SIDE: Final = 10

SLACK: Final = 1e-5
"""Of a triangle's weights: more than float32's error on a mesh cell, far less than a pixel."""


@dataclass(frozen=True)
class Mesh:
    """A piece of cloth.

    Attributes:
        source: (10, 10, 2), or more rows: x, y in pixels of the cut-out.
        target: The same for the photo.
    """

    source: Grid
    target: Grid


def bilinear(corners: Grid, u: Grid, v: Grid) -> Grid:
    """Return the bilinear patch of four corners at u (to the right) and v (down); beyond 0..1 it goes on straight.

    Args:
        corners: (4, 2): top left, top right, bottom left, bottom right.
        u: Any shape.
        v: The same shape.

    Returns:
        The shape of u with a last axis of 2.
    """
    top_left, top_right, bottom_left, bottom_right = corners
    u, v = np.asarray(u)[..., None], np.asarray(v)[..., None]
    return np.asarray(
        (1 - u) * (1 - v) * top_left + u * (1 - v) * top_right + (1 - u) * v * bottom_left + u * v * bottom_right
    )


def unit_grid() -> tuple[Grid, Grid]:
    """Return u and v of the 100 vertices, (10, 10) each, 0..1."""
    steps = np.linspace(0.0, 1.0, VERTICES_PER_SIDE)
    u, v = np.meshgrid(steps, steps)
    return u, v


def warp(texture: Floats, mesh: Mesh, window: tuple[int, int, int, int]) -> Floats:
    """Return what the mesh paints into a window of the photo.

    Args:
        texture: (h, w, 4) float32, colour premultiplied by alpha; nothing beyond its edge.
        mesh: Vertices on texture and photo.
        window: Left, top, right, bottom in photo pixels.

    Returns:
        (bottom - top, right - left, 4) float32.
    """
    left, top, right, bottom = window
    shape = (bottom - top, right - left)
    texture, source = _shrink(texture, mesh)
    from_x, from_y = np.full(shape, -10, np.float32), np.full(shape, -10, np.float32)
    target = mesh.target - [left, top]
    for row, cells in enumerate(_cells_with_cloth(texture, source)):
        for column in np.flatnonzero(cells):
            cell = ((row, column), (row, column + 1), (row + 1, column), (row + 1, column + 1))
            for corners in ((cell[0], cell[1], cell[2]), (cell[1], cell[3], cell[2])):
                to = np.array([target[corner] for corner in corners])
                at = np.array([source[corner] for corner in corners])
                _fill_triangle(from_x, from_y, to, at)
    painted = cv2.remap(texture, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(painted, np.float32)


def _cells_with_cloth(texture: Floats, source: Grid) -> NDArray[np.bool_]:
    """Return which cells of the mesh have cloth in or beside them: the others paint nothing."""
    height, width = texture.shape[:2]
    solid = cv2.integral((texture[..., 3] > 0).astype(np.uint8))
    low = np.minimum.reduce([source[:-1, :-1], source[:-1, 1:], source[1:, :-1], source[1:, 1:]])
    high = np.maximum.reduce([source[:-1, :-1], source[:-1, 1:], source[1:, :-1], source[1:, 1:]])
    x0, y0 = np.clip(np.floor(low).astype(int) - 1, 0, [width, height]).transpose(2, 0, 1)
    x1, y1 = np.clip(np.ceil(high).astype(int) + 2, 0, [width, height]).transpose(2, 0, 1)
    return np.asarray(solid[y1, x1] - solid[y0, x1] - solid[y1, x0] + solid[y0, x0] > 0)


def window_of(meshes: list[Mesh], *, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the part of the photo the meshes reach, (left, top, right, bottom); empty: right <= left."""
    points = np.concatenate([mesh.target.reshape(-1, 2) for mesh in meshes])
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int) + 1
    return max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))


def _shrink(texture: Floats, mesh: Mesh) -> tuple[Floats, Grid]:
    """Shrink a texture that is finer than the photo, or it would flicker and fray; return it with its vertices."""
    source_side = np.linalg.norm(np.diff(mesh.source, axis=1), axis=-1).mean()
    target_side = np.linalg.norm(np.diff(mesh.target, axis=1), axis=-1).mean()
    factor = float(target_side / max(source_side, 1e-6))
    if factor >= 0.8:
        return texture, mesh.source
    height, width = texture.shape[:2]
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    scale = np.array([size[0] / width, size[1] / height])
    smaller = np.asarray(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), np.float32)
    return smaller, (mesh.source + 0.5) * scale - 0.5


def _fill_triangle(from_x: Floats, from_y: Floats, to: Grid, at: Grid) -> None:
    """Write, for each pixel inside the triangle `to`, where on the texture it comes from (triangle `at`)."""
    height, width = from_x.shape
    low, high = np.floor(to.min(axis=0)).astype(int), np.ceil(to.max(axis=0)).astype(int) + 1
    x0, y0, x1, y1 = max(0, low[0]), max(0, low[1]), min(width, high[0]), min(height, high[1])
    (ax, ay), (bx, by), (cx, cy) = to
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if x1 <= x0 or y1 <= y0 or abs(area) < 1e-9:
        return
    # Everything is linear in x and y: from the first corner, so that float32 is exact to a ten-thousandth of a pixel.
    b_x, b_y, c_x, c_y = (cy - ay) / area, -(cx - ax) / area, -(by - ay) / area, (bx - ax) / area
    (at_x, at_y), (to_b, to_c) = at[0], (at[1:] - at[0])
    per_x = np.array([b_x, c_x, to_b[0] * b_x + to_c[0] * c_x, to_b[1] * b_x + to_c[1] * c_x])
    per_y = np.array([b_y, c_y, to_b[0] * b_y + to_c[0] * c_y, to_b[1] * b_y + to_c[1] * c_y])
    along = np.outer(per_x, np.arange(x0, x1) - ax) + np.array([[0.0], [0.0], [at_x], [at_y]])
    down = np.outer(per_y, np.arange(y0, y1) - ay)
    ramps = along.astype(np.float32)[:, None, :] + down.astype(np.float32)[:, :, None]
    # A hair of slack: pixels on a shared edge belong to both triangles, never to none.
    inside = np.minimum(ramps[0], ramps[1]) >= -SLACK
    inside &= (ramps[0] + ramps[1]) <= 1 + SLACK
    np.copyto(from_x[y0:y1, x0:x1], ramps[2], where=inside)
    np.copyto(from_y[y0:y1, x0:x1], ramps[3], where=inside)
