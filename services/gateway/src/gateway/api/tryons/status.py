"""The status of a job."""

from __future__ import annotations

from gateway.api.dependencies import CallerDep, ServicesDep, WaitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.tryons.answers import status_within
from gateway.rules.text import PathId
from gateway.status.models import StatusBody

router = GuardedRouter(tags=["try-ons"])


@router.get("/api/status/{job_id}", summary="Status of a job")
@router.get("/v1/tryons/{job_id}", summary="Status of a try-on")
async def status(services: ServicesDep, caller: CallerDep, wait: WaitDep, job_id: PathId) -> StatusBody:
    """Return status, stage, position, ETA, progress and results; with `?wait=` as soon as the job has ended."""
    return await status_within(services, caller, job_id, seconds=wait)
