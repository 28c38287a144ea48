"""Writes the Mirror's sample garments, cut-outs with alpha: `python -m workbench.eval.mirror_samples`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from workbench.assets.draw_garment import draw_cut_out
from workbench.eval.family_a import draw_a

FOLDER: Final = Path(__file__).parents[5] / "frontend" / "src" / "features" / "mirror" / "samples"
GARMENTS: Final = (
    "long-breton",
    "jumper-red",
    "polo-green",
    "shirt-checks",
    "tank-tie-dye",
    "dress-chevrons",
    "jeans-blue",
)
WEBP_QUALITY: Final = 84
LONGEST_PIXELS: Final = 640


def main() -> None:
    """Write every sample anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pictures = {"tee-proteus": draw_cut_out()}
    for name in GARMENTS:
        colour, alpha = draw_a(name, np.random.default_rng(11))
        pictures[name] = np.asarray((np.concatenate([colour, alpha[..., None]], axis=-1) * 255).round(), np.uint8)
    for name, pixels in pictures.items():
        picture = Image.fromarray(pixels)
        box = picture.getchannel("A").getbbox()
        picture = picture.crop(box)
        picture.thumbnail((LONGEST_PIXELS, LONGEST_PIXELS))
        picture.save(FOLDER / f"{name}.webp", quality=WEBP_QUALITY, method=6)


if __name__ == "__main__":
    main()
