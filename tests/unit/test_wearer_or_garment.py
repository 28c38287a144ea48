"""How `classic` tells a wearer from cloth in which a pose network sees one: the head's place, and which way is up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
import pytest

from proteus.artefacts import Landmark
from tailor.parsers.classic import _has_a_head, _upright
from tailor.pose import Pose

SIZE: Final = (480, 360)
GROUND: Final = (246, 246, 246)
CLOTH: Final = (30, 60, 140)
SKIN: Final = (198, 150, 118)
PLACES: Final[dict[int, tuple[float, float]]] = {
    0: (180, 90), 2: (190, 80), 5: (170, 80), 11: (230, 160), 12: (130, 160), 23: (210, 320), 24: (150, 320),
}  # fmt: skip
"""Of nose, eyes, shoulders and hips: x, y."""


def pose_at(places: Mapping[int, tuple[float, float]] = PLACES) -> Pose:
    marks = tuple(Landmark(x=x, y=y, visibility=1) for x, y in (places.get(index, (180, 240)) for index in range(33)))
    return Pose(landmarks=marks, mask=np.zeros(SIZE, np.uint8), score=1)


def picture(*, head: tuple[int, int, int] | None = None, neck: int = 140) -> np.ndarray:
    """Draw a shirt whose highest row is `neck`, and a head above it."""
    photo = np.full((*SIZE, 3), GROUND, np.uint8)
    cv2.rectangle(photo, (100, neck), (260, 400), CLOTH, -1)
    if head:
        cv2.ellipse(photo, (180, 90), (40, 50), 0, 0, 360, head, -1)
    return photo


def turned(degrees: float) -> Pose:
    """Return the pose, turned clockwise about the trunk's middle."""
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([180.0, 240.0])
    places = {index: matrix @ (np.array(place) - middle) + middle for index, place in PLACES.items()}
    return pose_at({index: (float(x), float(y)) for index, (x, y) in places.items()})


@pytest.mark.parametrize("skin", [SKIN, (238, 202, 184), (70, 46, 36)])
def test_a_face_of_any_skin_above_other_cloth_is_a_head(skin: tuple[int, int, int]) -> None:
    assert _has_a_head(picture(head=skin), pose_at())


def test_ground_where_a_face_would_be_is_no_head() -> None:
    assert not _has_a_head(picture(), pose_at())


def test_the_trunks_own_cloth_where_a_face_would_be_is_no_head() -> None:
    assert not _has_a_head(picture(neck=60), pose_at())


def test_ground_where_eyes_would_be_is_no_head() -> None:
    photo = picture()
    # A label in the neck: something differs at the nose, above it there is nothing.
    cv2.rectangle(photo, (172, 86), (188, 100), SKIN, -1)
    assert not _has_a_head(photo, pose_at())


def test_one_eye_is_enough() -> None:
    photo = picture(head=SKIN)
    cv2.rectangle(photo, (186, 74), (230, 85), GROUND, -1)
    assert _has_a_head(photo, pose_at())


def _outside(photo: np.ndarray) -> tuple[np.ndarray, Pose]:
    return photo, pose_at({**PLACES, 0: (180, -90), 2: (190, -99), 5: (170, -99)})


def _before_a_texture(photo: np.ndarray) -> tuple[np.ndarray, Pose]:
    noise = np.random.default_rng(1).integers(0, 255, photo.shape, np.uint8)
    return np.where((photo == GROUND).all(axis=-1, keepdims=True), noise, photo), pose_at()


@pytest.mark.parametrize("made", [_outside, _before_a_texture])
def test_where_nothing_can_be_said_the_networks_word_stands(
    made: Callable[[np.ndarray], tuple[np.ndarray, Pose]],
) -> None:
    photo, pose = made(picture())
    assert _has_a_head(photo, pose)


@pytest.mark.parametrize(
    ("degrees", "upright"), [(0, True), (20, True), (-45, True), (90, False), (-90, False), (160, False), (180, False)]
)
def test_upright_is_a_nose_above_the_shoulders(degrees: float, upright: bool) -> None:
    assert _upright(turned(degrees)) is upright


def test_a_head_sunk_between_the_shoulders_is_not_upright() -> None:
    assert not _upright(pose_at({**PLACES, 0: (180, 150)}))
