"""Photos: signed uploads and downloads, and what you have."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import Body, Query, Response

from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, TraceDep, cursor_behind, limited
from gateway.api.guarding import GuardedRouter
from gateway.api.images.models import (
    Correction,
    DownloadTicket,
    ImageBody,
    ImageList,
    Kind,
    UploadedRequest,
    UploadRequest,
    UploadTicket,
)
from gateway.api.polling import RETRY, IfNoneMatch, poll_seconds, polled, polled_responses
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.rules.text import Id, Name, PathId
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.preparation import area_key_of
from gateway.status.views import iso
from gateway.submitting.context import SubmitContext
from proteus.artefacts import MaskedCategory
from proteus.errors import InvalidRequest, NotFound, NotReady
from proteus.jobs import ALIVE, ImageId

NOTHING_KNOWN: Final = UploadedRequest()

router = GuardedRouter(tags=["images"])


@router.get("/images/presignedUpUrl", dependencies=[limited("uploads")], summary="Sign an upload")
async def presigned_up_url(
    response: Response,
    services: ServicesDep,
    caller: CallerDep,
    kind: Annotated[Kind, Query()],
    content_type: Annotated[Name, Query(examples=["image/jpeg"])],
    size_bytes: Annotated[int, Query(ge=0, examples=[183204])],
) -> UploadTicket:
    """Return a signed URL: PUT the photo there with exactly these headers, then use `image_url` everywhere."""
    response.headers["Cache-Control"] = "no-store"
    return UploadTicket.of(
        await services.photos.sign(caller, kind=kind, content_type=content_type, size_bytes=size_bytes)
    )


@router.post("/v1/uploads", dependencies=[limited("uploads")], status_code=201, summary="Sign an upload")
async def post_upload(
    response: Response, services: ServicesDep, caller: CallerDep, asked: UploadRequest
) -> UploadTicket:
    """Return a signed URL, like GET /images/presignedUpUrl."""
    response.headers["Cache-Control"] = "no-store"
    return UploadTicket.of(
        await services.photos.sign(
            caller, kind=asked.kind, content_type=asked.content_type, size_bytes=asked.size_bytes
        )
    )


@router.get("/images/presignedDownloadUrl", summary="Sign a download")
async def presigned_download_url(
    response: Response, services: ServicesDep, caller: CallerDep, trace: TraceDep, image_id: Id
) -> DownloadTicket:
    """Return a signed URL of the ingested photo. A photo that no job used yet is ingested first: 409 until then."""
    image = await _own(services, caller, image_id)
    if image.key is None:
        await services.preparer.ingest(SubmitContext(caller=caller, trace_id=trace), image)
        raise NotReady("The photo is being ingested.")
    response.headers["Cache-Control"] = "no-store"
    return await download_ticket(services, image.key)


@router.get("/v1/images", summary="List your photos")
async def list_images(services: ServicesDep, caller: CallerDep, page: PageDep) -> ImageList:
    """Return your photos, newest first."""
    async with services.ledger.read() as reads:
        rows = await reads.images.page(page.cursor, user_id=caller.user_id, limit=page.limit)
        jobs = await reads.jobs.of_images([row.id for row in rows])
    items = [_body(services, caller, row, jobs) for row in rows]
    return ImageList(items=items, next_cursor=cursor_behind(rows, page))


@router.get(
    "/v1/images/{image_id}",
    response_model=ImageBody,
    responses=polled_responses(RETRY),
    summary="Look at a photo's record",
)
async def get_image(services: ServicesDep, caller: CallerDep, image_id: PathId, known: IfNoneMatch = None) -> Response:
    """Return one photo's record: how far it is prepared, and what the tailor found."""
    body = await _described(services, caller, await _own(services, caller, image_id))
    hint = {"Retry-After": str(poll_seconds(None))} if body.preparation.status in ALIVE else {}
    return polled(body, known, hint)


