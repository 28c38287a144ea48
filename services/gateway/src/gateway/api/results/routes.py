"""Results: a stable address that checks ownership and leads to a signed URL, of the result or of a variant of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Path
from fastapi.responses import RedirectResponse, Response

from gateway.api.dependencies import CallerDep, ServicesDep, TraceDep
from gateway.api.guarding import GuardedRouter
from gateway.api.images.models import DownloadTicket
from gateway.api.images.routes import download_ticket
from gateway.api.results.variants import QueryDep, ResultQuery
from gateway.api.wire import answer
from gateway.ledger.jobs import JobRow
from gateway.rules.failures import error_of
from gateway.rules.text import PathId
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.views import iso
from gateway.submitting.variants import Found
from proteus.errors import NotFound, NotReady
from proteus.jobs import JobState
from proteus.payloads import TryonResult
from proteus.signed_addresses import hourly
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
    trace: TraceDep,
    query: QueryDep,
    job_id: PathId,
    n: Annotated[int, Path(ge=1, le=64)],
) -> Response:
    """Redirect to a signed URL of the picture (of a cut-out: n = 1).

    With `w`, `format` or `q`: to that of a variant, the same for the whole hour; the answer may be kept as long as
    `Cache-Control` says. While the variant is being made, a stand-in is answered, with `no-store`.
    """
    row = await _own(services, caller, job_id, n)
    assert row.result_key is not None
    wanted = query.wanted(transparent=row.kind is JobKind.CUT)
    name = f"{job_id}-{n}" if query.download else None
    if wanted is None:
        return await _original(services, row.result_key, name, query, headers={})
    headers = {"Vary": "Accept"} if query.follows_accept else {}
    found = await services.variants.find(row.result_key, wanted, trace_id=trace)
    if not found.is_variant:
        return await _original(services, found.key, name, query, headers=headers)
    return _variant(services, found, name, query, headers=headers)


@router.get("/v1/results/{job_id}/{n}/mask", summary="Sign the mask that a picture was made with")
async def mask(
    response: Response,
    services: ServicesDep,
    caller: CallerDep,
    job_id: PathId,
    n: Annotated[int, Path(ge=1, le=64)],
) -> DownloadTicket:
    """Return a signed URL of a PNG or JPEG of the photo's size: white could change. For submits with `return_mask`."""
    row = await _own(services, caller, job_id, n)
    made = TryonResult.read_if_readable(row.result) if row.kind is JobKind.TRYON else None
    if made is None or made.mask_key is None:
        raise NotFound("This picture names no mask: submit with return_mask, and not with mask_mode free.")
    response.headers["Cache-Control"] = "no-store"
    return await download_ticket(services, made.mask_key)


async def _own(services: Services, caller: Caller, job_id: str, n: int) -> JobRow:
    """Return the row of a result of the caller's.

    Raises:
        NotFound: There is none.
        NotReady: It is not made yet.
        ProteusError: It failed, and why.
    """
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
    return row


async def _original(
    services: Services, key: str, name: str | None, query: ResultQuery, *, headers: dict[str, str]
) -> Response:
    """Answer with a fresh address of the result itself, which nobody may keep."""
    headers = {**headers, "Cache-Control": "no-store"}
    ticket = await download_ticket(services, key, name=_file_name(name, key))
    if query.as_json:
        return answer(ticket, headers=headers)
    return RedirectResponse(ticket.download_url, status_code=302, headers=headers)


def _variant(
    services: Services, found: Found, name: str | None, query: ResultQuery, *, headers: dict[str, str]
) -> Response:
    """Answer with a variant's hourly address; the client may keep the answer as long as caches may keep the picture."""
    now = time.time()
    address = hourly(services.settings.storage, found.key, now=now, download_name=_file_name(name, found.key))
    if query.as_json:
        until = datetime.fromtimestamp(int(now), UTC) + timedelta(seconds=address.fresh_seconds)
        ticket = DownloadTicket(download_url=address.url, expires_at=iso(until))
        return answer(ticket, headers={**headers, "Cache-Control": "no-store"})
    cached = f"private, max-age={address.fresh_seconds}" if found.as_wanted else "no-store"
    return RedirectResponse(address.url, status_code=302, headers={**headers, "Cache-Control": cached})


def _file_name(name: str | None, key: str) -> str | None:
    return f"{name}.{key.rpartition('.')[2]}" if name else None
