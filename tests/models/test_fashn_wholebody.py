"""The opt-in pose estimator: who is chosen, and what is said when it is not complete."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from proteus.errors import ModelUnavailable
from weaver.pipelines.fashn.wholebody import DETECTOR, ESTIMATOR, WholebodyPose, clearest


def person(side: float, score: float) -> tuple[np.ndarray, np.ndarray]:
    angle = np.linspace(0, 2 * np.pi, 133, endpoint=False)
    return np.stack([np.cos(angle * 11), np.sin(angle * 11)], axis=1) * side, np.full(133, score)


def test_the_largest_and_clearest_person_is_taken() -> None:
    people = [person(100, 0.5), person(300, 0.5), person(100, 0.9), person(900, 0.2)]
    points, scores = (np.stack(arrays) for arrays in zip(*people, strict=True))
    assert clearest(points, scores) == 1


def test_missing_files_are_named(tmp_path) -> None:
    (tmp_path / DETECTOR).touch()
    with pytest.raises(ModelUnavailable, match=rf"has no {ESTIMATOR}"):
        WholebodyPose(tmp_path, device="cpu")


@pytest.mark.skipif(importlib.util.find_spec("rtmlib") is not None, reason="rtmlib is here")
def test_without_its_library_the_opt_in_says_what_to_install(tmp_path) -> None:
    for name in (DETECTOR, ESTIMATOR):
        (tmp_path / name).touch()
    with pytest.raises(ModelUnavailable, match="pip install rtmlib"):
        WholebodyPose(tmp_path, device="cpu")
