"""The pipeline stages from two photos to a picture, as data: the needs, queue, input and output of each.

    a person's photo ─── ingest ── parse ──┐
    a garment's photo ── ingest ── cut ────┴── tryon

The gateway plans, locks, queues and records by this table and derives its fast submit from it; the tailor offers the
stages of its list. A job's stage inside its state (`proteus.jobs.Stage`: waiting, fetching …) is another thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from proteus.artefacts import CUT_REVISION
from proteus.engines import EngineCard
from proteus.errors import InvalidRequest
from proteus.jobs import Category
from proteus.keys import JOBS, TAILOR
from proteus.messages import names_of
from proteus.payloads import (
    CutResult,
    CutWork,
    IngestResult,
    IngestWork,
    ParseResult,
    ParseWork,
    Result,
    TailorWork,
    TryonResult,
    TryonWork,
    VariantWork,
    VerifyWork,
)
from proteus.rowless import VARIANT, VERIFY


class JobKind(StrEnum):
    """The pipeline stage of a job. It decides the queue."""

    INGEST = "ingest"
    CUT = "cut"
    PARSE = "parse"
    TRYON = "tryon"

    @property
    def queue(self) -> str:
        """The Redis list this kind waits on."""
        return STAGES[self].queue

    @property
    def job_type(self) -> Literal["tryon", "segment"]:
        """The public name of the kind, in events and statuses."""
        return "tryon" if self is JobKind.TRYON else "segment"


class Photo(StrEnum):
    """The photo that a try-on's need concerns."""

    PERSON = "person"
    GARMENT = "garment"


_PERSON: Final = "person-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """A stage that must be completed before a job can be queued.

    Attributes:
        photo: Of a try-on's need: on which of its two photos. The needs of a photo's own stage are on the same photo.
        if_card: The field of an engine's card that states whether that engine needs it; None: each does.
    """

    kind: JobKind
    photo: Photo | None = None
    if_card: Literal["needs_parse"] | None = None

    def applies_to(self, card: EngineCard) -> bool:
        """Tell whether a picture of this engine needs it."""
        return self.if_card is None or bool(getattr(card, self.if_card))


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineStage:
    """A stage: a kind of job, and its place among the others.

    Attributes:
        queue: The Redis list its jobs wait on.
        work: The form of its jobs' bodies.
        result: The form of its jobs' results.
        needs: The stages before it.
        by_category: A photo has one such job for each requested category,
        by_parser: and for each version of the parser,
        by_person: and for each person that a client chose by its number,
        revision: and for each revision of how it is done.
    """

    queue: str
    work: type[TailorWork | TryonWork]
    result: type[Result]
    needs: tuple[Need, ...] = ()
    by_category: bool = False
    by_parser: bool = False
    by_person: bool = False
    revision: int | None = None

    def needs_for(self, card: EngineCard) -> tuple[Need, ...]:
        """Return the direct needs of a picture of this engine; needs that only its needs have are left out."""
        those = [need for need in self.needs if need.applies_to(card)]
        return tuple(
            need
            for need in those
            if not any(need.photo is other.photo and is_before(need.kind, other.kind) for other in those)
        )

    @property
    def inputs(self) -> tuple[JobKind, ...]:
        """The needs whose results its work names, as `<kind>_key`."""
        return tuple(need.kind for need in self.needs if not need.photo and f"{need.kind}_key" in names_of(self.work))

    def variant(
        self, before: Iterable[str], *, category: Category, parser_version: str, person_index: int | None = None
    ) -> str:
        """Return what tells a job from others of the same kind and photo: its needs' variants, then its own part.

        Args:
            before: The variants of the jobs that it needs.
            category: As the client requested it.
            parser_version: The tailor's.
            person_index: The person that the client chose; None: the tailor chooses.
        """
        own = (
            category.value if self.by_category else "",
            parser_version if self.by_parser else "",
            f"{_PERSON}{person_index}" if self.by_person and person_index is not None else "",
            "" if self.revision is None else str(self.revision),
        )
        return "/".join(mark for mark in (*before, *own) if mark)


STAGES: Final[Mapping[JobKind, PipelineStage]] = {
    JobKind.INGEST: PipelineStage(queue=TAILOR, work=IngestWork, result=IngestResult),
    JobKind.CUT: PipelineStage(
        queue=TAILOR,
        work=CutWork,
        result=CutResult,
        needs=(Need(kind=JobKind.INGEST),),
        by_category=True,
        by_parser=True,
        revision=CUT_REVISION,
    ),
    JobKind.PARSE: PipelineStage(
        queue=TAILOR,
        work=ParseWork,
        result=ParseResult,
        needs=(Need(kind=JobKind.INGEST),),
        by_parser=True,
        by_person=True,
    ),
    JobKind.TRYON: PipelineStage(
        queue=JOBS,
        work=TryonWork,
        result=TryonResult,
        needs=(
            Need(kind=JobKind.CUT, photo=Photo.GARMENT),
            Need(kind=JobKind.PARSE, photo=Photo.PERSON, if_card="needs_parse"),
            Need(kind=JobKind.INGEST, photo=Photo.PERSON),
        ),
    ),
}
"""Every stage, after all that it needs. In this order rows are locked."""

NEEDED: Final = frozenset(need.kind for stage in STAGES.values() for need in stage.needs)
"""The kinds that others wait for."""


def kinds_on(queue: str) -> tuple[JobKind, ...]:
    """Return the kinds that wait on a list."""
    return tuple(kind for kind, stage in STAGES.items() if stage.queue == queue)


def is_before(kind: JobKind, other: JobKind) -> bool:
    """Tell whether a job of the other kind has waited for one of this kind, on the same photo."""
    return any(need.kind is kind or is_before(kind, need.kind) for need in STAGES[other].needs)


def category_of(variant: str) -> str:
    """Return the requested category of a cut-out, from its variant."""
    return variant.partition("/")[0]


def person_index_of(variant: str) -> int | None:
    """Return the person that the client chose, from a parse's variant; None: the tailor chose."""
    last = variant.rpartition("/")[2]
    return int(last.removeprefix(_PERSON)) if last.startswith(_PERSON) else None


def read_tailor_work(body: Mapping[str, Any]) -> TailorWork:
    """Return the work in a tailor job's body.

    Raises:
        InvalidRequest: It names no stage of the tailor's, or its body cannot be read.
    """
    task = body.get("task")
    if not isinstance(task, str) or task not in TAILOR_WORKS:
        raise InvalidRequest(f"task {task!r} is none of {', '.join(TAILOR_WORKS)}")
    return TAILOR_WORKS[task].read(body)


TAILOR_WORKS: Final[Mapping[str, type[TailorWork]]] = {
    **{kind.value: stage.work for kind, stage in STAGES.items() if issubclass(stage.work, TailorWork)},
    VARIANT: VariantWork,
    VERIFY: VerifyWork,
}
"""The tailor's tasks, by the name that a body gives: its stages, and what no row stands for."""
