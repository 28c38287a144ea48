"""The first family of drawn garments: outlines by hand, light on a height field. Tuning may use it.

A garment is a shape and a dye. Shapes are in units of the garment's width, x from its middle, y from its top; most name
their right half only. `draw_a` returns colour under light and alpha; the ground is `grounds`' work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from proteus.artefacts import GarmentCategory
from workbench.eval import cloth
from workbench.eval.canvas import (
    HEIGHT,
    WIDTH,
    Plane,
    Points,
    Random,
    blur,
    depth,
    fill,
    lit,
    mirrored,
    noise,
    plane,
    rounded,
    stroke,
)
from workbench.eval.cloth import CREAM, WHITE, Dye

Half = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Outlines of one garment.

    Attributes:
        body: Right half of the trunk, or of both legs together.
        limb: Outline of the right sleeve, or of the right leg where `body` is only the waist.
        neck: Half width and depth of the opening; the garment's inside shows in it.
        straps: Right strap as a line, and its width.
        open_front: Half width of a front that is not closed; the garment's inside shows in it.
        seams: Lines of the right half.
        buttons: Ends of the row of buttons.
    """

    category: GarmentCategory
    body: Half
    limb: Half = ()
    neck: tuple[float, float] = (0, 0)
    straps: Half = ()
    strap_width: float = 0.03
    open_front: float = 0.0
    seams: tuple[Half, ...] = ()
    buttons: tuple[float, float] | None = None


def _body(shoulder: float, waist: float, hem: float, length: float, *, neck: float = 0.12, top: float = 0.0) -> Half:
    return (
        (neck, top), (neck + 0.01, top), (shoulder, top + 0.055), (shoulder, top + 0.06), (shoulder - 0.02, top + 0.22),
        (shoulder - 0.01, top + 0.28), (waist, length * 0.6), (hem, length - 0.02), (hem, length), (hem - 0.02, length),
        (0.0, length + 0.01),
    )  # fmt: skip


def _sleeve(reach: float, drop: float, *, shoulder: float = 0.27, width: float = 0.13, cuff: float = 0.08) -> Half:
    return (
        (shoulder - 0.06, 0.03), (shoulder, 0.05), (reach * 0.78, 0.05 + drop * 0.42), (reach, drop - 0.02),
        (reach, drop),
        (reach - cuff, drop + cuff * 0.55), (reach - cuff - 0.02, drop + cuff * 0.5), (shoulder, width * 1.9),
        (shoulder - 0.08, width * 1.5),
    )  # fmt: skip


