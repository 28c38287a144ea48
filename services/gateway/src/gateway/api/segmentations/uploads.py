"""The convenience upload: one multipart POST that stores a garment photo and cuts it out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import Form, UploadFile
from fastapi.responses import Response

from gateway.api.dependencies import Submit, submits
from gateway.api.guarding import GuardedRouter
from gateway.api.tryons.answers import ENDED_IN_TIME, submitted
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.models import StatusBody
from proteus.errors import InvalidRequest
from proteus.jobs import Category, ImageId

UploadSubmit = Annotated[Submit, submits("uploads")]

ENVELOPE_BYTES: Final = 65_536
"""Bytes for a form's boundaries and other fields, beside the file."""

PATH: Final = "/api/upload/cloth"


router = GuardedRouter(tags=["segmentation"])


@router.post(
    PATH,
    response_model=StatusBody,
    status_code=202,
    responses=ENDED_IN_TIME,
    summary="Upload a garment photo and cut it out",
)
async def upload_cloth(
    submit: UploadSubmit, file: UploadFile, category: Annotated[Category, Form()] = Category.AUTO
) -> Response:
    """Store the photo, start its cut-out, and answer with `cloth_clean_url` if it is ready within `Prefer: wait=N`.

    The file goes through a spool on disk, never as a whole through memory; browsers should PUT to a signed URL instead.
    """
    if file.size is None:
        raise InvalidRequest("The form has no file.")
    caller, services, store = submit.caller, submit.services, submit.services.store
    await services.idempotency.replay(submit.context)
    content_type = file.content_type or ""
    upload = await services.photos.sign(caller, kind="garment", content_type=content_type, size_bytes=file.size)
    key = store.key_of(upload.image_url)
    try:
        await asyncio.to_thread(store.put_stream, key, file.file, content_type=content_type, size_bytes=file.size)
        cut = await services.preparer.cut(submit.context, upload.image_url, category=category)
    except Exception:  # Any error, a twin with the same key included: no client will use this photo.
        await _discard(services, caller, upload.image_id)
        raise
    return await submitted(services, caller, cut.id, wait=submit.wait)


async def _discard(services: Services, caller: Caller, image_id: str) -> None:
    async with services.ledger.read() as reads:
        image = await reads.images.find(ImageId(image_id), user_id=caller.user_id)
    if image is not None:
        await services.eraser.image(image)
