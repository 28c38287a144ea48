"""Text: whether the words on the cut-out can be read on the result; mirrored words are a failure of their own. Pure.

The reader (OCR) comes from outside: `networks.reader`, or another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Final

import numpy as np

from workbench.eval.canvas import Pixels
from workbench.eval.quality.score import Score, Tryon, box_of, share

Reader = Callable[[Pixels], Sequence[str]]
"""Reads the words in (H, W, 3) uint8 sRGB."""

GREY: Final = 128
"""The cut-out is read on this grey level, which hides neither black nor white print."""

MARGIN_SHARE: Final = 0.08
"""Of the garment's size, around the worn garment that is read."""

MIRRORED_BY: Final = 0.34
"""How much better the mirror image must read: a third of the letters."""

LEAST_LETTERS: Final = 2
"""A shorter word is as often a fold or a button as a letter."""


def text(tryon: Tryon, reader: Reader) -> Score:
    """Read the cut-out and the result, and compare."""
    alpha = tryon.garment[..., 3:].astype(np.float32) / 255
    flat = np.asarray(tryon.garment[..., :3] * alpha + GREY * (1 - alpha), np.uint8)
    wanted = words(reader(flat))
    if not wanted:
        return Score(value=None, reason="no text is read on the cut-out")
    if not tryon.worn.any():
        return Score(value=0.0, reason=f"{' '.join(wanted)!r} is missing: no garment is seen in the result")
    seen = around(tryon)
    straight, turned = words(reader(seen)), words(reader(np.ascontiguousarray(seen[:, ::-1])))
    value = similarity(wanted, straight)
    if similarity(wanted, turned) >= value + MIRRORED_BY:
        return Score(
            value=0.0, reason=f"{' '.join(wanted)!r} is mirrored: it reads from the right", failure="mirrored_text"
        )
    return Score(value=value, reason=f"{' '.join(wanted)!r} reads {' '.join(straight)!r}")


def words(read: Sequence[str]) -> list[str]:
    """Return words in capitals, letters and digits alone."""
    found = ["".join(sign for sign in word.upper() if sign.isalnum()) for line in read for word in line.split()]
    return [word for word in found if len(word) >= LEAST_LETTERS]


def similarity(wanted: Sequence[str], seen: Sequence[str]) -> float:
    """Return how well each wanted word is found among the seen ones, 0..1; long words count more."""
    best = [
        max((SequenceMatcher(None, word, other, autojunk=False).ratio() for other in seen), default=0.0)
        for word in wanted
    ]
    return share(float(np.average(best, weights=[len(word) for word in wanted])))


def around(tryon: Tryon) -> Pixels:
    """Return the part of the result in which the garment is worn."""
    rows, columns = box_of(tryon.worn)
    margin = round(MARGIN_SHARE * max(rows.stop - rows.start, columns.stop - columns.start))
    return np.ascontiguousarray(
        tryon.result[
            max(0, rows.start - margin) : rows.stop + margin, max(0, columns.start - margin) : columns.stop + margin
        ]
    )
