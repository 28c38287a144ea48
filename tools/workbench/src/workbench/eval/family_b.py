"""The second family of drawn garments: tubes along a body's lines, light from wrinkles. Tuning may use it.

Drawn by another method: widths along an axis instead of outlines, limbs as tapered strokes, fractal creases and a
darker rim instead of a lit height field. A result that holds for both families may hold for photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from proteus.artefacts import GarmentCategory
from workbench.eval import cloth
from workbench.eval.canvas import HEIGHT, WIDTH, Plane, Points, Random, blur, depth, fill, grid, noise, plane, stroke
from workbench.eval.cloth import Dye

Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """One garment, in units of its own height: y from 0 to 1, x from its middle.

    Attributes:
        trunk: (y, half width) from the top down; a garment without a trunk has none.
        limbs: Strokes of the right side as (x, y, half width).
        scoop: Half width and depth of an opening at the top that is cut away.
        lining: Depth of the visible lining in the opening.
        ruffle: Waves of the hem, as a share of the height.
    """

    category: GarmentCategory
    trunk: Line = ()
    limbs: tuple[tuple[tuple[float, float, float], ...], ...] = ()
    scoop: tuple[float, float] = (0.0, 0.0)
    lining: float = 0.0
    ruffle: float = 0.0


BOXY: Final = Cutting(
    category="upper", trunk=((0.0, 0.10), (0.05, 0.26), (0.2, 0.31), (0.6, 0.31), (1.0, 0.33)),
    limbs=(((0.22, 0.13, 0.11), (0.42, 0.30, 0.10)),), scoop=(0.11, 0.06), lining=0.05,
)  # fmt: skip
RAGLAN: Final = Cutting(
    category="upper", trunk=((0.0, 0.08), (0.1, 0.20), (0.3, 0.26), (0.8, 0.25), (1.0, 0.26)),
    limbs=(((0.14, 0.09, 0.08), (0.36, 0.45, 0.075), (0.44, 0.86, 0.05)),), scoop=(0.09, 0.05), lining=0.04,
)  # fmt: skip
HOODIE: Final = Cutting(
    category="upper", trunk=((0.0, 0.12), (0.12, 0.16), (0.2, 0.27), (0.9, 0.28), (0.93, 0.24), (1.0, 0.24)),
    limbs=(((0.22, 0.24, 0.10), (0.40, 0.60, 0.09), (0.36, 0.92, 0.055)),), scoop=(0.0, 0.0), lining=0.0,
)  # fmt: skip
BLOUSE: Final = Cutting(
    category="upper", trunk=((0.0, 0.12), (0.06, 0.24), (0.3, 0.25), (0.7, 0.24), (1.0, 0.34)),
    limbs=(((0.22, 0.14, 0.12), (0.34, 0.34, 0.14)),), scoop=(0.12, 0.14), lining=0.07, ruffle=0.012,
)  # fmt: skip
VEST: Final = Cutting(
    category="upper", trunk=((0.0, 0.17), (0.1, 0.20), (0.3, 0.22), (0.36, 0.29), (1.0, 0.28)),
    scoop=(0.10, 0.30), lining=0.12,
)  # fmt: skip
TUBE_TOP: Final = Cutting(
    category="upper", trunk=((0.0, 0.44), (0.1, 0.45), (0.55, 0.39), (1.0, 0.43)), scoop=(0.30, 0.06), lining=0.0,
)  # fmt: skip
COAT: Final = Cutting(
    category="upper", trunk=((0.0, 0.07), (0.06, 0.20), (0.3, 0.21), (0.5, 0.19), (1.0, 0.27)),
    limbs=(((0.16, 0.10, 0.075), (0.27, 0.40, 0.06), (0.30, 0.66, 0.045)),), scoop=(0.07, 0.16), lining=0.10,
)  # fmt: skip
TROUSERS: Final = Cutting(
    category="lower", trunk=((0.0, 0.14), (0.05, 0.15), (0.24, 0.20), (0.30, 0.18)),
    limbs=(((0.10, 0.22, 0.10), (0.12, 0.55, 0.075), (0.14, 0.98, 0.06)),),
)  # fmt: skip
JOGGERS: Final = Cutting(
    category="lower", trunk=((0.0, 0.13), (0.04, 0.15), (0.22, 0.22), (0.30, 0.20)),
    limbs=(((0.11, 0.22, 0.11), (0.15, 0.60, 0.09), (0.17, 0.93, 0.05), (0.17, 0.98, 0.05)),),
)  # fmt: skip
BERMUDAS: Final = Cutting(
    category="lower", trunk=((0.0, 0.27), (0.08, 0.29), (0.40, 0.36), (0.50, 0.34)),
    limbs=(((0.19, 0.40, 0.18), (0.22, 0.80, 0.18), (0.23, 0.88, 0.18)),),
)  # fmt: skip
CIRCLE_SKIRT: Final = Cutting(
    category="lower", trunk=((0.0, 0.20), (0.08, 0.22), (0.3, 0.36), (1.0, 0.62)), ruffle=0.022,
)  # fmt: skip
TUBE_SKIRT: Final = Cutting(category="lower", trunk=((0.0, 0.24), (0.1, 0.27), (0.35, 0.34), (1.0, 0.30)))
SUNDRESS: Final = Cutting(
    category="dress", trunk=((0.0, 0.10), (0.14, 0.13), (0.2, 0.16), (0.36, 0.12), (0.6, 0.22), (1.0, 0.34)),
    scoop=(0.07, 0.14), lining=0.06, ruffle=0.012,
)  # fmt: skip
SLEEVED_DRESS: Final = Cutting(
    category="dress", trunk=((0.0, 0.07), (0.04, 0.16), (0.3, 0.15), (0.42, 0.13), (0.7, 0.20), (1.0, 0.24)),
    limbs=(((0.13, 0.08, 0.06), (0.24, 0.28, 0.055), (0.27, 0.44, 0.04)),), scoop=(0.06, 0.06), lining=0.03,
)  # fmt: skip
GOWN: Final = Cutting(
    category="dress", trunk=((0.0, 0.11), (0.1, 0.12), (0.3, 0.09), (0.5, 0.14), (1.0, 0.36)), scoop=(0.08, 0.04),
    ruffle=0.014,
)  # fmt: skip
ROMPER: Final = Cutting(
    category="overall", trunk=((0.0, 0.12), (0.04, 0.22), (0.3, 0.22), (0.5, 0.19), (0.72, 0.27), (0.76, 0.26)),
    limbs=(((0.15, 0.70, 0.13), (0.18, 0.94, 0.13)), ((0.20, 0.10, 0.08), (0.31, 0.26, 0.08))),
    scoop=(0.09, 0.10), lining=0.05,
)  # fmt: skip
BOILER_SUIT: Final = Cutting(
    category="overall", trunk=((0.0, 0.06), (0.03, 0.13), (0.2, 0.13), (0.38, 0.115), (0.5, 0.15), (0.55, 0.14)),
    limbs=(((0.075, 0.52, 0.07), (0.09, 0.98, 0.05)), ((0.11, 0.06, 0.05), (0.20, 0.30, 0.045), (0.22, 0.44, 0.035))),
    scoop=(0.05, 0.05), lining=0.03,
)  # fmt: skip

IVORY, SNOW, COAL, WINE, TEAL, MUSTARD, LILAC, STONE, FOREST = (
    (247, 244, 236), (252, 252, 252), (38, 38, 42), (110, 24, 44), (24, 110, 116), (212, 160, 40), (222, 214, 238),
    (196, 194, 188), (38, 70, 48),
)  # fmt: skip

GARMENTS_B: Final[dict[str, tuple[Cutting, Dye]]] = {
    "boxy-snow": (BOXY, cloth.plain(SNOW)),
    "boxy-print": (BOXY, cloth.printed(SNOW, WINE, "NORTH")),
    "boxy-coal": (BOXY, cloth.heather(COAL)),
    "boxy-thin-stripes": (BOXY, cloth.stripes(SNOW, TEAL, period=20, share=0.25)),
    "boxy-photo": (BOXY, cloth.printed(IVORY, COAL, "LIVE", picture=True)),
    "raglan-two-tone": (RAGLAN, cloth.blocks(SNOW, LILAC)),
    "raglan-teal": (RAGLAN, cloth.plain(TEAL)),
    "raglan-ivory": (RAGLAN, cloth.heather(IVORY)),
    "hoodie-stone": (HOODIE, cloth.heather(STONE)),
    "hoodie-snow-word": (HOODIE, cloth.printed(SNOW, COAL, "PEAK")),
    "hoodie-mustard": (HOODIE, cloth.plain(MUSTARD)),
    "blouse-snow": (BLOUSE, cloth.lace(SNOW)),
    "blouse-dots": (BLOUSE, cloth.flowers(IVORY, (COAL,), count=240, radius=6)),
    "blouse-lilac": (BLOUSE, cloth.plain(LILAC)),
    "vest-knit": (VEST, cloth.checks((236, 232, 220), (214, 206, 190), period=12)),
    "vest-wine": (VEST, cloth.plain(WINE)),
    "tube-top-snow": (TUBE_TOP, cloth.plain(SNOW)),
    "tube-top-tiger": (TUBE_TOP, cloth.leopard((240, 226, 200), (30, 24, 20))),
    "coat-ivory": (COAT, cloth.heather(IVORY)),
    "coat-forest": (COAT, cloth.plain(FOREST)),
    "coat-checks": (COAT, cloth.checks((240, 238, 232), (150, 140, 130), period=52)),
    "trousers-snow": (TROUSERS, cloth.plain(SNOW)),
    "trousers-pinstripe": (TROUSERS, cloth.stripes(STONE, (240, 240, 240), period=14, share=0.2, upright=True)),
    "trousers-denim": (TROUSERS, cloth.denim((52, 70, 104))),
    "joggers-stone": (JOGGERS, cloth.heather(STONE)),
    "joggers-coal": (JOGGERS, cloth.heather(COAL)),
    "bermudas-ivory": (BERMUDAS, cloth.plain(IVORY)),
    "bermudas-flowers": (BERMUDAS, cloth.flowers(SNOW, (TEAL, WINE), count=70, radius=18)),
    "circle-skirt-snow": (CIRCLE_SKIRT, cloth.plain(SNOW)),
    "circle-skirt-bands": (CIRCLE_SKIRT, cloth.blocks(SNOW, WINE, SNOW, WINE)),
    "tube-skirt-lilac": (TUBE_SKIRT, cloth.plain(LILAC)),
    "tube-skirt-tie-dye": (TUBE_SKIRT, cloth.tie_dye(SNOW, MUSTARD)),
    "sundress-snow": (SUNDRESS, cloth.plain(SNOW)),
    "sundress-stripes": (SUNDRESS, cloth.stripes(SNOW, WINE, period=28, share=0.5, upright=True)),
    "sundress-flowers": (SUNDRESS, cloth.flowers(IVORY, (WINE, FOREST), count=120, radius=13)),
    "sleeved-dress-teal": (SLEEVED_DRESS, cloth.plain(TEAL)),
    "sleeved-dress-ivory": (SLEEVED_DRESS, cloth.lace(IVORY)),
    "gown-snow": (GOWN, cloth.plain(SNOW)),
    "gown-wine": (GOWN, cloth.plain(WINE)),
    "romper-ivory": (ROMPER, cloth.plain(IVORY)),
    "romper-flowers": (ROMPER, cloth.flowers(SNOW, (TEAL, MUSTARD), count=110, radius=12)),
    "boiler-suit-stone": (BOILER_SUIT, cloth.plain(STONE)),
}  # fmt: skip
"""Name -> cutting and dye."""


def draw_b(name: str, random: Random) -> tuple[Plane, Plane]:
    """Return a garment's colour under light, (H, W, 3), and its alpha, (H, W), in the middle of the canvas."""
    cutting, dye = GARMENTS_B[name]
    reach = max(
        [half for _, half in cutting.trunk] + [x + half for limb in cutting.limbs for x, _, half in limb], default=0.3
    )
    scale = min(0.40 * WIDTH / reach, 0.82 * HEIGHT)
    top = HEIGHT / 2 - scale / 2
    lean = random.uniform(-0.02, 0.02)
    masks: list[Plane] = []
    ys = np.linspace(0, 1, 120)
    levels = [y for y, _ in cutting.trunk]
    kept = ys[(ys >= levels[0]) & (ys <= levels[-1])]
    halves = blur(np.interp(kept, levels, [half for _, half in cutting.trunk])[None, :], 1.5)[0].astype(np.float64)
    xs = WIDTH / 2 + scale * (np.concatenate([halves, -halves[::-1]]) + lean * np.concatenate([kept, kept[::-1]]))
    outline = np.stack([xs, top + scale * np.concatenate([kept, kept[::-1]])], axis=1)
    if cutting.ruffle:
        across = np.linspace(-1, 1, 60)
        hem = np.stack(
            [
                WIDTH / 2 + scale * (lean + across[::-1] * halves[-1]),
                top + scale * (1 + cutting.ruffle * np.sin(across * 16)),
            ],
            axis=1,
        )
        outline = np.concatenate([outline[: len(kept)], hem, outline[len(kept) :]])
    masks.append(fill(outline))
    for limb in cutting.limbs:
        for side in (1, -1):
            masks.append(_limb(limb, side, scale, top, lean))
    alpha = np.max(masks, axis=0)
    px, py = grid()
    inside = np.zeros_like(alpha)
    if cutting.scoop[0]:
        half, deep = cutting.scoop[0] * scale, cutting.scoop[1] * scale
        aside = (px - WIDTH / 2) / half
        bowl = plane(np.clip(deep * np.sqrt(np.clip(1 - aside**2, 0, 1)) - (py - top) + 0.5, 0, 1)) * (
            np.abs(aside) < 1
        )
        lining = bowl * np.clip((py - top) - (cutting.scoop[1] - cutting.lining) * scale + 0.5, 0, 1)
        alpha = alpha * (1 - bowl) + np.minimum(alpha, lining)
        inside = plane(lining)
    alpha = plane(np.clip(alpha, 0, 1))
    creases = sum(noise(random, cell) * weight for cell, weight in ((120, 0.5), (50, 0.35), (20, 0.15), (9, 0.07)))
    slope = cv2.Sobel(blur(creases, 1.2), cv2.CV_32F, 1, 1, ksize=3)
    rim = np.exp(-depth(alpha) / 5) * 0.05 + np.exp(-depth(alpha) / 16) * 0.04
    light = 1.0 + 0.035 * creases + 0.05 * np.clip(slope, -1, 1) - rim
    for limb_mask in masks[1:]:
        edge = cv2.morphologyEx((limb_mask > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        light = light - 0.06 * blur(edge, 1.2)
    hem_line = (py > top + 0.965 * scale) & (py < top + 0.972 * scale)
    light = light - 0.07 * blur(hem_line, 0.7) - 0.20 * inside
    grain = blur(random.normal(0, 1, alpha.shape), 1.1) * 0.012
    return plane(np.clip(dye(alpha, random) * (light + grain)[..., None], 0, 1)), alpha


def _limb(limb: tuple[tuple[float, float, float], ...], side: int, scale: float, top: float, lean: float) -> Plane:
    """Return a tapered stroke with a straight end."""
    line = np.array(limb)
    steps = np.linspace(0, len(line) - 1, 80)
    x, y, half = (np.interp(steps, np.arange(len(line)), line[:, axis]) for axis in range(3))
    straight = np.stack([WIDTH / 2 + scale * (side * x + lean * y), top + scale * y], axis=1)
    centre: Points = np.stack([blur(straight[None, :, axis], 4)[0] for axis in (0, 1)], axis=1).astype(np.float64)
    along = np.gradient(centre, axis=0)
    length = np.linalg.norm(along, axis=1, keepdims=True)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / length * (half * scale)[:, None]
    area = fill(np.concatenate([centre + normal, (centre - normal)[::-1]]))
    return np.maximum(area, stroke(centre[:2], 2 * half[0] * scale * 0.9))
