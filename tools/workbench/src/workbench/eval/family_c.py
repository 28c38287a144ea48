"""The third family of drawn garments: cut panels sewn together, folds along the cloth, ambient occlusion. Blind.

Drawn by a third method: panels of a sewing pattern instead of outlines or tubes, corners rounded by a blur, folds that
run along each panel, and light that reaches the middle of the cloth better than its edges. Nobody looks at its single
pictures when a parser is changed: its figures say what a parser does to garments that it was not made for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import cv2
import numpy as np

from proteus.artefacts import GarmentCategory
from workbench.eval import cloth
from workbench.eval.canvas import HEIGHT, WIDTH, Plane, Points, Random, blur, depth, fill, grid, lit, noise, plane
from workbench.eval.cloth import Dye

Corners = tuple[tuple[float, float], ...]
Relief = Literal["smooth", "quilt", "pleats", "rib"]
CORNER_PIXELS: Final = 3.0
"""Deviation of the blur that rounds the corners of a pattern."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One piece of a sewing pattern, in units of the garment's height; x from its middle.

    Attributes:
        corners: The right half of a panel across the middle, from its top to its bottom; of a pair, the right one.
        pair: There is a mirror image of it.
        lean: Degrees from the vertical, outwards at the lower end, along which a pair's folds run.
        tone: Its brightness; a lining is darker.
        sewn_on: It lies on another panel, and a shade beside its edge says so.
    """

    corners: Corners
    pair: bool = False
    lean: float = 0.0
    tone: float = 1.0
    sewn_on: bool = False


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """All panels of a garment, the lowest first."""

    category: GarmentCategory
    panels: tuple[Panel, ...]
    relief: Relief = "smooth"


def _middle(*corners: tuple[float, float], tone: float = 1.0) -> Panel:
    return Panel(corners=corners, tone=tone)


def _pair(*corners: tuple[float, float], lean: float = 0.0, tone: float = 1.0) -> Panel:
    return Panel(corners=corners, pair=True, lean=lean, tone=tone)


def _on(*corners: tuple[float, float], pair: bool = False) -> Panel:
    return Panel(corners=corners, pair=pair, sewn_on=True)


SHORT_SLEEVE: Final = _pair((0.18, 0.06), (0.3, 0.07), (0.47, 0.29), (0.35, 0.36), (0.24, 0.27), lean=-52)
LONG_SLEEVE: Final = _pair(
    (0.17, 0.06), (0.27, 0.08), (0.38, 0.46), (0.42, 0.83), (0.33, 0.85), (0.28, 0.5), (0.22, 0.27), lean=-12
)
POLO_SHIRT: Final = Pattern(
    category="upper",
    panels=(
        _middle((0, 0.05), (0.1, 0.02), (0.1, 0.09), (0, 0.12), tone=0.8), SHORT_SLEEVE,
        _middle((0, 0.12), (0.1, 0.04), (0.28, 0.07), (0.26, 0.3), (0.27, 0.97), (0, 0.99)),
        _on((0, 0.13), (0.03, 0.11), (0.03, 0.31), (0, 0.31)),
        _on((0.01, 0.16), (0.09, 0.01), (0.14, 0.04), (0.08, 0.18), pair=True),
    ),
)  # fmt: skip
PUFFER_VEST: Final = Pattern(
    category="upper", relief="quilt",
    panels=(
        _middle((0, 0), (0.13, 0), (0.14, 0.14), (0, 0.15)),
        _middle((0, 0.1), (0.13, 0.1), (0.27, 0.14), (0.24, 0.28), (0.31, 0.4), (0.31, 0.94), (0.29, 0.98), (0, 0.98)),
    ),
)  # fmt: skip
CARDIGAN: Final = Pattern(
    category="upper", relief="rib",
    panels=(
        _middle((0, 0.03), (0.13, 0.02), (0.14, 0.94), (0, 0.94), tone=0.76), LONG_SLEEVE,
        _pair((0.11, 0.02), (0.27, 0.08), (0.25, 0.3), (0.26, 0.98), (0.05, 0.97), (0.07, 0.36)),
        _on((0.11, 0.03), (0.14, 0.03), (0.1, 0.36), (0.08, 0.97), (0.045, 0.97), (0.06, 0.36), pair=True),
    ),
)  # fmt: skip
TURTLENECK: Final = Pattern(
    category="upper", relief="rib",
    panels=(
        LONG_SLEEVE, _middle((0, 0.07), (0.1, 0.07), (0.25, 0.1), (0.23, 0.3), (0.23, 0.95), (0, 0.96)),
        _on((0, 0), (0.1, 0), (0.105, 0.09), (0, 0.1)),
    ),
)  # fmt: skip
HOODIE: Final = Pattern(
    category="upper",
    panels=(
        _middle((0, 0), (0.1, 0.01), (0.16, 0.1), (0.13, 0.19), (0, 0.22)), LONG_SLEEVE,
        _middle((0, 0.17), (0.1, 0.13), (0.26, 0.11), (0.26, 0.32), (0.27, 0.92), (0.25, 0.99), (0, 0.99)),
        _on((0, 0.63), (0.12, 0.63), (0.18, 0.8), (0.18, 0.88), (0, 0.88)),
    ),
)  # fmt: skip
KIMONO: Final = Pattern(
    category="upper",
    panels=(
        _middle((0, 0.04), (0.08, 0.01), (0.09, 0.5), (0, 0.6), tone=0.78),
        _pair((0.16, 0.03), (0.47, 0.05), (0.47, 0.52), (0.29, 0.53), (0.27, 0.38), (0.18, 0.36), lean=4),
        _pair((0.07, 0.01), (0.22, 0.03), (0.24, 0.99), (-0.04, 0.99), (0.01, 0.4)),
        _on((0.06, 0.01), (0.1, 0.01), (0.05, 0.42), (0, 0.97), (-0.04, 0.97), (0, 0.4), pair=True),
    ),
)  # fmt: skip
TANK: Final = Pattern(
    category="upper",
    panels=(
        _middle((0, 0.1), (0.1, 0.07), (0.12, 0.3), (0, 0.32), tone=0.84),
        _middle((0, 0.28), (0.08, 0.2), (0.1, 0), (0.16, 0), (0.17, 0.2), (0.26, 0.36), (0.27, 0.99), (0, 1)),
    ),
)  # fmt: skip
BATWING: Final = Pattern(
    category="upper",
    panels=(
        _middle((0, 0.03), (0.14, 0), (0.44, 0.4), (0.46, 0.62), (0.39, 0.66), (0.22, 0.74), (0.2, 0.98), (0, 0.99)),
        _on((0, 0.04), (0.14, 0.01), (0.15, 0.05), (0, 0.09)),
    ),
)  # fmt: skip
BOMBER: Final = Pattern(
    category="upper",
    panels=(
        LONG_SLEEVE, _middle((0, 0.05), (0.12, 0.06), (0.27, 0.09), (0.26, 0.3), (0.28, 0.84), (0, 0.86)),
        _on((0, 0.02), (0.11, 0), (0.13, 0.08), (0, 0.11)), _on((0, 0.83), (0.26, 0.82), (0.25, 0.92), (0, 0.93)),
        _on((0, 0.1), (0.008, 0.1), (0.008, 0.92), (0, 0.92)),
        _on((0.12, 0.56), (0.2, 0.66), (0.18, 0.69), (0.1, 0.59), pair=True),
    ),
)  # fmt: skip
PUFF_BLOUSE: Final = Pattern(
    category="upper",
    panels=(
        _pair((0.18, 0.05), (0.3, 0.02), (0.44, 0.12), (0.46, 0.3), (0.36, 0.38), (0.25, 0.3), lean=-35),
        _middle((0, 0.16), (0.13, 0.13), (0.15, 0.04), (0.24, 0.06), (0.24, 0.3), (0.2, 0.66), (0.3, 0.98), (0, 1)),
    ),
)  # fmt: skip
PLEATED_SKIRT: Final = Pattern(
    category="lower", relief="pleats",
    panels=(_middle((0, 0.05), (0.24, 0.05), (0.46, 0.97), (0, 0.99)), _on((0, 0), (0.24, 0), (0.25, 0.07), (0, 0.08))),
)  # fmt: skip
CARGO_SHORTS: Final = Pattern(
    category="lower",
    panels=(
        _pair((0, 0.02), (0.28, 0.02), (0.38, 0.4), (0.43, 0.96), (0.09, 0.99), (0.01, 0.5), lean=-5),
        _on((0, 0), (0.29, 0), (0.3, 0.07), (0, 0.08)),
        _on((0.24, 0.52), (0.41, 0.5), (0.43, 0.78), (0.26, 0.8), pair=True),
    ),
)  # fmt: skip
LEGGINGS: Final = Pattern(
    category="lower",
    panels=(
        _pair((0, 0.02), (0.13, 0.02), (0.17, 0.26), (0.14, 0.6), (0.11, 0.98), (0.04, 0.98), (0.03, 0.6), (0, 0.31)),
        _on((0, 0), (0.13, 0), (0.14, 0.06), (0, 0.07)),
    ),
)  # fmt: skip
CULOTTES: Final = Pattern(
    category="lower", relief="pleats",
    panels=(
        _pair((0, 0.02), (0.19, 0.02), (0.28, 0.36), (0.42, 0.97), (0.07, 0.99), (0, 0.45), lean=-8),
        _on((0, 0), (0.19, 0), (0.2, 0.07), (0, 0.08)),
    ),
)  # fmt: skip
SLIT_SKIRT: Final = Pattern(
    category="lower",
    panels=(_middle((0, 0), (0.17, 0), (0.23, 0.3), (0.21, 0.99), (0.025, 0.99), (0, 0.66)),
            _on((0, 0), (0.17, 0), (0.175, 0.05), (0, 0.06))),
)  # fmt: skip
FLARES: Final = Pattern(
    category="lower",
    panels=(
        _pair((0, 0.02), (0.14, 0.02), (0.19, 0.24), (0.14, 0.58), (0.24, 0.98), (0.05, 1), (0.05, 0.58), (0, 0.3)),
        _on((0, 0), (0.14, 0), (0.15, 0.05), (0, 0.06)),
        _on((0.05, 0.09), (0.14, 0.09), (0.15, 0.15), (0.12, 0.17), pair=True),
    ),
)  # fmt: skip
HALTER_DRESS: Final = Pattern(
    category="dress",
    panels=(
        _pair((0.02, 0), (0.06, 0), (0.1, 0.16), (0.06, 0.22), lean=-10),
        _middle((0, 0.22), (0.06, 0.13), (0.11, 0.14), (0.15, 0.28), (0.11, 0.44), (0.2, 0.7), (0.33, 0.98), (0, 1)),
    ),
)  # fmt: skip
WRAP_DRESS: Final = Pattern(
    category="dress",
    panels=(
        _middle((0, 0.03), (0.08, 0.02), (0.06, 0.22), (0, 0.24), tone=0.8),
        _pair((0.11, 0.03), (0.19, 0.05), (0.27, 0.28), (0.28, 0.42), (0.21, 0.43), (0.16, 0.2), lean=-20),
        _pair((0.07, 0.01), (0.17, 0.04), (0.14, 0.2), (0.12, 0.4), (0.24, 0.98), (-0.1, 0.96), (-0.04, 0.4)),
        _on((0, 0.38), (0.12, 0.38), (0.12, 0.42), (0, 0.42)),
    ),
)  # fmt: skip
TIERED_DRESS: Final = Pattern(
    category="dress",
    panels=(
        _pair((0.1, 0), (0.13, 0), (0.14, 0.12), (0.1, 0.12)),
        _middle((0, 0.62), (0.24, 0.62), (0.33, 0.98), (0, 1)), _on((0, 0.36), (0.17, 0.36), (0.25, 0.68), (0, 0.7)),
        _on((0, 0.11), (0.15, 0.09), (0.15, 0.22), (0.16, 0.4), (0, 0.42)),
    ),
)  # fmt: skip
OVERALLS: Final = Pattern(
    category="overall",
    panels=(
        _pair((0.09, 0), (0.13, 0), (0.11, 0.22), (0.07, 0.22)),
        _pair((0, 0.42), (0.17, 0.38), (0.2, 0.6), (0.2, 0.97), (0.05, 0.99), (0, 0.62)),
        _middle((0, 0.17), (0.11, 0.16), (0.12, 0.32), (0.17, 0.4), (0.18, 0.5), (0, 0.52)),
        _on((0, 0.22), (0.06, 0.22), (0.06, 0.33), (0, 0.34)),
    ),
)  # fmt: skip
PLAYSUIT: Final = Pattern(
    category="overall",
    panels=(
        _pair((0.13, 0.02), (0.24, 0.04), (0.35, 0.22), (0.27, 0.28), (0.18, 0.2), lean=-45),
        _pair((0, 0.52), (0.18, 0.5), (0.3, 0.97), (0.06, 0.99), (0, 0.72), lean=-8),
        _middle((0, 0.18), (0.09, 0.02), (0.21, 0.04), (0.2, 0.24), (0.16, 0.48), (0.2, 0.6), (0, 0.64)),
        _on((0, 0.47), (0.165, 0.47), (0.165, 0.52), (0, 0.52)),
    ),
)  # fmt: skip
JUMPSUIT: Final = Pattern(
    category="overall",
    panels=(
        _pair((0, 0.36), (0.12, 0.34), (0.17, 0.52), (0.22, 0.98), (0.04, 1), (0, 0.53), lean=-4),
        _middle((0, 0.03), (0.13, 0), (0.14, 0.12), (0.1, 0.32), (0.13, 0.42), (0, 0.46)),
    ),
)  # fmt: skip

CHALK, MILK, ASH, INK, CORAL, MOSS, PLUM, AQUA, OAT = (
    (253, 252, 250), (240, 238, 233), (208, 210, 212), (24, 28, 40), (226, 110, 92), (92, 106, 62), (86, 44, 84),
    (176, 220, 218), (216, 200, 176),
)  # fmt: skip

GARMENTS_C: Final[dict[str, tuple[Pattern, Dye]]] = {
    "polo-chalk": (POLO_SHIRT, cloth.plain(CHALK)),
    "polo-bars": (POLO_SHIRT, cloth.stripes(CHALK, MOSS, period=44, share=0.35)),
    "polo-coral": (POLO_SHIRT, cloth.plain(CORAL)),
    "puffer-vest-milk": (PUFFER_VEST, cloth.plain(MILK)),
    "puffer-vest-ink": (PUFFER_VEST, cloth.plain(INK)),
    "cardigan-oat": (CARDIGAN, cloth.heather(OAT)),
    "cardigan-milk": (CARDIGAN, cloth.heather(MILK)),
    "turtleneck-chalk": (TURTLENECK, cloth.heather(CHALK)),
    "turtleneck-plum": (TURTLENECK, cloth.heather(PLUM)),
    "hoodie-ash": (HOODIE, cloth.heather(ASH)),
    "hoodie-print": (HOODIE, cloth.printed(CHALK, PLUM, "TIDE")),
    "kimono-flowers": (KIMONO, cloth.flowers(CHALK, (CORAL, AQUA), count=120, radius=15)),
    "kimono-aqua": (KIMONO, cloth.plain(AQUA)),
    "tank-bars": (TANK, cloth.stripes(CHALK, INK, period=26, share=0.35)),
    "tank-chalk": (TANK, cloth.plain(CHALK)),
    "batwing-oat": (BATWING, cloth.heather(OAT)),
    "batwing-thin-bars": (BATWING, cloth.stripes(MILK, PLUM, period=18, share=0.25)),
    "bomber-moss": (BOMBER, cloth.plain(MOSS)),
    "bomber-milk": (BOMBER, cloth.plain(MILK)),
    "puff-blouse-chalk": (PUFF_BLOUSE, cloth.lace(CHALK)),
    "puff-blouse-dots": (PUFF_BLOUSE, cloth.flowers(MILK, (PLUM,), count=200, radius=7)),
    "pleated-skirt-chalk": (PLEATED_SKIRT, cloth.plain(CHALK)),
    "pleated-skirt-checks": (PLEATED_SKIRT, cloth.checks((220, 216, 206), (120, 50, 56), period=34)),
    "cargo-shorts-oat": (CARGO_SHORTS, cloth.plain(OAT)),
    "cargo-shorts-milk": (CARGO_SHORTS, cloth.denim(MILK)),
    "leggings-ash": (LEGGINGS, cloth.heather(ASH)),
    "leggings-tie-dye": (LEGGINGS, cloth.tie_dye(AQUA, PLUM)),
    "culottes-chalk": (CULOTTES, cloth.plain(CHALK)),
    "culottes-coral": (CULOTTES, cloth.plain(CORAL)),
    "slit-skirt-pinstripe": (SLIT_SKIRT, cloth.stripes(MILK, (120, 122, 128), period=20, share=0.2, upright=True)),
    "flares-blue": (FLARES, cloth.denim((96, 120, 158))),
    "flares-chalk": (FLARES, cloth.denim(CHALK)),
    "halter-dress-chalk": (HALTER_DRESS, cloth.plain(CHALK)),
    "halter-dress-leopard": (HALTER_DRESS, cloth.leopard((234, 214, 180), (52, 34, 24))),
    "wrap-dress-flowers": (WRAP_DRESS, cloth.flowers(MILK, (MOSS, CORAL), count=150, radius=11)),
    "wrap-dress-ash": (WRAP_DRESS, cloth.plain(ASH)),
    "tiered-dress-chalk": (TIERED_DRESS, cloth.plain(CHALK)),
    "tiered-dress-bands": (TIERED_DRESS, cloth.blocks(CHALK, CORAL, CHALK)),
    "overalls-denim": (OVERALLS, cloth.denim((74, 100, 140))),
    "overalls-milk": (OVERALLS, cloth.plain(MILK)),
    "playsuit-chalk": (PLAYSUIT, cloth.plain(CHALK)),
    "playsuit-bars": (PLAYSUIT, cloth.stripes(CHALK, AQUA, period=30, share=0.5, upright=True)),
    "jumpsuit-oat": (JUMPSUIT, cloth.plain(OAT)),
    "jumpsuit-ink": (JUMPSUIT, cloth.heather(INK)),
}  # fmt: skip
"""Name -> pattern and dye."""


def draw_c(name: str, random: Random) -> tuple[Plane, Plane]:
    """Return a garment's colour under light, (H, W, 3), and its alpha, (H, W), in the middle of the canvas."""
    pattern, dye = GARMENTS_C[name]
    every = np.array([corner for panel in pattern.panels for corner in panel.corners])
    scale = min(0.40 * WIDTH / float(np.abs(every[:, 0]).max()), 0.82 * HEIGHT)
    top = HEIGHT / 2 - scale / 2 * float(every[:, 1].max())
    skew, bow = random.uniform(-0.015, 0.015), random.uniform(-0.01, 0.01)

    def laid(corners: Corners | list[tuple[float, float]], side: int) -> Points:
        line = np.array(corners, np.float64) * [side, 1]
        x = line[:, 0] + skew * line[:, 1] + bow * np.sin(np.pi * line[:, 1])
        return np.stack([WIDTH / 2 + scale * x, top + scale * line[:, 1]], axis=1)

    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    folds, tone, seams = np.zeros_like(alpha), np.ones_like(alpha), np.zeros_like(alpha)
    for panel in pattern.panels:
        shapes = [(laid(panel.corners, side), side) for side in (1, -1)] if panel.pair else []
        whole = [*panel.corners, *[(-x, y) for x, y in reversed(panel.corners)]]
        for outline, side in shapes or [(laid(whole, 1), 1)]:
            area = _rounded(fill(outline))
            if panel.sewn_on:
                beside = np.clip(blur(area, 4) - area, 0, 1)
                seams = np.maximum(seams * (1 - area), beside)
            else:
                folds = folds * (1 - area) + _folds(random, side * panel.lean, pattern.relief) * area
                seams = np.maximum(seams * (1 - 0.7 * area), 0.6 * np.abs(blur(area, 1.2) - area))
            tone = tone * (1 - area) + panel.tone * area
            alpha = np.maximum(alpha, area)
    height = folds + 0.5 * CORNER_PIXELS * np.sqrt(np.clip(depth(alpha) / (6 * CORNER_PIXELS), 0, 1)) * 4
    light = 0.30 + 0.70 * lit(blur(height, 1.2), x=-0.34, y=0.38, z=0.86) / 0.86
    # Light from all sides reaches an edge and a fold's bottom from fewer of them.
    occlusion = 0.20 * (1 - blur(alpha, 10)) + 0.05 * np.clip(blur(folds, 9) - folds, 0, 2) + 0.30 * seams
    sheen = 0.03 * np.clip(folds, 0, 2)
    threads = blur(random.normal(0, 1, alpha.shape), 0.9) * 0.010
    light = (light * tone * (1 - occlusion) + sheen + threads)[..., None]
    return plane(np.clip(dye(alpha, random) * light, 0, 1)), alpha


def _rounded(area: Plane) -> Plane:
    """Return an area with its corners rounded, inner ones as well, and its edge as sharp as before."""
    return plane(np.clip((blur(area, CORNER_PIXELS) - 0.5) * 2 * CORNER_PIXELS + 0.5, 0, 1))


def _folds(random: Random, lean: float, relief: Relief) -> Plane:
    """Return the height of cloth, in pixels: folds along a direction, and what was sewn or knitted into it."""
    long: Any = sum(
        weight * cv2.resize(noise(random, cell)[: HEIGHT // 5], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        for cell, weight in ((46, 1.3), (22, 0.7))
    )
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -lean, 1.0)
    height = plane(cv2.warpAffine(plane(long), turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))
    xs, ys = grid()
    if relief == "quilt":
        height = plane(height * 0.5 + 6 * np.sqrt(np.abs(np.sin(ys * np.pi / 48 + 0.3 * noise(random, 120)))))
    elif relief == "pleats":
        height = plane(height * 0.5 + 3.5 * (((xs - WIDTH / 2) / (1 + ys / HEIGHT) / 16) % 1))
    elif relief == "rib":
        height = height + 0.5 * np.sin(xs * 0.9)
    return plane(height)
