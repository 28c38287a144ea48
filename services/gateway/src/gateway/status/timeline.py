"""One job's life, for operators: its row, its needs, its queue and its events as moments in their order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.ledger.events import EventRow
from gateway.ledger.jobs import JobRow
from proteus.jobs import JobState


class Happening(StrEnum):
    """What happened at a moment."""

    CREATED = "created"
    """The client submitted it, or another job needed it."""
    NEED_ENDED = "need_ended"
    """A job that it needs ended."""
    QUEUED = "queued"
    """It could first be claimed."""
    CLAIMED = "claimed"
    """A worker first took it."""
    EVENT = "event"
    """Its user was told of a change."""
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One moment.

    Attributes:
        what: What happened.
        job_id: Of which job: itself, a job that it needs, or the try-on whose picture it is.
        detail: State, stage, worker, error code: what is known.
    """

    at: datetime
    what: Happening
    job_id: str
    detail: Mapping[str, Any]


def timeline_of(row: JobRow, *, needs: Sequence[JobRow], events: Sequence[EventRow]) -> list[Moment]:
    """Return a job's moments, oldest first.

    Args:
        row: The job.
        needs: The jobs that it needs.
        events: Of the try-on, or of the tailor job, as its user was told.
    """
    moments = [Moment(at=row.created_at, what=Happening.CREATED, job_id=row.id, detail={"kind": row.kind.value})]
    moments += [
        Moment(at=need.finished_at, what=Happening.NEED_ENDED, job_id=need.id, detail=_end_of(need))
        for need in needs
        if need.finished_at
    ]
    if row.waiting_since:
        at = max(row.waiting_since, row.created_at)  # A gateway's clock and the database's differ by a little.
        moments.append(Moment(at=at, what=Happening.QUEUED, job_id=row.id, detail={"epoch": row.epoch}))
    if row.started_at:
        moments.append(Moment(at=row.started_at, what=Happening.CLAIMED, job_id=row.id, detail={}))
    moments += _told(events)
    if row.finished_at:
        moments.append(Moment(at=row.finished_at, what=Happening.ENDED, job_id=row.id, detail=_end_of(row)))
    # The sort is stable: moments of the same millisecond keep this order.
    return sorted(moments, key=lambda one: one.at)


def _end_of(row: JobRow) -> dict[str, Any]:
    detail: dict[str, Any] = {"kind": row.kind.value, "status": row.state.value}
    if row.error:
        detail["code"] = str(row.error.get("code", ""))
    worker = (row.result or {}).get("worker")
    if row.state is JobState.COMPLETED and isinstance(worker, str):
        detail["worker"] = worker
    return detail


def _told(events: Iterable[EventRow]) -> list[Moment]:
    """Return the readable events; one of another version may lack its time."""
    found = []
    for event in events:
        try:
            at = datetime.fromisoformat(str(event.data["at"]))
        except (KeyError, ValueError):
            continue
        if at.tzinfo is None:
            continue
        known = {name: event.data.get(name) for name in ("status", "stage")}
        detail = {"seq": event.seq, **{name: value for name, value in known.items() if isinstance(value, str)}}
        found.append(Moment(at=at, what=Happening.EVENT, job_id=event.job_id, detail=detail))
    return found
