"""The convenience upload: one multipart POST that stores a garment photo and cuts it out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import JSONResponse

from gateway.api.answers import submitted
from gateway.api.dependencies import CallerDep, ServicesDep, TraceDep, WaitDep, limited
from gateway.api.schemas import StatusBody
from gateway.asks import Ask
from proteus.errors import ImageTooLarge, InvalidRequest
from proteus.jobs import Category

router = APIRouter(tags=["segmentation"])

ENVELOPE_BYTES: Final = 65_536
"""What boundaries and the other fields of a form may take beside the file."""


async def limited_body(request: Request, services: ServicesDep) -> None:
    """Refuse a body that is too large: by its declared length, or as soon as it has sent too much."""
    most = services.settings.uploads.max_bytes + ENVELOPE_BYTES
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise ImageTooLarge(f"{declared} bytes are more than the {most} this route takes.")


@router.post(
    "/api/upload/cloth",
    response_model=StatusBody,
    status_code=202,
    dependencies=[limited("uploads"), Depends(limited_body)],
    summary="Upload a garment photo and cut it out",
)
async def upload_cloth(
    services: ServicesDep,
    caller: CallerDep,
    trace: TraceDep,
    wait: WaitDep,
    file: UploadFile,
    category: Annotated[Category, Form()] = Category.AUTO,
) -> JSONResponse:
    """Store the photo, start its cut-out, and answer with `cloth_clean_url` if it is ready within `Prefer: wait=N`.

    The file goes through a spool on disk, never as a whole through memory; browsers had better PUT to a signed URL.
    """
    if file.size is None:
        raise InvalidRequest("The form has no file.")
    upload = await services.photos.sign(
        caller, kind="garment", content_type=file.content_type or "", size_bytes=file.size
    )
    await asyncio.to_thread(
        services.store.put_stream,
        f"incoming/{caller.user_id}/{upload.image_id}",
        file.file,
        content_type=file.content_type or "",
        size_bytes=file.size,
    )
    cut = await services.intake.cut(Ask(caller=caller, trace_id=trace), upload.image_url, category=category)
    return await submitted(services, caller, cut.id, wait=wait)
