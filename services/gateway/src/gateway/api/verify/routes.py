"""Verifying: a picture in, what its marks say out. A tailor reads it in a process with limits; nothing is kept."""

from __future__ import annotations

from typing import Final

from fastapi import Response, UploadFile

from gateway.api.dependencies import CallerDep, ServicesDep, TraceDep, limited
from gateway.api.guarding import GuardedRouter
from gateway.api.inline_photos import InlinePhoto
from gateway.api.verify.models import VerifyBody

PATH: Final = "/v1/verify"

router = GuardedRouter(tags=["marks"])


@router.post(PATH, dependencies=[limited("uploads")], summary="Read a picture's marks")
async def verify(
    response: Response, services: ServicesDep, caller: CallerDep, trace: TraceDep, image: UploadFile
) -> VerifyBody:
    """Return what XMP and C2PA say about where a picture comes from. The picture is deleted at once."""
    response.headers["Cache-Control"] = "no-store"
    photo = InlinePhoto.of_file(image, kind="person")
    content_type = await photo.content_type()
    services.photos.check(content_type, photo.size_bytes)
    marks = await services.verifier.marks_of(
        caller.user_id, photo.file, size_bytes=photo.size_bytes, content_type=content_type, trace_id=trace
    )
    return VerifyBody.model_validate(marks)
