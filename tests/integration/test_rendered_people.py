"""Rendered people go the whole way: the pose network finds them, what they wear is cut, garments are put on them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

from proteus.artefacts import GarmentCategory, PersonParse
from proteus.imaging import decode
from proteus.jobs import JobId
from tailor.parsers.classic import ClassicParser
from tailor.parsers.contract import PersonMasks
from tailor.pose import PoseModel
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.puppet import weave
from weaver.pipelines.removal import bare
from workbench.assets import people
from workbench.eval import portraits

ALWAYS = ("02", "07")
"""The others take seconds."""

NAMES = [pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.long]) for name in people.NAMES]
GARMENTS: Final[tuple[tuple[str, GarmentCategory], ...]] = (
    ("tee-blocks", "upper"), ("jeans-blue", "lower"), ("dress-red", "dress"),
)  # fmt: skip

ARMS_IN_FRONT = ("06", "10")
"""Their hands hide a part of the top."""

LIKE_OTHERS = ("06", "10")
"""Their tops have the trousers' blue in their stripes, and the wall's grey."""


@pytest.fixture(scope="module")
def parser(pose_folder: Path) -> ClassicParser:
    return ClassicParser(PoseModel(pose_folder))


def photo_of(name: str) -> np.ndarray:
    return decode(people.photo_file(name).read_bytes()).pixels


def job_of(name: str, found: PersonMasks, garment: str, category: GarmentCategory) -> WeaveJob:
    photo = photo_of(name)
    height, width = photo.shape[:2]
    parse = PersonParse(
        image_key=name, width=width, height=height, parser="classic", parser_version="6",
        pose_model=PoseModel.name, landmarks=found.landmarks, person_mask_key=name, agnostic_mask_keys={},
    )  # fmt: skip
    return WeaveJob(
        id=JobId(name), person=photo, garment=portraits.garment(garment), garment_category=category,
        parse=parse, person_mask=found.person, agnostic_mask=found.agnostic[category],
    )  # fmt: skip


def test_every_person_has_a_photo_and_its_parts() -> None:
    for name in people.NAMES:
        parts = people.parts_of(name)
        assert parts.shape == photo_of(name).shape[:2], name
        shares = np.bincount(parts.ravel(), minlength=len(people.PARTS)) / parts.size
        assert all(shares[people.PARTS.index(part)] > 0.01 for part in ("wall", "skin", "top", "bottom")), name


@pytest.mark.parametrize("name", NAMES)
def test_worn_shirts_and_trousers_are_kept_apart(parser: ClassicParser, name: str) -> None:
    parts = people.parts_of(name)
    for category, own, other in (("upper", "top", "bottom"), ("lower", "bottom", "top")):
        found = parser.find_garment(photo_of(name), category=category)
        solid, truth = found.alpha > 127, parts == people.PARTS.index(own)
        assert found.worn
        assert (solid & (parts == people.PARTS.index(other))).sum() < 0.02 * solid.sum(), category
        least = 0.80 if name in ARMS_IN_FRONT else 0.88
        assert (solid & truth).sum() / (solid | truth).sum() > least, category


@pytest.mark.parametrize("name", NAMES)
def test_the_pose_network_finds_them_and_garments_are_put_on_them(parser: ClassicParser, name: str) -> None:
    photo, found = photo_of(name), parser.find_person(photo_of(name))
    body = people.parts_of(name) > 0
    assert found.people == 1
    assert ((found.person > 127) & body).sum() / ((found.person > 127) | body).sum() > 0.85
    for garment, category in GARMENTS:
        made = weave(job_of(name, found, garment, category))
        changed = (made.image != photo).any(axis=-1)
        assert not changed[found.agnostic[category] == 0].any(), garment
        assert changed.mean() > 0.03, garment
        assert made.warnings == (), garment


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in LIKE_OTHERS else [pytest.mark.long]) for name in people.NAMES]
)
def test_the_old_garment_goes_and_the_other_one_stays(parser: ClassicParser, name: str) -> None:
    found, parts = parser.find_person(photo_of(name)), people.parts_of(name)
    for (garment, category), own, other, most_left in (
        (GARMENTS[0], "top", "bottom", 0.005), (GARMENTS[1], "bottom", "top", 0.03),
    ):  # fmt: skip
        bared = bare(job_of(name, found, garment, category))
        old, stays = (parts == people.PARTS.index(part) for part in (own, other))
        may_change, gone = found.agnostic[category] > 127, bared.gone > 127
        assert (old & may_change & ~gone).sum() < most_left * old.sum(), category
        rim = 0.08 * bared.scene.unit / bared.scene.crop.scale
        away = cv2.distanceTransform((~old).astype(np.uint8), cv2.DIST_L2, 5) > rim
        assert (stays & away & gone).sum() < 0.01 * stays.sum(), category
