"""The convenience upload: one multipart POST that stores a garment photo and cuts it out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import JSONResponse

from gateway.api.answers import ENDED_IN_TIME, submitted
from gateway.api.dependencies import Submit, submits
from gateway.api.schemas import StatusBody
from proteus.errors import InvalidRequest
from proteus.jobs import Category

UploadSubmit = Annotated[Submit, submits("uploads")]

ENVELOPE_BYTES: Final = 65_536
"""What boundaries and the other fields of a form may take beside the file."""

PATH: Final = "/api/upload/cloth"


def make_router(*, max_file_bytes: int) -> APIRouter:
    """Return the route; a body that is larger than a file may be is refused before it has been read."""
    router = APIRouter(tags=["segmentation"])
    router.add_api_route(
        PATH,
        upload_cloth,
        methods=["POST"],
        response_model=StatusBody,
        status_code=202,
        responses=ENDED_IN_TIME,
        max_body_size=max_file_bytes + ENVELOPE_BYTES,
        summary="Upload a garment photo and cut it out",
    )
    return router


async def upload_cloth(
    submit: UploadSubmit, file: UploadFile, category: Annotated[Category, Form()] = Category.AUTO
) -> JSONResponse:
    """Store the photo, start its cut-out, and answer with `cloth_clean_url` if it is ready within `Prefer: wait=N`.

    The file goes through a spool on disk, never as a whole through memory; browsers had better PUT to a signed URL.
    """
    if file.size is None:
        raise InvalidRequest("The form has no file.")
    caller, store = submit.caller, submit.services.store
    content_type = file.content_type or ""
    upload = await submit.services.photos.sign(caller, kind="garment", content_type=content_type, size_bytes=file.size)
    key = store.key_of(upload.image_url)
    await asyncio.to_thread(store.put_stream, key, file.file, content_type=content_type, size_bytes=file.size)
    cut = await submit.services.intake.cut(submit.ask, upload.image_url, category=category)
    return await submitted(submit.services, caller, cut.id, wait=submit.wait)
