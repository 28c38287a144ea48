"""The submit: a person's photo and a garment -> a try-on. `/api/snap` is its founding name."""

from __future__ import annotations

from fastapi.responses import JSONResponse

from gateway.api.answers import ENDED_IN_TIME, status_answer, submitted
from gateway.api.dependencies import SubmitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.requests import SnapRequest
from gateway.api.schemas import StatusBody
from gateway.realtime.statuses import position_body
from gateway.status.views import iso
from gateway.submitting.context import Accepted
from proteus.jobs import JobState, Stage

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
async def snap(submit: SubmitDep, asked: SnapRequest) -> JSONResponse:
    """Submit a try-on. 202 with position and ETA; with `Prefer: wait=N` 200 if it ends in time; 429 if it could not."""
    accepted = await submit.services.acceptor.submit(
        submit.context,
        asked,
        person_url=asked.user_photo_url,
        garment_url=asked.cloth_clean_url,
    )
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
        **position_body(accepted.position if unit.stage is Stage.WAITING else None),
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
