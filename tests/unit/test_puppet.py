"""Meshes, a garment's anatomy, and what the engine `puppet` promises, on drawn people and garments."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from proteus.errors import InvalidRequest, NoGarmentDetected, PersonCropped
from proteus.jobs import JobId
from weaver.pipelines.anatomy import lower_anatomy, upper_anatomy
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.mesh import Mesh, bilinear, unit_grid, warp, window_of
from weaver.pipelines.puppet import PuppetEngine, weave

CLOTH, LETTER = (30, 90, 160), (250, 240, 60)


def t_shirt() -> np.ndarray:
    """A T-shirt of 400 x 450 with short sleeves and an L on the chest."""
    cut = np.zeros((450, 400, 4), np.uint8)
    half = [(240, 10), (290, 30), (390, 150), (340, 190), (290, 130), (290, 440)]
    outline = np.array(half + [(400 - x, y) for x, y in reversed(half)])
    cv2.fillPoly(cut, [outline], (*CLOTH, 255))
    cv2.fillPoly(
        cut, [np.array([(170, 150), (190, 150), (190, 230), (240, 230), (240, 250), (170, 250)])], (*LETTER, 255)
    )
    return cut


def grid_over(width: int, height: int) -> np.ndarray:
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], float)
    return bilinear(corners, *unit_grid())


@pytest.fixture(scope="module")
def job() -> WeaveJob:
    """The engine's own sample: a person of ellipses, arms hanging."""
    return dataclasses.replace(PuppetEngine().sample_job("puppet/1/0x0"), garment=t_shirt())


def changed(job: WeaveJob) -> tuple[np.ndarray, np.ndarray]:
    image = weave(job).image
    return image, (image != job.person).any(axis=-1)


def test_a_mesh_has_a_hundred_vertices_and_the_identity_changes_nothing() -> None:
    texture = np.random.default_rng(0).uniform(0, 255, (60, 80, 4)).astype(np.float32)
    grid = grid_over(79, 59)
    assert grid.shape == (10, 10, 2)
    painted = warp(texture, Mesh(grid, grid), (0, 0, 80, 60))
    assert np.abs(painted - texture).max() < 0.5


def test_a_mesh_moved_by_whole_pixels_moves_the_picture_and_leaves_the_rest_empty() -> None:
    texture = np.full((20, 20, 4), 200, np.float32)
    grid = grid_over(19, 19)
    painted = warp(texture, Mesh(grid, grid + np.array([30, 10])), (0, 0, 64, 48))
    assert np.allclose(painted[10:30, 30:50], 200, atol=0.5)
    outside = painted.copy()
    outside[10:30, 30:50] = 0
    assert not outside.any()


def test_a_bilinear_patch_meets_its_corners_and_goes_on_straight() -> None:
    corners = np.array([(10, 10), (50, 12), (8, 90), (60, 80)], float)
    ends = bilinear(corners, np.array([0, 1, 0, 1.0]), np.array([0, 0, 1, 1.0]))
    assert np.allclose(ends, corners)
    assert np.allclose(bilinear(corners, np.array([2.0]), np.array([0.0])), [(90, 14)])


def test_a_window_is_cut_at_the_photos_edge() -> None:
    grid = grid_over(100, 100) - 20
    assert window_of([Mesh(grid, grid)], width=50, height=60) == (0, 0, 50, 60)


def test_a_shirts_shoulders_are_at_its_seams_not_at_its_cuffs() -> None:
    anatomy = upper_anatomy(t_shirt())
    left, right = anatomy.corners[0], anatomy.corners[1]
    assert abs(left[0] - 110) <= 3
    assert abs(right[0] - 290) <= 3
    assert 20 <= left[1] <= 45
    assert all(sleeve is not None for sleeve in anatomy.sleeves)
    assert anatomy.sleeves[0] is not None
    assert anatomy.sleeves[0].cuff[0] < 60
    assert anatomy.torso[200, 200]
    assert not anatomy.torso[150, 40]


def long_sleeved() -> np.ndarray:
    """A shirt of 500 x 460 with sloping shoulders and long sleeves."""
    cut = np.zeros((460, 500, 4), np.uint8)
    trunk = [(210, 10), (290, 10), (350, 50), (345, 440), (155, 440), (150, 50)]
    left = [(152, 48), (160, 150), (90, 380), (40, 365)]
    right = [(500 - x, y) for x, y in left]
    for outline in (trunk, left, right):
        cv2.fillPoly(cut, [np.array(outline)], (*CLOTH, 255))
    return cut


def test_a_sleeve_below_a_sloping_shoulder_is_whole() -> None:
    left, right = upper_anatomy(long_sleeved()).sleeves
    assert left is not None
    assert right is not None
    for sleeve, places in ((left, [(140, 120), (100, 250)]), (right, [(360, 120), (400, 250)])):
        assert all(sleeve.mask[y, x] for x, y in places)


def test_a_sleeve_that_the_outline_hides_is_found_by_the_other_one() -> None:
    cut = t_shirt()
    # A bag's strap or a fold closes the gap below the right armpit down to the hem.
    cut[130:440, 290:330] = (*CLOTH, 255)
    anatomy = upper_anatomy(cut)
    assert all(sleeve is not None for sleeve in anatomy.sleeves)


def test_a_ruffle_of_the_hem_is_no_sleeve() -> None:
    cut = t_shirt()
    cut[400:430, 100:112] = (*CLOTH, 255)
    cut[405:430, 84:96] = (*CLOTH, 255)
    anatomy = upper_anatomy(cut)
    assert anatomy.sleeves[0] is not None
    assert not anatomy.sleeves[0].mask[410:428, 86:94].any()


