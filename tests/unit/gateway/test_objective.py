"""Which pictures count as late or failed: a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.recording.objective import outcome_of
from gateway.rules.failures import described
from proteus.jobs import JobState
from proteus.stages import JobKind

from .test_transitions import NOW, row

DONE: dict[str, Any] = {"state": JobState.COMPLETED, "stage": None}
FAILED: dict[str, Any] = {"state": JobState.FAILED, "stage": None}


def failed(code: str) -> dict[str, Any]:
    return FAILED | {"error": described(code, "")}


@pytest.mark.parametrize(
    ("changes", "took_seconds", "outcome"),
    [
        (DONE, 12.0, "in_time"),
        (DONE, 12.1, "late"),
        (DONE | {"priority": 0}, 4000.0, "in_time"),
        (DONE | {"priority": 2}, 13.0, "late"),
        (DONE | {"kind": JobKind.CUT}, 13.0, None),
        ({"state": JobState.EXPIRED, "stage": None}, 1.0, "late"),
        ({"state": JobState.CANCELED, "stage": None}, 1.0, None),
        ({}, 100.0, None),
        (failed("engine_failed"), 1.0, "failed"),
        (failed("worker_lost"), 1.0, "failed"),
        (failed("dependency_unavailable"), 1.0, "failed"),
        (failed("of_another_version"), 1.0, "failed"),
        (FAILED, 1.0, "failed"),
        (failed("too_old"), 1.0, "late"),
        (failed("prerequisite_expired"), 1.0, "late"),
        (failed("prerequisite_canceled"), 1.0, "rejected"),
        *((failed(code), 1.0, "rejected") for code in ("no_person_detected", "person_cropped", "image_unreadable")),
    ],
)
def test_a_picture_keeps_the_objective_or_not(
    changes: dict[str, Any], took_seconds: float, outcome: str | None
) -> None:
    ended = replace(row(), **changes, finished_at=NOW + timedelta(seconds=took_seconds))
    assert outcome_of(ended, slo_seconds=12) == outcome
