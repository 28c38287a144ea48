"""What all families of drawn garments share: outlines to masks, noise, light on a height field, a camera.

Pure functions on float32 arrays in 0..1; all randomness comes from a generator that the caller seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Random = np.random.Generator
Points = NDArray[np.float64]

WIDTH: Final = 512
HEIGHT: Final = 640

LEAST_CONTRAST: Final = 3.0
"""Least grey levels between a garment and its ground, on at least `LEAST_SHARE` of the outline's length."""

LEAST_SHARE: Final = 0.9
CAMERA_MARGIN: Final = (1.0, 0.03)
"""Extra contrast and share in a drawing, because the camera's blur and noise remove some."""


def rounded(points: Sequence[tuple[float, float]], *, times: int = 2) -> Points:
    """Return the closed outline with its corners cut `times` times (Chaikin), so that it bends like cloth."""
    line = np.array(points, np.float64)
    for _ in range(times):
        following = np.roll(line, -1, axis=0)
        line = np.stack([0.78 * line + 0.22 * following, 0.22 * line + 0.78 * following], axis=1).reshape(-1, 2)
    return line


def mirrored(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a right half (from the top to the bottom) and its mirror image about x = 0 as one outline."""
    return [*points, *[(-x, y) for x, y in reversed(points)]]


def fill(outline: Points, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Plane:
    """Return the area inside an outline of pixels, antialiased, 0..1."""
    area = np.zeros(size, np.uint8)
    cv2.fillPoly(area, [np.round(outline * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    return plane(area) / np.float32(255)


def stroke(points: Points, thickness: float, size: tuple[int, int] = (HEIGHT, WIDTH), *, closed: bool = False) -> Plane:
    """Return a line, antialiased, 0..1."""
    area = np.zeros(size, np.uint8)
    cv2.polylines(area, [np.round(points * 16).astype(np.int32)], closed, 255, max(1, round(thickness)), cv2.LINE_AA, 4)
    return plane(area) / np.float32(255)


def plane(values: Any) -> Plane:
    """Return float32."""
    return np.asarray(values, np.float32)


def blur(values: Any, sigma_pixels: float) -> Plane:
    """Blur by a Gaussian."""
    return plane(cv2.GaussianBlur(plane(values), (0, 0), sigma_pixels))


def noise(random: Random, cell_pixels: float, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Plane:
    """Return smooth noise of mean 0 and deviation about 1 whose waves are about `cell_pixels` wide."""
    grid = (max(3, round(size[0] / cell_pixels) + 2), max(3, round(size[1] / cell_pixels) + 2))
    coarse = random.normal(0, 1, grid).astype(np.float32)
    return plane(cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC))


def grid(size: tuple[int, int] = (HEIGHT, WIDTH)) -> tuple[Plane, Plane]:
    """Return x and y of every pixel."""
    ys, xs = np.mgrid[0 : size[0], 0 : size[1]]
    return plane(xs), plane(ys)


def lit(height: Plane, *, x: float, y: float, z: float) -> Plane:
    """Return the light on a height field (in pixels) from a direction."""
    height = plane(height)
    gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8
    gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8
    return plane((x * gx + y * gy + z) / np.sqrt(gx**2 + gy**2 + 1))


def depth(mask: Plane) -> Plane:
    """Return how deep each pixel lies inside a mask, in pixels."""
    return plane(cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5))


def over(ground: Plane, colour: Plane, alpha: Plane) -> Plane:
    """Lay a colour over a ground, by alpha."""
    return plane(ground * (1 - alpha[..., None]) + colour * alpha[..., None])


def outline_contrast(picture: Plane, alpha: Plane) -> NDArray[np.float64]:
    """Return the greatest difference of any colour channel across each pixel of the outline, in grey levels."""
    inside, outside = plane(alpha > 0.98), plane(alpha < 0.02)
    edge = cv2.morphologyEx((alpha > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    edge[:2], edge[-2:], edge[:, :2], edge[:, -2:] = False, False, False, False
    means = []
    for side in (inside, outside):
        weight = cv2.blur(side, (7, 7))
        means.append(cv2.blur(picture * side[..., None], (7, 7)) / np.maximum(weight, 1e-3)[..., None])
    return np.asarray(np.abs(means[0] - means[1]).max(axis=2)[edge] * 255, np.float64)


def seen(picture: Plane, alpha: Plane) -> bool:
    """Return whether the outline has the contrast that a drawn garment must have."""
    levels = outline_contrast(picture, alpha)
    share = float(np.mean(levels >= LEAST_CONTRAST + CAMERA_MARGIN[0])) if levels.size else 1.0
    return share >= LEAST_SHARE + CAMERA_MARGIN[1]


def photographed(
    picture: Plane,
    random: Random,
    *,
    noise_levels: float = 0.7,
    quality: int = 93,
    tint: tuple[float, float, float] | None = None,
) -> Pixels:
    """Return the picture as a camera takes it: slight blur, the lamp's tint, noise, and JPEG."""
    if tint:
        picture = plane(picture * plane(tint))
    blurred = cv2.GaussianBlur(picture, (0, 0), 0.55) * 255
    noisy = (
        blurred
        + random.normal(0, noise_levels, picture.shape[:2])[..., None]
        + random.normal(0, noise_levels * 0.4, picture.shape)
    )
    # An overexposed ground stays so: noise does not show where the sensor is saturated.
    noisy = np.where(blurred >= 254.5, 255, noisy)
    flat = np.clip(noisy, 0, 255).round().astype(np.uint8)
    _, file = cv2.imencode(".jpg", flat[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1], np.uint8).copy()
