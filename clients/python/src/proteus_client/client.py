"""The client: what a program of yours does with a Proteus, and nothing that only a server could do.

    async with AsyncProteus("https://tryon.example.com", token="pk_…") as proteus:
        done = await proteus.tryon("person.jpg", "shirt.jpg", category="upper")
        done.save("out.png")

`tryon` is upload ─▶ submit ─▶ follow ─▶ download; each step is a method of its own, too. `Proteus` is the same without
`await`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, Unpack

import httpx

from proteus_client import following
from proteus_client.errors import BatchEnded, ClientError, Refused, StillRunning
from proteus_client.following import Events, Polling, Stream, Tell
from proteus_client.models import (
    BatchBody,
    BatchItemBody,
    BatchItemList,
    BatchOptions,
    EstimateBody,
    GuestToken,
    ImageBody,
    StatusBody,
    TokenBody,
    TokenWish,
    TryOnOptions,
    UploadTicket,
)
from proteus_client.pictures import Picture, TryOn, address_of, completed, content_type_of, read
from proteus_client.requests import Requests, once

REQUEST_SECONDS: Final = 30.0
BATCH_POLL_SECONDS: Final = 5.0
UPLOADS_AT_ONCE: Final = 8

By = Literal["stream", "socket", "poll"]
Garment = tuple[Picture, str]
"""A garment of an outfit, and what it is: `upper`, `lower`, `outer`, `dress` or `overall`."""


class AsyncProteus:
    """One user of one gateway, for an `async with` block.

    Args:
        url: The gateway's address.
        token: An access token or an API key (`pk_…`, on your server alone); None: become a guest.
        timeout: Seconds that one request may take.
        by: How jobs are followed: by SSE, by one socket for all (extra `socket`), or by asking, to
            which each falls back.
        http: Sends the requests, for proxies or certificates of your own; you close it. None: made and closed here.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: float = REQUEST_SECONDS,
        by: By = "stream",
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._own = http is None
        self._http = http or httpx.AsyncClient(timeout=timeout)
        self._requests = Requests(url, self._http)
        self._requests.token = token
        self._by = by
        self._uploads = asyncio.Semaphore(UPLOADS_AT_ONCE)
        self._events: Events = Polling() if by == "poll" else Stream(self._requests)

    @property
    def url(self) -> str:
        """The gateway's address."""
        return self._requests.url

    @property
    def token(self) -> str | None:
        """The token that requests carry; a guest's is there once the block has begun."""
        return self._requests.token

    async def __aenter__(self) -> Self:
        try:
            if self.token is None:
                made = GuestToken.model_validate(await self._requests.ask("POST", "/v1/auth/guest"))
                self._requests.token = made.access_token
            if self._by == "socket":
                # Here and not above: the socket is an extra.
                from proteus_client.sockets import Socket

                self._events = socket = Socket(self._requests)
                await socket.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; the client is of no use afterwards."""
        close = getattr(self._events, "close", None)
        if close is not None:
            await close()
        if self._own:
            await self._http.aclose()

    async def tryon(
        self,
        person: Picture,
        garment: Picture,
        *,
        on_progress: Tell | None = None,
        timeout: float | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[TryOnOptions],
    ) -> TryOn:
        """Put a garment on a person; return the pictures.

        Args:
            person: A photo of a person, or the address of one that was uploaded before.
            garment: A photo of a garment, its address, or the address of its cut-out.
            on_progress: Gets the job whenever it changes.
            timeout: Seconds until it is not waited for any longer; None: its end is waited for.
            idempotency_key: Your own name of this try-on: a second call with it is the same try-on. None: a fresh one.
            options: Of the submit; see `TryOnOptions`.

        Raises:
            NotAPicture: A file is none.
            Refused: The server refused a step.
            JobEnded: The try-on failed, was cancelled or expired.
            StillRunning: `timeout` has passed; its `job_id` can be followed later.
            ServerUnreachable: No answer came.
        """
        kind = options.get("category", "auto")
        person_url, garment_url = await self._uploaded([(person, "person", "auto"), (garment, "garment", kind)])
        body = {"user_photo_url": person_url, "cloth_clean_url": garment_url, **options}
        return await self._made(body, on_progress, timeout, idempotency_key)

    async def outfit(
        self,
        person: Picture,
        garments: Sequence[Garment],
        *,
        on_progress: Tell | None = None,
        timeout: float | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[TryOnOptions],
    ) -> TryOn:
        """Put one to four garments on a person, each over the one below; the last picture wears them all.

        Args:
            person: As of `tryon`.
            garments: Pairs of a picture and its category; their order does not matter.
            on_progress: As of `tryon`, like `timeout`, `idempotency_key` and what it raises.
            timeout: Seconds.
            idempotency_key: Your own name of this outfit.
            options: Of the submit, without `category`.
        """
        asked = [(picture, "garment", category) for picture, category in garments]
        person_url, *urls = await self._uploaded([(person, "person", "auto"), *asked])
        layers = [{"image": url, "category": category} for url, (_, category) in zip(urls, garments, strict=True)]
        body = {"user_photo_url": person_url, "garments": layers, **options}
        return await self._made(body, on_progress, timeout, idempotency_key)

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

    async def cut_out(self, image_url: str, *, category: str = "auto", on_progress: Tell | None = None) -> StatusBody:
        """Cut a garment out of its picture; return the completed job, whose `cloth_clean_url` submits take."""
        body = {"image_url": image_url, "category": category}
        said = await self._requests.ask("POST", "/v1/segmentations", json=body, headers=once())
        return await self.follow(said["job_id"], on_progress=on_progress)

    async def submit(
        self, person_url: str, garment_url: str, *, idempotency_key: str | None = None, **options: Unpack[TryOnOptions]
    ) -> StatusBody:
        """Submit a try-on of pictures that were uploaded; return its status, without waiting."""
        body = {"user_photo_url": person_url, "cloth_clean_url": garment_url, **options}
        said = await self._requests.ask("POST", "/v1/tryons", json=body, headers=once(idempotency_key))
        return StatusBody.model_validate(said)

    async def status(self, job_id: str) -> StatusBody:
        """Return a job's status."""
        return StatusBody.model_validate(await self._requests.ask("GET", f"/api/status/{job_id}"))

    async def follow(self, job_id: str, *, on_progress: Tell | None = None, timeout: float | None = None) -> StatusBody:
        """Wait until a job has ended; return it.

        Raises:
            JobEnded: It failed, was cancelled or expired.
            StillRunning: `timeout` seconds have passed.
        """
        job = await following.follow(self._requests, self._events, job_id, tell=on_progress, timeout=timeout)
        return completed(job)

    async def cancel(self, job_id: str) -> StatusBody:
        """Cancel a try-on; return its status. One that has ended stays as it is."""
        return StatusBody.model_validate(await self._requests.ask("POST", f"/v1/tryons/{job_id}/cancel"))

    async def download(self, result_url: str) -> bytes:
        """Fetch a result by its API address; the redirect leads to a signed address, which gets no token."""
        answer = await self._requests.send("GET", result_url)
        if answer.is_redirect:
            answer = await self._requests.store("GET", answer.headers["location"])
        return answer.content

    async def batch(
        self,
        persons: Iterable[Picture],
        garments: Iterable[Picture],
        *,
        completion_window: int = 86_400,
        metadata: Mapping[str, str] | None = None,
        options: BatchOptions | None = None,
        idempotency_key: str | None = None,
    ) -> BatchBody:
        """Order pictures of each person in each garment, for workers with nothing else to do; return at once.

        Args:
            persons: Photos or addresses, as of `tryon`.
            garments: Photos or addresses.
            completion_window: Seconds after which what is not made expires.
            metadata: Your own labels of the batch.
            options: Of its pictures.
            idempotency_key: Your own name of this batch.
        """
        body = await self._matrix(persons, garments, options)
        body |= {"completion_window": completion_window, "metadata": dict(metadata) if metadata else None}
        said = await self._requests.ask("POST", "/v1/batches", json=body, headers=once(idempotency_key))
        return BatchBody.model_validate(said)

    async def estimate(
        self, persons: Iterable[Picture], garments: Iterable[Picture], *, options: BatchOptions | None = None
    ) -> EstimateBody:
        """Return what a batch would take and cost; nothing is ordered, but what is no address is uploaded."""
        body = {**await self._matrix(persons, garments, options), "dry_run": True}
        return EstimateBody.model_validate(await self._requests.ask("POST", "/v1/batches", json=body, headers=once()))

    async def follow_batch(
        self,
        batch_id: str,
        *,
        on_progress: following.TellBatch | None = None,
        timeout: float | None = None,
        every: float = BATCH_POLL_SECONDS,
    ) -> BatchBody:
        """Wait until a batch has ended, by asking; return it. Items of its own may have failed: see `batch_items`.

        Raises:
            BatchEnded: It was cancelled or expired.
            StillRunning: `timeout` seconds have passed.
        """
        try:
            async with asyncio.timeout(timeout) as clock:
                while True:
                    batch = BatchBody.model_validate(await self._requests.ask("GET", f"/v1/batches/{batch_id}"))
                    if on_progress is not None:
                        on_progress(batch)
                    if batch.finished_at is not None:
                        break
                    await asyncio.sleep(every)
        except TimeoutError as error:
            if clock.expired():
                raise StillRunning(batch_id) from error
            raise
        if batch.status != "completed":
            raise BatchEnded(batch)
        return batch

    async def batch_items(self, batch_id: str) -> list[BatchItemBody]:
        """Return all items of a batch, in their order."""
        found: list[BatchItemBody] = []
        asked: dict[str, Any] = {"limit": 100}
        while True:
            page = BatchItemList.model_validate(
                await self._requests.ask("GET", f"/v1/batches/{batch_id}/items", params=asked)
            )
            found += page.items
            if page.next_cursor is None:
                return found
            asked["cursor"] = page.next_cursor

    async def save_batch(self, batch_id: str, path: str | os.PathLike[str]) -> Path:
        """Write a batch's pictures and manifest into a ZIP file as they come; return its path.

        The file has its name once it is whole: a download that breaks leaves nothing that looks finished.
        """
        file = Path(path)
        part = file.with_name(file.name + ".part")
        try:
            async with self._requests.stream(f"/v1/batches/{batch_id}/results", params={"format": "zip"}) as answer:
                with part.open("wb") as opened:
                    async for piece in answer.aiter_bytes():
                        await asyncio.to_thread(opened.write, piece)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return file

    async def browser_token(self, **wish: Unpack[TokenWish]) -> TokenBody:
        """Mint a short-lived token for a shopper's browser; needs an API key with the scope `tokens`."""
        return TokenBody.model_validate(await self._requests.ask("POST", "/v1/tokens", json=dict(wish)))

    async def _uploaded(self, pictures: Sequence[tuple[Picture, str, str]]) -> list[str]:
        """Return the addresses of pictures, each with its kind and category; what is no address yet is uploaded."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._address(*one)) for one in pictures]
        except BaseExceptionGroup as errors:
            first = errors.exceptions[0]
            raise first from first.__cause__
        return [task.result() for task in tasks]

    async def _address(self, picture: Picture, kind: str, category: str) -> str:
        if known := address_of(picture):
            return known
        async with self._uploads:
            return await self.upload(picture, kind=kind, category=category)

    async def _made(self, body: Mapping[str, Any], tell: Tell | None, timeout: float | None, key: str | None) -> TryOn:
        said = await self._requests.ask("POST", "/v1/tryons", json=body, headers=once(key))
        job = await self.follow(said["job_id"], on_progress=tell, timeout=timeout)
        addresses = [result.url for result in job.results if result.url]
        if not addresses:
            raise ClientError(f"{job.job_id} is completed and names no picture.")
        return TryOn(job=job, pictures=[await self.download(url) for url in addresses])

    async def _matrix(
        self, persons: Iterable[Picture], garments: Iterable[Picture], options: BatchOptions | None
    ) -> dict[str, Any]:
        options = options or {}
        kind = options.get("category") or "auto"
        people, clothes = list(persons), list(garments)
        urls = await self._uploaded(
            [*((one, "person", "auto") for one in people), *((one, "garment", kind) for one in clothes)]
        )
        return {"persons": urls[: len(people)], "garments": urls[len(people) :], "options": options}
