"""The record of demand, for operators (scope `admin`): which pictures were requested, and how each ended.

Nothing is recorded for this: the rows are the record. They last for as long as their owners keep the try-ons, until a
DELETE or `expires_in` removes them; nothing else prunes them. A refused submit leaves no row. Users and addresses are
left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Query

from gateway.api.arrivals.models import Arrival, ArrivalList
from gateway.api.dependencies import CursorText, Page, ServicesDep, cursor_behind, operator, page_of
from gateway.api.guarding import GuardedRouter
from gateway.rules.text import Moment
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.errors import InvalidRequest

router = GuardedRouter(prefix="/v1/queue/arrivals", tags=["queue"], dependencies=[Depends(operator)])

LONGEST_PAGE: Final = 1_000
"""A day of one picture a second is then 87 requests."""


async def long_page(
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 500,
    cursor: CursorText | None = None,
) -> Page:
    """The requested page of a long list."""
    return await page_of(limit, cursor)


@router.get("", summary="List the submits that arrived, for a replay")
async def arrivals(
    services: ServicesDep,
    page: Annotated[Page, Depends(long_page)],
    since: Annotated[Moment, Query(description="ISO 8601 with its zone.", examples=[AT])],
    until: Annotated[Moment | None, Query(description="Not included; default: now.")] = None,
) -> ArrivalList:
    """Return the pictures that all users requested since a time, oldest first."""
    now = datetime.now(UTC)
    if since > now:
        raise InvalidRequest(f"`since` is {iso(since)}, which is in the future: nothing has arrived yet.")
    if until is not None and until <= since:
        raise InvalidRequest(f"`until` is {iso(until)}, which is not after `since` ({iso(since)}).")
    async with services.ledger.read() as reads:
        rows = await reads.arrivals.page(since=since, until=until or now, after=page.cursor, limit=page.limit)
    return ArrivalList(items=[Arrival.of(row) for row in rows], next_cursor=cursor_behind(rows, page))
