"""Draws the demo's garment: a T-shirt that looks like a shop's product photo. Deterministic.

Drawn, because no product photo with a free licence was available. `python -m workbench.assets.draw_garment FILE` writes
it anew; `garment.jpg` beside this file is its output. A height field (body, sleeves, folds) is lit from the upper
left, seams, cloth texture and print go on top, a soft shadow below. Coordinates are in units of the picture's width, x
from its middle.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Plane = NDArray[np.floating[Any]]

WIDTH, HEIGHT, OVERSAMPLING = 900, 1050, 2
CLOTH: Final = (24, 92, 104)
PRINT: Final = (247, 240, 226)
PAPER: Final = (246, 246, 247)
WORD: Final = "PROTEUS"

# Right half of the outlines (x from the middle, y from the top), cubic Bézier pieces; the left half mirrors them.
NECK_SIDE, SHOULDER = (0.115, 0.105), (0.285, 0.165)
CUFF_OUT, CUFF_IN, ARMPIT = (0.452, 0.405), (0.335, 0.462), (0.262, 0.355)
HEM_SIDE, HEM_MIDDLE = (0.268, 1.045), (0.0, 1.062)
OUTLINE: Final = (
    (NECK_SIDE, (0.17, 0.12), (0.23, 0.135), SHOULDER),
    (SHOULDER, (0.345, 0.20), (0.405, 0.30), CUFF_OUT),
    (CUFF_OUT, (0.42, 0.435), (0.37, 0.457), CUFF_IN),
    (CUFF_IN, (0.315, 0.42), (0.285, 0.38), ARMPIT),
    (ARMPIT, (0.25, 0.55), (0.252, 0.80), HEM_SIDE),
    (HEM_SIDE, (0.18, 1.062), (0.09, 1.064), HEM_MIDDLE),
)
BACK_NECK_DEPTH, FRONT_NECK_DEPTH, COLLAR = 0.125, 0.205, 0.030

# Folds: from, to, width, height (negative: a valley).
FOLDS: Final = (
    ((0.25, 0.36), (0.10, 0.47), 0.022, 0.85), ((-0.25, 0.36), (-0.12, 0.46), 0.020, 0.8),
    ((0.255, 0.40), (0.15, 0.60), 0.026, -0.7), ((-0.255, 0.40), (-0.16, 0.58), 0.026, -0.65),
    ((0.245, 0.62), (0.08, 0.70), 0.030, 0.75), ((-0.245, 0.66), (-0.06, 0.73), 0.030, 0.7),
    ((0.25, 0.76), (0.02, 0.86), 0.034, -0.6), ((-0.25, 0.80), (0.0, 0.88), 0.032, -0.55),
    ((0.16, 0.90), (0.19, 1.05), 0.026, 0.8), ((-0.17, 0.88), (-0.14, 1.05), 0.028, 0.75),
    ((0.05, 0.92), (0.04, 1.05), 0.030, -0.5), ((-0.05, 0.94), (-0.07, 1.05), 0.030, 0.45),
    ((0.29, 0.22), (0.36, 0.40), 0.022, 0.6), ((-0.29, 0.22), (-0.37, 0.39), 0.022, 0.55),
    ((0.27, 0.30), (0.34, 0.43), 0.018, -0.6), ((-0.27, 0.30), (-0.33, 0.43), 0.018, -0.55),
    ((0.12, 0.16), (0.20, 0.30), 0.028, 0.35), ((-0.12, 0.16), (-0.21, 0.30), 0.028, 0.35),
)  # fmt: skip


def draw_garment() -> NDArray[np.uint8]:
    """Return the product photo, (1050, 900, 3) uint8 sRGB."""
    colour, alpha = _shirt()
    picture = _paper(alpha, alpha.shape) * (1 - alpha[..., None]) + colour * alpha[..., None]
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    grain = np.random.default_rng(7).normal(0, 0.004, (HEIGHT, WIDTH, 1))
    return np.asarray((np.clip(small + grain, 0, 1) * 255).round(), np.uint8)


def draw_cut_out() -> NDArray[np.uint8]:
    """Return the shirt alone, (1050, 900, 4) uint8 sRGB with alpha."""
    colour, alpha = _shirt()
    whole = np.concatenate([colour, alpha[..., None]], axis=-1)
    return np.asarray((cv2.resize(whole, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) * 255).round(), np.uint8)


def _shirt() -> tuple[Plane, Plane]:
    """Return the shirt's colour under light, (h, w, 3), and its alpha, (h, w), oversampled."""
    size = (HEIGHT * OVERSAMPLING, WIDTH * OVERSAMPLING)
    body, sleeves = _fill(_outline(), size), _sleeves(size)
    opening = _fill(_neckline(FRONT_NECK_DEPTH), size)
    inside = _fill(_neckline(FRONT_NECK_DEPTH), size) * _fill(_back(), size)
    cloth = np.clip(body - opening, 0, 1)
    collar = np.clip(_fill(_neckline(FRONT_NECK_DEPTH + COLLAR, COLLAR * 0.9), size) - opening, 0, 1) * body

    light = _light(cloth, sleeves, collar, size)
    colour: Plane = np.array(CLOTH, np.float32) / 255 * light[..., None]
    colour = _print_word(colour, light, size)
    colour *= (1 - 0.10 * collar * _ribs(size))[..., None]
    colour *= _stitches(size)[..., None]
    back = np.array(CLOTH, np.float32) / 255 * (0.46 - 0.16 * _ramp(size, 0.11, 0.21))[..., None]
    colour = colour * (1 - inside[..., None]) + back * inside[..., None]

    return np.clip(colour, 0, 1), np.clip(cloth + inside, 0, 1)