TEE: Final = Shape(
    category="upper", body=_body(0.29, 0.27, 0.28, 1.02), limb=_sleeve(0.49, 0.30, width=0.15, cuff=0.12),
    neck=(0.12, 0.10),
    seams=(((0.28, 0.06), (0.25, 0.16), (0.27, 0.27)), ((0.0, 0.985), (0.27, 0.975))),
)  # fmt: skip
LONG: Final = Shape(
    category="upper", body=_body(0.25, 0.22, 0.24, 0.96, neck=0.10), limb=_sleeve(0.48, 0.78, shoulder=0.24),
    neck=(0.10, 0.08),
    seams=(((0.24, 0.06), (0.21, 0.15), (0.23, 0.25)), ((0.0, 0.91), (0.24, 0.90))),
)  # fmt: skip
JUMPER: Final = Shape(
    category="upper", body=_body(0.27, 0.28, 0.25, 0.86, neck=0.13),
    limb=_sleeve(0.50, 0.66, shoulder=0.26, width=0.17, cuff=0.09), neck=(0.12, 0.05),
    seams=(((0.26, 0.06), (0.24, 0.15), (0.26, 0.30)), ((0.0, 0.79), (0.26, 0.78)), ((0.14, 0.0), (0.10, 0.08),
    (0, 0.09))),
)  # fmt: skip
SHIRT: Final = Shape(
    category="upper", body=_body(0.26, 0.24, 0.26, 1.04, neck=0.09), limb=_sleeve(0.47, 0.80, shoulder=0.25),
    neck=(0.08, 0.07),
    seams=(((0.25, 0.06), (0.23, 0.16), (0.24, 0.25)), ((0.02, 0.08), (0.02, 1.03)), ((0.12, 0.0), (0.07, 0.11),
    (0.01, 0.07))),
    buttons=(0.14, 0.95),
)  # fmt: skip
POLO: Final = Shape(
    category="upper", body=_body(0.28, 0.27, 0.27, 1.0, neck=0.11), limb=_sleeve(0.47, 0.31, width=0.14, cuff=0.11),
    neck=(0.10, 0.06), seams=(((0.27, 0.06), (0.25, 0.16), (0.26, 0.26)), ((0.03, 0.07), (0.03, 0.26), (0, 0.27))),
    buttons=(0.10, 0.24),
)  # fmt: skip
CARDIGAN: Final = Shape(
    category="upper", body=_body(0.26, 0.25, 0.25, 0.98, neck=0.10), limb=_sleeve(0.48, 0.74, shoulder=0.25,
    width=0.15),
    neck=(0.10, 0.30), open_front=0.05, seams=(((0.25, 0.06), (0.23, 0.16), (0.24, 0.27)),), buttons=(0.35, 0.9),
)  # fmt: skip
CROP: Final = Shape(
    category="upper", body=_body(0.30, 0.28, 0.27, 0.56, neck=0.16), limb=_sleeve(0.46, 0.24, width=0.13, cuff=0.11),
    neck=(0.15, 0.12), seams=(((0.0, 0.52), (0.27, 0.51)),),
)  # fmt: skip
TANK: Final = Shape(
    category="upper",
    body=((0.15, 0.0), (0.24, 0.01), (0.22, 0.14), (0.30, 0.30), (0.31, 0.32), (0.29, 0.66), (0.32, 1.08), (0.31, 1.10),
          (0.0, 1.11)),
    neck=(0.15, 0.24), seams=(((0.0, 1.06), (0.31, 1.05)),),
)  # fmt: skip
CAMISOLE: Final = Shape(
    category="upper",
    body=((0.0, 0.30), (0.08, 0.27), (0.21, 0.20), (0.29, 0.34), (0.30, 0.36), (0.27, 0.66), (0.32, 1.04), (0.31, 1.06),
          (0.0, 1.07)),
    straps=((0.20, 0.23), (0.17, 0.09), (0.15, 0.0)), strap_width=0.028, seams=(((0.0, 0.34), (0.29, 0.38)),),
)  # fmt: skip
OFF_SHOULDER: Final = Shape(
    category="upper",
    body=((0.0, 0.05), (0.25, 0.02), (0.33, 0.0), (0.35, 0.03), (0.30, 0.30), (0.26, 0.60), (0.27, 0.92), (0.0, 0.93)),
    limb=((0.30, 0.0), (0.36, 0.01), (0.48, 0.34), (0.47, 0.38), (0.36, 0.40), (0.30, 0.28)),
    seams=(((0.0, 0.11), (0.33, 0.07)),),
)  # fmt: skip
RAGLAN: Final = Shape(
    category="upper",
    body=((0.10, 0.0), (0.11, 0.01), (0.16, 0.12), (0.24, 0.27), (0.245, 0.30), (0.23, 0.60), (0.24, 0.94),
          (0.24, 0.96), (0.0, 0.97)),
    limb=((0.09, 0.0), (0.12, 0.0), (0.24, 0.045), (0.38, 0.34), (0.48, 0.74), (0.47, 0.78), (0.40, 0.82), (0.38, 0.80),
          (0.24, 0.32), (0.15, 0.14)),
    neck=(0.10, 0.07), seams=(((0.11, 0.01), (0.16, 0.12), (0.24, 0.28)), ((0.0, 0.91), (0.24, 0.90))),
)  # fmt: skip
RUFFLES: Final = Shape(
    category="upper",
    body=((0.12, 0.0), (0.13, 0.0), (0.24, 0.05), (0.22, 0.20), (0.23, 0.27), (0.22, 0.60), (0.30, 0.70), (0.27, 0.74),
          (0.33, 0.80), (0.29, 0.84), (0.35, 0.92), (0.24, 0.90), (0.18, 0.95), (0.09, 0.91), (0.0, 0.95)),
    limb=((0.18, 0.03), (0.24, 0.045), (0.36, 0.16), (0.43, 0.27), (0.40, 0.28), (0.41, 0.33), (0.36, 0.32),
          (0.35, 0.36), (0.31, 0.33), (0.28, 0.36), (0.23, 0.26)),
    neck=(0.12, 0.09), seams=(((0.23, 0.06), (0.21, 0.16), (0.22, 0.27)), ((0.0, 0.64), (0.22, 0.62))),
)  # fmt: skip
JEANS: Final = Shape(
    category="lower", body=((0.24, 0.0), (0.25, 0.01), (0.27, 0.14), (0.29, 0.34), (0.02, 0.44), (0.0, 0.42)),
    limb=((0.0, 0.28), (0.28, 0.28), (0.29, 0.36), (0.28, 0.80), (0.26, 1.46), (0.25, 1.48), (0.12, 1.48), (0.10, 1.46),
          (0.06, 0.80), (0.004, 0.44), (0.0, 0.40)),
    seams=(((0.0, 0.07), (0.25, 0.07)), ((0.0, 0.07), (0.02, 0.3), (0.0, 0.42)), ((0.12, 0.08), (0.16, 0.14),
    (0.26, 0.16))),
)  # fmt: skip
WIDE: Final = Shape(
    category="lower", body=((0.20, 0.0), (0.21, 0.01), (0.26, 0.20), (0.30, 0.40), (0.02, 0.46), (0.0, 0.44)),
    limb=((0.0, 0.30), (0.27, 0.28), (0.30, 0.40), (0.36, 1.40), (0.35, 1.43), (0.06, 1.44), (0.05, 1.42),
    (0.006, 0.47)),
    seams=(((0.0, 0.06), (0.21, 0.06)), ((0.12, 0.08), (0.20, 1.40))),
)  # fmt: skip
SHORTS: Final = Shape(
    category="lower", body=((0.30, 0.0), (0.31, 0.01), (0.34, 0.20), (0.38, 0.36), (0.02, 0.42), (0.0, 0.40)),
    limb=((0.0, 0.25), (0.35, 0.22), (0.42, 0.66), (0.41, 0.68), (0.06, 0.72), (0.05, 0.70), (0.006, 0.42)),
    seams=(((0.0, 0.07), (0.31, 0.07)), ((0.06, 0.67), (0.41, 0.63))),
)  # fmt: skip
LEGGINGS: Final = Shape(
    category="lower", body=((0.20, 0.0), (0.21, 0.01), (0.24, 0.20), (0.22, 0.38), (0.01, 0.42), (0.0, 0.40)),
    limb=((0.0, 0.25), (0.24, 0.22), (0.23, 0.40), (0.18, 0.80), (0.15, 1.42), (0.14, 1.44), (0.05, 1.44), (0.04, 1.42),
          (0.03, 0.80), (0.006, 0.44)),
    seams=(((0.0, 0.08), (0.21, 0.08)),),
)  # fmt: skip
SKIRT: Final = Shape(
    category="lower", body=((0.22, 0.0), (0.23, 0.01), (0.30, 0.20), (0.44, 0.86), (0.43, 0.88), (0.20, 0.92),
    (0.0, 0.93)),
    seams=(((0.0, 0.06), (0.23, 0.06)), ((0.10, 0.07), (0.20, 0.90))),
)  # fmt: skip
PENCIL: Final = Shape(
    category="lower", body=((0.25, 0.0), (0.26, 0.01), (0.34, 0.26), (0.33, 0.60), (0.29, 1.04), (0.28, 1.05),
    (0.0, 1.06)),
    seams=(((0.0, 0.07), (0.26, 0.07)), ((0.14, 0.08), (0.15, 0.22))),
)  # fmt: skip
DRESS: Final = Shape(
    category="dress",
    body=((0.12, 0.0), (0.13, 0.0), (0.24, 0.04), (0.22, 0.18), (0.23, 0.22), (0.17, 0.48), (0.24, 0.75), (0.39, 1.40),
          (0.38, 1.43), (0.20, 1.46), (0.0, 1.47)),
    neck=(0.12, 0.13), seams=(((0.0, 0.50), (0.17, 0.49)), ((0.09, 0.5), (0.17, 1.43))),
)  # fmt: skip
SHIFT: Final = Shape(
    category="dress",
    body=((0.10, 0.0), (0.11, 0.0), (0.26, 0.05), (0.24, 0.20), (0.25, 0.26), (0.24, 0.60), (0.31, 1.36), (0.30, 1.38),
          (0.0, 1.39)),
    limb=_sleeve(0.40, 0.28, shoulder=0.24, width=0.13, cuff=0.10), neck=(0.10, 0.09), seams=(((0.0, 1.34),
    (0.31, 1.33)),),
)  # fmt: skip
MAXI: Final = Shape(
    category="dress",
    body=((0.0, 0.20), (0.08, 0.17), (0.17, 0.13), (0.20, 0.24), (0.15, 0.46), (0.20, 0.70), (0.33, 1.58), (0.32, 1.60),
          (0.0, 1.62)),
    straps=((0.15, 0.16), (0.13, 0.06), (0.11, 0.0)), strap_width=0.03, seams=(((0.0, 0.46), (0.15, 0.45)),),
)  # fmt: skip
LONG_DRESS: Final = Shape(
    category="dress",
    body=((0.09, 0.0), (0.10, 0.0), (0.22, 0.05), (0.20, 0.20), (0.17, 0.50), (0.22, 0.75), (0.33, 1.34), (0.32, 1.36),
          (0.0, 1.38)),
    limb=_sleeve(0.43, 0.66, shoulder=0.21, width=0.11, cuff=0.07), neck=(0.09, 0.12), seams=(((0.0, 0.52),
    (0.17, 0.51)),),
)  # fmt: skip
JUMPSUIT: Final = Shape(
    category="overall",
    body=((0.11, 0.0), (0.20, 0.02), (0.18, 0.16), (0.21, 0.26), (0.17, 0.48), (0.22, 0.70), (0.23, 0.80), (0.01, 0.88),
          (0.0, 0.86)),
    limb=((0.0, 0.66), (0.20, 0.60), (0.24, 0.80), (0.26, 1.60), (0.25, 1.62), (0.09, 1.63), (0.08, 1.61),
    (0.006, 0.88)),
    neck=(0.11, 0.16), seams=(((0.0, 0.50), (0.17, 0.49)),),
)  # fmt: skip
DUNGAREES: Final = Shape(
    category="overall",
    body=((0.14, 0.20), (0.15, 0.21), (0.16, 0.40), (0.24, 0.50), (0.25, 0.74), (0.26, 0.84), (0.01, 0.92),
    (0.0, 0.90)),
    limb=((0.0, 0.70), (0.25, 0.64), (0.26, 0.84), (0.25, 1.58), (0.24, 1.60), (0.10, 1.61), (0.09, 1.59),
    (0.006, 0.92)),
    straps=((0.13, 0.24), (0.13, 0.10), (0.10, 0.0)), strap_width=0.05,
    seams=(((0.0, 0.50), (0.24, 0.51)), ((0.0, 0.30), (0.10, 0.30), (0.10, 0.42), (0.0, 0.43))),
)  # fmt: skip

