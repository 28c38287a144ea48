"""Every parser behind the seam keeps the same promises; `segformer` has a network whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from PIL import Image

from proteus.artefacts import GarmentCategory, MaskedCategory
from proteus.errors import InvalidRequest, NoGarmentDetected, NoPersonDetected
from tailor.labels import Atr
from tailor.parsers.classic import ClassicParser
from tailor.parsers.contract import Parser
from tailor.parsers.segformer import Network, SegformerParser
from tailor.pose import PoseModel

CATEGORIES = get_args(GarmentCategory)


def asset(name: str) -> np.ndarray:
    with as_file(files("workbench") / "assets" / name) as path:
        return np.asarray(Image.open(path).convert("RGB").resize((384, 512)))


def what_is_not_plain(pictures: np.ndarray) -> np.ndarray:
    """Logits of a network that takes whatever differs from the picture's corner for a shirt."""
    grids = [cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA).astype(int) for picture in pictures]
    shirts = np.stack([np.abs(grid - grid[2, 2]).max(axis=2) > 12 for grid in grids])
    labels = np.where(shirts, int(Atr.UPPER_CLOTHES), int(Atr.BACKGROUND))
    return np.where(np.arange(18)[None, :, None, None] == labels[:, None], np.float32(8), np.float32(0)).astype("f4")


def classic(pose: PoseModel) -> Parser:
    return ClassicParser(pose)


def segformer(pose: PoseModel) -> Parser:
    return SegformerParser(Network(forward=what_is_not_plain, side=512, backend="torch", version="known"), pose)


MAKERS: dict[str, Callable[[PoseModel], Parser]] = {"classic": classic, "segformer": segformer}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def parser(request: pytest.FixtureRequest, pose_folder: Path) -> Parser:
    return MAKERS[request.param](PoseModel(pose_folder))


def test_it_has_a_name_and_a_version(parser: Parser) -> None:
    assert parser.name in MAKERS
    assert parser.version


def test_a_flat_garment_comes_with_alpha_category_and_confidence(parser: Parser) -> None:
    photo = asset("garment.jpg")
    before = photo.copy()
    found = parser.find_garment(photo, category="auto")
    assert np.array_equal(photo, before)
    assert found.alpha.shape == photo.shape[:2]
    assert found.alpha.dtype == np.uint8
    assert found.alpha.max() == 255
    assert found.alpha.min() == 0
    assert found.category in CATEGORIES
    assert 0 < found.confidence <= 1
    assert not found.worn


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_named_category_is_taken_at_its_word_for_a_flat_garment(parser: Parser, category: str) -> None:
    assert parser.find_garment(asset("garment.jpg"), category=category).category == category


def test_a_word_that_is_no_category_is_refused(parser: Parser) -> None:
    with pytest.raises(InvalidRequest):
        parser.find_garment(asset("garment.jpg"), category="glove")


def test_an_empty_picture_has_no_garment_and_no_person(parser: Parser) -> None:
    empty = np.full((300, 200, 3), 230, np.uint8)
    with pytest.raises(NoGarmentDetected):
        parser.find_garment(empty, category="auto")
    with pytest.raises(NoPersonDetected):
        parser.find_person(empty)


def test_a_person_comes_with_landmarks_and_masks_at_the_photos_size(parser: Parser) -> None:
    photo = asset("person.jpg")
    first, second = parser.find_person(photo), parser.find_person(photo)
    assert len(first.landmarks) == 33
    assert first.person.shape == photo.shape[:2]
    assert first.person.dtype == np.uint8
    assert set(first.agnostic) == set(get_args(MaskedCategory))
    for category, mask in first.agnostic.items():
        assert mask.shape == photo.shape[:2]
        assert set(np.unique(mask)) <= {0, 255}
        assert np.array_equal(mask, second.agnostic[category])
    assert first.agnostic["upper"].any()
