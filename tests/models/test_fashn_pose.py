"""Pose pictures and photo preparation for FASHN: against golden pictures, the facts' examples, and OpenCV."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from proteus.artefacts import Landmark
from weaver.pipelines.fashn import images, pose
from weaver.pipelines.fashn.resample import resample

FIXTURES = Path(__file__).parents[1] / "fixtures" / "fashn"
CANVAS = (576, 864)


def golden(name: str) -> np.ndarray:
    return np.asarray(Image.open(FIXTURES / name))


def landmarks(name: str) -> tuple[Landmark, ...]:
    rows = json.loads((FIXTURES / name).read_text())
    return tuple(Landmark(x=x, y=y, visibility=visibility) for x, y, visibility in rows)


def photo(width: int, height: int) -> np.ndarray:
    """A smooth picture with edges in it."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 / width, y * 255 / height, 128 + 100 * np.sign(np.sin(x / 17) * np.sin(y / 23)))
    return np.stack(channels, axis=-1).astype(np.uint8)


def standing() -> pose.Keypoints:
    """A whole figure with two open hands and a face, by formula."""
    body = np.array(
        [
            (300, 120), (300, 220), (220, 225), (160, 380), (120, 520), (380, 225), (440, 380), (480, 520),
            (250, 520), (240, 690), (235, 840), (350, 520), (360, 690), (365, 840),
            (285, 105), (315, 105), (262, 112), (338, 112),
        ],
        float,
    )  # fmt: skip
    hands = []
    for x, side in ((120, -1), (480, 1)):
        points = [(x, 535)]
        for finger in range(5):
            angle = np.radians(90 + side * (finger - 2) * 22)
            points += [(x + np.cos(angle) * r, 535 + np.sin(angle) * r) for r in (18, 30, 40, 48)]
        hands.append(np.c_[np.array(points), np.ones(21)])
    turn = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    face = np.c_[300 + 45 * np.cos(turn), 120 + 60 * np.sin(turn), np.ones(68)]
    return pose.Keypoints(body=np.c_[body, np.ones(18)], hands=tuple(hands), face=face)


@pytest.mark.parametrize(
    ("name", "keypoints", "size"),
    [
        ("standing.png", standing(), (600, 864)),
        ("astronaut.png", pose.from_blazepose(landmarks("astronaut.json")), (512, 512)),
    ],
)
def test_a_pose_is_drawn_as_in_the_golden_picture(name, keypoints, size) -> None:
    picture = pose.draw(keypoints, photo=size, size=size)
    assert picture.shape == size[::-1]
    assert np.array_equal(picture, golden(name))


def test_levels_are_the_published_ones() -> None:
    body = np.c_[standing().body[:, :2], np.ones(18)]
    picture = pose.draw(pose.Keypoints(body=body), photo=(600, 864), size=(600, 864))
    limbs = {int(grey * 0.6) for grey in pose.LIMB_GREYS[:17]}
    joints = {min(255, int(grey * 1.3)) for grey in pose.LIMB_GREYS[:17]}
    assert set(np.unique(picture)) <= {0} | limbs | joints
    assert picture[225, 260] == int(20 * 0.6)  # neck to right shoulder, the first limb
    assert picture[225, 220] == int(20 * 1.3)  # right shoulder, first used by it
    assert picture[120, 300] == int(1.3 * pose.LIMB_GREYS[12])  # nose, first used by neck to nose


def test_limbs_cover_what_opencvs_polygons_cover() -> None:
    random = np.random.default_rng(3)
    overlaps = []
    for start, end in random.uniform(20, 180, (60, 2, 2)):
        body = np.zeros((18, 3))
        body[9], body[10] = (*start, 1), (*end, 1)
        ours = pose.draw(pose.Keypoints(body=body), photo=(200, 200), size=(200, 200)) > 0
        theirs = np.zeros((200, 200), np.uint8)
        centre, turn = (start + end) / 2, np.degrees(np.arctan2(*(start - end)[::-1]))
        axes = (int(np.hypot(*(start - end)) / 2), 4)
        cv2.fillConvexPoly(theirs, cv2.ellipse2Poly(centre.astype(int).tolist(), axes, int(turn), 0, 360, 1), 1)
        for joint in (start, end):
            cv2.circle(theirs, joint.astype(int).tolist(), 4, 1, -1)
        overlaps.append((ours & (theirs > 0)).sum() / (ours | (theirs > 0)).sum())
    assert np.mean(overlaps) > 0.97