BLACK, NAVY, RED, GREEN, GREY, ROSE, SKY, SAND = (
    (26, 26, 28), (30, 40, 78), (186, 34, 44), (40, 104, 66), (172, 173, 176), (240, 214, 212), (196, 218, 236),
    (206, 184, 150),
)  # fmt: skip

GARMENTS_A: Final[dict[str, tuple[Shape, Dye]]] = {
    "tee-white": (TEE, cloth.plain(WHITE)),
    "tee-white-print": (TEE, cloth.printed(WHITE, (30, 60, 150), "OCEAN")),
    "tee-black": (TEE, cloth.plain(BLACK)),
    "tee-photo": (TEE, cloth.printed((248, 248, 248), BLACK, "TOUR", picture=True)),
    "tee-blocks": (TEE, cloth.blocks(NAVY, WHITE, RED)),
    "long-breton": (LONG, cloth.stripes(WHITE, NAVY, period=34, share=0.4)),
    "long-grey": (LONG, cloth.heather(GREY)),
    "long-leopard": (LONG, cloth.leopard((232, 208, 172), (60, 40, 28))),
    "jumper-cream": (JUMPER, cloth.heather(CREAM)),
    "jumper-red": (JUMPER, cloth.heather(RED)),
    "jumper-blocks": (JUMPER, cloth.blocks(WHITE, SAND, BLACK)),
    "shirt-white": (SHIRT, cloth.plain(WHITE)),
    "shirt-stripes": (SHIRT, cloth.stripes((246, 247, 250), (120, 150, 200), period=16, share=0.35, upright=True)),
    "shirt-checks": (SHIRT, cloth.checks((200, 60, 60), (30, 30, 60), period=40)),
    "polo-green": (POLO, cloth.plain(GREEN)),
    "polo-sky": (POLO, cloth.plain(SKY)),
    "cardigan-cream": (CARDIGAN, cloth.heather(CREAM)),
    "cardigan-navy": (CARDIGAN, cloth.heather(NAVY)),
    "crop-flowers": (CROP, cloth.flowers(WHITE, ((214, 70, 96), (90, 130, 80)), count=90, radius=15)),
    "crop-rose": (CROP, cloth.plain(ROSE)),
    "tank-white-print": (TANK, cloth.printed(WHITE, BLACK, "RUN")),
    "tank-tie-dye": (TANK, cloth.tie_dye((238, 240, 250), (90, 110, 190))),
    "camisole-white": (CAMISOLE, cloth.plain(WHITE)),
    "camisole-lace": (CAMISOLE, cloth.lace((246, 240, 236))),
    "off-shoulder-stripes": (OFF_SHOULDER, cloth.stripes(WHITE, (40, 90, 120), period=40, share=0.5)),
    "off-shoulder-white": (OFF_SHOULDER, cloth.lace(WHITE)),
    "jeans-blue": (JEANS, cloth.denim((70, 98, 142))),
    "jeans-white": (JEANS, cloth.denim((240, 240, 238))),
    "wide-sand": (WIDE, cloth.plain(SAND)),
    "wide-stripes": (WIDE, cloth.stripes(WHITE, (60, 60, 64), period=22, share=0.2, upright=True)),
    "shorts-pale": (SHORTS, cloth.denim((206, 216, 228))),
    "leggings-black": (LEGGINGS, cloth.plain(BLACK)),
    "skirt-flowers": (SKIRT, cloth.flowers((250, 246, 240), ((70, 90, 170), (220, 120, 60)), count=160, radius=12)),
    "skirt-white": (SKIRT, cloth.plain(WHITE)),
    "pencil-checks": (PENCIL, cloth.checks((226, 222, 214), (110, 104, 100), period=26)),
    "dress-white": (DRESS, cloth.plain(WHITE)),
    "dress-chevrons": (DRESS, cloth.stripes(WHITE, (20, 20, 24), period=46, share=0.3)),
    "dress-red": (DRESS, cloth.plain(RED)),
    "shift-blocks": (SHIFT, cloth.blocks(WHITE, (238, 196, 80), WHITE)),
    "maxi-roses": (MAXI, cloth.flowers(WHITE, ((200, 60, 80), (60, 110, 70)), count=70, radius=20)),
    "maxi-cream": (MAXI, cloth.plain(CREAM)),
    "long-dress-grey": (LONG_DRESS, cloth.heather((214, 214, 216))),
    "jumpsuit-white": (JUMPSUIT, cloth.plain(WHITE)),
    "dungarees-denim": (DUNGAREES, cloth.denim((86, 116, 160))),
}  # fmt: skip
"""Name -> shape and dye."""


