"""The submit: a person's photo and a garment -> a try-on. `/api/snap` is its founding name."""

from __future__ import annotations

from typing import Final

from fastapi import Response

from gateway.api.dependencies import Submit, SubmitDep, allowance_of
from gateway.api.guarding import GuardedRouter
from gateway.api.inline_photos import InlinePhoto, kept
from gateway.api.tryons.answers import ENDED_IN_TIME, status_answer, submitted
from gateway.api.tryons.models import SnapRequest, TryonForm
from gateway.api.wire import inlined
from gateway.rules.options import TryonOptions
from gateway.rules.text import is_data_uri
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
    responses=ENDED_IN_TIME,
    summary="Try a garment on",
)
@router.post(
    TRYONS,
    openapi_extra=AS_FORM,
    response_model=StatusBody,
    status_code=202,
    responses=ENDED_IN_TIME,
    summary="Try a garment on",
)
async def snap(submit: SubmitDep, asked: SnapRequest) -> Response:
    """Submit a try-on. 202 with position and ETA; with `Prefer: wait=N` 200 if it ends in time; 429 if shed.

    `POST /v1/tryons` also takes the photos themselves: as data URIs, or as the files `person` and `garment` of a form
    (`multipart/form-data`) whose other fields are the options.
    """
    person: str | InlinePhoto = asked.user_photo_url
    garment: str | InlinePhoto = asked.cloth_clean_url
    if is_data_uri(asked.user_photo_url):
        person = await InlinePhoto.of_data_uri(asked.user_photo_url, kind="person")
    if is_data_uri(asked.cloth_clean_url):
        garment = await InlinePhoto.of_data_uri(asked.cloth_clean_url, kind="garment")
    return await submit_pair(submit, asked, person=person, garment=garment)


async def submit_pair(
    submit: Submit, options: TryonOptions, *, person: str | InlinePhoto, garment: str | InlinePhoto
) -> Response:
    """Submit a try-on of two photos, each the caller's own address or a photo that came with the request."""
    services, inline = submit.services, [one for one in (person, garment) if isinstance(one, InlinePhoto)]
    if inline:
        await services.idempotency.replay(submit.context)
        await services.acceptor.check(submit.context, options)  # Nothing is stored for a submit that would be refused.
        for _ in inline:
            allowance_of(services, "uploads", submit.caller)
    async with kept(services, submit.caller, inline) as stored:
        addresses = iter(stored)
        accepted = await services.acceptor.submit(
            submit.context,
            options,
            person_url=person if isinstance(person, str) else next(addresses),
            garment_url=garment if isinstance(garment, str) else next(addresses),
        )
    if submit.wait:
        return await submitted(services, submit.caller, accepted.tryon.id, wait=submit.wait)
    return accepted_answer(accepted)


def accepted_answer(accepted: Accepted) -> Response:
    """Return the status of a try-on just committed, without reading the ledger."""
    promise = accepted.admission.eta
    status = status_of(
        accepted.tryon,
        view_of_tryon(accepted.units),
        units=accepted.units,
        position=accepted.position if accepted.units[0].stage == Stage.WAITING else None,
        eta=EtaBody.of(promise.p50_seconds, promise.p90_seconds),
    )
    return status_answer(status)
