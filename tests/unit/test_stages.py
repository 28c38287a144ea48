"""The stages are data: what the table of `proteus.stages` must hold, and what follows from it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import CheckConstraint

from flat_parser import FlatParser
from gateway.ledger.jobs import jobs
from gateway.submitting.preparations import variants_of_person
from proteus.artefacts import CUT_REVISION
from proteus.engines import CARDS
from proteus.errors import NotFound, UploadMissing
from proteus.jobs import Category
from proteus.keys import JOBS, TAILOR
from proteus.messages import names_of
from proteus.stages import (
    NEEDED,
    STAGES,
    TAILOR_WORKS,
    JobKind,
    Photo,
    category_of,
    is_before,
    kinds_on,
    person_index_of,
)
from tailor import tasks
from tailor.bench import Bench

PARSED = next(card for card in CARDS.values() if card.needs_parse)
UNPARSED = replace(PARSED, needs_parse=False)
NAMED = {"category": Category.UPPER, "parser_version": "classic"}


def test_every_kind_is_a_stage_and_stands_after_all_that_it_needs() -> None:
    order = list(STAGES)
    assert order == list(JobKind)
    for kind, stage in STAGES.items():
        assert all(order.index(need.kind) < order.index(kind) for need in stage.needs), kind


def test_pictures_and_preparations_wait_on_their_own_lists() -> None:
    assert kinds_on(JOBS) == (JobKind.TRYON,)
    assert {kind: kind.queue for kind in JobKind} == {
        kind: JOBS if kind is JobKind.TRYON else TAILOR for kind in JobKind
    }


def test_the_names_of_stages_have_the_form_that_the_table_checks() -> None:
    checks = [one for one in jobs.constraints if isinstance(one, CheckConstraint)]
    (rule,) = [str(one.sqltext) for one in checks if one.name == "ck_jobs_kind"]
    form = rule.split("'")[1]
    assert all(re.fullmatch(form.strip("^$"), kind) for kind in JobKind)
    assert not re.fullmatch(form.strip("^$"), "Cut-out")


def test_a_body_names_the_stage_that_reads_it() -> None:
    for kind, stage in STAGES.items():
        said = stage.work._constants
        assert said["job_type"] == kind.job_type
        assert said.get("task") == (kind.value if kind.queue == TAILOR else None)


def test_what_tells_jobs_apart_is_what_rows_hold_since_the_first_version() -> None:
    assert STAGES[JobKind.INGEST].variant([], **NAMED) == ""
    assert STAGES[JobKind.CUT].variant([""], **NAMED) == f"upper/classic/{CUT_REVISION}"
    assert STAGES[JobKind.PARSE].variant([""], **NAMED) == "classic"
    assert category_of(STAGES[JobKind.CUT].variant([""], **NAMED)) == "upper"


@pytest.mark.parametrize(
    ("card", "needs"),
    [
        (PARSED, {(JobKind.CUT, Photo.GARMENT), (JobKind.PARSE, Photo.PERSON)}),
        (UNPARSED, {(JobKind.CUT, Photo.GARMENT), (JobKind.INGEST, Photo.PERSON)}),
    ],
)
def test_a_picture_waits_for_what_its_engine_needs_and_not_for_what_came_before_that(card, needs) -> None:
    assert {(need.kind, need.photo) for need in STAGES[JobKind.TRYON].needs_for(card)} == needs


def test_a_persons_photo_is_found_by_what_its_engine_needs() -> None:
    assert variants_of_person(PARSED, "classic", None) == {JobKind.PARSE: "classic"}
    assert variants_of_person(PARSED, "classic", 2) == {JobKind.PARSE: "classic/person-2"}
    assert [person_index_of(variant) for variant in ("classic", "classic/person-2", "")] == [None, 2, None]
    assert variants_of_person(UNPARSED, "classic", None) == {JobKind.INGEST: ""}


def test_what_a_picture_needs_of_its_garment_beside_the_cut_out_is_told_apart_as_that_is() -> None:
    """The fast submit finds it by the cut-out's own variant."""
    for need in STAGES[JobKind.TRYON].needs:
        if need.photo is Photo.GARMENT and is_before(JobKind.CUT, need.kind):
            assert STAGES[need.kind].variant(["that of the cut-out"], **NAMED) == "that of the cut-out"


def test_only_pictures_need_photos_by_name_and_nothing_needs_a_picture() -> None:
    for kind, stage in STAGES.items():
        assert all((need.photo is not None) == (kind is JobKind.TRYON) for need in stage.needs)
    assert JobKind.TRYON not in NEEDED


class Nothing:
    """A store that holds nothing."""

    def get(self, key: str, **_: object) -> bytes:
        raise NotFound(key)


SAMPLES = {"source_key": "results/x/job/1.png", "width": 320, "format": "webp", "quality": "normal"}


@pytest.mark.parametrize("task", TAILOR_WORKS)
def test_the_tailor_has_a_task_for_each_of_its_works(task) -> None:
    work = TAILOR_WORKS[task]
    body = work(**{name: SAMPLES.get(name, "x") for name in names_of(work)}).write()
    with pytest.raises((NotFound, UploadMissing)):
        tasks.run(Nothing(), body, FlatParser(), Bench([FlatParser()], pose_model="none"))  # type: ignore[arg-type]
