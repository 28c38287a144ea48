"""Cut-outs and agnostic masks, from shapes whose answer is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from proteus.artefacts import Landmark
from proteus.errors import NoGarmentDetected
from tailor.cutting import clean_edge, cut_out, drop_specks
from tailor.labels import Atr, dominant_category
from tailor.masks import agnostic_masks
from tailor.parsers.shape import guess_category

GREEN, WHITE = (20, 140, 60), (255, 255, 255)

# Somebody of 300 x 600 who stands upright and faces the camera: 11, the left shoulder, is on the right.
STANDING = {
    0: (150, 80), 2: (160, 70), 5: (140, 70), 7: (175, 75), 8: (125, 75), 9: (158, 95), 10: (142, 95),
    11: (200, 140), 12: (100, 140), 13: (225, 210), 14: (75, 210), 15: (235, 280), 16: (65, 280),
    17: (238, 300), 18: (62, 300), 19: (238, 302), 20: (62, 302), 21: (234, 300), 22: (66, 300),
    23: (180, 300), 24: (120, 300), 25: (180, 420), 26: (120, 420), 27: (180, 530), 28: (120, 530),
    29: (180, 540), 30: (120, 540), 31: (188, 555), 32: (112, 555),
}  # fmt: skip


def landmarks(points: dict[int, tuple[int, int]], *, visibility: float = 1.0) -> tuple[Landmark, ...]:
    return tuple(
        Landmark(x=points.get(index, (150, 75))[0], y=points.get(index, (150, 75))[1], visibility=visibility)
        for index in range(33)
    )


def silhouette() -> np.ndarray:
    mask = np.zeros((600, 300), np.uint8)
    cv2.circle(mask, (150, 75), 38, 255, -1)
    cv2.fillPoly(mask, [np.array([(135, 110), (165, 110), (210, 130), (195, 320), (105, 320), (90, 130)])], 255)
    for a, b, width in (
        (11, 13, 34),
        (12, 14, 34),
        (13, 19, 28),
        (14, 20, 28),
        (23, 27, 50),
        (24, 28, 50),
        (27, 31, 30),
    ):
        cv2.line(mask, STANDING[a], STANDING[b], 255, width)
    return mask


def disc(radius: int = 60, size: int = 200) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (size // 2, size // 2), radius, 255, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(mask, (0, 0), 2)


def test_a_cut_out_is_cropped_has_no_colour_under_nothing_and_says_where_it_was() -> None:
    alpha = disc()
    photo = np.where(alpha[..., None] > 127, GREEN, WHITE).astype(np.uint8)
    cut, (left, top, right, bottom) = cut_out(photo, alpha)
    assert cut.shape == (bottom - top, right - left, 4)
    assert 30 <= left <= 40
    assert 160 <= right <= 170
    assert not cut[cut[..., 3] == 0, :3].any()
    assert cut[..., 3][:, 0].any()
    assert cut[..., 3][0].any()


def test_the_soft_edge_carries_the_garments_colour_not_the_backgrounds() -> None:
    alpha = disc()
    share = alpha[..., None] / 255.0
    photo = (np.array(GREEN) * share + np.array(WHITE) * (1 - share)).round().astype(np.uint8)
    cut, _ = cut_out(photo, alpha)
    edge = (cut[..., 3] > 20) & (cut[..., 3] < 235)
    assert edge.any()
    assert np.abs(cut[edge, :3].astype(int) - GREEN).max() <= 12


def test_an_all_soft_alpha_leaves_the_photo_as_it_is() -> None:
    photo = np.full((20, 20, 3), 90, np.uint8)
    assert np.array_equal(clean_edge(photo, np.full((20, 20), 100, np.uint8)), photo)


def test_specks_are_dropped_and_second_pieces_kept() -> None:
    alpha = np.zeros((100, 100), np.uint8)
    alpha[10:60, 10:60] = 255
    alpha[70:90, 70:90] = 255
    alpha[95:97, 5:7] = 255
    kept = drop_specks(alpha)
    assert kept[80, 80] == 255
    assert not kept[95:97, 5:7].any()


def test_a_speck_is_no_garment_and_sizes_must_agree() -> None:
    alpha = np.zeros((100, 100), np.uint8)
    with pytest.raises(NoGarmentDetected):
        cut_out(np.zeros((100, 100, 3), np.uint8), alpha)
    with pytest.raises(ValueError, match="alpha is"):
        cut_out(np.zeros((90, 100, 3), np.uint8), alpha)


def test_masks_cover_what_a_garment_may_cover_and_spare_head_hands_and_feet() -> None:
    masks = agnostic_masks(landmarks(STANDING), silhouette())
    chest, forearm, thigh, shin, face, hand, foot = (
        (150, 200), (231, 245), (180, 360), (180, 480), (150, 75), (238, 301), (186, 550),
    )  # fmt: skip
    upper, lower = masks["upper"], masks["lower"]
    assert all(upper[y, x] == 255 for x, y in (chest, forearm))
    assert all(upper[y, x] == 0 for x, y in ((180, 400), shin, face, hand, foot))
    assert all(lower[y, x] == 255 for x, y in (thigh, shin, (150, 400)))
    assert all(lower[y, x] == 0 for x, y in (chest, face, hand, foot))
    assert np.array_equal(masks["dress"], upper | lower)
    assert np.array_equal(masks["overall"], upper | lower)
    assert set(np.unique(upper)) == {0, 255}


def test_a_jacket_changes_trunk_and_arms_and_a_top_under_it_the_middle_of_the_trunk_alone() -> None:
    masks = agnostic_masks(landmarks(STANDING), silhouette())
    assert np.array_equal(masks["outer"], masks["upper"])
    inner = masks["inner"] > 0
    assert not (inner & (masks["upper"] == 0)).any()
    assert inner[180:330, 150].all()
    sides = np.abs(np.arange(300) - 150) > 0.35 * np.ptp([STANDING[11][0], STANDING[12][0]])
    assert not inner[:, sides].any(), "sleeves and fronts stay"
    assert inner[320].sum() > inner[180].sum(), "wider towards the hem"


SHIRT, SKIN, SHOE, JEANS, GLOVE = (40, 70, 190), (224, 182, 156), (30, 28, 28), (110, 130, 160), (150, 30, 40)


def dressed(hand: tuple[int, int, int], foot: tuple[int, int, int]) -> np.ndarray:
    """A photo of the standing person in a shirt and jeans whose hands and feet have these colours."""
    photo = np.full((600, 300, 3), 235, np.uint8)
    photo[silhouette() > 0] = SHIRT
    for a, b in ((23, 27), (24, 28)):
        cv2.line(photo, STANDING[a], STANDING[b], JEANS, 60)
    cv2.circle(photo, (150, 75), 38, SKIN, -1)
    for wrist, end in ((15, 19), (16, 20)):
        cv2.line(photo, STANDING[wrist], STANDING[end], hand, 30)
    for ankle, toe in ((27, 31), (28, 32)):
        cv2.line(photo, STANDING[ankle], STANDING[toe], foot, 30)
        cv2.circle(photo, STANDING[toe], 12, SHOE, -1)
    return photo


@pytest.mark.parametrize(
    ("hand", "spared"),
    [(SKIN, True), (GLOVE, True), (SHIRT, False), (JEANS, False)],
    ids=["bare", "in a glove", "in the sleeve", "in a pocket"],
)
def test_a_hand_is_spared_unless_its_place_shows_sleeve_or_trousers(hand: tuple[int, int, int], spared: bool) -> None:
    upper = agnostic_masks(landmarks(STANDING), silhouette(), dressed(hand, SHOE))["upper"]
    assert (upper[301, 238] == 0) == spared
    assert (upper[301, 62] == 0) == spared


@pytest.mark.parametrize(("foot", "spared"), [(SHOE, True), (JEANS, False)], ids=["shoes", "trousers over them"])
def test_a_foot_is_spared_unless_trousers_fall_over_it(foot: tuple[int, int, int], spared: bool) -> None:
    lower = agnostic_masks(landmarks(STANDING), silhouette(), dressed(SKIN, foot))["lower"]
    assert (lower[540, 182] == 0) == spared
    assert lower[STANDING[31][1], STANDING[31][0]] == 0


def test_a_cuffs_dark_end_is_told_by_the_cloth_beside_the_hands_place() -> None:
    photo = dressed(SKIN, SHOE)
    place = (agnostic_masks(landmarks(STANDING), silhouette())["upper"] == 0) & (silhouette() > 0)
    xs, ys = (int(value) for value in STANDING[16])
    start = ys + int(place[ys : ys + 60, xs].argmax())
    photo[ys - 30 : start, xs - 14 : xs + 15] = SHIRT
    # In shade: too dark for the colour of the shirt alone.
    photo[start : start + 4, xs - 14 : xs + 15] = (26, 45, 123)
    upper = agnostic_masks(landmarks(STANDING), silhouette(), photo)["upper"]
    assert (upper[start : start + 4, xs] == 255).all()
    assert (upper[start + 12 : start + 20, xs] == 0).all()


def test_a_top_mask_reaches_to_a_hem_that_stands_off_the_hips() -> None:
    wide = silhouette()
    hips = STANDING[23], STANDING[24]
    unit = abs(STANDING[11][0] - STANDING[12][0])
    middle, low = (hips[0][0] + hips[1][0]) // 2, hips[0][1]
    reach = abs(hips[0][0] - hips[1][0]) // 2 + round(0.4 * unit)
    wide[low - 40 : low + 20, middle - reach : middle + reach] = 255
    arms_away = landmarks({**STANDING, 13: (295, 100), 14: (5, 100), 15: (299, 60), 16: (1, 60)})
    upper = agnostic_masks(arms_away, wide)["upper"]
    assert (upper[low, middle - reach : middle + reach] == 255).all()


def test_hands_of_a_person_whose_face_is_not_seen_are_spared_by_geometry() -> None:
    marks = tuple(
        mark.model_copy(update={"visibility": 0.1}) if index < 11 else mark
        for index, mark in enumerate(landmarks(STANDING))
    )
    photo = dressed(SHIRT, SHOE)
    geometry, seen = agnostic_masks(marks, silhouette())["upper"], agnostic_masks(marks, silhouette(), photo)["upper"]
    assert np.array_equal(geometry, seen)


def test_a_mask_reaches_to_the_end_of_a_cuff() -> None:
    wrist = STANDING[16]
    upper = agnostic_masks(landmarks(STANDING), silhouette())["upper"]
    assert upper[round(wrist[1]), round(wrist[0])] == 255


def test_masks_of_a_large_photo_are_the_small_ones_enlarged() -> None:
    small = agnostic_masks(landmarks(STANDING), silhouette())["upper"]
    doubled = {index: (x * 4, y * 4) for index, (x, y) in STANDING.items()}
    marks = tuple(
        Landmark(x=doubled.get(i, (600, 300))[0], y=doubled.get(i, (600, 300))[1], visibility=1) for i in range(33)
    )
    large = agnostic_masks(marks, cv2.resize(silhouette(), None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR))["upper"]
    assert large.shape == (2400, 1200)
    shrunk = cv2.resize(large, (300, 600), interpolation=cv2.INTER_AREA) > 127
    assert np.mean(shrunk != (small > 127)) < 0.01


def test_limbs_that_are_not_seen_are_not_drawn() -> None:
    unseen = landmarks(STANDING, visibility=0.1)
    marks = tuple(mark if index not in (14, 16) else unseen[index] for index, mark in enumerate(landmarks(STANDING)))
    assert agnostic_masks(marks, silhouette())["upper"][260, 67] == 0


def test_landmarks_far_outside_the_photo_break_nothing() -> None:
    far = {index: (x * 900, y * 900) for index, (x, y) in STANDING.items()}
    assert agnostic_masks(landmarks(far), silhouette())["upper"].shape == (600, 300)


def draw(*points: tuple[int, int], notch: tuple[tuple[int, int], ...] = ()) -> np.ndarray:
    """Return the outline and its mirror image about x = 200."""
    alpha = np.zeros((500, 400), np.uint8)
    right = [*points]
    left = [(400 - x, y) for x, y in reversed(right)]
    cv2.fillPoly(alpha, [np.array(right + left)], 255)
    if notch:
        cv2.fillPoly(alpha, [np.array([*notch, *[(400 - x, y) for x, y in reversed(notch)]])], 0)
    return alpha


OUTLINES = {
    "upper": draw((240, 50), (280, 70), (370, 160), (330, 200), (290, 150), (290, 330)),
    "dress": draw((230, 20), (260, 40), (250, 120), (240, 180), (320, 480)),
    "trousers": draw((270, 40), (290, 480), (220, 480), (205, 200)),
    "skirt": draw((240, 100), (330, 400)),
    "jumper": draw((240, 50), (280, 70), (380, 420), (340, 430), (285, 180), (285, 400)),
}


@pytest.mark.parametrize(
    ("name", "category"),
    [("upper", "upper"), ("jumper", "upper"), ("dress", "dress"), ("trousers", "lower"), ("skirt", "lower")],
)
def test_an_outline_tells_its_category(name: str, category: str) -> None:
    guessed, certainty = guess_category(OUTLINES[name])
    assert guessed == category
    assert 0.5 <= certainty <= 0.95


def test_labels_tell_the_dominant_category() -> None:
    counts = {Atr.UPPER_CLOTHES: 60, Atr.PANTS: 20, Atr.SKIRT: 20, Atr.FACE: 900}
    assert dominant_category(counts) == ("upper", 0.6)
    assert dominant_category({Atr.FACE: 900}) is None
