"""Bodies of `/v1/queue/jobs` and `/v1/queue/dead`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from pydantic import BaseModel

from gateway.api.auth.models import USER_ID
from gateway.api.wire import page, said
from gateway.ledger.jobs import JobRow
from gateway.status.models import AT, JOB_ID
from gateway.status.views import iso
from proteus.documents import storable_text
from proteus.events import ErrorInfo
from proteus.jobs import JobState, Stage
from proteus.queue import JobView
from proteus.stages import JobKind

JOB: Final[dict[str, Any]] = {
    "job_id": JOB_ID,
    "kind": "tryon",
    "user_id": USER_ID,
    "tenant": "guests",
    "status": "running",
    "stage": "denoising",
    "engine": "puppet",
    "batch_key": "puppet/1/0x0/0",
    "priority": 1,
    "epoch": 1,
    "token": 1_000_001,
    "attempts": 0,
    "crashes": 0,
    "solo_crashes": 0,
    "cancel_requested": False,
    "error": None,
    "created_at": AT,
    "updated_at": AT,
    "in_redis": None,
}
LETTER: Final[dict[str, Any]] = {
    "queue": "queue:jobs",
    "job_id": JOB_ID,
    "code": "worker_lost",
    "message": "The worker that ran this job alone was lost 3 times.",
    "attempts": 0,
    "crashes": 3,
    "solo_crashes": 3,
}


class QueueJob(BaseModel):
    """One element of a queue, as its row has it; `in_redis` as Redis has it."""

    model_config = said(JOB)

    job_id: str
    kind: JobKind
    user_id: str
    tenant: str
    status: JobState
    stage: Stage | None
    engine: str
    batch_key: str
    priority: int
    epoch: int
    token: int
    attempts: int
    crashes: int
    solo_crashes: int
    cancel_requested: bool
    error: ErrorInfo | None
    created_at: str
    updated_at: str
    in_redis: dict[str, Any] | None = None

    @classmethod
    def of(cls, row: JobRow, view: JobView | None = None) -> QueueJob:
        """Return a row as operators see it, and what Redis holds of it."""
        return cls(
            job_id=row.id,
            kind=row.kind,
            user_id=row.user_id,
            tenant=row.tenant,
            status=row.state,
            stage=row.stage,
            engine=row.engine,
            batch_key=row.batch_key,
            priority=row.priority,
            epoch=row.epoch,
            token=row.token,
            attempts=row.attempts,
            crashes=row.crashes,
            solo_crashes=row.solo_crashes,
            cancel_requested=row.cancel_requested,
            error=ErrorInfo(**row.error) if row.error else None,
            created_at=iso(row.created_at),
            updated_at=iso(row.updated_at),
            in_redis=asdict(view) if view else None,
        )


class QueueJobList(BaseModel):
    """A page, newest first."""

    model_config = page(JOB)

    items: list[QueueJob]
    next_cursor: str | None = None


class DeadLetter(BaseModel):
    """A job, or an external payload, that no worker gets again without an operator."""

    model_config = said(LETTER)

    queue: str
    job_id: str
    code: str
    message: str
    attempts: int
    crashes: int
    solo_crashes: int

    @classmethod
    def of_job(cls, queue: str, view: JobView) -> DeadLetter:
        """Return a dead job."""
        return cls(
            queue=queue,
            job_id=view.id,
            code=view.code,
            message=view.message,
            attempts=view.attempts,
            crashes=view.crashes,
            solo_crashes=view.solo_crashes,
        )

    @classmethod
    def of_event(cls, queue: str, event: Mapping[str, str]) -> DeadLetter:
        """Return an event that could not be recorded."""
        return cls(
            queue=queue,
            job_id=storable_text(event.get("id", "")),
            code="event_set_aside",
            message=event.get("reason", ""),
            attempts=0,
            crashes=0,
            solo_crashes=0,
        )


class DeadLetters(BaseModel):
    """The newest dead letters."""

    model_config = said({"items": [LETTER]})

    items: list[DeadLetter]
