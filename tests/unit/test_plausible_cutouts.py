"""What a cut-out's form says against it, on the drawn set's true masks."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from proteus.artefacts import WarningCode
from tailor.parsers.plausible import LEFT, doubts, measure, plausibility
from workbench.eval import scenes

FLAT = [case for family in scenes.FAMILIES for case in scenes.cases(family) if case.ground in ("255", "250")][::4]
FLAT = [case for case in FLAT if case.what == "flat"]
TURNED = [case for case in scenes.cases("a") if case.turn in (90, 270)]


def codes(mask: np.ndarray) -> set[WarningCode]:
    return {warning.code for warning in doubts(mask > 127)[0]}


def test_hardly_any_upright_garment_is_doubted() -> None:
    doubted = [case.name for case in FLAT if codes(scenes.draw(case).truth)]
    assert len(doubted) <= 0.1 * len(FLAT), doubted


def test_most_garments_on_their_side_are_seen() -> None:
    seen = [WarningCode.GARMENT_ROTATED in codes(scenes.draw(case).truth) for case in TURNED]
    assert np.mean(seen) >= 0.6


def test_two_garments_are_several_and_cost_the_confidence() -> None:
    one = cv2.resize(scenes.draw(FLAT[0]).truth, (200, 250), interpolation=cv2.INTER_NEAREST)
    mask = np.pad(np.concatenate([one, one], axis=1), 5)
    warnings, rest = doubts(mask > 127)
    assert {warning.code for warning in warnings} == {WarningCode.SEVERAL_GARMENTS}
    assert rest < 0.5
    assert all(warning.message and warning.hint and warning.subject == "garment" for warning in warnings)


@pytest.mark.parametrize("radius", [60, 120])
def test_a_plate_does_not_have_the_shape_of_a_garment(radius: int) -> None:
    mask = np.zeros((400, 300), np.uint8)
    cv2.circle(mask, (150, 200), radius, 255, -1)
    assert WarningCode.NO_GARMENT_SHAPE in codes(mask)


def test_a_garment_that_goes_on_outside_is_cropped() -> None:
    mask = np.zeros((400, 300), np.uint8)
    mask[100:, 60:240] = 255
    assert WarningCode.GARMENT_CROPPED in codes(mask)


@pytest.mark.parametrize("name", sorted(LEFT))
def test_each_measure_moves_the_plausibility_one_way_only(name: str) -> None:
    form = measure(scenes.draw(FLAT[0]).truth > 127)
    assert form is not None
    start, at_start, end, at_end = LEFT[name]
    steps = [plausibility(replace(form, **{name: value})) for value in np.linspace(start - 0.1, end + 0.1, 30)]
    turned = steps if at_end > at_start else steps[::-1]
    assert turned == sorted(turned)
    assert turned[0] < 0.7 * turned[-1]
    assert 0 < min(steps) <= max(steps) <= 1


def test_nothing_is_doubted_where_nothing_was_found() -> None:
    assert doubts(np.zeros((40, 40), bool)) == ((), 1.0)
