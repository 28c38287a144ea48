"""Bodies of one job's payload and timeline."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.queue.models import JOB, QueueJob
from gateway.api.wire import said
from gateway.status.models import AT, JOB_ID
from gateway.status.timeline import Happening, Moment
from gateway.status.views import iso
from proteus.documents import storable
from proteus.queue import Submission

PAYLOAD: Final[dict[str, Any]] = {
    "id": JOB_ID,
    "user_photo_url": "https://store.example/proteus/…/img_….png",
    "cloth_clean_url": "https://store.example/proteus/…/cut.png",
    "created_at": 1_770_000_000,
}


class MomentBody(BaseModel):
    """One moment of a job."""

    at: str
    what: Happening
    job_id: str = Field(description="The job, a job that it needs, or its try-on.")
    detail: dict[str, Any] = Field(description="State, stage, worker, error code: what is known.")

    @classmethod
    def of(cls, moment: Moment) -> MomentBody:
        """Return a moment as operators see it."""
        return cls(at=iso(moment.at), what=moment.what, job_id=moment.job_id, detail=dict(moment.detail))


class PayloadBody(BaseModel):
    """A job's element in its queue, and the worker's further input."""

    element: dict[str, Any]
    body: dict[str, Any]

    @classmethod
    def of(cls, submission: Submission) -> PayloadBody:
        """Return a queue element as operators see it. Its addresses are unsigned: nobody can open them by it."""
        return cls(element=storable(dict(submission.payload)), body=storable(dict(submission.body)))


class TimelineBody(BaseModel):
    """One job: its row, what its worker gets, and what happened to it."""

    model_config = said(
        {
            "job": JOB,
            "payload": {"element": PAYLOAD, "body": {"engine": "puppet", "n": 1}},
            "needs": [],
            "moments": [{"at": AT, "what": "created", "job_id": JOB_ID, "detail": {"kind": "tryon"}}],
        }
    )

    job: QueueJob
    payload: PayloadBody | None = Field(description="null while a job that it needs is not done.")
    needs: list[QueueJob]
    moments: list[MomentBody] = Field(description="Oldest first.")
