"""What an event makes of a row: a table, and a law that hypothesis tries to break."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.jobs import JobRow
from gateway.recording.metering import attempt_of
from gateway.recording.transitions import apply, cascaded, fact
from gateway.rules.failures import described, error_of
from gateway.rules.prices import PriceTable
from proteus import errors
from proteus.jobs import EPOCH_TOKENS, QUEUE_EVENTS, EventKind, JobId, JobState, Stage
from proteus.queue.model import QueueEvent
from proteus.stages import JobKind
from proteus.usage import Usage

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
EPOCH_1 = EPOCH_TOKENS
ENUMS = {"kind": JobKind, "state": JobState, "stage": Stage}


def row(**changes) -> JobRow:
    made = JobRow(
        id="job_1", kind="tryon", user_id="user_1", tenant="guests", image_id=None, tryon_id="job_1", n=1, variant="",
        state="queued", stage="waiting", hold=False, epoch=1, submitted_epoch=0, token=0, engine="puppet",
        batch_key="k", degraded_batch_key="", priority=1, deadline_at=None, attempts=0, crashes=0, solo_crashes=0,
        cancel_requested=False, trace_id="t", result=None, result_key=None, error=None, created_at=NOW, updated_at=NOW,
        waiting_since=NOW,
        started_at=None, finished_at=None,
    )  # fmt: skip
    values = {name: getattr(made, name) for name in ENUMS} | changes
    enums = {name: value and ENUMS[name](value) for name, value in values.items() if name in ENUMS}
    return replace(made, **values | enums)


def event(kind: str, token: int = EPOCH_1 + 1, **data) -> QueueEvent:
    return QueueEvent(
        entry_id="1-1",
        kind=EventKind(kind),
        job_id=JobId("job_1"),
        token=token,
        state=JobState.QUEUED,
        at_ms=1_000,
        data=data,
    )


RUNNING = row(state="running", stage="fetching", token=EPOCH_1 + 1, submitted_epoch=1, started_at=NOW)


@pytest.mark.parametrize(
    ("before", "happened", "state", "stage"),
    [
        (row(), event("submitted", EPOCH_1), "queued", "waiting"),
        (row(), event("claimed"), "running", "fetching"),
        (RUNNING, event("returned", crashes=1), "queued", "waiting"),
        (RUNNING, event("retrying", attempts=1), "queued", "waiting"),
        (RUNNING, event("claimed", EPOCH_1 + 2), "running", "fetching"),
        (RUNNING, event("completed", result={"result_key": "results/x"}), "completed", None),
        (row(), event("completed", result={"result_key": "results/x"}), "completed", None),
        (RUNNING, event("failed", code="engine_failed", message="Boom."), "failed", None),
        (row(stage="held"), event("canceled"), "canceled", None),
        (row(stage="preparing"), event("expired"), "expired", None),
        (RUNNING, fact(RUNNING, EventKind.RESUBMITTED, now=NOW), "queued", "waiting"),
        (row(stage="held", hold=True), event(EventKind.PROMOTED), "queued", "waiting"),
        (row(stage="preparing"), event(EventKind.RELEASED), "queued", "waiting"),
        (row(stage="preparing", hold=True), event(EventKind.RELEASED), "queued", "held"),
        (row(state="failed", stage=None, error={"code": "x"}), event(EventKind.REOPENED), "queued", "waiting"),
    ],
)
def test_each_fact_moves_a_row_as_the_spec_says(before, happened, state, stage) -> None:
    after = apply(before, happened)
    assert (after.state, after.stage) == (state, stage)
    assert apply(after, happened) == after or happened.kind in (EventKind.RESUBMITTED, EventKind.REOPENED)


@pytest.mark.parametrize(
    ("before", "happened"),
    [
        (RUNNING, event("claimed")),
        (RUNNING, event("returned", EPOCH_1)),
        (row(epoch=2), event("completed", EPOCH_1 + 9, result={})),
        (row(epoch=2), event("failed", EPOCH_1 + 9, code="x", message="")),
        (row(state="canceled", stage=None), event("completed", result={})),
        (row(state="completed", stage=None), event(EventKind.REOPENED)),
        (row(), event(EventKind.PROMOTED)),
        (row(submitted_epoch=1), event("submitted", EPOCH_1)),
    ],
)
def test_old_news_leaves_the_very_same_row(before, happened) -> None:
    assert apply(before, happened) is before


def test_a_return_that_overtakes_its_claim_is_not_undone_by_it() -> None:
    returned = apply(row(), event("returned", crashes=1))
    assert apply(returned, event("claimed")) is returned
    assert apply(returned, event("claimed", EPOCH_1 + 2)).state == "running"


def test_a_resubmission_raises_the_epoch_so_that_zombies_mean_nothing() -> None:
    again = apply(RUNNING, fact(RUNNING, EventKind.RESUBMITTED, now=NOW))
    assert again.epoch == 2
    assert apply(again, event("completed", result={})) is again


KINDS = sorted(QUEUE_EVENTS)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 6)), max_size=30))
def test_whatever_the_order_there_is_one_end_and_tokens_only_grow(told) -> None:
    now, ends = row(), 0
    for kind, claims in told:
        after = apply(now, event(kind, EPOCH_1 + claims, code="x", message="m", result={"result_key": "r"}))
        assert after.token >= now.token
        ends += after.terminal and not now.terminal
        if now.terminal:
            assert after is now
        now = after
    assert ends <= 1


def test_a_dependent_waits_for_all_and_fails_with_the_first() -> None:
    waiting = row(stage="preparing")
    done = row(id="seg_1", kind="cut", state="completed", stage=None)
    bad = row(id="seg_2", kind="ingest", state="failed", stage=None, error=described("no_person_detected", ""))
    gone = row(id="seg_3", kind="parse", state="canceled", stage=None)
    assert cascaded(waiting, [done, row(id="seg_4")], now=NOW) is waiting
    assert cascaded(waiting, [done], now=NOW).stage == "waiting"
    failed = cascaded(waiting, [done, bad], now=NOW)
    assert (failed.state, failed.error["code"]) == ("failed", "no_person_detected")
    assert cascaded(waiting, [gone], now=NOW).error["code"] == "prerequisite_canceled"
    assert cascaded(row(), [bad], now=NOW) == row()


def test_a_stored_error_is_the_exception_it_was() -> None:
    stored = described("upload_missing", "")
    assert stored["hint"].startswith("PUT the picture")
    assert isinstance(error_of(stored), errors.UploadMissing)
    assert error_of({"code": "unheard_of", "message": "Odd."}).message == "Odd."


@pytest.mark.parametrize(
    "code", ["engine_failed", "gpu_out_of_memory", "internal", "worker_lost", "code_of_a_later_version"]
)
def test_the_text_of_an_exception_does_not_reach_clients(code: str) -> None:
    said = described(code, "RuntimeError: CUDA error at /srv/models/x.py:12, token=abc")
    assert "RuntimeError" not in said["message"]
    assert said["message"]


@pytest.mark.parametrize("code", ["image_unreadable", "no_person_detected", "prerequisite_canceled"])
def test_a_sentence_about_what_the_client_sent_does(code: str) -> None:
    assert described(code, "The left shoulder is cut off.")["message"] == "The left shoulder is cut off."


@pytest.mark.parametrize(("worked", "metered"), [("fashn", "fashn"), ("", "klein")])
def test_usage_is_that_of_the_engine_that_worked_not_of_the_one_that_was_chosen(worked: str, metered: str) -> None:
    """A worker that names none is of a version before."""
    chosen = replace(RUNNING, engine="klein")
    used = Usage(engine=worked, device="cpu", gpu_seconds=36.0)
    done = event("completed", result={}, usage=used.write())
    made = attempt_of(done, chosen, chosen, PriceTable(node_hours={"klein": 900.0, "fashn": 100.0}))
    assert made is not None
    assert made.engine == metered
