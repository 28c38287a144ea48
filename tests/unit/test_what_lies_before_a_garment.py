"""Hair, hands and arms before a garment of the engine `puppet`, at the photo's own size; and edges of its cloth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from weaver.pipelines.colours import spread
from weaver.pipelines.matte import alpha_of, coefficients, own_colour
from weaver.pipelines.puppet import weave
from workbench.eval import family_a, outfits, portraits, previews
from workbench.eval.portraits import Person, Portrait

SIZE = (512, 384)
TIMES = 4
"""How much larger the photo is than the picture whose labels are known."""


def half_and_half(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """A photo of two noisy colours with a line between them, and its true alpha."""
    side = 40 * TIMES
    ys, xs = np.mgrid[0:side, 0:side] - side / 2 + 0.5
    alpha = np.clip(xs * np.cos(angle) + ys * np.sin(angle) + 0.5, 0, 1)
    noise = np.random.default_rng(3).normal(0, 3, (side, side, 1))
    colour = alpha[..., None] * (90, 60, 40) + (1 - alpha[..., None]) * (60, 110, 80)
    return np.clip(colour + noise, 0, 255).astype(np.uint8), alpha


@pytest.mark.parametrize("angle", np.linspace(0.1, 3.0, 8))
def test_a_matte_follows_the_photos_edge_and_not_the_small_pictures(angle: float) -> None:
    photo, truth = half_and_half(angle)
    small = cv2.resize(photo, None, fx=1 / TIMES, fy=1 / TIMES, interpolation=cv2.INTER_AREA)
    label = cv2.resize(truth, small.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5
    found = cv2.resize(coefficients(small, label, 3), photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    matte = np.abs(alpha_of(photo, found) - truth).mean()
    enlarged = cv2.resize(label.astype(np.float32), photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    assert matte < 0.5 * np.abs(enlarged - truth).mean()


def test_a_mixed_pixel_takes_the_colour_of_what_is_before() -> None:
    photo, alpha = half_and_half(0.4)
    mixed = (alpha > 0.2) & (alpha < 0.8)
    found = own_colour(photo, alpha.astype(np.float32), 4)[mixed].astype(int)
    assert np.abs(found - (90, 60, 40)).max() < 15
    assert np.abs(photo[mixed].astype(int) - (90, 60, 40)).max() > 25
    assert np.array_equal(own_colour(photo, alpha.astype(np.float32), 4)[alpha == 1], photo[alpha == 1])


def test_the_shade_beside_an_arm_does_not_come_from_its_other_side() -> None:
    wall = np.repeat(np.where(np.arange(60) < 30, 210, 120).astype(np.uint8)[None, :, None], 40, axis=0).repeat(
        3, axis=2
    )
    known = np.ones((40, 60), bool)
    known[:, 20:40] = False
    found = spread(wall, known, 1.0).astype(int)
    assert np.abs(found[:, 20:26] - 210).max() < 12
    assert np.abs(found[:, 34:40] - 120).max() < 12


@pytest.mark.slow
@pytest.mark.parametrize(
    ("person", "size"),
    [
        (Person(long_hair=True, hair="brown", top="jumper", dye="green"), SIZE),
        (Person(long_hair=True, build="slim", top="polo", dye="blue", ground="beige"), (1024, 768)),
        pytest.param(
            Person(long_hair=True, hair="black", top="shirt", dye="yellow"), (768, 576), marks=pytest.mark.long
        ),
    ],
)
def test_hair_over_the_shoulders_stays_before_the_garment(person: Person, size: tuple[int, int]) -> None:
    portrait = portraits.draw(person, size=size)
    image = weave(portrait.job(portraits.garment("tee-blocks"), "upper")).image
    hair = portrait.is_part("hair") & (portrait.agnostic["upper"] > 127)
    assert np.count_nonzero(hair) > 100
    assert kept(portrait, image, hair).mean() > 0.85


def kept(portrait: Portrait, image: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(image[where].astype(int) - portrait.photo[where]).max(axis=-1) < 25)


@pytest.mark.slow
@pytest.mark.parametrize("pose", ["hanging", "turned", "leaning"])
def test_the_trunks_cloth_ends_behind_an_arm_that_hangs_beside_it(pose: str) -> None:
    portrait = portraits.draw(Person(pose=pose, top="tee", dye="yellow"), size=SIZE)
    image = weave(portrait.job(portraits.marked(family_a.TANK), "upper")).image
    bare = outfits.skin_areas(portrait.body, portrait.frame)
    arms = np.maximum(bare["arm-left"], bare["arm-right"]) > 0.9
    armpit = portrait.frame.points(np.array([portrait.body.on_trunk(0, 0.35)]))[0, 1]
    arms[: round(armpit)] = False
    assert previews.has_mark(image, "trunk")[arms].mean() < 0.05


@pytest.mark.slow
def test_a_hand_that_the_old_garment_hid_makes_no_hole_into_the_new_one() -> None:
    portrait = portraits.draw(Person(pose="hips", build="broad", top="tight-long", dye="yellow"), size=SIZE)
    image = weave(portrait.job(portraits.marked(family_a.RAGLAN), "upper")).image
    trunk = outfits.trunk_area(portrait.body, portrait.frame, outfits.Top(loose=0.0, hem=0.95)) > 0.9
    start, end = portrait.frame.points(np.array([portrait.body.on_trunk(0, y) for y in (0.5, 0.95)]))
    trunk[: round(start[1])] = trunk[round(end[1]) :] = False
    cloth = np.any([previews.has_mark(image, mark) for mark in portraits.MARKS], axis=0)
    assert cloth[trunk].mean() > 0.97


@pytest.mark.slow
def test_a_hem_of_ruffles_stays_one() -> None:
    def hem(shape: family_a.Shape) -> float:
        portrait = portraits.draw(Person(pose="wide", top="tight-long", dye="yellow"), size=(512, 512))
        cloth = previews.has_mark(weave(portrait.job(portraits.marked(shape), "upper")).image, "trunk")
        columns = np.flatnonzero(cloth.sum(axis=0) > 0.5 * cloth.sum(axis=0).max())
        lowest = cloth.shape[0] - 1 - cloth[::-1, columns].argmax(axis=0)
        line = np.polyval(np.polyfit(columns, lowest, 2), columns)
        return float(np.std(lowest - line))

    assert hem(family_a.RUFFLES) > 2 * hem(family_a.TEE)
