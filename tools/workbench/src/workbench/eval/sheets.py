"""Contact sheets: the photo, the truth, the cut-out on magenta, and the figures under them; for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from workbench.eval.canvas import HEIGHT, WIDTH, Pixels
from workbench.eval.cuts import Outcome

MAGENTA: Final = (255, 0, 255)
TILE_WIDTH: Final = 110
COLUMNS: Final = 6
CAPTION_HEIGHT: Final = 14
PER_SHEET: Final = 60


def write(outcomes: Sequence[Outcome], folder: Path, name: str) -> list[Path]:
    """Write sheets of at most `PER_SHEET` outcomes into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for start in range(0, len(outcomes), PER_SHEET):
        tiles = [tile(outcome) for outcome in outcomes[start : start + PER_SHEET]]
        while len(tiles) % COLUMNS:
            tiles.append(np.zeros_like(tiles[0]))
        rows = [np.concatenate(tiles[at : at + COLUMNS], axis=1) for at in range(0, len(tiles), COLUMNS)]
        paths.append(folder / f"{name}-{start // PER_SHEET + 1}.png")
        cv2.imwrite(str(paths[-1]), np.concatenate(rows)[..., ::-1])
    return paths


def tile(outcome: Outcome) -> Pixels:
    """Return one outcome's row of pictures; the caption is red where the cut-out is not whole."""
    picture = outcome.drawn.picture
    truth = np.repeat(outcome.drawn.truth[..., None], 3, axis=2)
    cut = np.full_like(picture, 90)
    if outcome.alpha is not None:
        alpha = outcome.alpha[..., None].astype(np.float32) / 255
        cut = (picture * alpha + np.array(MAGENTA) * (1 - alpha)).astype(np.uint8)
    size = (TILE_WIDTH, round(TILE_WIDTH * HEIGHT / WIDTH))
    row = np.concatenate(
        [np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA)) for part in (picture, truth, cut)], axis=1
    )
    row = np.concatenate([row, np.full((CAPTION_HEIGHT, row.shape[1], 3), 255, np.uint8)])
    score = outcome.score
    words = f"{score.kept:.2f} {score.hole:.2f} {score.halo_pixels:.1f} c{outcome.confidence:.2f} "
    words += outcome.refusal or outcome.category
    colour = (0, 0, 0) if score.whole else (210, 0, 0)
    cv2.putText(row, words, (3, row.shape[0] - 3), cv2.FONT_HERSHEY_PLAIN, 0.8, colour, 1)
    return row
