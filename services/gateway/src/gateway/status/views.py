"""What clients see of rows: the status of a job and the event of a change, each built here alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import ValidationError

from gateway.ledger.events import EventRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.tryons import TryonRow
from gateway.rules.outfits import OutfitIncomplete, position_of
from gateway.rules.usage import JobUsage, in_all
from gateway.status.models import EtaBody, ProgressBody, StatusBody
from proteus.events import CostInfo, ErrorInfo, JobEvent, ResultInfo, UsageInfo
from proteus.jobs import JobState, Stage
from proteus.payloads import CutFacts, CutResult, TryonResult
from proteus.stages import JobKind
from proteus.variants import VariantWidth

AddressOf = Callable[[str], str]
"""Key -> unsigned address inside this deployment's storage (`ObjectStore.url_of`)."""


POSITION_MOST: Final = 2_000
"""Beyond it a position only means that at least so many are ahead."""


@dataclass(frozen=True, kw_only=True)
class ClientView:
    """A job as clients see it: the content of an event; an event exists only where this changes."""

    status: JobState
    stage: Stage | None
    results: tuple[ResultInfo, ...]
    error: ErrorInfo | None
    failed_garment: int | None = None
    partial: bool | None = None
    usage: UsageInfo | None = None
    cost: CostInfo | None = None


def view_of_tryon(units: Sequence[JobRow]) -> ClientView:
    """Return the view of a try-on: running while any picture is, completed if at least one picture is."""
    return _with_usage(_state_of_tryon(units), units)


def _with_usage(seen: ClientView, rows: Sequence[JobRow]) -> ClientView:
    total = in_all(JobUsage.read(row.usage) for row in rows)
    if total is None:
        return seen
    usage = UsageInfo(
        gpu_seconds=total.gpu_seconds,
        unbilled_seconds=total.unbilled_seconds,
        engine_seconds=total.engine_seconds,
        queue_seconds=total.queue_seconds,
        store_seconds=total.store_seconds,
        known=total.known,
    )
    cost = None
    if total.cost is not None and total.currency:
        cost = CostInfo(amount=total.cost, currency=total.currency, idle_included=total.idle_included)
    return replace(seen, usage=usage, cost=cost)


def _state_of_tryon(units: Sequence[JobRow]) -> ClientView:
    states = [unit.state for unit in units]
    error = next((ErrorInfo(**unit.error) for unit in units if unit.error), None)
    results = tuple(_picture(unit) for unit in units)
    if not all(state.terminal for state in states):
        status = JobState.QUEUED if all(state is JobState.QUEUED for state in states) else JobState.RUNNING
        stages = [unit.stage for unit in units if unit.state is status and unit.stage]
        stage = stages[0] if stages else Stage.FETCHING
        return ClientView(status=status, stage=stage, results=results, error=None)
    if units and position_of(units[0].variant):
        return _ended_outfit(units, results)
    for status in (JobState.COMPLETED, JobState.FAILED, JobState.EXPIRED):
        if status in states:
            return ClientView(
                status=status, stage=None, results=results, error=None if status is JobState.COMPLETED else error
            )
    return ClientView(status=JobState.CANCELED, stage=None, results=results, error=None)


def _ended_outfit(units: Sequence[JobRow], results: tuple[ResultInfo, ...]) -> ClientView:
    """Return the view of an outfit that has ended: it is completed only with all of its garments."""
    missing = next((unit for unit in units if unit.state is not JobState.COMPLETED), None)
    if missing is None:
        return ClientView(status=JobState.COMPLETED, stage=None, results=results, error=None)
    # What comes after the first missing one only follows it; a cancel may have ended it while its needs failed.
    states = {unit.state for unit in units if unit.n >= missing.n}
    status = next(state for state in (JobState.CANCELED, missing.state) if state in states)
    partial = any(unit.state is JobState.COMPLETED for unit in units)
    error = ErrorInfo(**missing.error) if missing.error else None
    if partial and status is JobState.FAILED:
        place = position_of(missing.variant)
        told = OutfitIncomplete(f"Garment {place} could not be put on: {error.message if error else 'it failed.'}")
        error = ErrorInfo(
            code=told.code,
            message=told.message,
            hint=error.hint if error else told.hint,
            retryable=bool(error and error.retryable),
        )
    return ClientView(
        status=status,
        stage=None,
        results=results,
        error=None if status is JobState.CANCELED else error,
        failed_garment=position_of(missing.variant),
        partial=partial,
    )