def draw_a(name: str, random: Random) -> tuple[Plane, Plane]:
    """Return a garment's colour under light, (H, W, 3), and its alpha, (H, W), in the middle of the canvas."""
    shape, dye = GARMENTS_A[name]
    every = np.array([*mirrored(shape.body), *mirrored(shape.limb), *mirrored(shape.straps)])
    low, high = every.min(axis=0), every.max(axis=0)
    scale = min(0.80 * WIDTH / (high[0] - low[0]), 0.84 * HEIGHT / (high[1] - low[1]))
    shift = np.array([WIDTH / 2, HEIGHT / 2 - scale * (low[1] + high[1]) / 2])
    bend = [random.uniform(-0.008, 0.008), random.uniform(-0.008, 0.008), random.uniform(0, 6)]

    def placed(points: Half | list[tuple[float, float]] | Points, *, times: int = 2, side: int = 1) -> Points:
        line = rounded([tuple(p) for p in points], times=times) if times else np.array(points, np.float64)
        line = line * [side, 1]
        # A garment that is laid down always bends a little.
        line = line + np.stack([bend[0] * np.sin(line[:, 1] * 5 + bend[2]), bend[1] * np.cos(line[:, 0] * 6)], axis=1)
        return np.asarray(line * scale + shift, np.float64)

    parts = [fill(placed(mirrored(shape.body)))]
    if shape.limb:
        parts = [fill(placed(shape.limb, side=side)) for side in (1, -1)] + parts
    for side in (1, -1) if shape.straps else ():
        parts.append(stroke(placed(shape.straps, times=0, side=side), shape.strap_width * scale))
    inside = np.zeros((HEIGHT, WIDTH), np.float32)
    if shape.neck[0]:
        half, deep = shape.neck
        bowl = [(half, -0.02), (half * 0.97, deep * 0.45), (half * 0.6, deep * 0.93), (0.0, deep)]
        inside = np.maximum(inside, fill(placed(mirrored(bowl))))
        top = shape.body[0][1]
        sag = [(half, top - 0.03), (half, top), (half * 0.6, top + 0.02), (0.0, top + 0.025)]
        away = fill(placed(mirrored(sag)))
        parts = [part * (1 - away) for part in parts]
    if shape.open_front:
        front = [(0.012, shape.neck[1] * 0.8), (shape.open_front, 1.2)]
        inside = np.maximum(inside, fill(placed(mirrored(front), times=0)))
    alpha = np.max(parts, axis=0)
    height = np.zeros((HEIGHT, WIDTH), np.float32)
    for part in parts:
        roundness = 0.055 * scale
        deep_share = np.clip(depth(part) / roundness, 0, 1)
        height = np.maximum(height, roundness * 0.5 * np.sqrt(1 - (1 - deep_share) ** 2))
    height = blur(height, 2.5) + 0.010 * scale * noise(random, 70) + 0.004 * scale * noise(random, 28)
    light = 0.36 + 0.64 * lit(height, x=0.30, y=0.42, z=0.86) / 0.86
    light = light * (1 - 0.06 * inside) * _seams(shape, placed, scale)
    weave = blur(random.normal(0, 1, alpha.shape), 0.8) * 0.010
    colour = dye(alpha, random) * (light + weave)[..., None]
    back = np.median(colour[alpha > 0.5], axis=0) * 0.78
    colour = colour * (1 - inside[..., None]) + back * inside[..., None] * (0.9 + 0.1 * light[..., None])
    if shape.buttons:
        colour = _buttons(colour, shape.buttons, placed, scale)
    return plane(np.clip(colour, 0, 1)), plane(alpha)


def _seams(shape: Shape, placed: object, scale: float) -> Plane:
    """Return a factor that darkens seams."""
    lines = np.zeros((HEIGHT, WIDTH), np.float32)
    for line in shape.seams:
        for side in (1, -1):
            lines = np.maximum(lines, stroke(placed(line, times=0, side=side), 0.006 * scale))  # type: ignore[operator]
    return plane(1 - 0.16 * blur(lines, 0.8) - 0.05 * blur(lines, 3))


def _buttons(colour: Plane, ends: tuple[float, float], placed: object, scale: float) -> Plane:
    colour = colour.copy()
    for y in np.linspace(*ends, max(2, round((ends[1] - ends[0]) * 8))):
        (at,) = placed([(0.0, y)], times=0)  # type: ignore[operator]
        cv2.circle(
            colour, (round(at[0]), round(at[1])), max(2, round(0.012 * scale)), (0.55, 0.52, 0.5), -1, cv2.LINE_AA
        )
    return colour
