"""The client: what a program of yours does with a Proteus, and nothing that only a server could do.

    async with AsyncProteus("https://tryon.example.com", token="pk_…") as proteus:
        done = await proteus.tryon("person.jpg", "shirt.jpg", category="upper")
        done.save("out.png")

`tryon` is upload ─▶ submit ─▶ follow ─▶ download; each step is a method of its own, too. `Proteus` is the same without
`await`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self, Unpack

import httpx

from proteus_client import following
from proteus_client.batches import Batches
from proteus_client.errors import ClientError
from proteus_client.following import Events, Polling, Stream, Tell
from proteus_client.models import (
    GuestToken,
    StatusBody,
    TokenBody,
    TokenWish,
    TryOnOptions,
)
from proteus_client.pictures import Picture, TryOn, completed
from proteus_client.requests import Requests, once

REQUEST_SECONDS: Final = 30.0

By = Literal["stream", "socket", "poll"]
Garment = tuple[Picture, str]
"""A garment of an outfit, and its category."""


class AsyncProteus(Batches):
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
        super().__init__(Requests(url, self._http))
        self._requests.token = token
        self._by = by
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
        """Fetch a result, or a mask by its `mask_url`; the signed address that it leads to gets no token."""
        answer = await self._requests.send("GET", result_url)
        if answer.is_redirect:
            answer = await self._requests.store("GET", answer.headers["location"])
        elif answer.headers.get("content-type", "").startswith("application/json"):
            answer = await self._requests.store("GET", str(answer.json()["download_url"]))
        return answer.content

    async def browser_token(self, **wish: Unpack[TokenWish]) -> TokenBody:
        """Mint a short-lived token for a shopper's browser; needs an API key with the scope `tokens`."""
        return TokenBody.model_validate(await self._requests.ask("POST", "/v1/tokens", json=dict(wish)))

    async def _made(self, body: Mapping[str, Any], tell: Tell | None, timeout: float | None, key: str | None) -> TryOn:
        said = await self._requests.ask("POST", "/v1/tryons", json=body, headers=once(key))
        job = await self.follow(said["job_id"], on_progress=tell, timeout=timeout)
        addresses = [result.url for result in job.results if result.url]
        if not addresses:
            raise ClientError(f"{job.job_id} is completed and names no picture.")
        return TryOn(job=job, pictures=[await self.download(url) for url in addresses])
