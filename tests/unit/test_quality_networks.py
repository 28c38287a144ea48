"""The networks of the quality metrics, where their optional packages are installed."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from proteus.imaging import decode
from workbench import assets
from workbench.eval.quality import drawn, networks
from workbench.eval.quality.identity import identity
from workbench.eval.quality.missing import Missing
from workbench.eval.quality.nsfw import nsfw
from workbench.eval.quality.score import Tryon, box_of
from workbench.eval.quality.text import text


@pytest.fixture(scope="module")
def printed() -> Tryon:
    return next(tryon for _, tryon in drawn.cases(12, size=(448, 336)))


def test_rapidocr_reads_a_drawn_print_and_finds_it_mirrored(printed: Tryon) -> None:
    reader = networks.reader()
    if isinstance(reader, Missing):
        pytest.skip(reader.reason)
    assert text(printed, reader).value == 1.0
    box = box_of(printed.worn)
    result = printed.result.copy()
    result[box] = result[box][:, ::-1]
    assert text(replace(printed, result=result), reader).failure == "mirrored_text"


def test_dlib_knows_the_face_of_the_demos_photo_after_a_blur() -> None:
    embedder = networks.embedder()
    if isinstance(embedder, Missing):
        pytest.skip(embedder.reason)
    photo = decode(assets.PERSON.read_bytes()).pixels
    tryon = Tryon(person=photo, garment=np.zeros((1, 1, 4), np.uint8), result=photo, worn=np.zeros((1, 1), bool))
    values = [
        identity(replace(tryon, result=cv2.GaussianBlur(photo, (side, side), 0)), embedder).value for side in (1, 5, 15)
    ]
    assert values[0] == 1.0
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]


def test_opennsfw_finds_nothing_in_a_drawn_person(printed: Tryon) -> None:
    classifier = networks.nsfw_classifier()
    if isinstance(classifier, Missing):
        pytest.skip(classifier.reason)
    value = nsfw(printed, classifier).value
    assert value is not None
    assert value > 0.8
