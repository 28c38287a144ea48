"""Cut-outs of stored garment photos."""

from __future__ import annotations

from fastapi import Response

from gateway.api.dependencies import CallerDep, ServicesDep, SubmitDep, WaitDep
from gateway.api.guarding import GuardedRouter
from gateway.api.polling import PREFERENCE, RETRY, IfNoneMatch, polled_responses
from gateway.api.segmentations.models import SegmentRequest
from gateway.api.tryons.answers import SUBMITTED, polled_status, submitted
from gateway.rules.text import PathId
from gateway.status.models import StatusBody

router = GuardedRouter(tags=["segmentation"])


@router.post(
    "/segformer/segmentOutfitPic",
    response_model=StatusBody,
    status_code=202,
    responses=SUBMITTED,
    summary="Cut a garment out of its photo",
)
@router.post(
    "/v1/segmentations",
    response_model=StatusBody,
    status_code=202,
    responses=SUBMITTED,
    summary="Cut a garment out of its photo",
)
async def segment(submit: SubmitDep, asked: SegmentRequest) -> Response:
    """Start the cut-out; two requests for the same photo and category share one job."""
    cut = await submit.services.preparer.cut(submit.context, asked.image_url, category=asked.category)
    return await submitted(submit.services, submit.caller, cut.id, wait=submit.wait)


@router.get(
    "/v1/segmentations/{job_id}",
    response_model=StatusBody,
    responses=polled_responses(RETRY, PREFERENCE),
    summary="Status of a cut-out",
)
async def segmentation(
    services: ServicesDep, caller: CallerDep, wait: WaitDep, job_id: PathId, known: IfNoneMatch = None
) -> Response:
    """Return the cut-out's status; with `?wait=` as soon as it has ended."""
    return await polled_status(services, caller, job_id, wait=wait, known=known)
