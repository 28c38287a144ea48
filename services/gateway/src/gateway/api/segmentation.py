"""Cut-outs: a stored garment photo -> a transparent PNG."""

from __future__ import annotations

from fastapi.responses import JSONResponse

from gateway.api.answers import ENDED_IN_TIME, submitted, with_cut
from gateway.api.dependencies import CallerDep, ServicesDep, SubmitDep, WaitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.requests import SegmentRequest
from gateway.api.schemas import StatusBody
from gateway.rules.text import PathId

router = GuardedRouter(tags=["segmentation"])


@router.post(
    "/segformer/segmentOutfitPic",
    response_model=StatusBody,
    status_code=202,
    responses=ENDED_IN_TIME,
    summary="Cut a garment out of its photo",
)
@router.post(
    "/v1/segmentations",
    response_model=StatusBody,
    status_code=202,
    responses=ENDED_IN_TIME,
    summary="Cut a garment out of its photo",
)
async def segment(submit: SubmitDep, asked: SegmentRequest) -> JSONResponse:
    """Start the cut-out; asked twice for the same photo and category it is the same job."""
    cut = await submit.services.preparer.cut(submit.context, asked.image_url, category=asked.category)
    return await submitted(submit.services, submit.caller, cut.id, wait=submit.wait)


@router.get("/v1/segmentations/{job_id}", response_model=StatusBody, summary="Status of a cut-out")
async def segmentation(services: ServicesDep, caller: CallerDep, wait: WaitDep, job_id: PathId) -> JSONResponse:
    """Return how the cut-out is; with `?wait=` as soon as it has ended."""
    if wait:
        return JSONResponse(with_cut(await services.statuses.wait(caller.user_id, job_id, seconds=wait)))
    return JSONResponse(with_cut(await services.statuses.of(caller.user_id, job_id)))
