"""The status of a job."""

from __future__ import annotations

from fastapi import Response

from gateway.api.dependencies import CallerDep, ServicesDep, WaitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.polling import PREFERENCE, RETRY, IfNoneMatch, polled_responses
from gateway.api.tryons.answers import polled_status
from gateway.rules.text import PathId
from gateway.status.models import StatusBody

router = GuardedRouter(tags=["try-ons"])

_POLLED = polled_responses(RETRY, PREFERENCE)


@router.get("/api/status/{job_id}", response_model=StatusBody, responses=_POLLED, summary="Status of a job")
@router.get("/v1/tryons/{job_id}", response_model=StatusBody, responses=_POLLED, summary="Status of a try-on")
async def status(
    services: ServicesDep, caller: CallerDep, wait: WaitDep, job_id: PathId, known: IfNoneMatch = None
) -> Response:
    """Return status, stage, position, ETA, progress and results; with `?wait=` as soon as the job has ended."""
    return await polled_status(services, caller, job_id, wait=wait, known=known)
