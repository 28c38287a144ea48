"""How is my job?"""

from __future__ import annotations

from fastapi.responses import JSONResponse

from gateway.api.answers import with_cut
from gateway.api.dependencies import CallerDep, ServicesDep, WaitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.schemas import StatusBody
from gateway.rules.text import PathId

router = GuardedRouter(tags=["try-ons"])


@router.get("/api/status/{job_id}", response_model=StatusBody, summary="Status of a job")
@router.get("/v1/tryons/{job_id}", response_model=StatusBody, summary="Status of a try-on")
async def status(services: ServicesDep, caller: CallerDep, wait: WaitDep, job_id: PathId) -> JSONResponse:
    """Return status, stage, position, ETA, progress and results; with `?wait=` as soon as the job has ended."""
    if wait:
        return JSONResponse(with_cut(await services.statuses.wait(caller.user_id, job_id, seconds=wait)))
    return JSONResponse(with_cut(await services.statuses.of(caller.user_id, job_id)))
