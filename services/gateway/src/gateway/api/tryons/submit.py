"""The submit: a person's photo and a garment -> a try-on. `/api/snap` is its founding name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, Literal

from fastapi import Response

from gateway.api.dependencies import Submit, SubmitDep, allow
from gateway.api.guarding import GuardedRouter
from gateway.api.inline_photos import InlinePhoto, kept
from gateway.api.tryons.answers import SUBMITTED, status_answer, submitted
from gateway.api.tryons.cancel_after import CancelAfter, with_deadline
from gateway.api.tryons.models import GarmentRequest, SnapRequest, TryonForm
from gateway.api.wire import inlined
from gateway.rules.options import TryonOptions
from gateway.rules.outfits import OutfitGarment, OutfitOptions, in_order
from gateway.rules.text import is_data_uri
from gateway.services import Services
from gateway.status.models import EtaBody, StatusBody
from gateway.status.views import status_of, view_of_tryon
from gateway.submitting.context import Accepted
from proteus.jobs import Stage

TRYONS: Final = "/v1/tryons"

router = GuardedRouter(tags=["try-ons"])

AS_FORM: Final = {
    "requestBody": {"content": {"multipart/form-data": {"schema": inlined(TryonForm.model_json_schema())}}}
}
"""The other form of the request's body, for the API's description; `form` handles it."""


@router.post(
    "/api/snap",
    response_model=StatusBody,
    status_code=202,
    responses=SUBMITTED,
    summary="Try a garment on",
)
@router.post(
    TRYONS,
    openapi_extra=AS_FORM,
    response_model=StatusBody,
    status_code=202,
    responses=SUBMITTED,
    summary="Try a garment on",
)
async def snap(submit: SubmitDep, asked: SnapRequest, cancel_after: CancelAfter = None) -> Response:
    """Submit a try-on. 202 with position and ETA; with `Prefer: wait=N` 200 if it ends in time; 429 if shed.

    `POST /v1/tryons` also takes the photos themselves: as data URIs, or as the files `person` and `garment` of a form
    (`multipart/form-data`) whose other fields are the options.
    """
    asked = submit.caller.preferences.applied(with_deadline(asked, cancel_after), named=asked.model_fields_set)
    person = await _photo(asked.user_photo_url, kind="person")
    if asked.garments and len(asked.garments) > 1:
        return await submit_outfit(submit, asked, person=person, garments=asked.garments)
    options: TryonOptions = asked
    address = asked.cloth_clean_url or ""
    if asked.garments:
        (one,) = asked.garments
        address = one.url
        options = asked.model_copy(update={"category": one.category})
    return await submit_pair(submit, options, person=person, garment=await _photo(address, kind="garment"))


async def _photo(url: str, *, kind: Literal["person", "garment"]) -> str | InlinePhoto:
    return await InlinePhoto.of_data_uri(url, kind=kind) if is_data_uri(url) else url


async def submit_outfit(
    submit: Submit, asked: TryonOptions, *, person: str | InlinePhoto, garments: Sequence[GarmentRequest]
) -> Response:
    """Submit an outfit: its garments in the order in which they are put on."""
    order = in_order([one.category for one in garments])
    options = OutfitOptions(
        **{name: getattr(asked, name) for name in TryonOptions.model_fields},
        garments_count=len(garments),
        layers=tuple(one.category for one in garments),
    )
    if options.webhook_url:
        await submit.services.endpoints.check_url_of_job(submit.caller, options.webhook_url)
    photos = [person, *[await _photo(garments[place].url, kind="garment") for place in order]]
    async with _stored(submit, options, photos) as (person_url, *urls):
        accepted = await submit.services.outfits.submit(
            submit.context,
            options,
            person_url=person_url,
            garments=[
                OutfitGarment(position=place + 1, url=url, category=garments[place].category)
                for place, url in zip(order, urls, strict=True)
            ],
        )
    return await _answer(submit, accepted)


@asynccontextmanager
async def _stored(
    submit: Submit, options: TryonOptions, photos: Sequence[str | InlinePhoto]
) -> AsyncIterator[list[str]]:
    """Yield the photos' addresses; those that came with the request are stored, and go if the block refuses it."""
    inline = [one for one in photos if isinstance(one, InlinePhoto)]
    if inline:
        await submit.services.idempotency.replay(submit.context)
        await submit.services.acceptor.check(
            submit.context, options
        )  # Nothing is stored for a submit that would be refused.
        await allow(submit.request, submit.services, "uploads", submit.caller, times=len(inline))
    async with kept(submit.services, submit.caller, inline) as stored:
        addresses = iter(stored)
        yield [one if isinstance(one, str) else next(addresses) for one in photos]


async def submit_pair(
    submit: Submit, options: TryonOptions, *, person: str | InlinePhoto, garment: str | InlinePhoto
) -> Response:
    """Submit a try-on of two photos, each the caller's own address or a photo that came with the request."""
    if options.webhook_url:
        await submit.services.endpoints.check_url_of_job(submit.caller, options.webhook_url)
    async with _stored(submit, options, [person, garment]) as (person_url, garment_url):
        accepted = await submit.services.acceptor.submit(
            submit.context, options, person_url=person_url, garment_url=garment_url
        )
    return await _answer(submit, accepted)


async def _answer(submit: Submit, accepted: Accepted) -> Response:
    if submit.wait:
        return await submitted(submit.services, submit.caller, accepted.tryon.id, wait=submit.wait)
    return accepted_answer(accepted, submit.services)


def accepted_answer(accepted: Accepted, services: Services) -> Response:
    """Return the status of a try-on just committed, without reading the ledger."""
    promise = accepted.admission.eta
    entry, tenant = accepted.tryon, accepted.units[0].tenant
    ends_at = services.keeping.until(tenant, entry.created_at, at_most=entry.expires_at)
    status = status_of(
        replace(entry, expires_at=ends_at),
        view_of_tryon(accepted.units),
        units=accepted.units,
        position=accepted.position if accepted.units[0].stage == Stage.WAITING else None,
        eta=EtaBody.of(promise.p50_seconds, promise.p90_seconds),
    )
    return status_answer(status)
