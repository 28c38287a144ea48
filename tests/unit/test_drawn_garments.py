"""The drawn set is what it claims to be, and its measures tell right from wrong."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from workbench.eval import measure, scenes
from workbench.eval.canvas import LEAST_CONTRAST, LEAST_SHARE, outline_contrast, plane

FAMILIES = scenes.FAMILIES
PALE_ON_PALE = [
    case
    for family in FAMILIES
    for case in scenes.cases(family)
    if case.ground in ("255", "246", "250", "241") and any(pale in case.garment for pale in ("white", "snow", "chalk"))
][::9]


def square(side: int, *, at: int = 100, size: int = 300) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[at : at + side, at : at + side] = 255
    return mask


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_forty_garments_of_every_category_on_every_kind_of_ground(family: scenes.Family) -> None:
    flat = [case for case in scenes.cases(family) if case.what == "flat"]
    assert len({case.garment for case in flat}) >= 40
    for group in ("plain", "gradient", "coloured", "textured"):
        assert {case.category for case in flat if case.group == group} == {"upper", "lower", "dress", "overall"}
    names = [case.name for case in scenes.cases(family)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_quarter_of_a_family_is_bad_whatever_the_parser_does(family: scenes.Family) -> None:
    cases = scenes.cases(family)
    assert {case.group for case in cases} >= {"several", "rotated", "folded", "nothing"}
    assert sum(case.category is None or case.group in ("rotated", "textured") for case in cases) >= 0.25 * len(cases)


def test_a_sample_has_every_group_of_its_families_and_no_other() -> None:
    sample = scenes.sample(48, scenes.TUNED)
    assert len(sample) == 48
    assert {case.family for case in sample} == set(scenes.TUNED) == {"a", "b"}
    assert {case.group for case in sample} == {case.group for case in scenes.cases("a")}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_case_is_the_same_picture_wherever_it_is_drawn(family: scenes.Family) -> None:
    case = scenes.cases(family)[3]
    first, second = scenes.draw(case), scenes.draw(case)
    assert np.array_equal(first.picture, second.picture)
    assert np.array_equal(first.truth, second.truth)
    assert first.picture.shape == (*first.truth.shape, 3)


@pytest.mark.parametrize("case", PALE_ON_PALE, ids=lambda case: case.name)
def test_even_white_on_white_has_an_outline_that_can_be_seen(case: scenes.Case) -> None:
    drawn = scenes.draw(case)
    levels = outline_contrast(plane(drawn.picture) / np.float32(255), plane(drawn.truth) / np.float32(255))
    # The camera's noise is drawn after the contrast was made sure of.
    assert np.mean(levels >= LEAST_CONTRAST) >= LEAST_SHARE - 0.02


def test_the_truth_itself_is_whole() -> None:
    score = measure.score(square(80), square(80))
    assert (score.iou, score.kept, score.hole, score.halo_pixels) == (1.0, 1.0, 0.0, 0.0)
    assert score.whole
    assert score.good


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (square(76), "a part is missing"),
        (square(80) - square(12, at=130), "there is a hole"),
        (cv2.dilate(square(80), np.ones((9, 9), np.uint8)), "there is a halo of four pixels"),
        (np.zeros((300, 300), np.uint8), "there is nothing"),
    ],
)
def test_what_is_not_whole_is_told(found: np.ndarray, what: str) -> None:
    assert not measure.score(square(80), found).whole, what


def test_where_there_is_no_garment_nothing_is_right() -> None:
    assert measure.score(np.zeros((300, 300), np.uint8), square(80)) == measure.NOTHING


def test_the_area_under_the_curve_is_that_of_the_textbook() -> None:
    assert measure.area_under_curve([0.9, 0.8, 0.2], [True, True, False]) == 1.0
    assert measure.area_under_curve([0.1, 0.9], [True, False]) == 0.0
    assert measure.area_under_curve([0.5, 0.5], [True, False]) == 0.5
    assert measure.area_under_curve([0.9, 0.4, 0.6, 0.1], [True, True, False, False]) == 0.75
    assert math.isnan(measure.area_under_curve([0.9], [True]))
