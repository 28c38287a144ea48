"""Cloth of drawn garments: colours, stripes, checks, prints. Both families dye with these."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from workbench.eval.canvas import HEIGHT, WIDTH, Plane, Random, blur, grid, noise, plane

Colour = tuple[int, int, int]
Dye = Callable[[Plane, Random], Plane]
"""(the garment's alpha, random) -> (H, W, 3) colour before light falls on it."""

WHITE: Final[Colour] = (250, 250, 249)
CREAM: Final[Colour] = (244, 238, 226)


def flat(colour: Colour) -> Plane:
    return plane(np.broadcast_to(plane(colour) / 255, (HEIGHT, WIDTH, 3)))


def plain(colour: Colour) -> Dye:
    return lambda _alpha, _random: flat(colour)


def heather(colour: Colour) -> Dye:
    def dye(_alpha: Plane, random: Random) -> Plane:
        fibres = blur(random.normal(0, 1, (HEIGHT, WIDTH)), 0.9) * 2
        return plane(flat(colour) * (1 + 0.05 * fibres[..., None]))

    return dye


def stripes(first: Colour, second: Colour, *, period: float, share: float, upright: bool = False) -> Dye:
    """Return stripes: `share` of each period (pixels) has the second colour."""

    def dye(_alpha: Plane, random: Random) -> Plane:
        xs, ys = grid()
        along = (xs if upright else ys) + 2.5 * noise(random, 140)
        ink = plane(np.clip((share / 2 - np.abs((along / period) % 1 - 0.5)) * period, 0, 1))
        return mix(flat(first), flat(second), ink)

    return dye


def checks(first: Colour, second: Colour, *, period: float) -> Dye:
    def dye(_alpha: Plane, random: Random) -> Plane:
        xs, ys = grid()
        bend = 2 * noise(random, 150)
        ink = sum(plane(((line + bend) / period) % 1 < 0.5) for line in (xs, ys))
        return mix(flat(first), flat(second), blur(ink, 0.6) * np.float32(0.5))

    return dye


def flowers(ground: Colour, petals: tuple[Colour, ...], *, count: int, radius: float) -> Dye:
    def dye(_alpha: Plane, random: Random) -> Plane:
        art = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
        for _ in range(count):
            x, y = random.uniform(0, WIDTH), random.uniform(0, HEIGHT)
            colour = petals[int(random.integers(len(petals)))]
            size, turn = radius * random.uniform(0.6, 1.3), random.uniform(0, 6)
            for petal in range(5):
                angle = turn + petal * 2 * np.pi / 5
                at = (round(x + np.cos(angle) * size * 0.55), round(y + np.sin(angle) * size * 0.55))
                cv2.circle(art, at, max(1, round(size * 0.42)), colour, -1, cv2.LINE_AA)
            cv2.circle(art, (round(x), round(y)), max(1, round(size * 0.25)), (240, 214, 90), -1, cv2.LINE_AA)
        return plane(art) / np.float32(255)

    return dye


def leopard(ground: Colour, ink: Colour) -> Dye:
    def dye(_alpha: Plane, random: Random) -> Plane:
        art = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
        for _ in range(420):
            at = (int(random.uniform(0, WIDTH)), int(random.uniform(0, HEIGHT)))
            axes = (int(random.uniform(5, 10)), int(random.uniform(4, 8)))
            start = random.uniform(0, 360)
            cv2.ellipse(art, at, axes, random.uniform(0, 180), start, start + 250, ink, 3, cv2.LINE_AA)
        return plane(art) / np.float32(255)

    return dye


def printed(ground: Colour, ink: Colour, word: str, *, picture: bool = False) -> Dye:
    """Return a print: a word, and a disc or a picture above it, in the middle of the garment's upper half."""

    def dye(alpha: Plane, random: Random) -> Plane:
        ys, xs = np.nonzero(alpha > 0.5)
        left, right, top, bottom = xs.min(), xs.max(), ys.min(), ys.max()
        middle, width = (left + right) // 2, (right - left) * 0.26
        y = round(top + 0.34 * (bottom - top))
        art = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
        if picture:
            side = round(width * 0.85)
            photo = np.stack([blur(random.normal(0, 1, (HEIGHT, WIDTH)), 7) * 6 for _ in range(3)], axis=2)
            box = (slice(y - side // 2, y + side), slice(middle - side, middle + side))
            art[box] = (np.clip(0.5 + photo[box], 0, 1) * 255).astype(np.uint8)
        else:
            cv2.circle(art, (int(middle), y), round(width * 0.42), ink, -1, cv2.LINE_AA)
            cv2.circle(art, (int(middle), y), round(width * 0.2), ground, -1, cv2.LINE_AA)
        scale = width * 2 / cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, 1, 2)[0][0]
        at = (round(middle - width), round(y + width * 0.42 + 30 * scale + 8))
        cv2.putText(art, word, at, cv2.FONT_HERSHEY_DUPLEX, scale, ink, max(1, round(3 * scale)), cv2.LINE_AA)
        return plane(art) / np.float32(255)

    return dye


def blocks(*colours: Colour) -> Dye:
    """Return bands of equal height from the top to the bottom of the garment."""

    def dye(alpha: Plane, random: Random) -> Plane:
        rows = np.flatnonzero((alpha > 0.5).any(axis=1))
        _, ys = grid()
        share = (ys + 2 * noise(random, 160) - rows[0]) / max(1, rows[-1] - rows[0])
        art = flat(colours[0]).copy()
        for index, colour in enumerate(colours[1:], start=1):
            art = mix(art, flat(colour), plane(np.clip((share - index / len(colours)) * 250, 0, 1)))
        return art

    return dye


def denim(colour: Colour) -> Dye:
    def dye(alpha: Plane, random: Random) -> Plane:
        xs, ys = grid()
        twill = plane(0.5 + 0.5 * np.sin((xs + ys) * 1.9)) * 0.07 + 0.04 * blur(random.normal(0, 1, xs.shape), 0.8)
        worn = blur(alpha, 40) * np.clip(noise(random, 90), 0, 1.5) * 0.12
        return plane(np.clip(flat(colour) * (0.95 + twill[..., None]) + worn[..., None], 0, 1))

    return dye


def tie_dye(first: Colour, second: Colour) -> Dye:
    def dye(_alpha: Plane, random: Random) -> Plane:
        return mix(flat(first), flat(second), plane(np.clip(0.5 + noise(random, 46) * 0.8, 0, 1)))

    return dye


def lace(colour: Colour) -> Dye:
    def dye(_alpha: Plane, random: Random) -> Plane:
        xs, ys = grid()
        bend = 1.5 * noise(random, 60)
        mesh = np.sin((xs + bend) * 0.75) * np.sin((ys - bend) * 0.75)
        return plane(flat(colour) * (1 - 0.10 * np.clip(mesh, 0, 1)[..., None]))

    return dye


def mix(first: Plane, second: Plane, share: Plane) -> Plane:
    return plane(first * (1 - share[..., None]) + second * share[..., None])


def seed_of(*words: object) -> int:
    """Return a seed that depends only on the words."""
    return zlib.crc32("/".join(map(str, words)).encode())