def view_of_tailor_job(row: JobRow, address_of: AddressOf) -> ClientView:
    """Return the view of a tailor job; a cut-out comes with the address that `/api/snap` takes."""
    results: tuple[ResultInfo, ...] = ()
    if row.kind is JobKind.CUT and row.state is JobState.COMPLETED and row.result:
        made = CutResult.read_if_readable(row.result)
        cut = made.cut if made else CutFacts()
        results = (
            ResultInfo(
                n=1,
                status=JobState.COMPLETED,
                url=result_url(row.id, 1),
                thumbnail_url=thumbnail_url(row.id, 1),
                blurhash=made.blurhash if made else None,
                engine=cut.parser,
                engine_version=cut.parser_version,
                width=cut.width,
                height=cut.height,
                content_type="image/png",
                cloth_clean_url=address_of(row.result_key) if row.result_key else None,
                category=cut.category,
                categories=cut.categories or None,
                confidence=cut.confidence,
                warnings=cut.warnings,
            ),
        )
    seen = ClientView(
        status=row.state,
        stage=row.stage,
        results=results,
        error=ErrorInfo(**row.error) if row.error else None,
    )
    return _with_usage(seen, [row])


def status_of(
    row: TryonRow | JobRow,
    seen: ClientView | None,
    *,
    units: Sequence[JobRow],
    position: int | None = None,
    eta: EtaBody | None = None,
    progress: ProgressBody | None = None,
) -> StatusBody:
    """Return the status of a try-on or a tailor job.

    Args:
        row: The VTON entry, or the tailor job.
        seen: Its view; None: it is a draft.
        units: Its pictures; of a tailor job, itself.
        position: Jobs before it in the queue; None where that means nothing.
        eta: When it is done; None: unknown.
        progress: Of its running job.
    """
    if isinstance(row, TryonRow):
        vton_id, engine, metadata, expires_at = row.vton_id, row.options["engine"], row.metadata, row.expires_at
        external_id = row.external_id
    else:
        vton_id, engine, metadata, expires_at, external_id = None, row.kind, None, None, None
    results = seen.results if seen else ()
    return StatusBody(
        job_id=row.id,
        vton_id=vton_id,
        job_type="segment" if vton_id is None else "tryon",
        status=seen.status if seen else "draft",
        stage=seen.stage if seen else None,
        position=None if position is None else min(position, POSITION_MOST),
        position_is_least=position is not None and position > POSITION_MOST,
        eta=eta,
        progress=progress,
        results=list(results),
        error=seen.error if seen else None,
        failed_garment=seen.failed_garment if seen else None,
        partial=seen.partial if seen else None,
        engine=engine,
        metadata=metadata,
        external_id=external_id,
        created_at=iso(row.created_at),
        finished_at=iso(row.finished_at) if row.finished_at else None,
        expires_at=iso(expires_at) if expires_at else None,
        timings=timings_of(row, units),
        usage=seen.usage if seen else None,
        cost=seen.cost if seen else None,
        cloth_clean_url=next((made.cloth_clean_url for made in results), None),
    )


def snapshot_of(status: StatusBody, *, seq: int, at: datetime) -> JobEvent | None:
    """Return a job's present status as the event that a new subscriber starts from; a draft has none yet.

    Args:
        status: Its status, read after `seq`.
        seq: The user's newest event: later changes have higher numbers.
        at: When it was read.
    """
    if status.status == "draft":
        return None
    seen = ClientView(
        status=status.status,
        stage=status.stage,
        results=tuple(status.results),
        error=status.error,
        failed_garment=status.failed_garment,
        partial=status.partial,
        usage=status.usage,
        cost=status.cost,
    )
    return event_of(seen, seq=seq, job_id=status.job_id, vton_id=status.vton_id, job_type=status.job_type, at=at)


