"""klein's gate on drawn people: good try-ons pass, and each kind of damage is found and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from proteus.errors import QualityTooLow
from weaver.pipelines.contract import Pixels, WeaveJob
from weaver.pipelines.klein import gate
from weaver.pipelines.puppet import weave
from workbench.eval import portraits
from workbench.eval.quality.drawn import APART, GARMENTS

SIZE = (400, 300)
CASES = GARMENTS[::2]


@dataclass(frozen=True)
class TryOn:
    """A drawn person's job, and a good picture of it."""

    name: str
    job: WeaveJob
    good: Pixels


def decoded(picture: Pixels, seed: int = 0) -> Pixels:
    """Return a picture as an editor's decoder gives it back: softer, noisier and a little lighter."""
    soft = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32)
    return np.clip(soft + np.random.default_rng(seed).normal(3, 4, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def tryons() -> list[TryOn]:
    people = portraits.cases(len(CASES))
    found = []
    for index, (garment, category) in enumerate(CASES):
        person = people[index * APART % len(people)]
        job = portraits.draw(person, size=SIZE).job(portraits.garment(garment), category)
        found.append(TryOn(f"{garment} on {person.name}", job, decoded(weave(job).image)))
    return found


def nothing(one: TryOn) -> Pixels:
    return decoded(one.job.person, seed=1)


def shifted(one: TryOn) -> Pixels:
    height, width = one.good.shape[:2]
    move = np.array([[1, 0, 0.08 * width], [0, 1, 0]], np.float32)
    return cv2.warpAffine(one.good, move, (width, height), borderMode=cv2.BORDER_REPLICATE)


def another_room(one: TryOn) -> Pixels:
    assert one.job.person_mask is not None
    assert one.job.agnostic_mask is not None
    kept = cv2.dilate(np.maximum(one.job.person_mask, one.job.agnostic_mask), np.ones((9, 9), np.uint8)) > 127
    return np.where(kept[..., None], one.good, 255 - one.good)


def another_face(one: TryOn) -> Pixels:
    box = gate._face_box(one.job)
    assert box is not None
    left, top, right, bottom = box
    changed = one.good.copy()
    changed[top:bottom, left:right] = changed[top:bottom, left:right].mean(axis=(0, 1))
    return changed


def another_colour(one: TryOn) -> Pixels:
    assert one.job.agnostic_mask is not None
    return np.where((one.job.agnostic_mask > 127)[..., None], np.array([20, 220, 40], np.uint8), one.good)


DAMAGES: dict[Callable[[TryOn], Pixels], str] = {
    nothing: "nothing was put on|the garment is not seen",
    shifted: "the face changed",
    another_room: "the background changed",
    another_face: "the face changed",
    another_colour: "the garment is not seen",
}


def test_good_pictures_are_shown(tryons: list[TryOn]) -> None:
    assert {one.name: gate.faults(one.job, one.good) for one in tryons} == {one.name: [] for one in tryons}
    free = {one.name: gate.faults(replace(one.job, agnostic_mask=None), one.good) for one in tryons}
    assert free == {one.name: [] for one in tryons}, "without a mask the person's outline is the garment's place"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_a_damaged_picture_is_not_shown_and_the_reason_is_named(tryons: list[TryOn], damage) -> None:
    for one in tryons:
        with pytest.raises(QualityTooLow, match=DAMAGES[damage]) as refused:
            gate.require_shown(one.job, damage(one))
        assert refused.value.made
        assert refused.value.message.startswith("klein made a picture that is not shown: ")


@pytest.mark.parametrize("category", gate.THINGS)
def test_a_small_thing_is_sought_in_the_picture_and_need_not_fill_its_place(tryons: list[TryOn], category: str) -> None:
    for one in tryons:
        thing = np.full((40, 40, 4), (255, 0, 255, 255), np.uint8)
        job = replace(one.job, garment=thing, garment_category=category, agnostic_mask=None)
        assert job.person_mask is not None
        rows, columns = np.nonzero(job.person_mask > 127)
        shown = nothing(one)
        low = int(np.quantile(rows, 0.9))
        row = columns[rows == low]
        at = int(row[len(row) // 4])
        shown[low - 25 : low + 25, at - 25 : at + 25] = thing[0, 0, :3]
        assert gate.faults(job, shown) == []
        assert gate.faults(job, nothing(one))[0].startswith("the garment is not seen")


def test_what_a_job_does_not_hold_is_not_checked(tryons: list[TryOn]) -> None:
    one = tryons[0]
    bare = replace(one.job, parse=None, person_mask=None, agnostic_mask=None)
    assert gate.faults(bare, shifted(one)) == []
