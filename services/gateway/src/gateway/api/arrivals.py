"""The record of demand, for operators (scope `admin`): which pictures were asked for, and what became of each.

Nothing is recorded for this: the rows are the record. They are there for as long as their owners keep the try-ons,
until a DELETE or `expires_in` takes them; nobody prunes them. A submit that was refused at the door has left no row.
Neither users nor addresses are told.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.api import examples
from gateway.api.dependencies import CursorText, Page, ServicesDep, cursor_of, operator, page_of
from gateway.api.guarding import GuardedRouter
from gateway.ledger.arrivals import ArrivalRow
from gateway.rules.text import Moment
from gateway.status.views import iso
from proteus.errors import InvalidRequest
from proteus.estimates import rank_of
from proteus.jobs import JobState

router = GuardedRouter(prefix="/v1/queue/arrivals", tags=["queue"], dependencies=[Depends(operator)])

LONGEST_PAGE: Final = 1_000
"""A day of one picture a second is then 87 requests."""


class Arrival(BaseModel):
    """A picture that was asked for."""

    model_config = examples.said(examples.ARRIVAL)

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


class ArrivalList(BaseModel):
    """A page, oldest first."""

    model_config = examples.page(examples.ARRIVAL)

    items: list[Arrival]
    next_cursor: str | None = None


async def long_page(
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 500,
    cursor: CursorText | None = None,
) -> Page:
    """The asked part of a long list."""
    return await page_of(limit, cursor)


@router.get("", response_model=ArrivalList, summary="List what was asked for, for a replay")
async def arrivals(
    services: ServicesDep,
    page: Annotated[Page, Depends(long_page)],
    since: Annotated[Moment, Query(description="ISO 8601 with its zone.", examples=[examples.AT])],
    until: Annotated[Moment | None, Query(description="Not included; default: now.")] = None,
) -> JSONResponse:
    """Return the pictures of all users that were asked for since a time, oldest first."""
    now = datetime.now(UTC)
    if since > now:
        raise InvalidRequest(f"`since` is {iso(since)}, which is in the future: nothing has arrived yet.")
    if until is not None and until <= since:
        raise InvalidRequest(f"`until` is {iso(until)}, which is not after `since` ({iso(since)}).")
    async with services.ledger.read() as reads:
        rows = await reads.arrivals.page(since=since, until=until or now, after=page.cursor, limit=page.limit)
    more = cursor_of(rows[-1].created_at, rows[-1].id) if len(rows) == page.limit else None
    return JSONResponse({"items": [_body(row) for row in rows], "next_cursor": more})


def _body(row: ArrivalRow) -> dict[str, Any]:
    return {
        "tenant": row.tenant,
        "priority": row.priority,
        "engine": row.engine,
        "batch_key": row.batch_key,
        "degradable": bool(row.degraded_batch_key),
        "rank": rank_of(row.id),
        "degraded": row.degraded,
        "deadline_at": _iso(row.deadline_at),
        "status": row.state,
        "created_at": iso(row.created_at),
        "ready_at": _iso(row.ready_at),
        "started_at": _iso(row.started_at),
        "finished_at": _iso(row.finished_at),
    }


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at else None
