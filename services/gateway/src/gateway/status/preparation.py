"""What is prepared of a photo, as its owner sees it: how far its stages are, and what the tailor found. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.status.views import AddressOf, view_of_tailor_job
from proteus import object_keys
from proteus.artefacts import MaskedCategory, PictureWarning
from proteus.events import ErrorInfo, ResultInfo
from proteus.jobs import ALIVE, JobState
from proteus.payloads import ParseResult
from proteus.stages import STAGES, JobKind, person_index_of

LAST: Final = {"garment": JobKind.CUT, "person": JobKind.PARSE, "mask": JobKind.INGEST}
"""The last preparation of a photo, by what it shows."""

EXAMPLE: Final[dict[str, Any]] = {
    "status": "completed",
    "stages": {"ingest": "completed", "parse": "completed"},
    "job_id": None,
    "error": None,
    "cut": None,
    "people": 1,
    "person_index": 0,
    "warnings": [],
}


class PreparationBody(BaseModel):
    """How far a photo is prepared.

    Attributes:
        status: `none` until a submit or POST /v1/images/{image_id}/uploaded starts it.
        stages: Each job of the photo's last preparation: its state.
        job_id: Of a garment: the cut-out's job, for its status and its events.
        error: Why it failed; a photo that was refused stays refused.
        cut: Of a garment, once it is cut out: its address, category, confidence.
        people: Of a person's photo, once it is parsed: how many people it shows; null: unknown.
        person_index: Which of them wears the garment unless a try-on names another, from the left, 0 being the first.
        warnings: What may be wrong with the photo.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    status: JobState | Literal["none"] = "none"
    stages: dict[str, JobState] = {}
    job_id: str | None = None
    error: ErrorInfo | None = None
    cut: ResultInfo | None = None
    people: int | None = None
    person_index: int | None = None
    warnings: tuple[PictureWarning, ...] = ()


def preparation_of(
    image: ImageRow, jobs: Sequence[JobRow], *, parser_version: str, address_of: AddressOf
) -> PreparationBody:
    """Return how far a photo is prepared by this deployment's parser.

    Args:
        image: The photo.
        jobs: All tailor jobs of it, newest last.
        parser_version: Other parsers' cut-outs and parses do not count.
        address_of: Key -> unsigned address.
    """
    last = LAST[image.kind]
    newest = _newest(image, jobs, last, parser_version)
    if image.key is not None and not newest:
        return PreparationBody(stages={JobKind.INGEST: JobState.COMPLETED})
    stages = {kind.value: newest[kind].state for kind in STAGES if kind in newest}
    main = newest.get(last)
    error = next((ErrorInfo(**job.error) for job in newest.values() if job.error), None)
    cut = None
    if main is not None and main.kind is JobKind.CUT:
        cut = next(iter(view_of_tailor_job(main, address_of).results), None)
    read = ParseResult.read_if_readable(main.result) if main and main.kind is JobKind.PARSE else None
    parse = read.parse if read else None
    return PreparationBody(
        status=_together(list(newest.values()), main),
        stages=stages,
        job_id=main.id if main is not None and main.kind is JobKind.CUT else None,
        error=error,
        cut=cut,
        people=parse.people if parse else None,
        person_index=parse.person_index if parse else None,
        warnings=cut.warnings if cut else parse.warnings if parse else (),
    )


def area_key_of(
    image: ImageRow, jobs: Sequence[JobRow], category: MaskedCategory, *, parser_version: str
) -> str | None:
    """Return the key of the mask of what a garment of this category may change; None until the photo is parsed."""
    main = _newest(image, jobs, JobKind.PARSE, parser_version).get(JobKind.PARSE)
    if main is None or main.state is not JobState.COMPLETED:
        return None
    made = ParseResult.read_if_readable(main.result)
    return object_keys.area_key(made.result_key, category) if made else None


def _newest(image: ImageRow, jobs: Sequence[JobRow], last: JobKind, parser_version: str) -> dict[JobKind, JobRow]:
    newest: dict[JobKind, JobRow] = {}
    for job in jobs:
        if job.image_id == image.id and _counts(job, last, image, parser_version, newest.get(job.kind)):
            newest[job.kind] = job
    return newest


def _counts(job: JobRow, last: JobKind, image: ImageRow, parser_version: str, known: JobRow | None) -> bool:
    """Tell whether a job is the one to show of its kind: of this parser, and for the category that its user named."""
    if job.kind is not last or not STAGES[job.kind].by_parser:
        return not STAGES[job.kind].by_parser
    if parser_version not in job.variant.split("/") or person_index_of(job.variant) is not None:
        return False
    ours = image.category is not None and job.variant.startswith(f"{image.category}/")
    theirs = known is not None and known.variant.startswith(f"{image.category}/")
    return ours or not theirs


def _together(jobs: Sequence[JobRow], main: JobRow | None) -> JobState | Literal["none"]:
    """Return one state for the stages of a photo: the last one's, or that of the one that keeps it from coming."""
    if main is not None and (main.terminal or main.state is JobState.RUNNING):
        return main.state
    states = [job.state for job in jobs]
    ended = [state for state in states if state.terminal and state is not JobState.COMPLETED]
    if ended:
        return ended[0]
    if JobState.RUNNING in states or (main is not None and JobState.COMPLETED in states):
        return JobState.RUNNING
    return JobState.QUEUED if any(state in ALIVE for state in states) else "none"