def event_of(
    seen: ClientView, *, seq: int, job_id: str, vton_id: str | None, job_type: Literal["tryon", "segment"], at: datetime
) -> JobEvent:
    """Return an event of a job: numbered, with everything known of the job."""
    return JobEvent(
        seq=seq,
        job_id=job_id,
        vton_id=vton_id,
        job_type=job_type,
        status=seen.status,
        stage=seen.stage,
        results=seen.results,
        error=seen.error,
        usage=seen.usage,
        cost=seen.cost,
        at=iso(at),
        failed_garment=seen.failed_garment,
        partial=seen.partial,
    )


def recorded_event(row: EventRow) -> JobEvent:
    """Return a recorded event. One of another version is sent unchanged: its readers may know more than we."""
    data = {**row.data, "seq": row.seq}
    try:
        return JobEvent.model_validate(data)
    except ValidationError:
        return JobEvent.model_construct(**data)


def result_url(job_id: str, n: int) -> str:
    """Return the stable API address of a result."""
    return f"/v1/results/{job_id}/{n}"


def thumbnail_url(job_id: str, n: int) -> str:
    """Return the stable API address of a result's thumbnail."""
    return f"{result_url(job_id, n)}?w={VariantWidth.W320}"


def timings_of(entry: TryonRow | JobRow, units: Sequence[JobRow]) -> dict[str, float]:
    """Return how the time was spent, in seconds, as far as it is known.

    Pictures of one try-on are made side by side, so sums over them would exceed the total. The times are those of the
    picture that was finished last: the client waited for it, and its parts add up to no more than the total.
    """
    found: dict[str, float] = {}
    ended = [(unit.finished_at, unit) for unit in units if unit.finished_at]
    starts = [unit.started_at for unit in units if unit.started_at]
    last = max(ended, key=lambda one: one[0])[1] if ended else None
    if last is not None and last.started_at:
        found["queued_seconds"] = _seconds(entry.created_at, last.started_at)
    elif starts:
        found["queued_seconds"] = _seconds(entry.created_at, min(starts))
    if last is not None and last.finished_at and len(ended) == len(units):
        found["total_seconds"] = _seconds(entry.created_at, last.finished_at)
    if last is None or last.kind != JobKind.TRYON or not last.result:
        return found
    made = TryonResult.read_if_readable(last.result)
    parts = made.timings if made and made.timings else {}
    return found | {name: round(seconds, 4) for name, seconds in parts.items()}


def iso(at: datetime) -> str:
    """Return ISO 8601 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _picture(unit: JobRow) -> ResultInfo:
    garment = position_of(unit.variant)
    if unit.state is not JobState.COMPLETED or not unit.result:
        error = ErrorInfo(**unit.error) if unit.error else None
        return ResultInfo(n=unit.n, status=unit.state, garment=garment, error=error)
    made = TryonResult.read_if_readable(unit.result)
    url = result_url(unit.public_id, unit.n)
    thumbnail = thumbnail_url(unit.public_id, unit.n)
    if made is None:
        return ResultInfo(n=unit.n, status=JobState.COMPLETED, url=url, thumbnail_url=thumbnail, garment=garment)
    return ResultInfo(
        n=unit.n,
        status=JobState.COMPLETED,
        url=url,
        thumbnail_url=thumbnail,
        blurhash=made.blurhash,
        engine=made.engine,
        engine_version=made.engine_version,
        seed=made.seed,
        width=made.width,
        height=made.height,
        content_type=made.content_type,
        degraded=made.degraded,
        garment=garment,
        warnings=made.warnings,
        quality_score=made.quality_score,
        mask_url=f"{url}/mask" if made.mask_key else None,
    )


def _seconds(start: datetime, end: datetime) -> float:
    return round(max(0.0, (end - start).total_seconds()), 4)
