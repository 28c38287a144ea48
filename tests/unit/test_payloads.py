"""Bodies and results of jobs: written and read back they are the same, and what cannot be read is named."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import ledger
from proteus import payloads
from proteus.artefacts import GarmentCut, IngestedImage, PersonParse, PictureWarning
from proteus.engines import Quality
from proteus.errors import InvalidRequest
from proteus.jobs import JobId
from proteus.payloads import (
    CutFacts,
    CutResult,
    CutWork,
    IngestResult,
    IngestWork,
    ParseFacts,
    ParseResult,
    ParseWork,
    TryonResult,
    TryonWork,
    VariantWork,
)
from proteus.queue import Completion, Submission
from proteus.queue.model import Claimed
from proteus.queue.wire import BODY_BYTES, encode, label
from proteus.stages import STAGES, read_tailor_work
from proteus.variants import VariantFormat, VariantQuality, VariantWidth

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)
OPTIONAL = st.none() | TEXT
COUNT = st.integers(0, 2**31 - 1)
SECONDS = st.floats(0, 1e6, allow_nan=False)
KNOWN = {"user_id": TEXT, "result_url": OPTIONAL, "trace_id": OPTIONAL}
PHOTO = KNOWN | {"image_id": OPTIONAL, "image_key": TEXT, "image_sha256": TEXT}

WORKS = st.one_of(
    st.builds(
        TryonWork,
        **KNOWN,
        vton_id=OPTIONAL,
        tryon_job_id=TEXT,
        n=st.integers(1, 9),
        person_key=TEXT,
        garment_key=TEXT,
        garment_category=TEXT,
        garment_worn=st.booleans(),
        parse_key=OPTIONAL,
        mask_key=OPTIONAL,
        engine=st.text(max_size=9),
        quality=st.sampled_from(get_args(Quality)),
        seed=st.integers(0, payloads.SEEDS - 1),
        output_format=st.sampled_from([None, "webp", "png", "jpeg"]),
        options=st.dictionaries(TEXT, TEXT, max_size=2),
    ),
    st.builds(IngestWork, **KNOWN, image_id=OPTIONAL, incoming_key=TEXT, content_type=OPTIONAL, kind=OPTIONAL),
    st.builds(CutWork, **PHOTO, category=TEXT),
    st.builds(ParseWork, **PHOTO),
    st.builds(
        VariantWork,
        **KNOWN,
        source_key=TEXT,
        width=st.sampled_from(VariantWidth),
        format=st.sampled_from(get_args(VariantFormat)),
        quality=st.sampled_from(get_args(VariantQuality)),
    ),
)
WARNING = st.builds(PictureWarning, message=TEXT, hint=TEXT)
FACTS = st.builds(
    CutFacts,
    width=st.none() | COUNT,
    category=OPTIONAL,
    confidence=st.none() | SECONDS,
    worn=st.none() | st.booleans(),
    bounding_box=st.none() | st.tuples(COUNT, COUNT, COUNT, COUNT),
    warnings=st.lists(WARNING, max_size=2).map(tuple),
)
IMAGES = st.builds(IngestedImage, key=TEXT, sha256=TEXT, width=COUNT, height=COUNT, content_type=TEXT, size_bytes=COUNT)
PARSED = st.builds(ParseFacts, parser=TEXT, parser_version=TEXT, pose_model=OPTIONAL, width=st.none() | COUNT)
RESULT = st.one_of(
    st.builds(IngestResult, image=IMAGES),
    st.builds(CutResult, result_key=TEXT, cut_key_json=OPTIONAL, cut=FACTS),
    st.builds(ParseResult, result_key=TEXT, parse=st.none() | PARSED),
    st.builds(
        TryonResult,
        result_key=TEXT,
        width=st.none() | COUNT,
        engine=OPTIONAL,
        seed=st.none() | st.integers(),
        degraded=st.none() | st.booleans(),
        worker=OPTIONAL,
        notes=st.none() | st.dictionaries(TEXT, TEXT, max_size=2),
        timings=st.none() | st.dictionaries(TEXT, SECONDS, max_size=2),
    ),
)
NEWER = st.dictionaries(st.just("of_a_later_version"), st.integers() | st.none(), max_size=1)


@settings(suppress_health_check=[HealthCheck.too_slow])  # Making the strategies takes long, on a busy machine.
@given(work=WORKS, newer=NEWER)
def test_a_body_is_read_as_it_was_written_whatever_else_is_in_it(work, newer) -> None:
    body = json.loads(encode({**work.write(), **newer}))
    assert type(work).read(body) == work
    if not isinstance(work, TryonWork):
        assert read_tailor_work(body) == work


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(result=RESULT, newer=NEWER)
def test_a_result_is_read_as_it_was_written_whatever_else_is_in_it(result, newer) -> None:
    assert type(result).read(json.loads(encode({**result.write(), **newer}))) == result


TRYON = TryonWork(
    user_id="user_1",
    vton_id="vton_1",
    result_url="/v1/results/job_1/1",
    trace_id="t",
    tryon_job_id="job_1",
    n=1,
    person_key="images/u/p.png",
    garment_key="derived/u/g/cut.png",
    garment_category="upper",
)


def test_a_body_has_the_names_that_other_versions_know() -> None:
    assert set(TRYON.write()) == {
        "user_id", "vton_id", "job_type", "result_url", "trace_id", "tryon_job_id", "n", "person_key", "garment_key",
        "garment_category", "garment_worn", "garment_confidence", "garment_warnings", "parse_key", "mask_key", "engine",
        "mask_mode", "return_mask", "quality", "seed", "output_format", "options", "safety",
        "label",
    }  # fmt: skip
    tailor = {"user_id", "vton_id", "job_type", "result_url", "trace_id", "task", "image_id"}
    photo = {"user_id": "u", "image_key": "k", "image_sha256": "s"}
    ingest = IngestWork(user_id="u", incoming_key="k").write()
    assert set(ingest) == tailor | {"incoming_key", "content_type", "kind", "safety"}
    assert (ingest["job_type"], ingest["task"], ingest["vton_id"]) == ("segment", "ingest", None)
    assert set(CutWork(**photo).write()) == tailor | {"image_key", "image_sha256", "category"}
    assert set(ParseWork(**photo).write()) == tailor | {"image_key", "image_sha256", "person_index"}


def test_the_queue_reads_the_names_that_bodies_and_results_have() -> None:
    body = TRYON.write()
    submission = Submission(id=JobId("job_1"), epoch=1, payload={}, body=body, engine="puppet", batch_key="k")
    assert submission.result_url == TRYON.result_url
    heading = {"job_id": "job_1", "job_type": "tryon", "user_id": "user_1", "vton_id": "vton_1"}
    assert json.loads(f"{{{label(submission)}}}") == heading
    assert Claimed.trace_id.fget(type("Seen", (), {"body": body})) == TRYON.trace_id  # type: ignore[attr-defined]
    made = TryonResult(result_key="results/x").write()
    assert Completion(id=JobId("job_1"), token=1, result=made).result_key == "results/x"


def test_a_body_of_the_longest_keys_fits_into_the_queue() -> None:
    long = "x" * 200
    work = TryonWork(
        user_id=long, vton_id=long, result_url=long, trace_id=long, tryon_job_id=long, n=4, person_key=long,
        garment_key=long, garment_category="overall", parse_key=long, engine="catvton", seed=2**31,
    )  # fmt: skip
    assert len(encode(work.write()).encode()) < BODY_BYTES


@pytest.mark.parametrize(
    ("name", "value", "as_read"),
    [
        ("garment_worn", None, False),
        ("garment_worn", 2, True),
        ("parse_key", "", None),
        ("mask_key", "", None),
        ("quality", None, "balanced"),
        ("quality", "", "balanced"),
        ("seed", None, 0),
        ("output_format", "", None),
        ("options", None, {}),
        ("trace_id", 7, None),
        ("vton_id", [], None),
    ],
)
def test_what_a_weaver_can_do_without_has_a_default(name, value, as_read) -> None:
    assert getattr(TryonWork.read({**TRYON.write(), name: value}), name) == as_read
    without = {key: item for key, item in TRYON.write().items() if key != name}
    assert TryonWork.read(without) is not None


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("person_key", None, "string"),
        ("person_key", "", "at least 1 character"),
        ("garment_key", 7, "string"),
        ("user_id", [], "string"),
        ("n", 0, "greater than or equal to 1"),
        ("seed", -1, "greater than or equal to 0"),
        ("seed", 2**70, "less than"),
        ("seed", True, "integer"),
        ("seed", "7", "integer"),
        ("output_format", "gif", "'webp', 'png' or 'jpeg'"),
        ("quality", "x" * 10_000, "'fast', 'balanced', 'best' or 'approximate'"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_value_and_the_rule(name, value, rule) -> None:
    with pytest.raises(InvalidRequest) as refused:
        TryonWork.read({**TRYON.write(), name: value})
    message = refused.value.message
    assert message.startswith(f"'{name}' of the job's body is {repr(value)[:70]}")
    assert rule in message
    assert len(message) < 300


@pytest.mark.parametrize("name", ["user_id", "tryon_job_id", "n", "person_key", "garment_key", "garment_category"])
def test_what_is_missing_is_named(name) -> None:
    body = {key: value for key, value in TRYON.write().items() if key != name}
    with pytest.raises(InvalidRequest, match=f"^the job's body has no '{name}'$"):
        TryonWork.read(body)


@pytest.mark.parametrize("task", [None, "weave", 7, ["ingest"], "tryon"])
def test_a_tailor_refuses_a_task_that_is_none_of_its_own(task) -> None:
    with pytest.raises(InvalidRequest, match="is none of ingest, cut, parse"):
        read_tailor_work({"task": task, "user_id": "u"})


IMAGE = {"key": "images/u/a.png", "sha256": "a", "width": 1, "height": 2, "content_type": "image/png", "size_bytes": 3}


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("ingest", {"image": IMAGE, "of_a_later_version": [1]}),
        ("cut", {"result_key": "x", "cut": {"category": "hat", "worn": False, "confidence": 1, "warnings": 7}}),
        ("cut", {"result_key": "x", "cut": {"bounding_box": "large", "image_key": 7, "schema_version": "two"}}),
        ("cut", {"result_key": "x"}),
        ("parse", {"result_key": "x"}),
        ("parse", {"result_key": "x", "parse": "of another form"}),
        ("tryon", {"result_key": "x", "timings": {"weave_seconds": 2}, "notes": {"any": "thing"}}),
        ("tryon", {"result_key": "x", "worker": 7, "notes": [1], "size_bytes": "large"}),
    ],
)
def test_a_result_of_any_version_with_what_is_needed_is_readable(kind, result) -> None:
    assert STAGES[kind].result.read(result) is not None


@pytest.mark.parametrize(
    ("kind", "result", "where"),
    [
        ("ingest", {}, "image"),
        ("ingest", {"image": IMAGE | {"width": "wide"}}, "image.width"),
        ("ingest", {"image": IMAGE | {"size_bytes": 2**40}}, "image.size_bytes"),
        ("cut", {"result_key": "x", "cut": {"worn": "perhaps"}}, "cut.worn"),
        ("cut", {"result_key": "x", "cut": [1]}, "cut"),
        ("parse", {"result_key": ""}, "result_key"),
        ("tryon", {"result_key": 7}, "result_key"),
        ("tryon", {"result_key": "x", "degraded": "no"}, "degraded"),
        ("tryon", {"result_key": "x", "timings": {"weave_seconds": None}}, "timings.weave_seconds"),
    ],
)
def test_a_result_that_lacks_what_is_needed_names_it(kind, result, where) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(f"'{where}'")):
        STAGES[kind].result.read(result)


def test_warnings_of_other_versions_are_left_out() -> None:
    known = {"code": "several_garments", "subject": "garment", "message": "m", "hint": "h"}
    read = CutFacts.read({"warnings": [known, known | {"code": "of_another_version"}, 7]})
    assert [one.code for one in read.warnings] == ["several_garments"]
    assert CutFacts.read({"warnings": None}).warnings == CutFacts.read({"warnings": "several_garments"}).warnings == ()


def test_a_cut_and_a_parse_are_told_in_full() -> None:
    cut = GarmentCut(
        image_key="i", cut_key="c", width=2, height=3, category="upper", confidence=0.5, bounding_box=(0, 1, 2, 3),
        worn=True, parser="classic", parser_version="1",
        warnings=(PictureWarning(code="garment_rotated", subject="garment", message="m", hint="h"),),
    )  # fmt: skip
    assert json.loads(encode(CutFacts.of(cut).write())) == cut.model_dump(mode="json")
    assert {one.name for one in fields(ParseFacts)} <= {*PersonParse.model_fields, "masks"}


def test_sql_reads_names_that_results_have() -> None:
    sources = "".join(path.read_text() for path in Path(ledger.__file__).parent.glob("*.py"))
    of_cuts = re.findall(r"result -> 'cut' ->> '(\w+)'", sources)
    of_pictures = re.findall(r"result\[\"(\w+)\"\]", sources)
    assert sorted({*of_cuts}) == ["category", "confidence", "worn"]
    assert of_pictures == ["degraded"]
    assert re.findall(r"'\$\.cut\.(\w+)\[\*\]\.(\w+)'", sources) == [("warnings", "code")]
    assert len(re.findall(r"result(?: ->|\[)", sources)) == len(of_cuts) + len(of_pictures), "there are others"
    assert set(of_cuts) <= {one.name for one in fields(CutFacts)}
    assert set(of_pictures) <= {one.name for one in fields(TryonResult)}
