"""Pictures without a garment that users send: text, food, a mug, a shoe, a ball, an empty ground; and hangers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from workbench.eval.canvas import HEIGHT, WIDTH, Pixels, Plane, Random, blur, depth, lit, noise, over, plane
from workbench.eval.cloth import flat

WORDS: Final = ("SALE", "Order 4711", "Thank you", "-30 %", "Terms apply", "size chart", "S M L XL", "cotton 95 %")


def draw(name: str, ground: Plane, random: Random) -> Plane:
    """Draw a thing on its ground."""
    return _THINGS[name](ground, random)


def hanger(ground: Plane, alpha: Plane) -> Plane:
    """Return the ground with a hanger whose hook and bar lie under the garment."""
    rows, columns = np.nonzero(alpha > 0.5)
    top, middle = int(rows.min()), int(columns.mean())
    art = np.zeros((HEIGHT, WIDTH), np.uint8)
    half = (columns.max() - columns.min()) * 0.30
    points = np.array([(middle - half, top + 42), (middle, top + 2), (middle + half, top + 42)], np.int32)
    cv2.polylines(art, [points], True, 255, 6, cv2.LINE_AA)
    cv2.line(art, (middle, top + 2), (middle, top - 16), 255, 4, cv2.LINE_AA)
    cv2.ellipse(art, (middle + 7, top - 22), (8, 9), 0, 120, 400, 255, 4, cv2.LINE_AA)
    return over(ground, flat((92, 84, 78)), plane(art) / np.float32(255))


def _round(ground: Plane, mask: Pixels, colour: tuple[int, int, int], random: Random, *, gloss: float) -> Plane:
    area = plane(mask) / np.float32(255)
    inner = depth(area)
    size = float(inner.max()) or 1.0
    height = size * np.sqrt(np.clip(1 - (1 - inner / size) ** 2, 0, 1))
    light = 0.4 + 0.65 * lit(blur(height, 3), x=0.45, y=0.5, z=0.74)
    shine = gloss * np.clip(light - 0.95, 0, 1)[..., None] * 4
    skin = flat(colour) * (light * (1 + 0.04 * noise(random, 20)))[..., None] + shine
    shadow = 0.25 * blur(np.roll(area, (10, 6), (0, 1)), 12)
    return over(plane(ground * (1 - shadow[..., None])), plane(np.clip(skin, 0, 1)), area)


def _blank(ground: Plane, random: Random) -> Plane:
    return plane(ground * (1 + 0.01 * noise(random, 200)[..., None]))


def _text(ground: Plane, random: Random) -> Plane:
    art = np.zeros((HEIGHT, WIDTH), np.uint8)
    y = 90
    while y < HEIGHT - 60:
        scale = random.uniform(0.7, 3.0)
        word = WORDS[int(random.integers(len(WORDS)))]
        cv2.putText(art, word, (40, y), cv2.FONT_HERSHEY_DUPLEX, scale, 255, max(1, round(scale * 2)), cv2.LINE_AA)
        y += round(30 + 36 * scale)
    ink = (34, 34, 40) if ground.mean() > 0.5 else (240, 240, 240)
    return over(ground, flat(ink), plane(art) / np.float32(255))


def _apple(ground: Plane, random: Random) -> Plane:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    x, y, radius = WIDTH // 2, HEIGHT // 2, int(random.uniform(110, 180))
    cv2.ellipse(mask, (x - radius // 3, y), (round(radius * 0.72), radius), 0, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.ellipse(mask, (x + radius // 3, y), (round(radius * 0.72), radius), 0, 0, 360, 255, -1, cv2.LINE_AA)
    picture = _round(ground, mask, (190, 40, 36), random, gloss=0.5)
    cv2.line(picture, (x, y - radius + 14), (x + 14, y - radius - 34), (0.3, 0.2, 0.12), 8, cv2.LINE_AA)
    return picture


def _plate(ground: Plane, random: Random) -> Plane:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    at = (WIDTH // 2, HEIGHT // 2)
    cv2.circle(mask, at, 205, 255, -1, cv2.LINE_AA)
    picture = _round(ground, mask, (240, 240, 238), random, gloss=0.1)
    for _ in range(26):
        angle, far = random.uniform(0, 6.3), random.uniform(0, 110)
        spot = (int(at[0] + far * np.cos(angle)), int(at[1] + far * np.sin(angle)))
        colour = ((0.75, 0.2, 0.1), (0.9, 0.75, 0.3), (0.3, 0.5, 0.15))[int(random.integers(3))]
        cv2.circle(picture, spot, int(random.uniform(12, 34)), colour, -1, cv2.LINE_AA)
    return picture


def _mug(ground: Plane, random: Random) -> Plane:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(mask, (150, 210), (330, 450), 255, -1, cv2.LINE_AA)
    cv2.ellipse(mask, (240, 450), (90, 24), 0, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.ellipse(mask, (340, 320), (62, 76), 0, -90, 90, 255, 26, cv2.LINE_AA)
    picture = _round(ground, mask, (60, 110, 160), random, gloss=0.4)
    cv2.ellipse(picture, (240, 212), (90, 24), 0, 0, 360, (0.25, 0.14, 0.08), -1, cv2.LINE_AA)
    return picture


def _shoe(ground: Plane, random: Random) -> Plane:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    points = [(70, 400), (76, 300), (130, 292), (180, 330), (300, 356), (420, 388), (446, 420), (440, 440), (80, 440)]
    cv2.fillPoly(mask, [np.array(points, np.int32)], 255, cv2.LINE_AA)
    picture = _round(ground, cv2.GaussianBlur(mask, (0, 0), 3), (150, 90, 50), random, gloss=0.3)
    cv2.rectangle(picture, (72, 436), (446, 456), (0.93, 0.92, 0.9), -1, cv2.LINE_AA)
    return picture


def _ball(ground: Plane, random: Random) -> Plane:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(mask, (WIDTH // 2 + int(random.uniform(-40, 40)), HEIGHT // 2), 150, 255, -1, cv2.LINE_AA)
    return _round(ground, mask, (226, 140, 40), random, gloss=0.3)


def _leaf(ground: Plane, random: Random) -> Plane:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for angle in (-90, -40, -140, 0, 180):
        tip = np.deg2rad(angle)
        middle = (int(WIDTH / 2 + 100 * np.cos(tip)), int(HEIGHT / 2 + 40 + 100 * np.sin(tip)))
        cv2.ellipse(mask, middle, (120, 38), angle, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.line(mask, (WIDTH // 2, HEIGHT // 2), (WIDTH // 2 + 20, HEIGHT - 90), 255, 10, cv2.LINE_AA)
    return _round(ground, mask, (70, 130, 50), random, gloss=0.1)


_THINGS: Final[dict[str, Callable[[Plane, Random], Plane]]] = {
    "blank": _blank, "text": _text, "apple": _apple, "plate": _plate, "mug": _mug, "shoe": _shoe, "ball": _ball,
    "leaf": _leaf,
}  # fmt: skip
NAMES: Final = tuple(_THINGS)
