"""Uploads: photos go straight into the object store, a few at once, and what is there already stays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from proteus_client.errors import Refused
from proteus_client.models import ImageBody, UploadTicket
from proteus_client.pictures import Picture, address_of, content_type_of, read
from proteus_client.requests import Requests, once

UPLOADS_AT_ONCE: Final = 8


class Uploads:
    """What a client does with pictures that it sends.

    Args:
        requests: Sends them.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._turns = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def upload(self, picture: Picture, *, kind: str, category: str = "auto") -> str:
        """PUT a picture straight into the object store; return the `image_url` that every route takes.

        Its preparation begins at once. If the gateway refuses to begin it, the submit does, so that is no error.

        Args:
            picture: A JPEG, PNG, WebP, AVIF or HEIC file.
            kind: `person`, `garment` or `mask`.
            category: Of a garment: what it is, if that is known.
        """
        data = await asyncio.to_thread(read, picture)
        asked = {"kind": kind, "content_type": content_type_of(data), "size_bytes": len(data)}
        ticket = UploadTicket.model_validate(await self._requests.ask("GET", "/images/presignedUpUrl", params=asked))
        await self._requests.store(ticket.method, ticket.upload_url, headers=ticket.headers, content=data)
        known = {"category": category} if category != "auto" else None
        with suppress(Refused):
            await self._requests.ask("POST", f"/v1/images/{ticket.image_id}/uploaded", json=known, headers=once())
        return ticket.image_url

    async def image(self, image_url: str) -> ImageBody:
        """Return the record of an upload: how far it is prepared, and what was found in it."""
        return ImageBody.model_validate(await self._requests.ask("GET", f"/v1/images/{image_url.rpartition('/')[2]}"))

    async def _uploaded(self, pictures: Sequence[tuple[Picture, str, str]]) -> list[str]:
        """Return the addresses of pictures, each with its kind and category; what is no address yet is uploaded."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._address(*one)) for one in pictures]
        except ExceptionGroup as errors:
            first = errors.exceptions[0]
            raise first from first.__cause__
        return [task.result() for task in tasks]

    async def _address(self, picture: Picture, kind: str, category: str) -> str:
        if known := address_of(picture):
            return known
        async with self._turns:
            return await self.upload(picture, kind=kind, category=category)
