"""What clients see of rows, and what the queue gets of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.ledger.events import EventRow
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.orders import Order, material_of
from gateway.ledger.tryons import TryonRow
from gateway.outbox import compose
from gateway.rules.options import TryonOptions, card_of
from gateway.rules.tokens import Caller
from gateway.status.views import (
    iso,
    recorded_event,
    snapshot_of,
    status_of,
    timings_of,
    view_of_tailor_job,
    view_of_tryon,
)
from gateway.submitting.context import SubmitContext
from gateway.submitting.new_rows import entry_values, new_units
from proteus.errors import LicenceRefused, ModelUnavailable
from proteus.events import CLIENT_EVENT
from proteus.jobs import TERMINAL, JobId, JobState, Stage
from proteus.licences import ANY, LicenceRules
from proteus.queue import Submission
from proteus.stages import JobKind

ENUMS = {"state": JobState, "stage": Stage}
NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
ANN = Caller(user_id="user_ann", tenant="guests", scopes=frozenset(), expires_at=0)
BY_ANN = SubmitContext(caller=ANN, trace_id="t")


def address_of(key: str) -> str:
    return f"http://store/{key}"


def photo(image_id: str) -> ImageRow:
    return ImageRow(
        id=image_id, user_id="user_ann", kind="person", declared_type="image/png", declared_bytes=9,
        key="images/user_ann/abc.png", sha256="abc", width=3, height=4, content_type="image/png", size_bytes=9,
        created_at=NOW,
    )  # fmt: skip


def tryon(options: TryonOptions | None = None, units: int = 1) -> tuple[TryonRow, list[JobRow]]:
    options = options or TryonOptions(seed=5)
    card = card_of(options.model or "puppet", rules=ANY)
    entry = entry_values(BY_ANN, options, card, person_id="img_p", garment_id="img_g", cut_id="seg_c")
    options = options.model_copy(update={"num_samples": units})
    return TryonRow(**entry), new_units(BY_ANN, options, card, stage=Stage.WAITING, hold=False)


def tailor(kind: str, **changes) -> JobRow:
    _, (unit,) = tryon()
    changes = {name: ENUMS[name](value) if name in ENUMS and value else value for name, value in changes.items()}
    return replace(
        unit, id="seg_c", kind=JobKind(kind), tryon_id=None, image_id="img_g", engine=kind, batch_key=kind, **changes
    )


CUT = {"category": "lower", "confidence": 0.5, "worn": True, "parser": "classic", "parser_version": "1",
       "width": 3, "height": 4}  # fmt: skip


CUT_KEY = "derived/user_ann/cut.png"
CUT_RESULT = {"result_key": CUT_KEY, "cut": CUT}


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["queued", "queued"], "queued"),
        (["running", "queued"], "running"),
        (["completed", "queued"], "running"),
        (["completed", "failed"], "completed"),
        (["failed", "canceled"], "failed"),
        (["expired", "canceled"], "expired"),
        (["canceled", "canceled"], "canceled"),
    ],
)
def test_a_try_on_is_what_its_units_are(states, status) -> None:
    _, units = tryon(units=2)
    error = {"code": "engine_failed", "message": "Boom.", "hint": "", "retryable": True}
    rows = [
        replace(unit, state=JobState(state), stage={"queued": Stage.WAITING, "running": Stage.DENOISING}.get(state),
                error=error if state == "failed" else None)
        for unit, state in zip(units, states, strict=True)
    ]  # fmt: skip
    seen = view_of_tryon(rows)
    assert seen.status == status
    assert [result.status for result in seen.results] == states
    assert (seen.error is not None) == (status == "failed")
    assert (seen.stage is None) == JobState(status).terminal


def test_a_cut_out_comes_with_the_address_that_snap_takes() -> None:
    done = tailor("cut", state="completed", stage=None, result=CUT_RESULT, result_key=CUT_KEY)
    (result,) = view_of_tailor_job(done, address_of).results
    assert result.cloth_clean_url == "http://store/derived/user_ann/cut.png"
    assert (result.category, result.url) == ("lower", "/v1/results/seg_c/1")
    assert (result.thumbnail_url, result.blurhash) == ("/v1/results/seg_c/1?w=320", None), "an earlier tailor's"
    newer = replace(done, result={**CUT_RESULT, "blurhash": "L00000fQfQfQfQfQfQfQfQfQfQfQ"})
    assert view_of_tailor_job(newer, address_of).results[0].blurhash == "L00000fQfQfQfQfQfQfQfQfQfQfQ"
    assert view_of_tailor_job(tailor("cut"), address_of).results == ()


def test_the_queue_gets_keys_and_stable_addresses_never_signatures() -> None:
    entry, (unit,) = tryon(TryonOptions(seed=5, priority="high", deadline_ms=1_000, model="catvton"))
    cut = tailor("cut", state="completed", stage=None, result=CUT_RESULT, result_key=CUT_KEY)
    parse = tailor("parse", state="completed", stage=None, result_key="derived/user_ann/parse.json")
    made = compose(
        Order(job=unit, tryon=entry, material=material_of(photo("img_p"), cut, parse)),
        address_of,
        job_age_seconds=3_600,
    )
    assert made.payload == {
        "id": entry.id,
        "user_photo_url": "http://store/images/user_ann/abc.png",
        "cloth_clean_url": "http://store/derived/user_ann/cut.png",
        "created_at": int(unit.created_at.timestamp()),
    }
    assert made.high
    assert made.may_degrade
    assert made.deadline_ms is not None
    assert made.body["garment_category"] == "lower"
    assert made.body["garment_worn"] is True
    assert made.body["result_url"] == f"/v1/results/{entry.id}/1"
    assert made.body["parse_key"] == "derived/user_ann/parse.json"
    assert "?" not in str(made.payload) + str(made.body)


def test_samples_have_seeds_in_a_row() -> None:
    entry, units = tryon(units=3)
    cut = tailor("cut", state="completed", stage=None, result=CUT_RESULT, result_key=CUT_KEY)
    orders = [Order(job=unit, tryon=entry, material=material_of(photo("img_p"), cut, None)) for unit in units]
    assert [compose(order, address_of, job_age_seconds=3_600).body["seed"] for order in orders] == [5, 6, 7]
    assert [unit.id for unit in units] == [entry.id, f"{entry.id}:2", f"{entry.id}:3"]


@pytest.mark.parametrize("kind", ["ingest", "cut", "parse"])
def test_a_tailors_job_names_its_task_and_its_photo(kind) -> None:
    made = compose(
        Order(job=tailor(kind, variant="upper/classic"), image=photo("img_g")), address_of, job_age_seconds=3_600
    )
    assert (made.engine, made.batch_key, made.body["task"], made.body["image_id"]) == (kind, kind, kind, "img_g")
    if kind == "ingest":
        assert made.body["incoming_key"] == "incoming/user_ann/img_g"
        assert made.payload["image_url"] == "http://store/incoming/user_ann/img_g"
    else:
        assert (made.body["image_key"], made.body["image_sha256"]) == ("images/user_ann/abc.png", "abc")
    assert made.body.get("category") == ("upper" if kind == "cut" else None)


def test_a_job_released_too_early_is_a_bug_and_says_so() -> None:
    entry, (unit,) = tryon()
    with pytest.raises(LookupError):
        compose(
            Order(job=unit, tryon=entry, material=material_of(photo("img_p"), None, None)),
            address_of,
            job_age_seconds=3_600,
        )


def test_engines_are_checked_at_the_door() -> None:
    with pytest.raises(ModelUnavailable):
        card_of("gpt", rules=ANY)
    with pytest.raises(LicenceRefused):
        card_of("catvton", rules=LicenceRules("commercial"))


def test_timings_say_where_the_time_went() -> None:
    entry, (unit,) = tryon()
    later = entry.created_at.replace(year=entry.created_at.year + 1)
    assert timings_of(entry, [unit]) == {}
    done = replace(
        unit,
        started_at=entry.created_at,
        finished_at=later,
        result={"result_key": "r", "timings": {"weave_seconds": 1.5}},
    )
    found = timings_of(entry, [done])
    assert found["queued_seconds"] == 0
    assert found["weave_seconds"] == 1.5
    assert found["total_seconds"] > 1e6
    assert iso(NOW) == "2026-02-03T12:00:00.000Z"
    assert view_of_tryon([unit]).stage is Stage.WAITING


def test_an_ingest_says_what_the_picture_is_of() -> None:
    made = compose(Order(job=tailor("ingest"), image=photo("img_g")), address_of, job_age_seconds=3_600)
    assert made.body["kind"] == photo("img_g").kind


def test_timings_of_pictures_made_side_by_side_add_up_to_no_more_than_the_total() -> None:
    entry, units = tryon(TryonOptions(num_samples=4), units=4)
    start = entry.created_at
    made = [
        replace(
            unit,
            started_at=start + timedelta(seconds=1),
            finished_at=start + timedelta(seconds=3 + n / 10),
            result={"result_key": "r", "timings": {"fetch_seconds": 1.1, "weave_seconds": 0.8 + n / 100}},
        )
        for n, unit in enumerate(units)
    ]
    found = timings_of(entry, made)
    assert found == {"queued_seconds": 1.0, "total_seconds": 3.3, "fetch_seconds": 1.1, "weave_seconds": 0.83}
    assert sum(found.values()) - found["total_seconds"] <= found["total_seconds"]
    assert "total_seconds" not in timings_of(entry, [*made[:3], replace(made[3], finished_at=None, result=None)])


@pytest.mark.parametrize(
    ("place", "shown", "least"), [(None, None, False), (0, 0, False), (2_000, 2_000, False), (2_001, 2_000, True)]
)
def test_a_place_far_behind_is_told_as_a_least_one(place, shown, least) -> None:
    entry, units = tryon()
    status = status_of(entry, view_of_tryon(units), units=units, position=place)
    assert (status.position, status.position_is_least) == (shown, least)


def test_a_draft_has_a_status_and_no_event_yet() -> None:
    entry, _ = tryon()
    draft = status_of(entry, None, units=[])
    assert (draft.status, draft.results, draft.ended) == ("draft", [], False)
    assert snapshot_of(draft, seq=7, at=NOW) is None


def test_the_event_that_a_stream_starts_with_is_a_true_one() -> None:
    entry, units = tryon(units=2)
    status = status_of(entry, view_of_tryon(units), units=units, position=3)
    first = snapshot_of(status, seq=7, at=NOW)
    assert first is not None
    assert CLIENT_EVENT.validate_python(first.wire()) == first
    assert (first.seq, first.at, first.status, len(first.results)) == (7, iso(NOW), "queued", 2)


@pytest.mark.parametrize("status", ["completed", "paused_by_a_later_version"])
def test_an_event_goes_out_as_it_was_recorded_whatever_version_wrote_it(status) -> None:
    data = {"kind": "job", "job_id": "job_1", "job_type": "tryon", "status": status, "results": [], "at": iso(NOW)}
    event = recorded_event(EventRow(user_id="user_1", seq=7, job_id="job_1", data=data))
    assert event.wire() == data | {"seq": 7}
    assert (event.kind, event.status in TERMINAL) == ("job", status == "completed")


def test_a_result_leaves_out_what_it_has_not() -> None:
    entry, units = tryon()
    status = status_of(entry, view_of_tryon(units), units=units)
    assert status.model_dump(mode="json")["results"] == [{"n": 1, "status": "queued", "warnings": []}]


@pytest.mark.parametrize(
    ("deadline", "age", "end", "by_age"),
    [(None, None, None, False), (5, None, 5, False), (None, 7, 7, True), (5, 7, 5, False), (9, 7, 7, True)],
)
def test_a_job_ends_at_the_earlier_of_deadline_and_age(deadline, age, end, by_age) -> None:
    one = Submission(
        id=JobId("a"), epoch=1, payload={"id": "a"}, body={}, engine="puppet", batch_key="k",
        deadline_ms=deadline, age_end_ms=age,
    )  # fmt: skip
    assert (one.end_ms, one.ends_by_age) == (end, by_age)