@router.get("/v1/images/{image_id}/area", summary="Sign the mask of what a garment may change")
async def get_area(
    response: Response,
    services: ServicesDep,
    caller: CallerDep,
    image_id: PathId,
    category: Annotated[MaskedCategory, Query(examples=["upper"])],
) -> DownloadTicket:
    """Return a signed URL of a PNG of the photo's size: white may change, for a garment of this category.

    It is there once the photo is parsed: 409 until then. Where a photo shows several people, it is that of the
    person whom a try-on without `person_index` takes.
    """
    image = await _own(services, caller, image_id)
    if image.kind != "person":
        raise InvalidRequest("A garment's photo has no such mask; only a person's has.")
    async with services.ledger.read() as reads:
        jobs = await reads.jobs.of_images([image.id])
    key = area_key_of(image, jobs, category, parser_version=services.settings.parser_version)
    if key is None:
        raise NotReady("The photo is not parsed.")
    response.headers["Cache-Control"] = "no-store"
    return await download_ticket(services, key)


@router.post(
    "/v1/images/{image_id}/uploaded",
    dependencies=[limited("uploads")],
    status_code=202,
    summary="Prepare a photo as soon as it is uploaded",
)
async def post_uploaded(
    services: ServicesDep,
    caller: CallerDep,
    trace: TraceDep,
    image_id: PathId,
    asked: Annotated[UploadedRequest, Body()] = NOTHING_KNOWN,
) -> ImageBody:
    """Start ingest, then the cut of a garment or the parse of a person; calling it twice changes nothing.

    Optional: a submit starts whatever is missing. Call it right after the PUT, and the first picture comes sooner.
    """
    image = await _own(services, caller, image_id)
    await services.preparer.uploaded(SubmitContext(caller=caller, trace_id=trace), image, category=asked.category)
    return await _described(services, caller, await _own(services, caller, image_id))


@router.patch("/v1/images/{image_id}", summary="Correct a garment's category")
async def patch_image(services: ServicesDep, caller: CallerDep, image_id: PathId, asked: Correction) -> ImageBody:
    """Keep what the garment is: every later `auto` for this photo means it, in cut-outs and try-ons."""
    image = await _own(services, caller, image_id)
    if image.kind != "garment":
        raise InvalidRequest("A person's photo has no category; only a garment's has.")
    await services.preparer.correct(image, asked.category)
    return await _described(services, caller, await _own(services, caller, image_id))


@router.delete("/v1/images/{image_id}", status_code=204, summary="Delete a photo")
async def delete_image(services: ServicesDep, caller: CallerDep, image_id: PathId) -> Response:
    """Delete the photo, everything derived from it, and every try-on made with it."""
    await services.eraser.image(await _own(services, caller, image_id))
    return Response(status_code=204)


async def download_ticket(services: Services, key: str, *, name: str | None = None) -> DownloadTicket:
    """Return a fresh signed URL of an object that the caller owns; it must not be cached.

    Args:
        name: Under which browsers save it; None: they show it.
    """
    seconds = services.settings.uploads.get_expires_seconds
    url = await asyncio.to_thread(services.store.presign_get, key, expires_seconds=seconds, download_name=name)
    return DownloadTicket(download_url=url, expires_at=iso(datetime.now(UTC) + timedelta(seconds=seconds)))


async def _described(services: Services, caller: Caller, image: ImageRow) -> ImageBody:
    async with services.ledger.read() as reads:
        jobs = await reads.jobs.of_images([image.id])
    return _body(services, caller, image, jobs)


def _body(services: Services, caller: Caller, image: ImageRow, jobs: Sequence[JobRow]) -> ImageBody:
    ours = [job for job in jobs if job.image_id == image.id]
    unused = None
    if image.key is None:
        unused = image.created_at + timedelta(seconds=services.settings.uploads.incoming_max_age_seconds)
    return ImageBody.of(
        image,
        ours,
        parser_version=services.settings.parser_version,
        address_of=services.store.url_of,
        expires_at=services.keeping.until(caller.tenant, image.created_at, at_most=unused),
    )


async def _own(services: Services, caller: Caller, image_id: str) -> ImageRow:
    async with services.ledger.read() as reads:
        image = await reads.images.find(ImageId(image_id), user_id=caller.user_id)
    if image is None:
        raise NotFound("There is no photo of yours with this image_id.")
    return image
