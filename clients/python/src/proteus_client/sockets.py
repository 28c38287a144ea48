"""Events by Socket.IO: one connection for all jobs of a client. Needs the extra `socket` (python-socketio)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import socketio

from proteus_client.errors import ServerUnreachable, refusal
from proteus_client.following import News
from proteus_client.requests import Requests


class Socket:
    """An open socket; what arrives goes to whoever listens to its job."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._io = socketio.AsyncClient(reconnection=True)
        self._io.on("job", self._on_job)
        self._io.on("progress", self._deliver)
        self._last_seq: int | None = None
        self._listeners: dict[str, set[News]] = {}

    async def open(self) -> None:
        """Connect.

        Raises:
            Refused: The token is not accepted.
            ServerUnreachable: Nothing answers, or what answers speaks no WebSocket.
        """
        refusals: list[Any] = []
        self._io.on("connect_error", refusals.append)
        try:
            await self._io.connect(
                self._requests.url, auth=self._auth, transports=["websocket"], socketio_path="updates"
            )
        except socketio.exceptions.ConnectionError as error:
            said = refusals[0] if refusals and isinstance(refusals[0], dict) else {}
            data = said.get("data") or {}
            if data.get("retryable") is False:
                raise refusal({"detail": said["message"], "code": data["code"]}, status=401) from error
            raise ServerUnreachable(f"The socket at {self._requests.url}/updates refused: {error}.") from error

    async def close(self) -> None:
        """Disconnect for good."""
        await self._io.shutdown()

    async def listen(self, job_id: str, news: News) -> None:
        self._listeners.setdefault(job_id, set()).add(news)
        try:
            await asyncio.Event().wait()
        finally:
            self._listeners[job_id].discard(news)
            if not self._listeners[job_id]:
                del self._listeners[job_id]

    def _auth(self) -> Mapping[str, Any]:
        auth: dict[str, Any] = {"token": self._requests.token}
        return auth if self._last_seq is None else {**auth, "last_seq": self._last_seq}

    async def _on_job(self, event: Mapping[str, Any]) -> None:
        self._last_seq = max(self._last_seq or 0, int(event["seq"]))
        await self._deliver(event)

    async def _deliver(self, event: Mapping[str, Any]) -> None:
        for news in self._listeners.get(event["job_id"], ()):
            news.put_nowait(event)
