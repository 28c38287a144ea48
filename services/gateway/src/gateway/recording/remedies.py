"""What repairs a difference between a row and its job in Redis. Pure; the reconciler reads and acts around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.ledger.jobs import JobRow
from gateway.recording.transitions import fact
from proteus.jobs import EPOCH_TOKENS, EventKind, JobState
from proteus.queue.model import JobView, QueueEvent


@dataclass(frozen=True)
class Record:
    """The row has missed this event."""

    event: QueueEvent


@dataclass(frozen=True)
class Push:
    """The job goes to its queue, with the row's epoch."""


@dataclass(frozen=True)
class Cancel:
    """The job in Redis has missed the cancel request."""


Remedy = Record | Push | Cancel


def remedy(row: JobRow, view: JobView | None, *, now: datetime, emptied: bool) -> Remedy | None:
    """Return what repairs the difference; None if there is none, or only another version can read the job.

    Args:
        row: A row at a stage whose job belongs in Redis.
        view: The job in Redis; None if it is missing.
        now: The time of new events.
        emptied: Redis has lost its jobs: a missing one may have been claimed, even if no row records it.
    """
    if view is not None and not view.readable:
        return None
    if view is None or _is_of_older_epoch(row, view):
        if row.cancel_requested:
            return Record(fact(row, EventKind.CANCELED, now=now))
        if view is None and (emptied or row.submitted_epoch >= row.epoch):
            return Record(fact(row, EventKind.RESUBMITTED, now=now))
        return Push()
    if event := _missed(row, view, now):
        return Record(event)
    return Cancel() if row.cancel_requested and not view.cancel_requested else None


def _is_of_older_epoch(row: JobRow, view: JobView) -> bool:
    """Return whether a push of this row would replace the job in Redis."""
    over = view.state.terminal and view.state is not JobState.FAILED
    return view.token < row.epoch * EPOCH_TOKENS and not over


def _missed(row: JobRow, view: JobView, now: datetime) -> QueueEvent | None:
    """Return the event that this row has missed, if its job in Redis has gone further."""
    data: Mapping[str, object] = {
        "attempts": view.attempts,
        "crashes": view.crashes,
        "solo_crashes": view.solo_crashes,
        **({"result": dict(view.result)} if view.state is JobState.COMPLETED else {}),
        **({"code": view.code, "message": view.message} if view.state is JobState.FAILED else {}),
    }
    if view.state.terminal:
        kind = EventKind(view.state.value)
    elif view.state is JobState.RUNNING and view.token > row.token:
        kind = EventKind.CLAIMED
    elif view.state is JobState.QUEUED and row.state is JobState.RUNNING and view.token >= row.token:
        kind = EventKind.RETURNED
    elif row.submitted_epoch < row.epoch:
        kind = EventKind.SUBMITTED
    else:
        return None
    return QueueEvent(
        entry_id="",
        kind=kind,
        job_id=view.id,
        token=max(view.token, row.epoch * EPOCH_TOKENS),  # An ended job stays ended, also if an older epoch ended it.
        state=view.state,
        at_ms=int(now.timestamp() * 1000),
        data=data,
    )
