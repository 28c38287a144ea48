"""The submit: a person's photo and a garment -> a try-on. `/api/snap` is its founding name."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from gateway.api.answers import status_answer, submitted
from gateway.api.dependencies import SubmitDep, submit_of
from gateway.api.requests import SnapRequest
from gateway.api.schemas import StatusBody
from gateway.asks import Accepted, AlreadyAccepted
from gateway.views import iso
from proteus.jobs import JobState

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class SubmitRoute(APIRoute):
    """The busiest route's short cut: a plain submit is read in one step instead of a parameter at a time.

    What is not plain (a query, a header beside the token and the id, a body that is not valid) goes FastAPI's way, so
    that every error is the same.
    """

    def get_route_handler(self) -> Handler:
        """Return the handler, with the short cut before FastAPI's own."""
        ordinary = super().get_route_handler()

        async def handle(request: Request) -> Response:
            headers = request.headers
            scheme, _, token = headers.get("authorization", "").partition(" ")
            plain = (
                headers.get("content-type") == "application/json"
                and scheme == "Bearer"
                and "idempotency-key" not in headers
                and "prefer" not in headers
                and not request.scope["query_string"]
            )
            if not plain:
                return await ordinary(request)
            try:
                asked = SnapRequest.model_validate_json(await request.body())
            except ValidationError:
                return await ordinary(request)
            return await snap(await submit_of(request, "submits", token=token), asked)

        return handle


router = APIRouter(tags=["try-ons"], route_class=SubmitRoute)


@router.post(
    "/api/snap",
    response_model=StatusBody,
    status_code=202,
    summary="Try a garment on",
)
@router.post(
    "/v1/tryons",
    response_model=StatusBody,
    status_code=202,
    summary="Try a garment on",
)
async def snap(submit: SubmitDep, asked: SnapRequest) -> JSONResponse:
    """Submit a try-on. 202 with position and ETA; with `Prefer: wait=N` 200 if it ends in time; 429 if it could not."""
    try:
        accepted = await submit.services.intake.tryon(
            submit.ask,
            asked,
            person_url=asked.user_photo_url,
            garment_url=asked.cloth_clean_url,
        )
    except AlreadyAccepted as known:
        return await submitted(submit.services, submit.caller, known.job_id, wait=submit.wait)
    if submit.wait:
        return await submitted(submit.services, submit.caller, accepted.tryon.id, wait=submit.wait)
    return accepted_answer(accepted)


def accepted_answer(accepted: Accepted) -> JSONResponse:
    """Return the status of a try-on that was committed a moment ago, from what is at hand."""
    entry, unit, promise = accepted.tryon, accepted.units[0], accepted.admission.eta
    status = {
        "job_id": entry.id,
        "vton_id": entry.vton_id,
        "job_type": "tryon",
        "status": "queued",
        "stage": unit.stage,
        "position": accepted.position if unit.stage == "waiting" else None,
        "eta": {"p50_seconds": round(promise.p50_seconds, 2), "p90_seconds": round(promise.p90_seconds, 2)},
        "progress": None,
        "results": [{"n": one.n, "status": JobState.QUEUED.value} for one in accepted.units],
        "error": None,
        "engine": unit.engine,
        "metadata": entry.metadata,
        "created_at": iso(entry.created_at),
        "finished_at": None,
        "expires_at": iso(entry.expires_at) if entry.expires_at else None,
        "timings": {},
    }
    return status_answer(status)
