"""Goldens of the engine `puppet`: its drawn try-ons as small pictures, and their metrics, beside the tests.

    python -m workbench.eval.quality.goldens        write them anew; look at what changed before you commit it

A test makes the same pictures and compares them tile by tile, so that a change of the engine moves pictures only where
somebody has seen it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from workbench.eval.bodies import Size
from workbench.eval.canvas import Pixels
from workbench.eval.quality import drawn
from workbench.eval.quality.background import background
from workbench.eval.quality.colour import colour
from workbench.eval.quality.score import Score, Tryon
from workbench.eval.quality.shape import shape
from workbench.eval.quality.texture import texture

FOLDER: Final = Path(__file__).parents[6] / "tests" / "fixtures" / "puppet"
METRICS_FILE: Final = "metrics.json"
SIZE: Final[Size] = (448, 336)
"""Of the try-ons."""

HEIGHT: Final = 256
TILE: Final = 32
LEAST_SSIM: Final = 0.99
BAND: Final = 0.03
"""How far a metric may be from its golden."""

LOSSLESS: Final = 101

METRICS: Final[Mapping[str, Callable[[Tryon], Score]]] = {
    "background": background, "colour": colour, "texture": texture, "shape": shape,
}  # fmt: skip
"""Those that need no package."""


def small(picture: Pixels) -> Pixels:
    """Return a picture at the goldens' size."""
    width = round(picture.shape[1] * HEIGHT / picture.shape[0])
    return np.asarray(cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def least_tile(one: Pixels, other: Pixels) -> float:
    """Return the lowest mean SSIM of all tiles of two pictures of one size."""
    _, alike = structural_similarity(  # type: ignore[no-untyped-call]
        one, other, channel_axis=2, data_range=255, full=True
    )
    height, width = alike.shape[:2]
    return min(
        float(alike[top : top + TILE, left : left + TILE].mean())
        for top in range(0, height, TILE)
        for left in range(0, width, TILE)
    )


def measured(tryon: Tryon) -> dict[str, float | None]:
    """Return the metrics that need no package."""
    values = {name: metric(tryon).value for name, metric in METRICS.items()}
    return {name: None if value is None else round(value, 4) for name, value in values.items()}


def read(garment: str) -> tuple[Pixels, dict[str, float | None]]:
    """Return a garment's golden and its metrics."""
    picture = cv2.imread(str(FOLDER / f"{garment}.webp"), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(picture[..., ::-1]), json.loads((FOLDER / METRICS_FILE).read_text())[garment]


def write(folder: Path = FOLDER) -> None:
    """Write every golden."""
    folder.mkdir(parents=True, exist_ok=True)
    metrics = {}
    for name, tryon in drawn.cases(size=SIZE):
        garment = name.split()[0]
        cv2.imwrite(
            str(folder / f"{garment}.webp"), small(tryon.result)[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, LOSSLESS]
        )
        metrics[garment] = measured(tryon)
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=2) + "\n")


if __name__ == "__main__":
    write()
