"""Who gets in: keys and tokens in tests, and what opens no door any more."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import socketio

from gateway.settings import AuthSettings


def with_guests(settings, guests):
    return settings.model_copy(update={"auth": AuthSettings(guests=guests)})


async def refusal_of_socket(url: str, token: str) -> str:
    """Return what a socket with this token is refused with; fail if it is let in."""
    client = socketio.AsyncClient(reconnection=False)
    refusals: list[object] = []
    client.on("connect_error", refusals.append)
    try:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(url, auth={"token": token}, transports=["websocket"], socketio_path="updates")
    finally:
        await client.shutdown()
    return json.dumps(refusals)


async def refuses(guest) -> bool:
    return (await guest.http.get("/v1/tryons")).status_code != 200


async def lines_of(response: httpx.Response) -> AsyncIterator[str]:
    async for line in response.aiter_lines():
        yield line


class Counted:
    """A ledger that counts what it is asked."""

    def __init__(self, ledger) -> None:
        self._ledger = ledger
        self.questions = 0

    def read(self):
        self.questions += 1
        return self._ledger.read()


async def made_key(owner, **wish):
    """Make an API key as its tenant's owner; return the answer with the key's text."""
    answer = await owner.http.post("/v1/keys", json={"name": "server", **wish})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()
