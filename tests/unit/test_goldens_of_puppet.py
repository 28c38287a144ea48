"""The engine `puppet` makes the pictures of the goldens, tile by tile, and their metrics stay in a band."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from workbench.eval import portraits
from workbench.eval.quality import drawn, goldens, networks
from workbench.eval.quality.missing import Missing
from workbench.eval.quality.score import Tryon
from workbench.eval.quality.text import text

GARMENTS = [name for name, _ in drawn.GARMENTS]
LETTERS = ("tee-white-print", "tank-white-print")
"""Whose word no arm covers."""

ALWAYS = ("tank-white-print", "shirt-checks", "dress-red", "jeans-blue")
"""The others take seconds."""


@cache
def made(garment: str) -> Tryon:
    place = GARMENTS.index(garment)
    person = portraits.cases(len(GARMENTS))[place * drawn.APART % len(GARMENTS)]
    return drawn.made(person, garment, drawn.GARMENTS[place][1], goldens.SIZE)


def test_every_garment_has_a_golden_and_there_are_no_others() -> None:
    assert {path.stem for path in goldens.FOLDER.glob("*.webp")} == set(GARMENTS)


@pytest.mark.parametrize(
    "garment", [pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.long]) for name in GARMENTS]
)
def test_a_tryon_is_its_golden_and_its_metrics_are_in_their_bands(garment: str) -> None:
    picture, metrics = goldens.read(garment)
    assert goldens.least_tile(goldens.small(made(garment).result), picture) >= goldens.LEAST_SSIM
    now = goldens.measured(made(garment))
    assert now == pytest.approx(metrics, abs=goldens.BAND)
    assert now["background"] == 1.0


def test_a_golden_notices_a_garment_that_moved_by_two_pixels_or_lost_its_print() -> None:
    picture, _ = goldens.read("tank-white-print")
    tryon = made("tank-white-print")
    moved = tryon.person.copy()
    worn = np.roll(tryon.worn, 2, axis=0)
    moved[worn] = np.roll(tryon.result, 2, axis=0)[worn]
    assert goldens.least_tile(goldens.small(moved), picture) < goldens.LEAST_SSIM
    erased = tryon.result.copy()
    erased[tryon.worn] = 245
    assert goldens.least_tile(goldens.small(erased), picture) < goldens.LEAST_SSIM


@pytest.mark.parametrize("garment", LETTERS)
def test_the_letters_are_read(garment: str) -> None:
    reader = networks.reader()
    if isinstance(reader, Missing):
        pytest.skip(reader.reason)
    assert text(made(garment), reader).value == 1.0
