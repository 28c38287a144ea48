"""Photos that come inside a request, as files of a form or as data URIs: stored like signed uploads, or not at all.

    form / data URI ─▶ InlinePhoto ─▶ kept: sniff, limits, consent, quota, PUT ─▶ an address that every submit takes

The format is what the first bytes say. While the block under `kept` submits the photos they are stored; if it raises,
they are deleted again: no client knows their addresses.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from fastapi import UploadFile

from gateway.api.images.models import Kind
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus.errors import InvalidRequest, UnsupportedMedia
from proteus.jobs import ImageId
from proteus.picture_formats import HEAD_BYTES, SOURCE_TYPES, sniff


@dataclass(frozen=True, kw_only=True)
class InlinePhoto:
    """A photo in a request's body.

    Attributes:
        file: Its bytes, at their beginning.
    """

    kind: Kind
    file: IO[bytes]
    size_bytes: int

    @classmethod
    def of_file(cls, file: UploadFile, *, kind: Kind) -> InlinePhoto:
        """Return a form's file.

        Raises:
            InvalidRequest: The form's part is not a whole file.
        """
        if file.size is None:
            raise InvalidRequest("The form has no file.")
        return cls(kind=kind, file=file.file, size_bytes=file.size)

    @classmethod
    async def of_data_uri(cls, uri: str, *, kind: Kind) -> InlinePhoto:
        """Return the photo in a `data:…;base64,…`; its media type does not count.

        Raises:
            InvalidRequest: It is not base64.
        """
        try:
            data = await asyncio.to_thread(base64.b64decode, uri.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise InvalidRequest(f"The data URI of the {kind} is not valid base64: {error}.") from error
        return cls(kind=kind, file=io.BytesIO(data), size_bytes=len(data))

    async def content_type(self) -> str:
        """Return the type that the first bytes say.

        Raises:
            InvalidRequest: There are none.
            UnsupportedMedia: They are of no format that we know.
        """
        head = await asyncio.to_thread(self.file.read, HEAD_BYTES)
        await asyncio.to_thread(self.file.seek, 0)
        if not head:
            raise InvalidRequest(f"The {self.kind}'s file is empty.")
        source = sniff(head)
        if source is None:
            raise UnsupportedMedia(f"The {self.kind}'s file is no picture of a format that we know.")
        return SOURCE_TYPES[source]


@asynccontextmanager
async def kept(services: Services, caller: Caller, photos: Sequence[InlinePhoto]) -> AsyncIterator[list[str]]:
    """Store photos while the block submits them; yield their addresses, in order.

    Raises:
        UnsupportedMedia, ImageTooLarge, InvalidRequest: One of them cannot be taken; then none is stored.
        ConsentRequired, QuotaExceeded: As for a signed upload.
    """
    types = [await photo.content_type() for photo in photos]
    for photo, content_type in zip(photos, types, strict=True):
        services.photos.check(content_type, photo.size_bytes)
    stored: list[str] = []
    addresses: list[str] = []
    try:
        for photo, content_type in zip(photos, types, strict=True):
            upload = await services.photos.sign(
                caller, kind=photo.kind, content_type=content_type, size_bytes=photo.size_bytes
            )
            stored.append(upload.image_id)
            addresses.append(upload.image_url)
            await asyncio.to_thread(
                services.store.put_stream,
                services.store.key_of(upload.image_url),
                photo.file,
                content_type=content_type,
                size_bytes=photo.size_bytes,
            )
        yield addresses
    except Exception:  # Any error, a twin with the same Idempotency-Key included: no client will use these photos.
        for image_id in stored:
            await _discard(services, caller, image_id)
        raise


async def _discard(services: Services, caller: Caller, image_id: str) -> None:
    async with services.ledger.read() as reads:
        image = await reads.images.find(ImageId(image_id), user_id=caller.user_id)
    if image is not None:
        await services.eraser.image(image)