def test_straps_hang_from_the_shoulders_too_and_have_no_sleeves() -> None:
    cut = np.zeros((400, 300, 4), np.uint8)
    cut[120:400, 50:250] = 255
    cut[0:120, 80:110] = 255
    cut[0:120, 190:220] = 255
    anatomy = upper_anatomy(cut)
    assert anatomy.corners[0, 1] < 40
    assert anatomy.sleeves == (None, None)


def test_trousers_hang_from_their_waistband() -> None:
    cut = np.zeros((500, 200, 4), np.uint8)
    cut[0:200, 20:180] = 255
    cut[200:500, 10:90] = 255
    cut[200:500, 110:190] = 255
    corners = lower_anatomy(cut).corners
    assert np.allclose(corners, [(20, 0), (179, 0), (20, 499), (179, 499)], atol=2)


def test_the_back_seen_through_the_neck_lies_behind_the_person(job: WeaveJob) -> None:
    cut = t_shirt()
    cv2.ellipse(cut, (200, 20), (38, 40), 0, 0, 180, (10, 20, 30, 255), -1)
    assert upper_anatomy(cut).opening[30, 200]
    image = weave(dataclasses.replace(job, garment=cut)).image
    assert not (np.abs(image.astype(int) - (10, 20, 30)).max(axis=-1) < 12).any()


def test_the_garments_colours_show_on_the_torso(job: WeaveJob) -> None:
    image, _ = changed(job)
    chest = image[800:900, 480:680].reshape(-1, 3).mean(axis=0)
    assert np.abs(chest - CLOTH).max() < 40


@pytest.mark.parametrize("seen_from", ["the front", "behind"])
def test_a_letter_reads_the_right_way_round(job: WeaveJob, seen_from: str) -> None:
    assert job.parse is not None
    marks = list(job.parse.landmarks)
    if seen_from == "behind":
        for left in (11, 13, 15, 23, 25, 27):
            marks[left], marks[left + 1] = marks[left + 1], marks[left]
    parse = job.parse.model_copy(update={"landmarks": tuple(marks)})
    image, _ = changed(dataclasses.replace(job, parse=parse))
    ink = (image[..., 0] > 190) & (image[..., 1] > 180) & (image[..., 2] < 110)
    ys, xs = np.nonzero(ink)
    # An L: its stem is on the left over the whole height, its foot goes to the right at the bottom only.
    low = ys > (int(ys.min()) + int(ys.max())) // 2 + 20
    assert xs[low].max() - xs.min() > 1.5 * (xs[~low].max() - xs.min())
    assert abs(int(xs[low].min()) - int(xs.min())) < 6


def test_outside_the_mask_and_outside_the_garment_nothing_changes(job: WeaveJob) -> None:
    assert job.agnostic_mask is not None
    half = job.agnostic_mask.copy()
    half[:, 576:] = 0
    _, difference = changed(dataclasses.replace(job, agnostic_mask=half))
    assert difference[:, :576].any()
    assert not difference[half == 0].any()
    assert not difference[:300].any()


def test_forearms_before_the_chest_stay_before_the_garment(job: WeaveJob) -> None:
    assert job.parse is not None
    marks = list(job.parse.landmarks)
    for elbow, wrist, x in ((13, 15, 540), (14, 16, 612)):
        marks[elbow] = marks[elbow].model_copy(update={"y": 850})
        marks[wrist] = marks[wrist].model_copy(update={"x": x, "y": 850})
    _, difference = changed(dataclasses.replace(job, parse=job.parse.model_copy(update={"landmarks": tuple(marks)})))
    assert not difference[845:855, 560:592].any()
    assert difference[700:710, 560:592].all()


def test_a_session_weaves_all_and_one_failure_stays_alone(job: WeaveJob) -> None:
    empty = dataclasses.replace(job, id=JobId("empty"), garment=np.zeros((10, 10, 4), np.uint8))
    assert job.parse is not None
    marks = tuple(mark.model_copy(update={"visibility": 0.0}) for mark in job.parse.landmarks)
    legless = dataclasses.replace(
        job, id=JobId("legless"), garment_category="lower", parse=job.parse.model_copy(update={"landmarks": marks})
    )
    session = PuppetEngine().open("puppet/1/0x0")
    for one in (job, empty, legless, dataclasses.replace(job, id=JobId("gone"))):
        session.admit(one)
    session.evict(JobId("gone"))
    report = session.step()
    assert [finished.id for finished in report.finished] == [job.id]
    errors = {failed.id: type(failed.error) for failed in report.failed}
    assert errors == {"empty": NoGarmentDetected, "legless": PersonCropped}
    assert not session.step().finished


def test_a_job_without_parse_or_with_masks_of_another_size_is_refused_at_the_door(job: WeaveJob) -> None:
    session = PuppetEngine().open("puppet/1/0x0")
    for spoiled in (
        dataclasses.replace(job, parse=None),
        dataclasses.replace(job, agnostic_mask=np.zeros((5, 5), np.uint8)),
        dataclasses.replace(job, garment_category="hat"),
    ):
        with pytest.raises(InvalidRequest):
            session.admit(spoiled)


@pytest.mark.parametrize("category", ["upper", "lower", "overall", "dress"])
def test_every_category_lands_on_the_person(job: WeaveJob, category: str) -> None:
    _, difference = changed(dataclasses.replace(job, garment_category=category))
    assert difference.mean() > 0.02


def test_weaving_is_deterministic(job: WeaveJob) -> None:
    assert np.array_equal(weave(job).image, weave(job).image)
