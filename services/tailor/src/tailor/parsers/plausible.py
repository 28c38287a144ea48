"""Checks whether a cut-out can be one upright garment, and names what speaks against it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from proteus.artefacts import PictureWarning, WarningCode
from proteus.picture_warnings import warn, warn_of_turn
from tailor.parsers.ground import Truth
from tailor.parsers.upright import Lie, lie_of, symmetry

SECOND_PIECE: Final = 0.25
"""Of the largest piece: another one of this size is another garment."""

CROPPED_SHARE: Final = 0.05
"""Of the photo's rim: more garment on it is a garment that goes on outside."""

ROUND: Final = 0.86
"""4 pi area / perimeter squared: a disc has 1, a square 0.79, a garment less."""

RECTANGULAR: Final = 0.96
"""Share of the smallest rectangle around it that a folded garment fills; the straightest skirt fills 0.93."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a cut-out's form measures.

    Attributes:
        several: Area of the second piece over that of the largest.
        rim: Share of the photo's rim that is garment.
        area: Share of the photo that is garment.
        tall: Height over width.
        waist: Width halfway down, as a share of the whole width.
        roundness: 4 pi area / perimeter squared.
        rectangular: Share of the smallest rectangle around it, however turned, that the largest piece fills.
        upright, sideways: How well it lies on its mirror image about its vertical and about its horizontal axis, 0..1.
    """

    several: float
    rim: float
    area: float
    tall: float
    waist: float
    roundness: float
    rectangular: float
    upright: float
    sideways: float


LEFT: Final = {
    "several": (SECOND_PIECE - 0.01, 1.0, SECOND_PIECE, 0.2),
    "rim": (0.02, 1.0, 0.20, 0.6),
    "area": (0.08, 0.4, 0.25, 1.0),
    "tall": (0.5, 0.4, 0.9, 1.0),
    "waist": (0.90, 1.0, 1.0, 0.6),
    "roundness": (0.60, 1.0, 0.85, 0.3),
    "upright": (0.65, 0.3, 0.90, 1.0),
    "sideways": (0.78, 1.0, 0.97, 0.25),
}
"""What is left of the confidence: from this value, so much, to that value, so much; in between on a line. Set on the
drawn set's first family alone, where garments lie between the values that leave all and other things beyond."""


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """What speaks against a cut-out.

    Attributes:
        likely: How likely its form, as it lies, is one garment's, 0..1.
        turn: Quarter turns clockwise that set it upright.
    """

    warnings: tuple[PictureWarning, ...] = ()
    likely: float = 1.0
    turn: int = 0


def doubts(found: Truth) -> Doubts:
    """Return what speaks against a cut-out at working size."""
    form = measure(found)
    if form is None:
        return Doubts()
    several = form.several >= SECOND_PIECE
    folded = not several and form.rectangular > RECTANGULAR
    round_ = not several and form.roundness > ROUND
    lie = Lie() if several or folded or round_ else lie_of(found)
    said = {
        WarningCode.SEVERAL_GARMENTS: several,
        WarningCode.GARMENT_CROPPED: form.rim > CROPPED_SHARE,
        WarningCode.GARMENT_FOLDED: folded,
        WarningCode.NO_GARMENT_SHAPE: round_,
    }
    warnings = [warn(code, "garment") for code, so in said.items() if so]
    if lie.rotated:
        warnings.append(warn_of_turn(mended=lie.turn > 0))
    return Doubts(warnings=tuple(warnings), likely=plausibility(form), turn=lie.turn)


def plausibility(form: Form) -> float:
    """Return how likely a form is one garment's: the product of what each measure leaves."""
    left = [float(np.interp(getattr(form, name), (a, b), (at_a, at_b))) for name, (a, at_a, b, at_b) in LEFT.items()]
    return float(np.prod(left))


def measure(found: Truth) -> Form | None:
    """Return a cut-out's measures; None where nothing was found."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1]
    largest = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    _, top, width, height = cv2.boundingRect(found.astype(np.uint8))
    middle = found[top + int(height * 0.45) : top + max(int(height * 0.45) + 1, int(height * 0.55))]
    contours, _ = cv2.findContours(largest.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 1.5, True)
    _, sides, _ = cv2.minAreaRect(outline)
    return Form(
        several=float(areas[1] / areas[0]) if len(areas) > 1 else 0.0,
        rim=float(np.mean(np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]]))),
        area=float(np.mean(found)),
        tall=height / width,
        waist=float(middle.sum(axis=1).mean() / width),
        roundness=4 * np.pi * cv2.contourArea(outline) / max(1.0, cv2.arcLength(outline, True) ** 2),
        rectangular=cv2.contourArea(outline) / max(1.0, sides[0] * sides[1]),
        upright=symmetry(largest),
        sideways=symmetry(largest.T),
    )
