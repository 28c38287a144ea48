"""Photos: signed uploads and downloads, and what you have."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query, Response
from fastapi.responses import JSONResponse

from gateway.api.answers import image_body
from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, TraceDep, cursor_of, limited
from gateway.api.guarding import GuardedRouter
from gateway.api.requests import UploadRequest
from gateway.api.schemas import DownloadTicket, ImageBody, ImageList, UploadTicket
from gateway.rules.text import Id, Name, PathId
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.views import iso
from gateway.submitting.context import SubmitContext
from proteus.errors import NotFound, NotReady
from proteus.jobs import ImageId

router = GuardedRouter(tags=["images"])


@router.get(
    "/images/presignedUpUrl", dependencies=[limited("uploads")], response_model=UploadTicket, summary="Sign an upload"
)
async def presigned_up_url(
    services: ServicesDep,
    caller: CallerDep,
    kind: Annotated[Literal["person", "garment"], Query()],
    content_type: Annotated[Name, Query(examples=["image/jpeg"])],
    size_bytes: Annotated[int, Query(ge=0, examples=[183204])],
) -> JSONResponse:
    """Return a signed URL: PUT the photo there with exactly these headers, then use `image_url` everywhere."""
    return await _sign(services, caller, kind=kind, content_type=content_type, size_bytes=size_bytes)


@router.post(
    "/v1/uploads",
    dependencies=[limited("uploads")],
    response_model=UploadTicket,
    status_code=201,
    summary="Sign an upload",
)
async def post_upload(services: ServicesDep, caller: CallerDep, asked: UploadRequest) -> JSONResponse:
    """Return a signed URL, like GET /images/presignedUpUrl."""
    answer = await _sign(
        services, caller, kind=asked.kind, content_type=asked.content_type, size_bytes=asked.size_bytes
    )
    answer.status_code = 201
    return answer


@router.get("/images/presignedDownloadUrl", response_model=DownloadTicket, summary="Sign a download")
async def presigned_download_url(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, image_id: Id
) -> JSONResponse:
    """Return a signed URL of the ingested photo. One that nothing used yet is ingested first: 409 until then."""
    async with services.ledger.read() as reads:
        image = await reads.images.find(ImageId(image_id), user_id=caller.user_id)
    if image is None:
        raise NotFound("There is no photo of yours with this image_id.")
    if image.key is None:
        await services.preparer.ingest(SubmitContext(caller=caller, trace_id=trace), image)
        raise NotReady("The photo is being ingested.")
    return await download_ticket(services, image.key)


@router.get("/v1/images", response_model=ImageList, summary="List your photos")
async def list_images(services: ServicesDep, caller: CallerDep, page: PageDep) -> JSONResponse:
    """Return your photos, newest first."""
    async with services.ledger.read() as reads:
        rows = await reads.images.page(page.cursor, user_id=caller.user_id, limit=page.limit)
    more = cursor_of(rows[-1].created_at, rows[-1].id) if len(rows) == page.limit else None
    return JSONResponse({"items": [image_body(services, row) for row in rows], "next_cursor": more})


@router.get("/v1/images/{image_id}", response_model=ImageBody, summary="Look at a photo's record")
async def get_image(services: ServicesDep, caller: CallerDep, image_id: PathId) -> JSONResponse:
    """Return what is known of one photo."""
    async with services.ledger.read() as reads:
        image = await reads.images.find(ImageId(image_id), user_id=caller.user_id)
    if image is None:
        raise NotFound("There is no photo of yours with this image_id.")
    return JSONResponse(image_body(services, image))


@router.delete("/v1/images/{image_id}", status_code=204, summary="Delete a photo")
async def delete_image(services: ServicesDep, caller: CallerDep, image_id: PathId) -> Response:
    """Delete the photo, all that was derived from it, and every try-on made with it."""
    async with services.ledger.read() as reads:
        image = await reads.images.find(ImageId(image_id), user_id=caller.user_id)
    if image is None:
        raise NotFound("There is no photo of yours with this image_id.")
    await services.eraser.image(image)
    return Response(status_code=204)


async def download_ticket(services: Services, key: str) -> JSONResponse:
    """Return a fresh signed URL of an object the caller was found to own."""
    seconds = services.settings.uploads.get_expires_seconds
    url = await asyncio.to_thread(services.store.presign_get, key, expires_seconds=seconds)
    body = {"download_url": url, "expires_at": iso(datetime.now(UTC) + timedelta(seconds=seconds))}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def _sign(services: Services, caller: Caller, *, kind: str, content_type: str, size_bytes: int) -> JSONResponse:
    upload = await services.photos.sign(caller, kind=kind, content_type=content_type, size_bytes=size_bytes)
    body = {
        "upload_url": upload.put.url,
        "method": "PUT",
        "headers": upload.put.headers,
        "image_id": upload.image_id,
        "image_url": upload.image_url,
        "expires_at": iso(upload.expires_at),
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})
