"""VTON entries: a person's photo and a garment, kept; submitted by `/catvton/transferOutfit`."""

from __future__ import annotations

from fastapi import Response

from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, SubmitDep, cursor_behind
from gateway.api.guarding import GuardedRouter
from gateway.api.polling import RETRY, IfNoneMatch, polled, polled_responses
from gateway.api.tryons.answers import SUBMITTED, hints, submitted
from gateway.api.tryons.cancel_after import CancelAfter, with_deadline
from gateway.api.tryons.filters import FILTERED, FilterDep
from gateway.api.tryons.submit import accepted_answer
from gateway.api.vtons.answers import draft_answer, vton_bodies, vton_body
from gateway.api.vtons.models import TransferRequest, VtonBody, VtonChange, VtonList, VtonRequest
from gateway.ledger.tryons import TryonRow
from gateway.rules.options import TryonOptions
from gateway.rules.text import PathId
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.models import StatusBody
from proteus.errors import Conflict, NotFound
from proteus.jobs import WITHOUT_RESULT

router = GuardedRouter(tags=["vtons"])


@router.post(
    "/catvton/transferOutfit",
    response_model=StatusBody,
    status_code=202,
    responses=SUBMITTED,
    summary="Submit a VTON entry",
)
async def transfer_outfit(submit: SubmitDep, asked: TransferRequest, cancel_after: CancelAfter = None) -> Response:
    """Submit the entry's try-on, with the engine it names. An entry that was submitted already returns its status."""
    entry = await _own(submit.services, submit.caller, asked.vton_id)
    if entry.status in WITHOUT_RESULT:
        raise Conflict(f"This entry's try-on {entry.status}; make a new entry to try again.")
    if entry.status is not None:
        return await submitted(submit.services, submit.caller, entry.id, wait=submit.wait)
    accepted = await submit.services.acceptor.transfer(
        submit.context, entry, change=lambda options: with_deadline(options, cancel_after)
    )
    if submit.wait:
        return await submitted(submit.services, submit.caller, entry.id, wait=submit.wait)
    return accepted_answer(accepted, submit.services)


@router.post("/vtons", response_model=VtonBody, status_code=201, summary="Keep a VTON entry")
async def create(submit: SubmitDep, asked: VtonRequest) -> Response:
    """Keep photo, garment and options as a draft; nothing runs yet."""
    asked = submit.caller.preferences.applied(asked, named=asked.model_fields_set)
    options = TryonOptions.model_construct(**{name: getattr(asked, name) for name in TryonOptions.model_fields})
    if options.webhook_url:
        await submit.services.endpoints.check_url_of_job(submit.caller, options.webhook_url)
    entry = await submit.services.acceptor.draft(
        submit.context,
        options,
        person_url=asked.user_photo_url,
        garment_url=asked.cloth_clean_url,
    )
    return await draft_answer(submit.services, submit.caller, entry.vton_id)


@router.get("/vtons", openapi_extra=FILTERED, summary="List your VTON entries")
async def list_vtons(services: ServicesDep, caller: CallerDep, page: PageDep, only: FilterDep) -> VtonList:
    """Return your entries, drafts too, newest first."""
    async with services.ledger.read() as reads:
        entries = await reads.tryons.page(page.cursor, user_id=caller.user_id, limit=page.limit, drafts=True, only=only)
    return VtonList(items=await vton_bodies(services, entries), next_cursor=cursor_behind(entries, page))


@router.get(
    "/vtons/{vton_id}", response_model=VtonBody, responses=polled_responses(RETRY), summary="Look at a VTON entry"
)
async def get_vton(services: ServicesDep, caller: CallerDep, vton_id: PathId, known: IfNoneMatch = None) -> Response:
    """Return photo, garment, cut-out, results and status of one entry."""
    body = await vton_body(services, await _own(services, caller, vton_id))
    return polled(body, known, hints(body))


@router.patch("/vtons/{vton_id}", summary="Change a VTON entry's labels")
async def change(services: ServicesDep, caller: CallerDep, vton_id: PathId, asked: VtonChange) -> VtonBody:
    """Replace `metadata`; photo, garment and options do not change."""
    entry = await _own(services, caller, vton_id)
    async with services.ledger.write() as writes:
        entry = await writes.tryons.change(entry.id, metadata=asked.metadata)
    return await vton_body(services, entry)


@router.delete("/vtons/{vton_id}", status_code=204, summary="Delete a VTON entry")
async def delete(services: ServicesDep, caller: CallerDep, vton_id: PathId) -> Response:
    """Delete the entry, its rows and its pictures."""
    await services.eraser.tryon(await _own(services, caller, vton_id))
    return Response(status_code=204)


async def _own(services: Services, caller: Caller, vton_id: str) -> TryonRow:
    if vton_id.startswith("vton_"):
        async with services.ledger.read() as reads:
            if entry := await reads.tryons.find(vton_id, user_id=caller.user_id):
                return entry
    raise NotFound("There is no VTON entry of yours with this id.")
