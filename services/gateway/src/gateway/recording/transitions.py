"""What an event makes of a job's row. Pure; the recorder reads, locks and commits around it.

Events reach the recorders out of order: several consumers share a group. So a fact counts by its fencing token, not by
its place: tokens only grow, and those of an older epoch are ignored. The first terminal event wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.ledger.jobs import JobRow
from gateway.rules.failures import PREREQUISITE, described
from proteus import errors
from proteus.jobs import ENDS, EPOCH_TOKENS, EventKind, JobState, Stage
from proteus.queue.model import QueueEvent
from proteus.stages import STAGES, JobKind


def fact(row: JobRow, kind: EventKind, *, now: datetime, **data: Any) -> QueueEvent:
    """Return an event that the gateway itself causes, with the token of the queue's newest one."""
    return QueueEvent(
        entry_id="",
        kind=kind,
        job_id=row.id,
        token=max(row.token, row.epoch * EPOCH_TOKENS),
        state=ENDS.get(kind, JobState.QUEUED),
        at_ms=int(now.timestamp() * 1000),
        data=data,
    )


def apply(row: JobRow, event: QueueEvent) -> JobRow:
    """Return the row after the event; the same object if the event brings nothing new."""
    if event.kind is EventKind.REOPENED and row.state is JobState.FAILED:
        return replace(
            _moved(row, JobState.QUEUED),
            epoch=row.epoch + 1,
            error=None,
            waiting_since=datetime.fromtimestamp(event.at_ms / 1000, UTC),
            finished_at=None,
            cancel_requested=False,
            attempts=0,
            crashes=0,
            solo_crashes=0,
        )
    if row.terminal or event.token < row.epoch * EPOCH_TOKENS:
        return row
    at = datetime.fromtimestamp(event.at_ms / 1000, UTC)
    if event.kind in ENDS:
        return _ended(row, event, at)
    match event.kind:
        case EventKind.SUBMITTED if row.submitted_epoch < row.epoch:
            return replace(row, submitted_epoch=row.epoch)
        case EventKind.CLAIMED if event.token > row.token:
            row = replace(row, token=event.token, submitted_epoch=row.epoch, started_at=row.started_at or at)
            return row if row.state is JobState.RUNNING else _moved(row, JobState.RUNNING)
        case EventKind.RETURNED | EventKind.RETRYING if event.token >= row.token:
            changed = replace(row, token=event.token, submitted_epoch=row.epoch, **_counters(row, event.data))
            changed = _moved(changed, JobState.QUEUED) if row.state is JobState.RUNNING else changed
            return row if changed == row else changed
        case EventKind.RESUBMITTED:
            row = row if row.state is JobState.QUEUED else _moved(row, JobState.QUEUED)
            return replace(row, stage=Stage.WAITING, epoch=row.epoch + 1)
        case EventKind.PROMOTED if row.stage is Stage.HELD:
            return replace(row, stage=Stage.WAITING, hold=False, waiting_since=at)
        case EventKind.RELEASED if row.stage is Stage.PREPARING:
            return replace(row, stage=Stage.HELD) if row.hold else replace(row, stage=Stage.WAITING, waiting_since=at)
    return row


def cascaded(row: JobRow, needs: Sequence[JobRow], *, now: datetime) -> JobRow:
    """Return a dependent after its needs changed: released when all are done, failed like the first that is not.

    A cancelled or expired need fails its dependents: no client cancelled those.
    """
    if row.stage is not Stage.PREPARING:
        return row
    for need in needs:
        if need.terminal and need.state is not JobState.COMPLETED:
            error = need.error or {"code": f"{PREREQUISITE}{need.state}", "message": f"{need.kind} was {need.state}"}
            return apply(row, fact(row, EventKind.FAILED, now=now, **error))
    if all(need.state is JobState.COMPLETED for need in needs):
        return apply(row, fact(row, EventKind.RELEASED, now=now))
    return row


def why_unreadable(kind: JobKind, result: Mapping[str, Any]) -> str:
    """Return why a worker's result cannot be read; "": it can."""
    try:
        STAGES[kind].result.read(result)
    except errors.InvalidRequest as error:
        return error.message
    return ""


def _ended(row: JobRow, event: QueueEvent, at: datetime) -> JobRow:
    state, result = ENDS[event.kind], dict(event.data.get("result") or {})
    # Only here: an incomplete result would otherwise fail wherever it is read.
    if state is JobState.COMPLETED and (wrong := why_unreadable(row.kind, result)):
        reason = {"code": "engine_failed", "message": f"The worker's result cannot be read: {wrong}."}
        return _ended(row, replace(event, kind=EventKind.FAILED, data={**event.data, **reason}), at)
    if row.state is JobState.QUEUED and state is JobState.COMPLETED:
        row = replace(_moved(row, JobState.RUNNING), started_at=row.started_at or at)
    row = replace(
        _moved(row, state),
        token=max(row.token, event.token),
        submitted_epoch=row.epoch,
        finished_at=at,
        **_counters(row, event.data),
    )
    if state is JobState.COMPLETED:
        return replace(row, result=result, result_key=result.get("result_key"))
    if state is JobState.FAILED:
        return replace(row, error=described(str(event.data.get("code", "")), str(event.data.get("message", ""))))
    if state is JobState.EXPIRED:
        code = str(event.data.get("code") or "deadline_exceeded")
        message = "" if code == errors.TooOld.code else "The deadline passed before the picture was made."
        return replace(row, error=described(code, message))
    return row


def _moved(row: JobRow, state: JobState) -> JobRow:
    job = row.job.advance(state)
    return replace(row, state=job.state, stage=job.stage)


def _counters(row: JobRow, data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: int(data.get(name, getattr(row, name))) for name in ("attempts", "crashes", "solo_crashes")}
