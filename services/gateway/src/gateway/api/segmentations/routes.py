"""Cut-outs of stored garment photos."""

from __future__ import annotations

from fastapi import Response

from gateway.api.dependencies import CallerDep, ServicesDep, SubmitDep, WaitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.segmentations.models import SegmentRequest
from gateway.api.tryons.answers import ENDED_IN_TIME, status_within, submitted
from gateway.rules.text import PathId
from gateway.status.models import StatusBody

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
async def segment(submit: SubmitDep, asked: SegmentRequest) -> Response:
    """Start the cut-out; two requests for the same photo and category share one job."""
    cut = await submit.services.preparer.cut(submit.context, asked.image_url, category=asked.category)
    return await submitted(submit.services, submit.caller, cut.id, wait=submit.wait)


@router.get("/v1/segmentations/{job_id}", summary="Status of a cut-out")
async def segmentation(services: ServicesDep, caller: CallerDep, wait: WaitDep, job_id: PathId) -> StatusBody:
    """Return the cut-out's status; with `?wait=` as soon as it has ended."""
    return await status_within(services, caller, job_id, seconds=wait)
