"""What a cut-out's form says against it, on the drawn set's true masks."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from proteus.artefacts import WarningCode
from tailor.parsers.plausible import LEFT, Doubts, doubts, measure, plausibility
from workbench.eval import scenes

FLAT = [case for family in scenes.FAMILIES for case in scenes.cases(family) if case.ground in ("255", "250")][::4]
FLAT = [case for case in FLAT if case.what == "flat"]


def codes(mask: np.ndarray) -> set[WarningCode]:
    return {warning.code for warning in doubts(mask > 127).warnings}


def test_hardly_any_upright_garment_is_doubted() -> None:
    doubted = [case.name for case in FLAT if codes(scenes.draw(case).truth)]
    assert len(doubted) <= 0.1 * len(FLAT), doubted


@pytest.fixture(scope="module")
def outlines() -> dict[scenes.Family, list[np.ndarray]]:
    """The outlines of each family's garments, upright, at working size."""
    found: dict[scenes.Family, list[np.ndarray]] = {}
    for family in scenes.FAMILIES:
        drawn = [scenes.DRAW[family](name, np.random.default_rng(7))[1] for name in list(scenes.GARMENTS[family])[::4]]
        found[family] = [cv2.resize((alpha * 255).astype(np.uint8), (410, 512)) for alpha in drawn]
    return found


@pytest.mark.parametrize("family", scenes.FAMILIES)
def test_no_upright_garment_is_turned_or_named_rotated_or_folded(
    outlines: dict[scenes.Family, list[np.ndarray]], family: scenes.Family
) -> None:
    wrong = {WarningCode.GARMENT_ROTATED, WarningCode.GARMENT_FOLDED}
    assert not any(codes(mask) & wrong or doubts(mask > 127).turn for mask in outlines[family])


@pytest.mark.parametrize("family", scenes.FAMILIES)
@pytest.mark.parametrize(("turns", "named", "mended"), [(1, 0.85, 0.15), (2, 0.15, 0.15), (3, 0.85, 0.15)])
def test_rotated_garments_are_named_and_turned_upright_where_that_is_sure(
    outlines: dict[scenes.Family, list[np.ndarray]], family: scenes.Family, turns: int, named: float, mended: float
) -> None:
    found = [doubts(np.ascontiguousarray(np.rot90(mask, turns)) > 127) for mask in outlines[family]]
    rotated = [WarningCode.GARMENT_ROTATED in {one.code for one in each.warnings} for each in found]
    assert np.mean(rotated) >= named
    assert {each.turn for each in found} <= {0, turns}, "none is turned the wrong way"
    assert np.mean([each.turn == turns for each in found]) >= mended
    words = {(each.turn > 0, one.message) for each in found for one in each.warnings}
    assert len(words) == len({turned for turned, _ in words}), "what was turned is told from what was not"


@pytest.mark.parametrize("family", scenes.FAMILIES)
@pytest.mark.parametrize("degrees", [20, -15])
def test_tilted_garments_are_named_and_not_turned(
    outlines: dict[scenes.Family, list[np.ndarray]], family: scenes.Family, degrees: float
) -> None:
    for mask in outlines[family]:
        matrix = cv2.getRotationMatrix2D((mask.shape[1] / 2, mask.shape[0] / 2), degrees, 0.8)
        tilted = cv2.warpAffine(mask, matrix, mask.shape[::-1])
        assert WarningCode.GARMENT_ROTATED in codes(tilted)
        assert doubts(tilted > 127).turn == 0


@pytest.mark.parametrize("degrees", [0, 12, 45])
@pytest.mark.parametrize("height", [150, 240])
def test_a_rectangle_is_a_folded_garment_however_it_lies(degrees: float, height: float) -> None:
    mask = np.zeros((400, 400), np.uint8)
    corners = cv2.boxPoints(((200, 200), (160, height), degrees))
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255)
    assert codes(mask) == {WarningCode.GARMENT_FOLDED}


def test_two_garments_are_several_and_cost_the_confidence() -> None:
    one = cv2.resize(scenes.draw(FLAT[0]).truth, (200, 250), interpolation=cv2.INTER_NEAREST)
    mask = np.pad(np.concatenate([one, one], axis=1), 5)
    found = doubts(mask > 127)
    assert {warning.code for warning in found.warnings} == {WarningCode.SEVERAL_GARMENTS}
    assert found.likely < 0.5
    assert all(warning.message and warning.hint and warning.subject == "garment" for warning in found.warnings)


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
    assert doubts(np.zeros((40, 40), bool)) == Doubts()
