"""Checks whether a cut-out can be one upright garment, and names what speaks against it. Pure."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from proteus.artefacts import PictureWarning, WarningCode
from proteus.picture_warnings import WORDS, warn
from tailor.parsers.ground import Truth

SECOND_PIECE: Final = 0.25
"""Of the largest piece: another one of this size is another garment."""

CROPPED_SHARE: Final = 0.05
"""Of the photo's rim: more garment on it is a garment that goes on outside."""

ROUND: Final = 0.86
"""4 pi area / perimeter squared: a disc has 1, a square 0.79, a garment less."""

SYMMETRY_GAIN: Final = 0.10
"""A sideways garment mirrors this much better about its horizontal axis than about its vertical one."""

SIDE: Final = 128


def doubts(found: Truth) -> tuple[tuple[PictureWarning, ...], float]:
    """Return the warnings about a cut-out at working size, and the share of the confidence they leave, 0..1."""
    codes = [code for code, so in _judged(found) if so]
    return tuple(warn(code, "garment") for code in codes), float(np.prod([WORDS[code].left for code in codes]))


def _judged(found: Truth) -> list[tuple[WarningCode, bool]]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    if count < 2:
        return []
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1]
    several = len(areas) > 1 and areas[1] >= SECOND_PIECE * areas[0]
    largest = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    rim = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
    contours, _ = cv2.findContours(largest.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 1.5, True)
    roundness = 4 * np.pi * cv2.contourArea(hull) / max(1.0, cv2.arcLength(hull, True) ** 2)
    upright, sideways = _symmetry(largest), _symmetry(largest.T)
    return [
        (WarningCode.SEVERAL_GARMENTS, bool(several)),
        (WarningCode.GARMENT_CROPPED, float(np.mean(rim)) > CROPPED_SHARE),
        (WarningCode.GARMENT_ROTATED, not several and sideways > upright + SYMMETRY_GAIN),
        (WarningCode.NO_GARMENT_SHAPE, not several and roundness > ROUND),
    ]


def _symmetry(mask: Truth) -> float:
    """Return how well a mask lies on its mirror image about the middle of its box, 0..1."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    box = mask[y : y + height, x : x + width].astype(np.uint8) * 255
    small = np.asarray(cv2.resize(box, (SIDE, SIDE), interpolation=cv2.INTER_AREA)) > 127
    image = small[:, ::-1]
    return float(np.count_nonzero(small & image)) / max(1.0, float(np.count_nonzero(small | image)))
