"""A user of a running gateway's public API, and what his socket hears."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import socketio

from hands import png
from waiting import PATIENCE_SECONDS

ASK_SECONDS = 10
"""How long one question waits for a job's end; shorter than any client waits for an answer."""

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS, and a client that reads every authority of the machine costs 60 ms."""


@dataclass
class Guest:
    """A user of the public API."""

    http: httpx.AsyncClient
    user_id: str
    token: str
    url: str

    async def upload(
        self, picture: bytes | None = None, *, kind: str = "person", content_type: str = "image/png"
    ) -> str:
        """PUT a picture to a signed URL; return its image_url."""
        picture = png() if picture is None else picture
        asked: dict[str, str | int] = {"kind": kind, "content_type": content_type, "size_bytes": len(picture)}
        ticket = (await self.http.get("/images/presignedUpUrl", params=asked)).raise_for_status().json()
        async with httpx.AsyncClient(verify=NO_AUTHORITIES) as plain:
            put = await plain.put(ticket["upload_url"], headers=ticket["headers"], content=picture)
        put.raise_for_status()
        return str(ticket["image_url"])

    async def snap(self, person: str, garment: str, **options: Any) -> dict[str, Any]:
        """Submit a try-on; return the answer."""
        body = {"user_photo_url": person, "cloth_clean_url": garment, **options}
        answer = await self.http.post("/api/snap", json=body)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def wait(self, job_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Return the status once the job has ended; a 503 is asked again, as every client does."""
        deadline = time.monotonic() + seconds
        while True:
            answer = await self.http.get(f"/api/status/{job_id}", params={"wait": ASK_SECONDS})
            late = time.monotonic() > deadline
            if answer.status_code == 503 and not late:
                await asyncio.sleep(0.2)
                continue
            status = answer.raise_for_status().json()
            if status["status"] in ("completed", "failed", "canceled", "expired"):
                return dict(status)
            assert not late, status

    @asynccontextmanager
    async def listening(self, last_seq: int | None = None) -> AsyncIterator[Heard]:
        """Hold a socket open and collect what it says."""
        heard = Heard()
        client = socketio.AsyncClient(reconnection=False)
        forwarded = {name: value for name, value in self.http.headers.items() if name == "x-forwarded-for"}
        client.on("job", heard.on_job)
        client.on("progress", heard.on_progress)
        auth = {"token": self.token} | ({} if last_seq is None else {"last_seq": last_seq})
        await client.connect(self.url, headers=forwarded, auth=auth, transports=["websocket"], socketio_path="updates")
        try:
            yield heard
        finally:
            await client.shutdown()


@dataclass
class Heard:
    """Events of one socket."""

    jobs: list[dict[str, Any]] = field(default_factory=list)
    progress: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_job(self, event: dict[str, Any]) -> None:
        self.jobs.append(event)
        self._news.set()

    async def on_progress(self, event: dict[str, Any]) -> None:
        self.progress.append(event)
        self._news.set()

    async def until(self, seen: Callable[[Heard], bool]) -> None:
        """Wait until what was heard satisfies a condition."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not seen(self):
                self._news.clear()
                await self._news.wait()
