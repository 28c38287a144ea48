"""Batches: made, listed, followed, cancelled, deleted, fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from starlette.routing import Match
from starlette.types import Scope

from gateway.api.batches.lines import read_lines, refusal, twice
from gateway.api.batches.models import (
    BatchBody,
    BatchHead,
    BatchItemBody,
    BatchItemList,
    BatchItemRequest,
    BatchList,
    BatchRequest,
    EstimateBody,
)
from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, Submit, SubmitDep, cursor_behind, holds
from gateway.api.guarding import GuardedRoute, GuardedRouter
from gateway.api.polling import RETRY, IfNoneMatch, poll_seconds, polled, polled_responses
from gateway.api.wire import answer, inlined
from gateway.batches.estimate import estimate
from gateway.batches.values import AskedItem, BadItems, options_of
from gateway.ledger.batches import BatchRow
from gateway.rules.options import requested_card
from gateway.rules.text import PathId
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus.errors import NotFound

BATCHES: Final = "/v1/batches"
BODY_BYTES: Final = 8 * 1024 * 1024
"""Ten thousand items with two addresses each, and room for labels."""

LINES: Final = (b"application/jsonl", b"application/x-ndjson", b"application/x-jsonlines")


class OfLines(GuardedRoute):
    """Takes lines of JSON alone; any other body is for the route of the same path behind it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request by its content type as well."""
        kinds = [value for name, value in scope.get("headers", ()) if name == b"content-type"]
        if not kinds or kinds[0].lower().partition(b";")[0].strip() not in LINES:
            return Match.NONE, {}
        return super().matches(scope)


lines_router = GuardedRouter(tags=["batches"])
lines_router.route_class = OfLines
router = GuardedRouter(tags=["batches"])

AS_LINES: Final = {
    "requestBody": {"content": {"application/jsonl": {"schema": inlined(BatchItemRequest.model_json_schema())}}}
}
_CREATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": EstimateBody, "description": "With `dry_run`: what it would take; nothing is stored."},
    201: {
        "model": BatchBody,
        "description": "It is stored; its pictures are made when nothing else needs the workers.",
        "headers": {"Location": {"description": "Where its progress is.", "schema": {"type": "string"}}},
    },
}


@lines_router.post(BATCHES, include_in_schema=False)
async def create_of_lines(submit: SubmitDep) -> Response:
    """Make a batch of lines of JSON; the answers are those of the other form."""
    head, items, lines = read_lines(await submit.request.body())
    return await _made(submit, head, items, lines=lines)


@router.post(
    BATCHES,
    status_code=201,
    response_model=BatchBody,
    responses=_CREATED,
    openapi_extra=AS_LINES,
    summary="Make a batch",
)
async def create(submit: SubmitDep, asked: BatchRequest) -> Response:
    """Make up to 10,000 pictures of persons and garments, each with each, or of `items`; or of lines of JSON.

    They are given to ready workers that have nothing else to do, and wait while anything else does. As
    `application/jsonl` each line is an item; the first may be `{"batch": {…}}` with all that is beside `items` here.
    """
    return await _made(submit, asked, asked.values(), lines=None)


async def _made(submit: Submit, head: BatchHead, items: list[AskedItem], *, lines: list[int] | None) -> Response:
    if bad := twice(items):
        raise refusal(bad, lines=lines)
    asked = head.of(items)
    maker = submit.services.batches.maker
    try:
        if head.dry_run:
            return answer(EstimateBody.of(await maker.estimate(submit.context, asked)))
        row = await maker.make(submit.context, asked)
    except BadItems as error:
        raise refusal(list(error.found), lines=lines) from error
    return await made_answer(submit.services, submit.caller, row.id)


async def made_answer(services: Services, caller: Caller, batch_id: str) -> Response:
    """Return the answer to a request that made a batch, or that had made it before."""
    body = await _body(services, await _find(services, caller, batch_id))
    return answer(body, status_code=201, headers={"Location": f"{BATCHES}/{batch_id}"})


@router.get(BATCHES, summary="List your batches")
async def list_batches(services: ServicesDep, caller: CallerDep, page: PageDep) -> BatchList:
    """Return your batches, newest first."""
    async with services.ledger.read() as reads:
        rows = await reads.batches.page(page.cursor, user_id=caller.user_id, limit=page.limit)
    return BatchList(items=[await _body(services, row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.get(
    BATCHES + "/{batch_id}", response_model=BatchBody, responses=polled_responses(RETRY), summary="Progress of a batch"
)
async def get_batch(services: ServicesDep, caller: CallerDep, batch_id: PathId, known: IfNoneMatch = None) -> Response:
    """Return how many of its pictures are where, what they cost so far, and when the last one is expected."""
    body = await _body(services, await _find(services, caller, batch_id))
    hints = {} if body.finished_at else {"Retry-After": str(poll_seconds(body.eta_seconds or 60.0))}
    return polled(body, known, hints)


@router.get(BATCHES + "/{batch_id}/items", summary="List the items of a batch")
async def list_items(
    services: ServicesDep,
    caller: CallerDep,
    batch_id: PathId,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[int, Query(ge=0, le=1_000_000, description="`next_cursor` of the page before.")] = 0,
) -> BatchItemList:
    """Return a page of its items in their order, with the status and the picture of each."""
    row = await _find(services, caller, batch_id)
    async with services.ledger.read() as reads:
        items = await reads.batches.seen(row.id, after=cursor, limit=limit)
    more = str(items[-1].n) if len(items) == limit else None
    return BatchItemList(items=[BatchItemBody.of(item) for item in items], next_cursor=more)


@router.post(BATCHES + "/{batch_id}/cancel", status_code=202, summary="Cancel a batch")
async def cancel(services: ServicesDep, caller: CallerDep, batch_id: PathId) -> BatchBody:
    """Cancel waiting items at once, running ones at their next step; what is made stays. An ended one stays so."""
    row = await _find(services, caller, batch_id)
    if row.finished_at is None:
        await services.batches.ender.cancel(row.id)
    return await _body(services, await _find(services, caller, batch_id))


@router.delete(BATCHES + "/{batch_id}", status_code=204, summary="Delete a batch")
async def delete(services: ServicesDep, caller: CallerDep, batch_id: PathId) -> Response:
    """Delete the batch, cancelling it first if it still runs. Its try-ons and their pictures follow within minutes."""
    row = await _find(services, caller, batch_id)
    await services.batches.ender.delete(row.id)
    return Response(status_code=204)


@router.get(
    BATCHES + "/{batch_id}/results",
    dependencies=[holds("streams")],
    response_class=StreamingResponse,
    summary="Fetch the results of a batch",
    responses={
        200: {
            "description": "The pictures made so far and `manifest.jsonl`; or, as `jsonl`, the manifest alone.",
            "content": {
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
                "application/jsonl": {"schema": {"type": "string"}},
            },
        }
    },
)
async def results(
    services: ServicesDep,
    caller: CallerDep,
    batch_id: PathId,
    format: Annotated[Literal["zip", "jsonl"], Query(description="`jsonl`: the manifest without pictures.")] = "zip",
) -> Response:
    """Stream a ZIP of the pictures; a line of its manifest has item, your id, status, error, SHA-256 and address."""
    row = await _find(services, caller, batch_id)

    def check() -> None:
        services.callers.require_still(caller)

    found = services.batches.results
    parts: AsyncIterator[bytes] = (found.archive if format == "zip" else found.manifest)(row.id, check)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{row.id}.{format}"'}
    return StreamingResponse(parts, media_type=f"application/{format}", headers=headers)


async def _find(services: Services, caller: Caller, batch_id: str) -> BatchRow:
    async with services.ledger.read() as reads:
        row = await reads.batches.find(batch_id, user_id=caller.user_id)
    if row is None:
        raise NotFound("There is no batch of yours with this id.")
    return row


async def _body(services: Services, row: BatchRow) -> BatchBody:
    """Return a batch with its progress; the estimate of what is left has the batch's own options."""
    async with services.ledger.read() as reads:
        counts = await reads.batches.counts(row.id)
    prices = services.batches.prices
    left = sum(counts.by_status.get(one, 0) for one in ("waiting", "queued", "running"))
    eta = None
    if left:
        options = options_of(row.options, {})
        settings = services.settings
        card = requested_card(options, settings.default_engine, services.fleet.choices, rules=settings.licences)
        eta = estimate([(card.name, options.quality)] * left, fleet=services.fleet, prices=prices).seconds
    return BatchBody.of(row, counts, currency=prices.currency, eta_seconds=0.0 if not left else eta)
