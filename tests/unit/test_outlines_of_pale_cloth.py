"""Pale cloth on pale paper: of a dark line's two sides the crisp one is the outline; what is open stays open."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tailor.parsers.ground import find_ground
from tailor.parsers.outline import find_outline
from workbench.eval import measure

SIZE = (400, 320)
PAPER, CLOTH = 229.0, 250.0


def picture(truth: np.ndarray, *, rim: float = 0.0, shadow: float = 0.0, inked: np.ndarray | None = None) -> np.ndarray:
    """Return white cloth on grey paper; its rim and its shadow are darker by so many grey levels at the outline."""
    inside = cv2.distanceTransform(truth.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, 5)
    cloth = CLOTH - rim * np.exp(-inside / 8) + 1.5 * np.sin(np.indices(SIZE).sum(axis=0) / 9)
    if inked is not None:
        cloth = np.where(inked, 60.0, cloth)
    light = np.where(truth, cloth, PAPER - shadow * np.exp(-outside / 4))
    noise = np.random.default_rng(3).normal(0, 0.7, SIZE)
    grey = cv2.GaussianBlur(light, (0, 0), 0.6) + noise
    return np.repeat(np.clip(grey, 0, 255).round().astype(np.uint8)[..., None], 3, axis=2)


def skirt(*, scallop: float = 0.0) -> np.ndarray:
    """Return a skirt whose hem waves by so many pixels."""
    ys, xs = np.indices(SIZE)
    half = 45 + 75 * (ys - 80) / 240
    hem = 316 + scallop * np.sin((xs - 160) / 8.0)
    return np.asarray((np.abs(xs - 160) < half) & (ys > 80) & (ys < hem))


def found(photo: np.ndarray) -> np.ndarray:
    return find_outline(photo, find_ground(photo))[0].astype(np.uint8) * 255


@pytest.mark.parametrize(("rim", "shadow"), [(36, 0), (40, 0), (0, 18), (0, 25)], ids=lambda levels: f"{levels}")
def test_the_outline_is_the_crisp_side_of_a_dark_rim_and_of_a_shadow(rim: float, shadow: float) -> None:
    truth = skirt()
    score = measure.score(truth.astype(np.uint8) * 255, found(picture(truth, rim=rim, shadow=shadow)))
    assert score.kept >= 0.98
    assert score.halo_pixels <= 2


@pytest.mark.parametrize("scallop", [6, 9])
def test_bays_of_a_scalloped_hem_are_no_leaks(scallop: float) -> None:
    truth = skirt(scallop=scallop)
    score = measure.score(truth.astype(np.uint8) * 255, found(picture(truth, rim=40)))
    assert score.kept >= 0.98
    assert score.halo_pixels <= 2


def test_white_cloth_beyond_the_last_dark_stripe_is_kept() -> None:
    truth = skirt()
    xs = np.indices(SIZE)[1]
    stripes = (np.abs(xs - 160) % 28 < 12) & truth
    score = measure.score(truth.astype(np.uint8) * 255, found(picture(truth, rim=15, inked=stripes)))
    assert score.kept >= 0.98
