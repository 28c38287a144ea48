"""Texture: whether the pieces of the cut-out's pattern and prints are found on the worn garment. Pure.

The lightness of both is freed of light and folds (a high-pass). Each patch of the cut-out that has a pattern is
sought on the worn garment by normalised cross-correlation, wherever it lies, at a few scales. A weak or a loud
pattern counts as well: the contrast's ratio is a factor. Where the mirror image fits clearly better, the print is
mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.eval.canvas import Pixels, Plane, plane
from workbench.eval.quality.score import Mask, Score, Tryon, box_of, lab, share

LENGTH: Final = 160
"""Pixels that both garments are long when they are compared."""

PATCH: Final = 24
STRIDE: Final = 12
SIGMA: Final = 8.0
"""Of the high-pass, in pixels of that size."""

SCALES: Final = (0.8, 0.9, 1.0, 1.12, 1.25)
PATTERN: Final = 4.0
"""Least deviation of the lightness in a patch with a pattern; cloth's weave, folds and noise stay below."""

PATCHES: Final = 24
"""At most, those with the strongest pattern."""

TELLING: Final = 0.9
"""Only patches that the cut-out's own mirror image fits with less than this tell whether a print is mirrored."""

LEAST_TELLING: Final = 4
MIRRORED_BY: Final = 0.08
"""How much better the mirror image must fit them: drawn garments do so by 0.10 and more, if they are mirrored; if not,
a blurred scatter of flowers does by 0.07."""

FOUND: Final = 0.7
"""How well it must fit them: a blurred print fits neither way."""

SHARP: Final = 0.6
"""Least share of the contrast that must be left: what is blurred fits one way or the other by chance."""

FREE_CONTRAST: Final = 0.5
"""Ratio of the contrasts, weaker to stronger, that is no loss: scaling and light make it."""


@dataclass(frozen=True, kw_only=True)
class Cloth:
    """A garment's lightness without light and folds.

    Attributes:
        pattern: (h, w), 0 outside the garment.
        inside: (h, w).
    """

    pattern: Plane
    inside: Mask

    @property
    def contrast(self) -> float:
        """Deviation of the pattern, in L."""
        return float(np.sqrt(np.mean(self.pattern[self.inside] ** 2))) if self.inside.any() else 0.0


def texture(tryon: Tryon) -> Score:
    """Search the cut-out's pattern on the worn garment."""
    given = tryon.garment[..., 3] > 127
    if not given.any() or not tryon.worn.any():
        return Score(value=None, reason="no garment is seen whose texture could be compared")
    here = cloth_of(np.ascontiguousarray(tryon.garment[..., :3]), given, LENGTH)
    there = cloth_of(tryon.result, tryon.worn, LENGTH)
    kept = contrast_kept(here.contrast, there.contrast)
    patches = patches_of(here)
    if not patches:
        return Score(value=share(kept), reason=f"plain cloth; contrast {here.contrast:.1f} became {there.contrast:.1f}")
    straight, turned = fits(patches, there), fits(patches, mirrored(there))
    telling = fits(patches, mirrored(here)) < TELLING
    if there.contrast >= SHARP * here.contrast and np.count_nonzero(telling) >= LEAST_TELLING:
        better = float(np.mean((turned - straight)[telling]))
        if better > MIRRORED_BY and float(np.mean(turned[telling])) > FOUND:
            return Score(
                value=0.0,
                reason=f"the print is mirrored: {np.count_nonzero(telling)} patches fit that by {better:.2f} better",
                failure="mirrored_print",
            )
    fit = float(straight.mean())
    return Score(
        value=share(fit * kept),
        reason=f"{len(patches)} patches fit with {fit:.2f}; contrast {here.contrast:.1f} became {there.contrast:.1f}",
    )


def cloth_of(picture: Pixels, inside: Mask, length: int) -> Cloth:
    """Return a garment, cut to its box and scaled to a length, without light and folds."""
    box = box_of(inside)
    height, width = inside[box].shape
    size = (max(PATCH, round(width * length / height)), length)
    covered = cv2.resize(plane(inside[box]), size, interpolation=cv2.INTER_AREA)
    light = cv2.resize(lab(np.ascontiguousarray(picture[box]))[..., 0], size, interpolation=cv2.INTER_AREA)
    weight = cv2.GaussianBlur(covered, (0, 0), SIGMA)
    smooth = cv2.GaussianBlur(light * covered, (0, 0), SIGMA) / np.maximum(weight, 1e-3)
    whole = cv2.erode((covered > 0.99).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return Cloth(pattern=plane((light - smooth) * whole), inside=np.asarray(whole))


def mirrored(cloth: Cloth) -> Cloth:
    """Return its mirror image."""
    return Cloth(pattern=np.ascontiguousarray(cloth.pattern[:, ::-1]), inside=cloth.inside[:, ::-1])


def patches_of(cloth: Cloth) -> list[Plane]:
    """Return the patches with the strongest pattern that lie wholly in the garment."""
    candidates = []
    for top in range(0, cloth.pattern.shape[0] - PATCH + 1, STRIDE):
        for left in range(0, cloth.pattern.shape[1] - PATCH + 1, STRIDE):
            box = (slice(top, top + PATCH), slice(left, left + PATCH))
            if cloth.inside[box].all() and float(cloth.pattern[box].std()) >= PATTERN:
                candidates.append(cloth.pattern[box])
    return sorted(candidates, key=lambda patch: -float(patch.std()))[:PATCHES]


def fits(patches: list[Plane], cloth: Cloth) -> NDArray[np.float64]:
    """Return how well each patch is found on a garment, 0..1, at the scale that fits best on average."""
    best = np.zeros(len(patches))
    for scale in SCALES:
        size = tuple(max(PATCH, round(side * scale)) for side in reversed(cloth.pattern.shape))
        field = cv2.resize(cloth.pattern, size, interpolation=cv2.INTER_LINEAR)
        found = [float(cv2.matchTemplate(field, patch, cv2.TM_CCOEFF_NORMED).max()) for patch in patches]
        best = max(best, np.clip(found, 0, 1), key=np.mean)
    return best


def contrast_kept(here: float, there: float) -> float:
    """Return a factor for a pattern that became weaker or stronger; both are compared above the weave's own."""
    weaker, stronger = sorted((max(here, PATTERN / 2), max(there, PATTERN / 2)))
    return min(1.0, weaker / stronger / FREE_CONTRAST)
