"""Every warning has a picture that brings it about, and one that does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from proteus.artefacts import Landmark, WarningCode
from proteus.errors import NoPersonDetected, QualityTooLow
from proteus.imaging import decode
from proteus.picture_warnings import WORDS, quality_of, require_quality, warn, warn_all
from tailor.parsers.classic import ClassicParser
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.parsers.plausible import doubts
from tailor.parsers.shape import rank_categories
from tailor.photo_checks import garment_warnings, person_warnings
from tailor.pose import PoseModel
from workbench import assets


@pytest.fixture(scope="module")
def parser(pose_folder: Path) -> ClassicParser:
    return ClassicParser(PoseModel(pose_folder))


@pytest.fixture(scope="module")
def photo() -> Pixels:
    return decode(assets.PERSON.read_bytes()).pixels


def of_person(parser: ClassicParser, photo: Pixels) -> set[str]:
    return {one.code.value for one in person_warnings(photo, parser.find_person(photo))}


def beside(*photos: Pixels) -> Pixels:
    height = max(one.shape[0] for one in photos)
    return np.hstack([np.pad(one, ((0, height - one.shape[0]), (0, 0), (0, 0)), mode="edge") for one in photos])


def test_the_demos_person_brings_no_warning(parser: ClassicParser, photo: Pixels) -> None:
    assert of_person(parser, photo) == set()


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        (WarningCode.LOW_LIGHT, lambda photo: (photo * 0.14).astype(np.uint8)),
        (WarningCode.BLURRED, lambda photo: cv2.GaussianBlur(photo, (0, 0), 5)),
        (WarningCode.LOW_RESOLUTION, lambda photo: cv2.resize(photo, None, fx=0.3, fy=0.3)),
        (WarningCode.SEVERAL_PEOPLE, lambda photo: beside(photo, photo)),
    ],
)
def test_a_spoilt_photo_brings_the_warning_of_its_fault(parser: ClassicParser, photo: Pixels, code, spoil) -> None:
    assert code.value in of_person(parser, np.ascontiguousarray(spoil(photo)))


def group(photo: Pixels, *heights: int) -> Pixels:
    """The demo's person as often, so high, side by side on their feet."""
    most = max(heights)
    small = [cv2.resize(photo, (round(photo.shape[1] * high / photo.shape[0]), high)) for high in heights]
    return np.hstack([np.pad(one, ((most - one.shape[0], 0), (0, 0), (0, 0)), mode="edge") for one in small])


def test_of_several_people_the_largest_is_chosen_and_another_by_its_number(
    parser: ClassicParser, photo: Pixels
) -> None:
    three = group(photo, 400, 480, 440)
    found = parser.find_person(three)
    assert (found.people, found.index) == (3, 1)
    message = person_warnings(three, found)[0].message
    assert message.startswith("The photo shows 3 people; the garment is put on person_index 1")
    middles = []
    for index in range(3):
        one = parser.find_person(three, index=index)
        assert (one.people, one.index) == (3, index)
        assert "as person_index says" in person_warnings(three, one, chosen=True)[0].message
        middles.append(np.mean([one.landmarks[mark].x for mark in (11, 12)]))
    assert middles == sorted(middles)
    assert np.diff(middles).min() > 150
    with pytest.raises(NoPersonDetected, match="3 people were found in the photo; there is no person_index 3"):
        parser.find_person(three, index=3)


def test_a_crowd_is_not_nobody(parser: ClassicParser, photo: Pixels) -> None:
    rows = [group(photo, *[170] * 10) for _ in range(4)]
    crowd = np.ascontiguousarray(np.vstack(rows))
    found = parser.find_person(crowd)
    assert found.people > 1
    assert {one.code for one in person_warnings(crowd, found)} >= {"several_people", "low_resolution"}


def marked(photo: Pixels, parser: ClassicParser, **moved: tuple[float, float, float]) -> set[str]:
    """Return the warnings with some landmarks elsewhere: `at_<index>` -> x, y, visibility."""
    found = parser.find_person(photo)
    marks = list(found.landmarks)
    for name, (x, y, visibility) in moved.items():
        marks[int(name.removeprefix("at_"))] = Landmark(x=x, y=y, visibility=visibility)
    return {one.code.value for one in person_warnings(photo, replace(found, landmarks=tuple(marks)))}


def test_a_trunk_that_leaves_the_photo_and_a_hidden_elbow_are_told(parser: ClassicParser, photo: Pixels) -> None:
    height, width = photo.shape[:2]
    assert marked(photo, parser, at_23=(width * 0.6, height * 1.2, 1.0)) == {"person_cropped"}
    assert marked(photo, parser, at_13=(width * 0.9, height * 0.9, 0.1)) == {"pose_uncertain"}


