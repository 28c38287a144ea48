"""Bodies of `/v1/queue/arrivals`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.wire import page, said
from gateway.ledger.arrivals import ArrivalRow
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.estimates import rank_of
from proteus.jobs import JobState

EXAMPLE: Final[dict[str, Any]] = {
    "tenant": "guests",
    "priority": 1,
    "engine": "catvton",
    "batch_key": "catvton/1/768x1024/20",
    "degradable": True,
    "rank": 0.4142,
    "degraded": False,
    "deadline_at": None,
    "status": "completed",
    "created_at": AT,
    "ready_at": "2026-02-03T12:00:01.250Z",
    "started_at": "2026-02-03T12:00:03.500Z",
    "finished_at": "2026-02-03T12:00:08.750Z",
}


class Arrival(BaseModel):
    """A picture that a client requested."""

    model_config = said(EXAMPLE)

    tenant: str
    priority: int = Field(description="0 low, 1 normal, 2 high.")
    engine: str
    batch_key: str
    degradable: bool = Field(description="It has a degraded form.")
    rank: float = Field(description="Its place in the order of degrading, 0..1: below the fraction means degraded.")
    degraded: bool | None = Field(description="It was made in degraded form; null while it is not made.")
    deadline_at: str | None
    status: JobState
    created_at: str
    ready_at: str | None = Field(description="When all it needs was there and it could be queued; null: never yet.")
    started_at: str | None = Field(description="When a worker first claimed it.")
    finished_at: str | None

    @classmethod
    def of(cls, row: ArrivalRow) -> Arrival:
        """Return a picture as demand; neither its user nor an address."""
        return cls(
            tenant=row.tenant,
            priority=row.priority,
            engine=row.engine,
            batch_key=row.batch_key,
            degradable=bool(row.degraded_batch_key),
            rank=rank_of(row.id),
            degraded=row.degraded,
            deadline_at=_iso(row.deadline_at),
            status=row.state,
            created_at=iso(row.created_at),
            ready_at=_iso(row.ready_at),
            started_at=_iso(row.started_at),
            finished_at=_iso(row.finished_at),
        )


class ArrivalList(BaseModel):
    """A page, oldest first."""

    model_config = page(EXAMPLE)

    items: list[Arrival]
    next_cursor: str | None = None


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at else None
