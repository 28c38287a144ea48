"""The tailor's eye and the engine `puppet` on real photos: BlazePose by LiteRT, no server."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from proteus.artefacts import PersonParse
from proteus.errors import InvalidRequest, ModelUnavailable, NoGarmentDetected, NoPersonDetected, PersonCropped
from proteus.imaging import decode
from proteus.jobs import JobId
from tailor.cutting import cut_out
from tailor.parsers.classic import ClassicParser
from tailor.parsers.contract import PersonMasks
from tailor.pose import PoseModel
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.puppet import weave
from workbench import assets

LETTERS = (235, 228, 212)


@pytest.fixture(scope="module")
def pose(pose_folder: Path) -> PoseModel:
    return PoseModel(pose_folder)


@pytest.fixture(scope="module")
def parser(pose: PoseModel) -> ClassicParser:
    return ClassicParser(pose)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return decode(assets.PERSON.read_bytes()).pixels


@pytest.fixture(scope="module")
def product() -> np.ndarray:
    return decode(assets.GARMENT.read_bytes()).pixels


@pytest.fixture(scope="module")
def person(parser: ClassicParser, photo: np.ndarray) -> PersonMasks:
    return parser.find_person(photo)


def test_the_demo_persons_shoulders_and_hips_are_where_they_are(person: PersonMasks, photo: np.ndarray) -> None:
    left, right, left_hip, right_hip = (person.landmarks[index] for index in (11, 12, 23, 24))
    assert left.x - right.x > 120
    assert abs(left.y - right.y) < 40
    assert all(mark.visibility > 0.9 for mark in (left, right, left_hip, right_hip))
    # A half-length portrait: the hips are at its lower edge, not on the chest.
    assert all(470 < mark.y < 560 for mark in (left_hip, right_hip))
    assert person.person.shape == photo.shape[:2]
    assert person.person[120, 220] > 250
    assert person.person[350, 180] > 250
    assert person.person[100, 420] < 5


def test_small_and_off_centre_people_are_found_too(pose: PoseModel, photo: np.ndarray) -> None:
    room = np.full((1024, 1536, 3), 127, np.uint8)
    room[-384:, 900:1284] = cv2.resize(photo, (384, 384), interpolation=cv2.INTER_AREA)
    found = pose.find(room)
    left, right = found.landmarks[11], found.landmarks[12]
    assert 900 < right.x < left.x < 1284
    assert 700 < left.y < 900


@pytest.mark.parametrize("scale", [0.4, 3.0])
def test_the_answer_does_not_depend_on_the_photos_size(
    pose: PoseModel, photo: np.ndarray, person: PersonMasks, scale: float
) -> None:
    resized = np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    found = pose.find(resized)
    for index in (11, 12):
        assert abs(found.landmarks[index].x / scale - person.landmarks[index].x) < 25
        assert abs(found.landmarks[index].y / scale - person.landmarks[index].y) < 30


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "clock", "grass", "logo", "page", "colorwheel"])
def test_what_is_no_person_is_none(pose: PoseModel, name: str) -> None:
    picture = getattr(data, name)()
    picture = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture[..., :3]
    with pytest.raises(NoPersonDetected):
        pose.find(np.ascontiguousarray(picture))


def test_a_portrait_without_torso_is_cropped(pose: PoseModel, photo: np.ndarray) -> None:
    with pytest.raises(PersonCropped, match=r"hip|torso"):
        pose.find(np.ascontiguousarray(photo[:260]))


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"pose_landmark_full\.tflite"):
        PoseModel(tmp_path)


def test_the_product_photo_becomes_a_clean_cut_out(parser: ClassicParser, product: np.ndarray) -> None:
    mask = parser.find_garment(product, category="auto")
    assert (mask.category, mask.worn) == ("upper", False)
    assert mask.confidence > 0.6
    cut, box = cut_out(product, mask.alpha)
    # The outline the script draws: from 0.105 to 1.064 of the width down, 0.452 to either side.
    assert np.allclose(box, (43, 94, 858, 957), atol=4)
    alpha = mask.alpha
    assert alpha[500, 450] == 255
    assert alpha[1000, 450] < 8
    assert alpha[600, 120] < 8
    soft = (alpha > 10) & (alpha < 245)
    assert 0 < soft.mean() < 0.02
    # Nothing of the pale background clings to the edge.
    rim = (cut[..., 3] > 60) & (cut[..., 3] < 200)
    assert cut[rim][:, :3].mean() < 110


@pytest.mark.parametrize("shade", [(250, 250, 250), (238, 240, 244), (90, 92, 96), (120, 160, 120)])
def test_any_plain_background_will_do(parser: ClassicParser, product: np.ndarray, shade: tuple[int, int, int]) -> None:
    mask = parser.find_garment(product, category="upper").alpha[..., None] / 255.0
    backed = (product * mask + np.array(shade) * (1 - mask)).astype(np.uint8)
    again = parser.find_garment(backed, category="upper").alpha
    both, either = np.minimum(again, mask[..., 0] * 255).sum(), np.maximum(again, mask[..., 0] * 255).sum()
    assert both / either > 0.98


def test_white_on_white_is_found_whole(parser: ClassicParser) -> None:
    picture = np.full((600, 500, 3), 246, np.uint8)
    cv2.fillPoly(picture, [np.array([(180, 80), (320, 80), (440, 220), (380, 260), (340, 200), (340, 520), (160, 520),
                                     (160, 200), (120, 260), (60, 220)])], (228, 229, 231))  # fmt: skip
    mask = parser.find_garment(picture, category="auto")
    assert mask.alpha[300, 250] == 255
    assert mask.alpha[300, 30] == 0
    truth = (picture == (228, 229, 231)).all(axis=-1)
    assert np.mean((mask.alpha > 127) == truth) > 0.99


def test_a_hole_is_a_hole_and_white_letters_are_not(parser: ClassicParser) -> None:
    picture = np.full((600, 500, 3), 246, np.uint8)
    cv2.rectangle(picture, (120, 80), (380, 520), (150, 40, 50), -1)
    cv2.ellipse(picture, (250, 130), (60, 35), 0, 0, 360, (246, 246, 246), -1)
    cv2.rectangle(picture, (200, 280), (300, 340), (246, 246, 246), -1)
    alpha = parser.find_garment(picture, category="upper").alpha
    assert alpha[130, 250] == 0
    assert alpha[310, 250] == 255


def test_a_worn_garment_is_taken_from_its_wearer_and_says_so(parser: ClassicParser, photo: np.ndarray) -> None:
    mask = parser.find_garment(photo, category="auto")
    assert mask.worn
    assert mask.category == "upper"
    assert mask.confidence < 0.5
    assert mask.alpha[350, 100] > 250
    assert mask.alpha[120, 220] == 0
    assert mask.alpha[100, 420] == 0


@pytest.mark.parametrize("name", ["chelsea", "coffee", "gravel"])
def test_a_busy_picture_without_a_garment_is_refused_or_hardly_trusted(parser: ClassicParser, name: str) -> None:
    picture = getattr(data, name)()
    picture = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture
    try:
        assert parser.find_garment(picture, category="auto").confidence < 0.35
    except NoGarmentDetected:
        return


def test_an_empty_picture_has_no_garment_and_a_strange_category_is_refused(parser: ClassicParser) -> None:
    with pytest.raises(NoGarmentDetected):
        parser.find_garment(np.full((300, 300, 3), 240, np.uint8), category="auto")
    with pytest.raises(InvalidRequest, match="glove"):
        parser.find_garment(np.full((300, 300, 3), 240, np.uint8), category="glove")


@pytest.fixture(scope="module")
def job(parser: ClassicParser, photo: np.ndarray, product: np.ndarray, person: PersonMasks) -> WeaveJob:
    garment = parser.find_garment(product, category="auto")
    cut, _ = cut_out(product, garment.alpha)
    parse = PersonParse(
        image_key="images/usr_1/x.jpg", width=photo.shape[1], height=photo.shape[0], parser="classic",
        parser_version="1", pose_model=PoseModel.name, landmarks=person.landmarks, person_mask_key="m",
        agnostic_mask_keys={},
    )  # fmt: skip
    return WeaveJob(
        id=JobId("job_1"), person=photo, garment=cut, garment_category=garment.category, parse=parse,
        person_mask=person.person, agnostic_mask=person.agnostic[garment.category],
    )  # fmt: skip


@pytest.fixture(scope="module")
def result(job: WeaveJob) -> np.ndarray:
    return weave(job).image


def test_the_garments_colours_show_on_the_torso(result: np.ndarray) -> None:
    chest = result[255:285, 110:280].reshape(-1, 3).astype(int)
    # Teal, lit by the photo: hardly any red, green and blue close together.
    assert np.median(chest[:, 0]) < 60
    assert np.median(chest[:, 1]) > 70
    assert np.abs(np.median(chest[:, 1]) - np.median(chest[:, 2])) < 40


def test_outside_the_warped_garment_every_pixel_is_the_photos(job: WeaveJob, result: np.ndarray) -> None:
    assert job.agnostic_mask is not None
    different = (result != job.person).any(axis=-1)
    assert not different[job.agnostic_mask == 0].any()
    assert not different[:170].any(), "face"
    assert not different[:, 408:].any(), "helmet and background"
    assert 0.15 < different.mean() < 0.5


def test_the_word_on_the_chest_reads_the_right_way_round(job: WeaveJob, result: np.ndarray) -> None:
    # The printed word as the cut-out has it, and as a mirror would show it: which one is on the photo?
    flat = np.abs(job.garment[..., :3].astype(int) - LETTERS).max(axis=-1) < 60
    ys, xs = np.nonzero(flat & (np.arange(flat.shape[0])[:, None] > 0.34 * flat.shape[0]))
    word = job.garment[ys.min() - 6 : ys.max() + 7, xs.min() - 6 : xs.max() + 7, :3]
    scene = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY)
    scores = []
    for picture in (word, word[:, ::-1]):
        grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
        sizes = [cv2.resize(grey, None, fx=f, fy=f * 0.95, interpolation=cv2.INTER_AREA) for f in (0.44, 0.47, 0.50)]
        scores.append(max(float(cv2.matchTemplate(scene, size, cv2.TM_CCOEFF_NORMED).max()) for size in sizes))
    assert scores[0] > 0.7
    assert scores[0] > scores[1] + 0.1


@pytest.mark.long
def test_the_drawn_garment_is_what_its_script_draws(product: np.ndarray) -> None:
    from workbench.assets.draw_garment import draw_garment

    drawn = draw_garment()
    assert drawn.shape == product.shape
    assert np.abs(drawn.astype(int) - product).mean() < 2
    assert max(path.stat().st_size for path in (assets.PERSON, assets.GARMENT)) < 400_000
    with Image.open(assets.PERSON) as picture:
        assert not picture.getexif()
