"""The weaver judges by what the tailor found and by what its own picture lacks, and refuses below an engine's floor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from proteus.artefacts import WarningCode
from proteus.engines import PUPPET
from proteus.errors import QualityTooLow
from proteus.jobs import JobId
from proteus.payloads import TryonResult, TryonWork
from proteus.picture_warnings import warn
from proteus.queue import Claimed
from proteus.worker.safety import SafetyCheck
from weaver.pipelines.contract import Finished, WeaveJob
from weaver.pipelines.puppet import PuppetEngine, weave
from weaver.results import Treatment, store_picture

WORK = TryonWork(
    user_id="u", tryon_job_id="job_1", n=1, person_key="p", garment_key="g", garment_category="upper", engine="puppet"
)
JOB = Claimed(
    id=JobId("job_1"), token=1, payload={}, body=WORK.write(), engine="puppet", batch_key="k", degraded=False,
    attempts=0, crashes=0, solo=False, deadline_ms=None, submitted_ms=0, claimed_ms=0,
)  # fmt: skip


TREATMENT = Treatment(safety=SafetyCheck())


class Shelf:
    """Keeps what is put."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def put(self, key: str, data: bytes, **_: Any) -> None:
        self.keys.append(key)


def stored(inputs: WeaveJob, *codes: str, floor: float = 0.1) -> tuple[TryonResult, Shelf]:
    shelf = Shelf()
    finished = Finished(id=JOB.id, picture=np.zeros((64, 64, 3), np.uint8), warnings=codes)
    card = replace(PUPPET, quality_floor=floor)
    return store_picture(shelf, JOB, finished, inputs=inputs, card=card, worker="w", treatment=TREATMENT), shelf  # type: ignore[arg-type]


@pytest.fixture
def sample() -> WeaveJob:
    return PuppetEngine().sample_job("k")


def test_warnings_of_both_photos_and_of_the_picture_stand_in_the_result(sample: WeaveJob) -> None:
    given = (warn(WarningCode.GARMENT_CROPPED, "garment"), warn(WarningCode.BLURRED, "person"))
    made, _ = stored(replace(sample, warnings=given, confidence=0.8), "sleeves_not_placed")
    assert [(one.code.value, one.subject) for one in made.warnings] == [
        ("garment_cropped", "garment"), ("blurred", "person"), ("sleeves_not_placed", "result"),
    ]  # fmt: skip
    assert made.quality_score == pytest.approx(0.8 * 0.75 * 0.6, abs=0.001)
    assert TryonResult.read(made.write()) == made


def test_without_a_confidence_nobody_knows_the_quality_and_nothing_is_refused(sample: WeaveJob) -> None:
    made, shelf = stored(sample, "garment_hidden", floor=0.9)
    assert made.quality_score is None
    assert len(shelf.keys) == 1


def test_below_the_floor_nothing_is_stored(sample: WeaveJob) -> None:
    with pytest.raises(QualityTooLow):
        stored(replace(sample, confidence=0.12), "garment_hidden")
    assert stored(replace(sample, confidence=0.12))[0].quality_score == 0.12


def test_a_sleeve_whose_arm_is_hidden_is_told_and_one_on_its_arm_is_not(sample: WeaveJob) -> None:
    assert sample.parse is not None
    sleeved = sample.garment.copy()
    sleeved[100:700, 0:90] = sleeved[100:700, 710:800] = (30, 90, 160, 255)
    job = replace(sample, garment=sleeved)
    assert "sleeves_not_placed" not in weave(job).warnings
    marks = list(sample.parse.landmarks)
    marks[13] = marks[13].model_copy(update={"visibility": 0.1})
    hidden = replace(job, parse=sample.parse.model_copy(update={"landmarks": tuple(marks)}))
    assert "sleeves_not_placed" in weave(hidden).warnings


def test_a_garment_that_hardly_shows_is_told(sample: WeaveJob) -> None:
    assert "garment_hidden" not in weave(sample).warnings
    assert sample.agnostic_mask is not None
    mask = sample.agnostic_mask.copy()
    mask[:, :640] = 0
    assert "garment_hidden" in weave(replace(sample, agnostic_mask=mask)).warnings
