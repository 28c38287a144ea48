"""The submit: a person's photo and a garment -> a try-on. `/api/snap` is its founding name."""

from __future__ import annotations

from fastapi import Response

from gateway.api.dependencies import SubmitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.tryons.answers import ENDED_IN_TIME, status_answer, submitted
from gateway.api.tryons.models import SnapRequest
from gateway.status.models import EtaBody, StatusBody
from gateway.status.views import status_of, view_of_tryon
from gateway.submitting.context import Accepted
from proteus.jobs import Stage

router = GuardedRouter(tags=["try-ons"])


@router.post(
    "/api/snap",
    response_model=StatusBody,
    status_code=202,
    responses=ENDED_IN_TIME,
    summary="Try a garment on",
)
@router.post(
    "/v1/tryons",
    response_model=StatusBody,
    status_code=202,
    responses=ENDED_IN_TIME,
    summary="Try a garment on",
)
async def snap(submit: SubmitDep, asked: SnapRequest) -> Response:
    """Submit a try-on. 202 with position and ETA; with `Prefer: wait=N` 200 if it ends in time; 429 if shed."""
    accepted = await submit.services.acceptor.submit(
        submit.context,
        asked,
        person_url=asked.user_photo_url,
        garment_url=asked.cloth_clean_url,
    )
    if submit.wait:
        return await submitted(submit.services, submit.caller, accepted.tryon.id, wait=submit.wait)
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