def _bezier(points: tuple[tuple[float, float], ...], count: int = 60) -> NDArray[np.float64]:
    t = np.linspace(0, 1, count)[:, None]
    a, b, c, d = (np.array(point) for point in points)
    return np.asarray((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)


def _mirrored(right: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([right, right[::-1] * [-1, 1]])


def _outline() -> NDArray[np.float64]:
    right = np.concatenate([_bezier(piece) for piece in OUTLINE])
    return np.concatenate([_mirrored(right), [(-NECK_SIDE[0], NECK_SIDE[1])]])


def _neckline(depth: float, wider: float = 0.0) -> NDArray[np.float64]:
    """Return the opening seen from the front, from one side of the neck round to the other."""
    side = (NECK_SIDE[0] + wider, NECK_SIDE[1] - 0.002)
    right = _bezier((side, (side[0] * 0.96, depth - 0.045), (side[0] * 0.52, depth), (0.0, depth)))
    return np.concatenate([_mirrored(right), [(-side[0], 0.02), (side[0], 0.02)]])


def _back() -> NDArray[np.float64]:
    """Return the back of the shirt that is visible through the opening: its upper edge sags a little."""
    right = _bezier((NECK_SIDE, (0.075, 0.120), (0.04, BACK_NECK_DEPTH), (0.0, BACK_NECK_DEPTH)))
    return np.concatenate([_mirrored(right), [(-0.2, 0.4), (0.2, 0.4)]])


def _fill(polygon: NDArray[np.float64], size: tuple[int, int]) -> Plane:
    area = np.zeros(size, np.uint8)
    pixels = np.round((polygon + np.array([0.5, 0])) * size[1] * 16).astype(np.int32)
    cv2.fillPoly(area, [pixels], 255, lineType=cv2.LINE_AA, shift=4)
    return np.asarray(area, np.float32) / np.float32(255)


def _sleeves(size: tuple[int, int]) -> Plane:
    seam = _bezier(((0.278, 0.162), (0.245, 0.20), (0.235, 0.28), ARMPIT))
    right = np.concatenate([seam, [(0.6, 0.6), (0.6, 0.1)]])
    return np.asarray(_fill(right, size) + _fill(right * [-1, 1], size), np.float32)


def _grid(size: tuple[int, int]) -> tuple[Plane, Plane]:
    ys, xs = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    return xs / size[1] - 0.5, ys / size[1]


def _ramp(size: tuple[int, int], start: float, end: float) -> Plane:
    _, y = _grid(size)
    return np.asarray(np.clip((y - start) / (end - start), 0, 1), np.float32)


def _light(cloth: Plane, sleeves: Plane, collar: Plane, size: tuple[int, int]) -> Plane:
    """Return how bright each point of the cloth is, around 1."""
    x, y = _grid(size)
    scale = size[1]
    solid = (cloth > 0.5).astype(np.uint8)
    torso = (solid & (sleeves < 0.5)).astype(np.uint8)
    height = np.zeros(size, np.float32)
    for part, roundness in ((torso, 0.075), (solid - torso, 0.05)):
        depth = cv2.distanceTransform(part, cv2.DIST_L2, 5) / scale
        height += roundness * np.sqrt(np.clip(1 - (1 - np.clip(depth / roundness, 0, 1)) ** 2, 0, 1)) * part * 0.55
    height = cv2.GaussianBlur(height, (0, 0), 0.006 * scale)
    for (ax, ay), (bx, by), width, amount in FOLDS:
        along = np.array([bx - ax, by - ay])
        length2 = float(along @ along)
        t = ((x - ax) * along[0] + (y - ay) * along[1]) / length2
        bend = 0.012 * np.sin(np.clip(t, 0, 1) * np.pi)
        away = np.abs((x - ax) * along[1] - (y - ay) * along[0]) / np.sqrt(length2) - bend
        fade = np.clip(1.15 - np.abs(2 * t - 0.9), 0, 1) ** 1.5
        height += amount * 0.0075 * np.exp(-((away / width) ** 2)).astype(np.float32) * fade.astype(np.float32)
    wander = np.random.default_rng(3).normal(0, 1, (14, 12)).astype(np.float32)
    height += 0.0035 * cv2.resize(wander, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    height += 0.006 * cv2.GaussianBlur(collar, (0, 0), 0.004 * scale)
    gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8 * scale
    gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8 * scale
    normal = 1 / np.sqrt(gx**2 + gy**2 + 1)
    lit = (0.38 * gx + 0.52 * gy + 0.77) * normal
    weave = np.random.default_rng(5).normal(0, 1, size).astype(np.float32)
    weave = cv2.GaussianBlur(weave, (0, 0), 1.2) * 1.5 + 0.5 * np.sin(x * scale * 0.9) * np.sin(y * scale * 0.45)
    heather = cv2.GaussianBlur(np.random.default_rng(6).normal(0, 1, size).astype(np.float32), (0, 0), 4) * 4
    return np.asarray((0.34 + 0.95 * lit) * (1 + 0.035 * weave + 0.012 * heather), np.float32)


def _print_word(colour: Plane, light: Plane, size: tuple[int, int]) -> Plane:
    """Put a sun over waves and the word on the chest; the cloth's light and texture stay visible."""
    width = round(0.36 * size[1])
    art = Image.new("L", (width, width), 0)
    pen = ImageDraw.Draw(art)
    font = ImageFont.load_default(size=round(width * 0.205))
    left, top, right, _ = pen.textbbox((0, 0), WORD, font=font, stroke_width=round(width * 0.006))
    pen.text(
        ((width - right + left) / 2 - left, width * 0.66 - top), WORD, fill=255, font=font,
        stroke_width=round(width * 0.006),
    )  # fmt: skip
    middle, radius = width / 2, width * 0.20
    pen.ellipse((middle - radius, width * 0.30 - radius, middle + radius, width * 0.30 + radius), fill=255)
    xs = np.linspace(width * 0.2, width * 0.8, 200)
    for row, level in enumerate((0.335, 0.40, 0.465)):
        ys = width * level + np.sin((xs / width) * 22 + row * 1.1) * width * 0.014
        pen.line(list(zip(xs, ys, strict=True)), fill=0, width=round(width * (0.018 + 0.006 * row)), joint="curve")
    ink = np.zeros(size, np.float32)
    y0, x0 = round(0.275 * size[1]), (size[1] - width) // 2
    ink[y0 : y0 + width, x0 : x0 + width] = np.asarray(art, np.float32) / 255
    ink = cv2.GaussianBlur(ink, (0, 0), 1.0)[..., None] * 0.96
    return np.asarray(colour * (1 - ink) + np.array(PRINT, np.float32) / 255 * light[..., None] * ink, np.float32)


def _ribs(size: tuple[int, int]) -> Plane:
    x, y = _grid(size)
    turn = np.arctan2(y - 0.08, x)
    return np.asarray(0.5 + 0.5 * np.sin(turn * 150), np.float32)


def _stitches(size: tuple[int, int]) -> Plane:
    """Return a factor that darkens seams: shoulders' sleeve seams, cuffs, hem, collar."""
    lines = np.zeros(size, np.float32)
    scale = size[1]
    sleeve = _bezier(((0.278, 0.162), (0.245, 0.20), (0.235, 0.28), ARMPIT))
    hem = _bezier((HEM_SIDE, (0.18, 1.062), (0.09, 1.064), HEM_MIDDLE))
    cuff = _bezier((CUFF_OUT, (0.42, 0.435), (0.37, 0.457), CUFF_IN))
    neck = _bezier(((0.142, 0.118), (0.137, 0.185), (0.075, 0.235), (0.0, 0.235)))
    for path, shift, strength, thick in (
        (sleeve, (0, 0), 1.0, 3), (hem, (0, -0.028), 0.55, 2), (hem, (0, -0.034), 0.55, 2),
        (cuff, (-0.012, -0.026), 0.55, 2), (cuff, (-0.014, -0.031), 0.55, 2), (neck, (0, 0.0), 0.9, 3),
    ):  # fmt: skip
        for sign in (1, -1):
            pixels = (((path + shift) * [sign, 1] + [0.5, 0]) * scale * 16).round().astype(np.int32)
            layer = np.zeros(size, np.uint8)
            cv2.polylines(layer, [pixels], False, 255, thick, cv2.LINE_AA, 4)
            lines = np.maximum(lines, layer.astype(np.float32) / 255 * strength)
    soft = np.maximum(cv2.GaussianBlur(lines, (0, 0), 1.2), cv2.GaussianBlur(lines, (0, 0), 5) * 1.3)
    return np.asarray(1 - 0.42 * np.clip(soft, 0, 1), np.float32)


def _paper(alpha: Plane, size: tuple[int, int]) -> Plane:
    """Return the background: nearly white, a faint vignette, the garment's soft shadow."""
    x, y = _grid(size)
    scale = size[1]
    vignette = 1 - 0.05 * (x**2 + (y - 0.55) ** 2)
    shadow = np.zeros(size, np.float32)
    for shift, blur, strength in ((0.010, 0.010, 0.20), (0.022, 0.034, 0.16)):
        moved = cv2.warpAffine(
            alpha, np.array([[1, 0, shift * scale * 0.5], [0, 1, shift * scale]], np.float32), size[::-1]
        )
        shadow += strength * cv2.GaussianBlur(moved, (0, 0), blur * scale)
    return np.asarray(np.array(PAPER, np.float32) / 255 * (vignette * (1 - shadow))[..., None], np.float32)


if __name__ == "__main__":
    Image.fromarray(draw_garment()).save(Path(sys.argv[1]), quality=92, subsampling=0)