def test_what_is_not_seen_is_not_drawn() -> None:
    body = standing().body.copy()
    body[4, 2] = 0.3
    picture = pose.draw(pose.Keypoints(body=body), photo=(600, 864), size=(600, 864))
    assert not picture[500:, 100:150].any()  # right wrist, and no limb leads to it
    assert picture[380, 160] > 0  # the elbow is still a joint
    hand = np.zeros((21, 3))
    hand[:, 2] = 1  # the estimator says (0, 0) of what it did not find
    assert not pose.draw(pose.Keypoints(body=np.zeros((18, 3)), hands=(hand,)), photo=(9, 9), size=(9, 9)).any()


def test_the_neck_needs_both_shoulders() -> None:
    marks = list(landmarks("astronaut.json"))
    assert pose.from_blazepose(marks).body[1, 2] > 0.9
    marks[11] = marks[11].model_copy(update={"visibility": 0.1})
    assert pose.from_blazepose(marks).body[1, 2] == pytest.approx(0.1)


def test_left_stays_left() -> None:
    marks = tuple(Landmark(x=index, y=0, visibility=1) for index in range(33))
    expected = [0, 11.5, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7]
    assert pose.from_blazepose(marks).body[:, 0].tolist() == expected


def test_whole_body_points_are_sorted_into_openposes_order() -> None:
    points = np.stack([np.arange(133.0), np.zeros(133)], axis=1)
    keypoints = pose.from_wholebody(points, np.ones(133))
    expected = [0, 5.5, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
    assert keypoints.body[:, 0].tolist() == expected
    assert keypoints.face[[0, -1], 0].tolist() == [23, 90]
    assert [hand[0, 0] for hand in keypoints.hands] == [91, 112]


def test_another_number_of_points_is_refused() -> None:
    with pytest.raises(ValueError, match="33 landmarks, not 2"):
        pose.from_blazepose([Landmark(x=0, y=0, visibility=1)] * 2)
    with pytest.raises(ValueError, match="133 points"):
        pose.from_wholebody(np.zeros((17, 2)), np.zeros(17))
    with pytest.raises(ValueError, match="18 points"):
        pose.Keypoints(body=np.zeros((17, 3)))


@pytest.mark.parametrize(
    ("size", "drawn", "content", "offset"),
    [
        ((768, 1024), (648, 864), (576, 768), (0, 48)),
        ((1080, 1920), (486, 864), (486, 864), (45, 0)),
        ((1024, 768), (864, 648), (576, 432), (0, 216)),
        ((500, 700), (500, 700), (576, 806), (0, 29)),
        ((1500, 2000), (648, 864), (576, 768), (0, 48)),
        ((577, 864), (577, 864), (576, 862), (0, 1)),
    ],
)
def test_sizes_are_the_published_ones(size, drawn, content, offset) -> None:
    assert images.shrunk_size(size, limit=864) == drawn
    assert images.fitted_size(drawn, canvas=CANVAS) == content
    prepared = images.prepare(photo(*size), canvas=CANVAS, keypoints=None)
    assert (prepared.content, prepared.offset, prepared.photo) == (content, offset, size)
    assert prepared.picture.shape == (3, 864, 576)
    left, top = offset
    content_box = np.zeros((864, 576), bool)
    content_box[top : top + content[1], left : left + content[0]] = True
    assert (prepared.picture[:, ~content_box] == -1).all()
    assert (prepared.pose == -1).all()


@pytest.mark.parametrize("size", [(432, 576), (400, 300), (299, 571), (577, 600), (700, 900)])
def test_resizing_equals_opencvs_to_a_level(size) -> None:
    picture = photo(576, 600)
    shrinks = size[0] <= 576 and size[1] <= 600
    theirs = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4)
    assert np.abs(resample(picture, size).astype(int) - theirs).max() <= 1


