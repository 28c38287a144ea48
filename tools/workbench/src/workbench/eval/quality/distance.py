"""How far a picture is from the one that the same inputs and seed give with every step done whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import numpy as np

from proteus.errors import InvalidRequest
from workbench.eval.canvas import Pixels
from workbench.eval.quality.background import MAY_CHANGE


@dataclass(frozen=True, kw_only=True)
class Distance:
    """Differences in levels of 0 to 255, over what may change; `psnr` in dB, None: the pictures are equal."""

    mean: float
    rms: float
    largest: int
    psnr: float | None


def distance(exact: Pixels, result: Pixels, *, mask: Pixels | None = None) -> Distance:
    """Compare two (H, W, 3) pictures where the mask, (H, W), lets pixels change; everywhere without one.

    Raises:
        InvalidRequest: Their sizes differ, or nothing may change.
    """
    if exact.shape != result.shape or (mask is not None and mask.shape != exact.shape[:2]):
        raise InvalidRequest("Both pictures and their mask must have one size.")
    differences = np.abs(exact.astype(np.int16) - result)
    if mask is not None:
        differences = differences[mask >= MAY_CHANGE]
    if not differences.size:
        raise InvalidRequest("The mask is black: nothing can be compared.")
    rms = float(np.sqrt(np.mean(np.square(differences, dtype=np.float64))))
    return Distance(
        mean=round(float(differences.mean()), 3),
        rms=round(rms, 3),
        largest=int(differences.max()),
        psnr=round(20 * log10(255 / rms), 2) if rms else None,
    )
