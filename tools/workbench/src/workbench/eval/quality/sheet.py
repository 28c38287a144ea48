"""The contact sheet of a set: one HTML page without scripts, its pictures inside, the worst try-ons first."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Final

import cv2
import numpy as np

from proteus.imaging import encode
from workbench.eval.canvas import Pixels
from workbench.eval.quality.measuring import METRICS, Row
from workbench.eval.quality.score import Score, Tryon

TILE_HEIGHT: Final = 240
PAPER: Final = 238
"""Grey level behind a cut-out."""

LOW, HIGH = 0.5, 0.9
"""Below the first a value is shown as bad, from the second on as good."""

STYLE: Final = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color:#222;background:#fff}"
    "article{display:flex;gap:.75rem;margin:0 0 1.5rem;flex-wrap:wrap;border-top:1px solid #ddd;padding-top:.75rem}"
    "h2{flex-basis:100%;font-size:1rem;margin:0}img{height:240px}table{border-collapse:collapse;align-self:start}"
    "td{padding:.1rem .6rem;vertical-align:top}td:nth-child(2){text-align:right;font-variant-numeric:tabular-nums}"
    ".bad{color:#b00020;font-weight:600}.good{color:#1b6e2c}.none{color:#777}"
)


def page(rows: Sequence[Row], *, title: str) -> str:
    """Return the page."""
    articles = "\n".join(article(row) for row in sorted(rows, key=lambda row: (row.lowest, row.name)))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>\n{articles}\n</body></html>\n"
    )


def article(row: Row) -> str:
    """Return one try-on: photo, cut-out, result, and every metric with its reason."""
    group = f" · {escape(row.group)}" if row.group else ""
    head = f"<article><h2>{escape(row.name)}{group}</h2>"
    if row.error:
        return f'{head}<p class="bad">{escape(row.error)}</p></article>'
    shown = "".join(f'<img alt="{words}" src="{address(pixels)}">' for words, pixels in row.pictures)
    cells = "".join(line(name, row.scores[name]) for name in METRICS if name in row.scores)
    return f"{head}{shown}<table>{cells}</table></article>"


def thumbnails(tryon: Tryon) -> tuple[tuple[str, Pixels], ...]:
    """Return small copies of a try-on's pictures with their words: a set may have thousands of large ones."""
    pictures = ("photo", tryon.person), ("cut-out", flat(tryon.garment)), ("result", tryon.result)
    return tuple((words, small(pixels)) for words, pixels in pictures)


def line(name: str, score: Score) -> str:
    """Return a metric's row."""
    if score.value is None:
        kind, value = "none", "–"
    else:
        kind = "bad" if score.failure or score.value < LOW else "good" if score.value >= HIGH else ""
        value = f"{score.value:.2f}"
    failure = f"<b>{escape(score.failure.replace('_', ' '))}</b>: " if score.failure else ""
    return f'<tr class="{kind}"><td>{name}</td><td>{value}</td><td>{failure}{escape(score.reason)}</td></tr>'


def flat(garment: Pixels) -> Pixels:
    """Return a cut-out on paper."""
    alpha = garment[..., 3:].astype(np.float32) / 255
    return np.asarray(garment[..., :3] * alpha + PAPER * (1 - alpha), np.uint8)


def small(pixels: Pixels) -> Pixels:
    """Return a picture at the height of a tile."""
    scale = min(1.0, TILE_HEIGHT / pixels.shape[0])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def address(pixels: Pixels) -> str:
    """Return a picture as a `data:` address."""
    return f"data:image/webp;base64,{b64encode(encode(pixels, 'webp')).decode()}"