def test_who_turns_aside_or_shows_the_back_is_turned(parser: ClassicParser, photo: Pixels) -> None:
    found = parser.find_person(photo)
    near = (found.landmarks[11].x * 0.3 + found.landmarks[12].x * 0.7, found.landmarks[11].y, 1.0)
    assert marked(photo, parser, at_11=near) == {"person_turned"}
    marks = list(found.landmarks)
    marks[11], marks[12] = marks[12], marks[11]
    assert "person_turned" in {one.code.value for one in person_warnings(photo, replace(found, landmarks=tuple(marks)))}


def test_no_person_is_a_refusal_and_no_warning(parser: ClassicParser) -> None:
    with pytest.raises(NoPersonDetected):
        parser.find_person(np.ascontiguousarray(data.coffee()))


def tee(width: int = 300, height: int = 320, *, canvas: int = 400) -> Pixels:
    mask = np.zeros((canvas, canvas), np.uint8)
    left, top = (canvas - width) // 2, (canvas - height) // 2
    body = width // 2
    mask[top : top + height, left + (width - body) // 2 : left + (width + body) // 2] = 255
    mask[top : top + height // 4, left : left + width] = 255
    for side in (left, left + width - width // 8):
        mask[top : top + round(height * 0.8), side : side + width // 8] = 255
    return mask


def of_garment(alpha: Pixels, *, worn: bool = False, confidence: float = 0.9, asked: str = "auto") -> set[str]:
    warnings = doubts(alpha > 127).warnings
    mask = GarmentMask(alpha=alpha, category="upper", confidence=confidence, worn=worn, warnings=warnings)
    return {one.code.value for one in garment_warnings(mask, rank_categories(alpha), asked=asked)}


def test_a_whole_tee_brings_no_warning() -> None:
    assert of_garment(tee()) == set()


def test_every_fault_of_a_cut_out_brings_its_own_warning() -> None:
    assert of_garment(tee(), worn=True) == {"garment_worn"}
    assert of_garment(tee(), confidence=0.3) == {"cutout_uncertain"}
    assert of_garment(tee(150, 160)) == {"low_resolution"}
    capital_t = np.zeros((400, 400), np.uint8)
    capital_t[40:120, 50:350] = capital_t[40:360, 160:240] = 255
    assert "garment_cropped" in of_garment(np.ascontiguousarray(tee()[60:]))
    assert "several_garments" in of_garment(np.hstack([tee(), tee()]))
    assert "garment_rotated" in of_garment(np.ascontiguousarray(capital_t.T))
    assert "garment_rotated" not in of_garment(capital_t)
    disc = cv2.circle(np.zeros((400, 400), np.uint8), (200, 200), 150, 255, -1)
    assert "no_garment_shape" in of_garment(disc)


def test_proportions_between_a_top_and_a_dress_leave_the_category_open() -> None:
    between = np.zeros((400, 400), np.uint8)
    between[30:370, 90:310] = 255
    assert "category_uncertain" in of_garment(between)
    assert "category_uncertain" not in of_garment(between, asked="dress")
    assert "category_uncertain" not in of_garment(tee())


def test_every_category_has_a_score_and_they_add_up() -> None:
    for alpha in (tee(), np.ascontiguousarray(tee().T), np.full((90, 30), 255, np.uint8)):
        ranked = rank_categories(alpha)
        assert {one.category for one in ranked} == {"upper", "lower", "dress", "overall"}
        assert sum(one.score for one in ranked) == pytest.approx(1, abs=0.01)
        assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)


def test_every_code_has_words_and_every_warning_of_person_or_result_costs_quality() -> None:
    assert set(WORDS) == set(WarningCode)
    for code in WarningCode:
        for subject in ("person", "result"):
            (warning,) = warn_all([code.value, "of_another_version"], subject)  # type: ignore[arg-type]
            assert "{" not in warning.message
            assert warning.message.endswith(".")
            assert warning.hint.endswith(".")
            score = quality_of(0.8, [warning])
            assert score is not None
            assert 0 < score < 0.8


def test_quality_is_the_confidence_less_what_speaks_against_it_and_unknown_without_one() -> None:
    assert quality_of(0.8, [warn(WarningCode.GARMENT_ROTATED, "garment")]) == 0.8, "it is in the confidence"
    assert quality_of(None, [warn(WarningCode.BLURRED, "person")]) is None
    require_quality(None, floor=0.5)
    require_quality(0.5, floor=0.5)
    with pytest.raises(QualityTooLow, match=r"0\.49"):
        require_quality(0.49, floor=0.5)


def test_a_person_without_a_mask_is_small_and_breaks_nothing() -> None:
    marks = tuple(Landmark(x=0, y=0, visibility=1) for _ in range(33))
    nobody = PersonMasks(landmarks=marks, person=np.zeros((64, 64), np.uint8), agnostic={})
    assert "low_resolution" in {one.code.value for one in person_warnings(np.zeros((64, 64, 3), np.uint8), nobody)}