def test_the_pose_lies_on_the_person() -> None:
    prepared = images.prepare(
        photo(512, 512), canvas=CANVAS, keypoints=pose.from_blazepose(landmarks("astronaut.json"))
    )
    assert prepared.pose.shape == (1, 864, 576)
    left_shoulder = landmarks("astronaut.json")[11]
    x, y = int(left_shoulder.x * 576 / 512), int(left_shoulder.y * 576 / 512) + 144
    assert prepared.pose[0, y, x] > -1
    assert prepared.pose[0, :144].max() == -1


def test_a_flat_garment_lies_on_white_and_a_worn_one_on_the_published_grey() -> None:
    cut = np.zeros((100, 100, 4), np.uint8)
    cut[30:70, 30:70] = (200, 10, 10, 255)
    keypoints = pose.Keypoints(body=np.c_[np.full((18, 2), 20.0), np.ones(18)])
    flat = images.prepare_garment(cut, worn=False, canvas=CANVAS, keypoints=keypoints)
    worn = images.prepare_garment(cut, worn=True, canvas=CANVAS, keypoints=keypoints)
    assert flat.picture[:, 150, 5] == pytest.approx(1.0)
    assert worn.picture[:, 150, 5] == pytest.approx(127 / 127.5 - 1)
    assert (flat.pose == -1).all()
    assert (worn.pose > -1).any()


def test_pictures_are_clamped_and_truncated() -> None:
    values = np.array([-2, -1, 0, 0.999, 1, 3], np.float32)
    picture = np.broadcast_to(values, (3, 1, 6))
    assert images.to_pixels(picture)[0, :, 0].tolist() == [0, 0, 127, 254, 255, 255]


@pytest.mark.parametrize("size", [(768, 1024), (1100, 700), (300, 400)])
def test_the_photo_keeps_its_size_and_every_value_outside_the_mask(size) -> None:
    original = photo(*size)
    mask = np.zeros(size[::-1], np.uint8)
    mask[size[1] // 3 : size[1] // 2, size[0] // 3 : size[0] // 2] = 255
    prepared = images.prepare(original, canvas=CANVAS, keypoints=None)
    painted = np.full((864, 576, 3), (0, 255, 0), np.uint8)
    result = images.paste_back(original, painted, mask, prepared)
    assert result.shape == original.shape
    assert (result[mask > 0] == (0, 255, 0)).all()
    far = cv2.dilate(mask, np.ones((61, 61), np.uint8)) == 0
    assert np.array_equal(result[far], original[far])
    assert not np.array_equal(result, np.where(mask[..., None] > 0, painted[0, 0], original))  # the edge is soft


def test_what_comes_back_lies_where_it_was() -> None:
    original = photo(700, 1000)
    prepared = images.prepare(original, canvas=CANVAS, keypoints=None)
    canvas = images.to_pixels(prepared.picture)
    back = images.paste_back(original, canvas, None, prepared)
    inner = (slice(20, -20), slice(20, -20), slice(0, 2))  # the smooth channels
    assert np.abs(back[inner].astype(int) - original[inner]).max() <= 3


def test_preparation_is_as_in_the_golden_picture() -> None:
    keypoints = standing()
    cut = np.zeros((90, 70, 4), np.uint8)
    cut[8:80, 12:60] = (30, 90, 200, 255)
    cut[30:50, 25:40] = (240, 220, 20, 255)
    person = images.prepare(photo(600, 864), canvas=(96, 144), keypoints=keypoints)
    garments = [images.prepare_garment(cut, worn=worn, canvas=(96, 144)) for worn in (False, True)]
    tiles = [images.to_pixels(side.picture) for side in (person, *garments)]
    pose_tile = images.to_pixels(np.repeat(person.pose, 3, axis=0))
    picture = np.concatenate([tiles[0], pose_tile, *tiles[1:]], axis=1)
    assert np.abs(picture.astype(int) - golden("prepared.png")).max() <= 1
