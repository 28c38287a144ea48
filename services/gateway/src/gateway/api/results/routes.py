"""Results: a stable address that checks ownership and leads to a fresh signed URL."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Header, Path, Query
from fastapi.responses import RedirectResponse, Response

from gateway.api.dependencies import CallerDep, ServicesDep
from gateway.api.guarding import GuardedRouter
from gateway.api.images.models import DownloadTicket
from gateway.api.images.routes import download_ticket
from gateway.api.wire import answer
from gateway.ledger.jobs import JobRow
from gateway.rules.failures import error_of
from gateway.rules.text import PathId
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus.errors import NotFound, NotReady
from proteus.jobs import JobState
from proteus.payloads import TryonResult
from proteus.stages import JobKind

router = GuardedRouter(tags=["results"])


@router.get(
    "/v1/results/{job_id}/{n}",
    status_code=302,
    response_class=RedirectResponse,
    summary="Fetch a result",
    responses={
        200: {
            "model": DownloadTicket,
            "description": "With `Accept: application/json`: `{download_url, expires_at}`.",
            "content": {"application/json": {}},
        }
    },
)
async def result(
    services: ServicesDep,
    caller: CallerDep,
    job_id: PathId,
    n: Annotated[int, Path(ge=1, le=64)],
    accept: Annotated[str, Header()] = "*/*",
    download: Annotated[bool, Query(description="Have browsers save it instead of showing it.")] = False,
) -> Response:
    """Redirect to a fresh signed URL of the picture (of a cut-out: n = 1)."""
    _, key = await _made(services, caller, job_id, n)
    if "application/json" in accept:
        ticket = await download_ticket(services, key)
        return answer(ticket, headers={"Cache-Control": "no-store"})
    url = await asyncio.to_thread(
        services.store.presign_get,
        key,
        expires_seconds=services.settings.uploads.get_expires_seconds,
        download_name=f"{job_id}-{n}.{key.rpartition('.')[2]}" if download else None,
    )
    return RedirectResponse(url, status_code=302, headers={"Cache-Control": "no-store"})


@router.get("/v1/results/{job_id}/{n}/mask", summary="Sign the mask that a picture was made with")
async def mask(
    response: Response,
    services: ServicesDep,
    caller: CallerDep,
    job_id: PathId,
    n: Annotated[int, Path(ge=1, le=64)],
) -> DownloadTicket:
    """Return a signed URL of a PNG or JPEG of the photo's size: white could change. For submits with `return_mask`."""
    row, _ = await _made(services, caller, job_id, n)
    made = TryonResult.read_if_readable(row.result) if row.kind is JobKind.TRYON else None
    if made is None or made.mask_key is None:
        raise NotFound("This picture names no mask: submit with return_mask, and not with mask_mode free.")
    response.headers["Cache-Control"] = "no-store"
    return await download_ticket(services, made.mask_key)


async def _made(services: Services, caller: Caller, job_id: str, n: int) -> tuple[JobRow, str]:
    """Return a completed job of the caller's, and its picture's key."""
    async with services.ledger.read() as reads:
        if job_id.startswith("seg_"):
            row = await reads.jobs.tailor_job(job_id, user_id=caller.user_id) if n == 1 else None
            row = row if row is None or row.kind is JobKind.CUT else None
        else:
            entry = await reads.tryons.find(job_id, user_id=caller.user_id)
            units = (await reads.jobs.units_of([entry.id])).get(entry.id, []) if entry else []
            row = next((unit for unit in units if unit.n == n), None)
    if row is None:
        raise NotFound("There is no such result of yours.")
    if row.state == JobState.FAILED:
        raise error_of(row.error or {})
    if row.state != JobState.COMPLETED or not row.result_key:
        if row.terminal:
            raise NotFound(f"There is no picture: the job was {row.state}.")
        raise NotReady("The picture is not made yet.")
    return row, row.result_key
