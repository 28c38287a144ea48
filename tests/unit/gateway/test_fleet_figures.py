"""The fleet's last minutes as figures, and one job's life as moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.fleet.figures import cost_of, first_minute, refused_in, series, weaver_minutes
from gateway.fleet.minutes import Minute
from gateway.ledger.events import EventRow
from gateway.ledger.jobs import JobRow
from gateway.status.timeline import Happening, timeline_of
from proteus.jobs import JobId, JobState, TryonId, UserId
from proteus.stages import JobKind

START = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)
NUMBER = int(START.timestamp() // 60)


def test_the_running_minute_is_the_last_one() -> None:
    assert first_minute(START + timedelta(minutes=4, seconds=30), minutes=5) == START


def test_minutes_come_without_gaps_and_what_nobody_saw_is_missing() -> None:
    slots = series(
        START,
        minutes=3,
        arrived={START: 4},
        ended={(START + timedelta(minutes=1), JobState.COMPLETED): 3, (START, JobState.FAILED): 1},
        seen=[Minute(number=NUMBER + 2, waiting=7)],
    )
    assert [slot.at for slot in slots] == [START + timedelta(minutes=n) for n in range(3)]
    assert [slot.arrived for slot in slots] == [4, 0, 0]
    assert [dict(slot.ended) for slot in slots] == [{JobState.FAILED: 1}, {JobState.COMPLETED: 3}, {}]
    assert [slot.seen and slot.seen.waiting for slot in slots] == [None, None, 7]


def test_refusals_and_weavers_add_up_over_the_minutes() -> None:
    seen = [
        Minute(number=NUMBER, ready=2, loading=1, refused={"queue_full": 2}),
        Minute(number=NUMBER + 1, ready=2, draining=1, refused={"queue_full": 1, "user_cap": 5}),
    ]
    slots = series(START, minutes=2, arrived={}, ended={}, seen=seen)
    assert list(refused_in(slots).items()) == [("user_cap", 5), ("queue_full", 3)]
    assert weaver_minutes(slots) == 6


def test_a_picture_costs_the_engines_time_or_all_of_the_weavers() -> None:
    cost = cost_of(weaver_hour=36.0, pictures=30, weighed=20, engine_seconds=40.0, minutes_of_weavers=60)
    assert cost.busy == pytest.approx(0.02)
    assert cost.with_idle == pytest.approx(1.2)


def test_without_pictures_there_is_no_cost_of_one() -> None:
    cost = cost_of(weaver_hour=36.0, pictures=0, weighed=0, engine_seconds=0.0, minutes_of_weavers=60)
    assert (cost.busy, cost.with_idle) == (None, None)


def row(**values: object) -> JobRow:
    made: dict[str, object] = {
        "id": JobId("job_1"), "kind": JobKind.TRYON, "user_id": UserId("user_1"), "tenant": "guests",
        "tryon_id": TryonId("job_1"), "state": JobState.QUEUED, "stage": None, "engine": "puppet", "batch_key": "k",
        "trace_id": "t", "created_at": START, "updated_at": START,
    }  # fmt: skip
    return JobRow(**{**made, **values})  # type: ignore[arg-type]


def test_a_timeline_tells_row_needs_and_events_in_their_order() -> None:
    def at(seconds: float) -> datetime:
        return START + timedelta(seconds=seconds)

    parse = row(id="seg_1", kind=JobKind.PARSE, tryon_id=None, state=JobState.COMPLETED, finished_at=at(2))
    done = row(
        state=JobState.COMPLETED,
        waiting_since=at(2.1),
        started_at=at(3),
        finished_at=at(5),
        result={"result_key": "r", "worker": "weaver-1"},
    )
    told = [
        EventRow(user_id=UserId("user_1"), seq=seq, job_id=JobId("job_1"), data=data)
        for seq, data in enumerate(
            ({"at": at(3.1).isoformat(), "status": "running", "stage": "x"}, {"status": "of another version"}), start=1
        )
    ]
    moments = timeline_of(done, needs=[parse], events=told)
    assert [one.what for one in moments] == [
        Happening.CREATED, Happening.NEED_ENDED, Happening.QUEUED, Happening.CLAIMED, Happening.EVENT, Happening.ENDED,
    ]  # fmt: skip
    assert moments[1].detail == {"kind": "parse", "status": "completed"}
    assert moments[-1].detail == {"kind": "tryon", "status": "completed", "worker": "weaver-1"}
    assert moments[4].detail == {"seq": 1, "status": "running", "stage": "x"}
