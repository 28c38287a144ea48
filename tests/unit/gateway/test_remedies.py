"""What repairs a difference between a row and its job in Redis: the table that the reconciler follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.ledger.jobs import JobRow
from gateway.recording.remedies import Cancel, Push, Record, remedy
from proteus.jobs import EPOCH_TOKENS, EventKind, JobId, JobState, Stage, TryonId
from proteus.queue import JobView
from proteus.stages import JobKind

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
TOKEN = EPOCH_TOKENS + 1
SENT = JobRow(
    id=JobId("job_1"), kind=JobKind.TRYON, user_id="user_1", tenant="guests", tryon_id=TryonId("job_1"), n=1,
    state=JobState.QUEUED, stage=Stage.WAITING, epoch=1, submitted_epoch=1, engine="puppet", batch_key="k",
    trace_id="t", created_at=NOW, updated_at=NOW,
)  # fmt: skip
UNSENT = replace(SENT, submitted_epoch=0)
RUNNING = replace(SENT, state=JobState.RUNNING, stage=Stage.FETCHING, token=TOKEN)
WAITS = JobView(
    id=JobId("job_1"), state=JobState.QUEUED, token=EPOCH_TOKENS, position=0, position_of_engine=0, parked=False,
    stranded=False, stage=Stage.WAITING, step=0, steps=0, attempts=0, crashes=0, solo_crashes=0,
    cancel_requested=False, worker="", submitted_ms=0, claimed_ms=None, retry_at_ms=None, code="", message="",
    result={},
)  # fmt: skip
RUNS = replace(WAITS, state=JobState.RUNNING, token=TOKEN, position=None)


def asked_to_stop(row: JobRow) -> JobRow:
    return replace(row, cancel_requested=True)


@pytest.mark.parametrize(
    ("row", "view", "event"),
    [
        (SENT, None, EventKind.RESUBMITTED),
        (RUNNING, None, EventKind.RESUBMITTED),
        (asked_to_stop(SENT), None, EventKind.CANCELED),
        (UNSENT, WAITS, EventKind.SUBMITTED),
        (SENT, RUNS, EventKind.CLAIMED),
        (RUNNING, replace(WAITS, token=TOKEN), EventKind.RETURNED),
        (RUNNING, replace(RUNS, state=JobState.COMPLETED, result={"key": "results/a.png"}), EventKind.COMPLETED),
        (RUNNING, replace(RUNS, state=JobState.FAILED, code="engine_failed", message="why"), EventKind.FAILED),
        (asked_to_stop(RUNNING), replace(RUNS, state=JobState.CANCELED), EventKind.CANCELED),
    ],
)
def test_what_a_row_has_missed_is_recorded(row: JobRow, view: JobView | None, event: EventKind) -> None:
    found = remedy(row, view, now=NOW, emptied=False)
    assert isinstance(found, Record)
    assert found.event.kind is event
    assert found.event.at_ms == int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    "view", [None, replace(WAITS, token=1), replace(RUNS, token=1), replace(WAITS, token=1, state=JobState.FAILED)]
)
def test_a_job_that_is_missing_or_of_an_older_epoch_is_pushed(view: JobView | None) -> None:
    assert isinstance(remedy(UNSENT, view, now=NOW, emptied=False), Push)


def test_a_job_missing_from_an_emptied_redis_may_have_been_claimed_so_its_epoch_moves() -> None:
    found = remedy(UNSENT, None, now=NOW, emptied=True)
    assert isinstance(found, Record)
    assert found.event.kind is EventKind.RESUBMITTED


def test_a_job_that_an_older_epoch_ended_stays_ended() -> None:
    found = remedy(UNSENT, replace(RUNS, token=1, state=JobState.COMPLETED, result={}), now=NOW, emptied=False)
    assert isinstance(found, Record)
    assert (found.event.kind, found.event.token) == (EventKind.COMPLETED, EPOCH_TOKENS)


def test_a_job_that_missed_the_cancel_request_is_cancelled() -> None:
    assert isinstance(remedy(asked_to_stop(RUNNING), RUNS, now=NOW, emptied=False), Cancel)
    assert remedy(asked_to_stop(RUNNING), replace(RUNS, cancel_requested=True), now=NOW, emptied=False) is None


@pytest.mark.parametrize(("row", "view"), [(SENT, WAITS), (RUNNING, RUNS), (UNSENT, replace(RUNS, readable=False))])
def test_a_row_that_agrees_and_a_job_of_another_version_are_left_alone(row: JobRow, view: JobView) -> None:
    assert remedy(row, view, now=NOW, emptied=False) is None
