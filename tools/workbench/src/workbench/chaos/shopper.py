"""Clients: a user with a token, who sends requests to any gateway that answers and listens on sockets.

The client repeats a request without an answer at another gateway, with the same `Idempotency-Key`: it cannot know
whether the first one counted. It opens a broken socket again at another gateway, with the last `seq` it saw. It notes
every event as it arrives.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import httpx
import socketio
from PIL import Image

from proteus.service.lifecycle import cancel
from workbench import assets

PATIENCE_SECONDS: Final = 90.0
"""How long the client repeats a request that gets no answer."""

PAUSE_SECONDS: Final = 0.25
REQUEST_SECONDS: Final = 15.0
WAIT_SECONDS: Final = 60


class GaveUp(Exception):
    """No gateway answered a request in `PATIENCE_SECONDS`."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One `job` event, as a socket received it."""

    seq: int
    job_id: str
    status: str
    at: float


@dataclass
class Ear:
    """One socket's notes."""

    user_id: str
    heard: list[Heard] = field(default_factory=list)
    opened: int = 0

    @property
    def last_seq(self) -> int:
        return max((event.seq for event in self.heard), default=0)


class Shopper:
    """One user. Make it with `arrived`.

    Args:
        urls: The gateways.
        http: Sends the requests; shared.
    """

    def __init__(self, urls: Sequence[str], http: httpx.AsyncClient) -> None:
        self.user_id = ""
        self.ears: list[Ear] = []
        self._http = http
        self._urls = itertools.cycle(urls)
        self._url = next(self._urls)
        self.token = ""
        self._brought = 0
        self._person_url = ""
        self._cut_url = ""

    @classmethod
    @asynccontextmanager
    async def arrived(cls, urls: Sequence[str], http: httpx.AsyncClient, *, sockets: int) -> AsyncIterator[Shopper]:
        """Yield a guest with a photo, a cut-out and open sockets while the block runs."""
        shopper = cls(urls, http)
        guest = await shopper.ask("POST", "/v1/auth/guest")
        shopper.user_id, shopper.token = guest["user_id"], guest["access_token"]
        await shopper.bring_pictures()
        shopper.ears = [Ear(shopper.user_id) for _ in range(sockets)]
        async with asyncio.TaskGroup() as group:
            listening = [
                group.create_task(shopper._listen(ear, [*urls[n % len(urls) :], *urls[: n % len(urls)]]))
                for n, ear in enumerate(shopper.ears)
            ]
            try:
                yield shopper
            finally:
                await cancel(*listening)

    async def snap(self, *, key: str, options: Mapping[str, Any]) -> str:
        """Submit a try-on; return its job id.

        Raises:
            httpx.HTTPStatusError: The gateway refused it for good.
        """
        body = {"user_photo_url": self._person_url, "cloth_clean_url": self._cut_url, "category": "upper", **options}
        return str((await self.ask("POST", "/api/snap", json=body, headers={"Idempotency-Key": key}))["job_id"])

    async def cancel(self, job_id: str) -> None:
        """Request that a try-on be cancelled."""
        await self.ask("POST", f"/v1/tryons/{job_id}/cancel")

    async def picture(self, job_id: str) -> bytes:
        """Fetch a result as a client would: by its address, which redirects to the store."""
        answer = await self._send("GET", f"/v1/results/{job_id}/1")
        return (await self._http.get(answer.headers["location"])).raise_for_status().content

    async def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send a request; return its JSON answer."""
        return (await self._send(method, path, **request)).json()

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        give_up = time.monotonic() + PATIENCE_SECONDS
        headers = dict(request.pop("headers", {}))
        while True:
            if self.token:
                headers["Authorization"] = f"Bearer {self.token}"
            url = self._url
            try:
                answer = await self._http.request(method, url + path, headers=headers, **request)
            except httpx.HTTPError:
                answer = None
            if answer is not None and not _again(answer):
                if not answer.is_redirect:
                    answer.raise_for_status()
                return answer
            if time.monotonic() > give_up:
                raise GaveUp(f"{method} {path}: {answer.status_code if answer is not None else 'no answer'}")
            if self._url == url and (answer is None or answer.status_code >= 500):
                self._url = next(self._urls)
            await asyncio.sleep(PAUSE_SECONDS)

    async def bring_pictures(self) -> None:
        """Upload a person and a garment and have the garment cut; the next submits name them, no two alike."""
        self._brought += 1
        person, garment = (
            _small(path.read_bytes(), side + self._brought)
            for path, side in ((assets.PERSON, 96), (assets.GARMENT, 256))
        )
        person_url = await self._upload(person, kind="person")
        garment_url = await self._upload(garment, kind="garment")
        asked = {"image_url": garment_url, "category": "upper"}
        made = await self.ask(
            "POST", "/segformer/segmentOutfitPic", json=asked, headers={"Prefer": f"wait={WAIT_SECONDS}"}
        )
        while made["status"] in ("queued", "running"):
            made = await self.ask("GET", f"/api/status/{made['job_id']}?wait=20")
        if made["status"] != "completed":
            raise RuntimeError(f"the cut-out failed: {made}")
        self._person_url, self._cut_url = person_url, made["cloth_clean_url"]

    async def _upload(self, picture: bytes, *, kind: str) -> str:
        asked = {"kind": kind, "content_type": "image/jpeg", "size_bytes": len(picture)}
        ticket = await self.ask("GET", "/images/presignedUpUrl", params=asked)
        answer = await self._http.put(ticket["upload_url"], headers=ticket["headers"], content=picture)
        answer.raise_for_status()
        return str(ticket["image_url"])

    async def _listen(self, ear: Ear, urls: Sequence[str]) -> None:
        for url in itertools.cycle(urls):
            await self._listen_to(url, ear)

    async def _listen_to(self, url: str, ear: Ear) -> None:
        """Listen at one gateway until the connection breaks."""

        def on_job(event: Mapping[str, Any]) -> None:
            ear.heard.append(Heard(seq=event["seq"], job_id=event["job_id"], status=event["status"], at=time.time()))

        async with aiohttp.ClientSession() as session:
            client = socketio.AsyncClient(reconnection=False, http_session=session)
            client.on("job", on_job)
            try:
                await client.connect(
                    url,
                    auth={"token": self.token, "last_seq": ear.last_seq},
                    transports=["websocket"],
                    socketio_path="updates",
                    wait_timeout=5,
                )
                ear.opened += 1
                await client.wait()
            except socketio.exceptions.ConnectionError:
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                await client.shutdown()


def _again(answer: httpx.Response) -> bool:
    """Return whether the same request may succeed later: the server says so itself, if it can."""
    if answer.status_code < 400:
        return False
    problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if problem.get("code") == "deadline_unreachable":
        return False
    return bool(answer.status_code >= 500 or problem.get("retryable"))


def _small(picture: bytes, side: int) -> bytes:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((side, side))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
