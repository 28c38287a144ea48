"""Grounds of drawn garments: paper, coloured paper, gradients, and textures of rooms; one set per family.

Each ground is a function of a random generator; plain and gradient grounds may have a soft shadow, which `scenes` adds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import cv2
import numpy as np

from workbench.eval.canvas import HEIGHT, WIDTH, Plane, Random, blur, grid, noise, plane
from workbench.eval.cloth import Colour, flat

Kind = Literal["plain", "gradient", "coloured", "textured"]
Ground = Callable[[Random], Plane]


def paper(level: int) -> Ground:
    return lambda _random: flat((level, level, level))


def card(colour: Colour) -> Ground:
    return lambda random: plane(flat(colour) * (1 + 0.006 * noise(random, 300)[..., None]))


def slope(first: Colour, second: Colour, *, along: tuple[float, float]) -> Ground:
    def draw(_random: Random) -> Plane:
        xs, ys = grid()
        share = np.clip(along[0] * xs / WIDTH + along[1] * ys / HEIGHT, 0, 1)[..., None]
        return plane(flat(first) * (1 - share) + flat(second) * share)

    return draw


def vignette(colour: Colour, *, depth: float) -> Ground:
    def draw(random: Random) -> Plane:
        xs, ys = grid()
        cx, cy = WIDTH * random.uniform(0.42, 0.58), HEIGHT * random.uniform(0.4, 0.55)
        far = ((xs - cx) ** 2 + (ys - cy) ** 2) / (WIDTH**2 / 2)
        return plane(flat(colour) * (1 - depth * far[..., None]).clip(0.5, 1))

    return draw


def sheet(colour: Colour) -> Ground:
    """Return an unmade bed: broad folds, lit from one side."""

    def draw(random: Random) -> Plane:
        folds = 9 * noise(random, 150) + 4 * noise(random, 60)
        xs, ys = grid()
        for _ in range(5):
            angle, at = random.uniform(0.2, 1.3), random.uniform(0, WIDTH)
            line = (xs - at) * np.cos(angle) + (ys - HEIGHT / 2) * np.sin(angle) * random.choice([-1, 1])
            folds = folds + 4 * np.exp(-((line / random.uniform(8, 20)) ** 2))
        gx = cv2.Sobel(blur(folds, 2), cv2.CV_32F, 1, 0, ksize=3) / 8
        return plane(np.clip(flat(colour) * (1 + 0.45 * gx)[..., None], 0, 1))

    return draw


def carpet(colour: Colour) -> Ground:
    def draw(random: Random) -> Plane:
        tufts = blur(random.normal(0, 1, (HEIGHT, WIDTH)), 1.3) * 2.2 + 0.4 * noise(random, 60)
        return plane(np.clip(flat(colour) * (1 + 0.12 * tufts[..., None]), 0, 1))

    return draw


def tiles(colour: Colour, grout: Colour, *, side: float, rise: float = 1.0) -> Ground:
    def draw(random: Random) -> Plane:
        xs, ys = grid()
        row = np.floor(ys / (side * rise))
        moved = xs + (row % 2) * side / 2 * (rise < 1)
        u, v = (moved / side) % 1, (ys / (side * rise)) % 1
        joint = plane((np.minimum(u, 1 - u) < 0.025) | (np.minimum(v, 1 - v) < 0.025 / rise))
        tone = np.random.default_rng(int(random.integers(1 << 30))).normal(0, 0.03, (60, 60))
        each = tone[row.astype(int) % 60, np.floor(moved / side).astype(int) % 60]
        face = flat(colour) * (1 + each + 0.02 * noise(random, 18))[..., None]
        return plane(
            np.clip(face * (1 - blur(joint, 0.8)[..., None]) + flat(grout) * blur(joint, 0.8)[..., None], 0, 1)
        )

    return draw


def room(wall: Colour, floor: Colour) -> Ground:
    def draw(random: Random) -> Plane:
        _, ys = grid()
        line = HEIGHT * random.uniform(0.55, 0.75)
        below = plane(np.clip(ys - line, 0, 1))[..., None]
        boards = 1 + 0.05 * noise(random, 12)[..., None]
        near = np.exp(-np.abs(ys - line) / 12)[..., None]
        ground = flat(wall) * (1 - below) * (1 + 0.02 * noise(random, 200)[..., None]) + flat(floor) * boards * below
        return plane(np.clip(ground * (1 - 0.25 * near), 0, 1))

    return draw


def wood(colour: Colour, *, plank: float, turn: bool = False) -> Ground:
    def draw(random: Random) -> Plane:
        xs, ys = grid()
        across, along = (xs, ys) if turn else (ys, xs)
        index = np.floor(across / plank).astype(int)
        tone = random.normal(0, 0.06, 64)[index % 64]
        grain = np.sin((across + 3 * noise(random, 80)) * 0.9 + 6 * noise(random, 220)) * 0.05
        fine = cv2.blur(random.normal(0, 1, (HEIGHT, WIDTH)), (3, 41) if turn else (41, 3)) * 0.25
        gap = plane((across % plank) < 2) * 0.4 + 0 * along
        return plane(np.clip(flat(colour) * (1 + tone + grain + fine - gap)[..., None], 0, 1))

    return draw


def marble(colour: Colour) -> Ground:
    def draw(random: Random) -> Plane:
        xs, ys = grid()
        swirl = np.abs(np.sin((xs + ys) * 0.012 + 2.2 * noise(random, 130) + 0.8 * noise(random, 50)))
        return plane(np.clip(flat(colour) * (1 - 0.28 * (1 - swirl) ** 3)[..., None], 0, 1))

    return draw


def knit(colour: Colour) -> Ground:
    def draw(random: Random) -> Plane:
        xs, ys = grid()
        bend = 3 * noise(random, 120)
        loops = np.sin((xs + bend) * 0.42) * np.abs(np.sin((ys + bend) * 0.30 + np.sin(xs * 0.42)))
        return plane(np.clip(flat(colour) * (1 + 0.16 * loops + 0.05 * noise(random, 90))[..., None], 0, 1))

    return draw


GROUNDS: Final[dict[str, dict[str, tuple[Kind, Ground]]]] = {
    "a": {
        "255": ("plain", paper(255)),
        "246": ("plain", paper(246)),
        "235": ("plain", paper(235)),
        "fading": ("gradient", slope((252, 252, 252), (222, 224, 228), along=(0.25, 0.75))),
        "vignette": ("gradient", vignette((246, 246, 247), depth=0.14)),
        "beige": ("coloured", card((222, 205, 182))),
        "sky": ("coloured", card((150, 186, 214))),
        "charcoal": ("coloured", card((64, 66, 70))),
        "rust": ("coloured", card((166, 84, 58))),
        "bed": ("textured", sheet((226, 224, 220))),
        "carpet": ("textured", carpet((140, 128, 116))),
        "tiles": ("textured", tiles((214, 210, 202), (170, 166, 160), side=90)),
        "room": ("textured", room((220, 214, 204), (134, 100, 70))),
        "wood": ("textured", wood((164, 122, 84), plank=80)),
    },
    "b": {
        "250": ("plain", paper(250)),
        "241": ("plain", paper(241)),
        "229": ("plain", paper(229)),
        "slant": ("gradient", slope((236, 236, 238), (254, 253, 251), along=(0.8, 0.2))),
        "spot": ("gradient", vignette((252, 250, 246), depth=0.18)),
        "lavender": ("coloured", card((206, 200, 226))),
        "mustard": ("coloured", card((206, 164, 70))),
        "petrol": ("coloured", card((30, 84, 96))),
        "blush": ("coloured", card((238, 214, 206))),
        "blanket": ("textured", knit((170, 160, 172))),
        "bricks": ("textured", tiles((158, 88, 70), (190, 182, 172), side=74, rise=0.45)),
        "marble": ("textured", marble((230, 228, 226))),
        "corridor": ("textured", room((186, 200, 196), (90, 92, 98))),
        "boards": ("textured", wood((196, 178, 156), plank=56, turn=True)),
    },
    "c": {
        "255": ("plain", paper(255)),
        "246": ("plain", card((247, 246, 245))),
        "235": ("plain", paper(235)),
        "window": ("gradient", slope((228, 229, 232), (250, 250, 250), along=(0.5, 0.5))),
        "lamp": ("gradient", vignette((250, 247, 240), depth=0.22)),
        "sage": ("coloured", card((186, 200, 178))),
        "salmon": ("coloured", card((232, 170, 150))),
        "navy": ("coloured", card((38, 48, 84))),
        "lemon": ("coloured", card((240, 226, 150))),
        "duvet": ("textured", sheet((200, 210, 222))),
        "rug": ("textured", carpet((110, 118, 132))),
        "bathroom": ("textured", tiles((190, 206, 210), (230, 232, 232), side=64)),
        "hall": ("textured", room((236, 226, 206), (150, 120, 92))),
        "parquet": ("textured", wood((140, 96, 62), plank=44)),
    },
}
"""Family -> name -> kind and ground."""
