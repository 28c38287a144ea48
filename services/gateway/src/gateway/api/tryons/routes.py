"""Existing try-ons: list, cancel, delete."""

from __future__ import annotations

from fastapi import Response

from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, WaitDep, cursor_behind
from gateway.api.guarding import GuardedRouter
from gateway.api.tryons.answers import SUBMITTED, submitted
from gateway.api.tryons.filters import FILTERED, FilterDep
from gateway.api.tryons.models import StatusList
from gateway.recording.cancel import cancel as cancel_units
from gateway.rules.text import PathId
from gateway.status.models import StatusBody
from proteus.errors import NotFound

router = GuardedRouter(tags=["try-ons"])


@router.get("/v1/tryons", openapi_extra=FILTERED, summary="List your try-ons")
async def list_tryons(services: ServicesDep, caller: CallerDep, page: PageDep, only: FilterDep) -> StatusList:
    """Return your try-ons, newest first."""
    async with services.ledger.read() as reads:
        entries = await reads.tryons.page(
            page.cursor,
            user_id=caller.user_id,
            limit=page.limit,
            drafts=False,
            only=only,
        )
        units = await reads.jobs.units_of([entry.id for entry in entries])
    items = [await services.statuses.of_tryon(entry, units.get(entry.id, [])) for entry in entries]
    return StatusList(items=items, next_cursor=cursor_behind(entries, page))


@router.post(
    "/v1/tryons/{job_id}/cancel",
    response_model=StatusBody,
    status_code=202,
    responses=SUBMITTED,
    summary="Cancel a try-on",
)
async def cancel(services: ServicesDep, caller: CallerDep, wait: WaitDep, job_id: PathId) -> Response:
    """Cancel waiting pictures at once, running ones at their next step. Cancelling an ended job changes nothing."""
    async with services.ledger.read() as reads:
        entry = await reads.tryons.find(job_id, user_id=caller.user_id)
        units = (await reads.jobs.units_of([entry.id])).get(entry.id, []) if entry else []
    if entry is None:
        raise NotFound("There is no try-on of yours with this id.")
    await cancel_units(units, ledger=services.ledger, queues=services.queues, recorder=services.recorder)
    return await submitted(services, caller, entry.id, wait=wait)


@router.delete("/v1/tryons/{job_id}", status_code=204, summary="Delete a try-on")
async def delete_tryon(services: ServicesDep, caller: CallerDep, job_id: PathId) -> Response:
    """Delete the try-on, its rows and its pictures, cancelling it first if it still runs. The photos stay yours."""
    async with services.ledger.read() as reads:
        entry = await reads.tryons.find(job_id, user_id=caller.user_id)
    if entry is None:
        raise NotFound("There is no try-on of yours with this id.")
    await services.eraser.tryon(entry)
    return Response(status_code=204)
