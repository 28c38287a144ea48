"""The convenience upload: one multipart POST that stores a garment photo and cuts it out."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, UploadFile
from fastapi.responses import Response

from gateway.api.dependencies import Submit, submits
from gateway.api.guarding import GuardedRouter
from gateway.api.inline_photos import InlinePhoto, kept
from gateway.api.tryons.answers import SUBMITTED, submitted
from gateway.status.models import StatusBody
from proteus.jobs import Category

UploadSubmit = Annotated[Submit, submits("uploads")]

PATH: Final = "/api/upload/cloth"


router = GuardedRouter(tags=["segmentation"])


@router.post(
    PATH,
    response_model=StatusBody,
    status_code=202,
    responses=SUBMITTED,
    summary="Upload a garment photo and cut it out",
)
async def upload_cloth(
    submit: UploadSubmit, file: UploadFile, category: Annotated[Category, Form()] = Category.AUTO
) -> Response:
    """Store the photo, start its cut-out, and answer with `cloth_clean_url` if it is ready within `Prefer: wait=N`.

    The file goes through a spool on disk, never as a whole through memory; browsers should PUT to a signed URL instead.
    """
    await submit.services.idempotency.replay(submit.context)
    photo = InlinePhoto.of_file(file, kind="garment")
    async with kept(submit.services, submit.caller, [photo]) as [image_url]:
        cut = await submit.services.preparer.cut(submit.context, image_url, category=category)
    return await submitted(submit.services, submit.caller, cut.id, wait=submit.wait)
