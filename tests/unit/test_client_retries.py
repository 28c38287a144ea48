"""Our own client and connections that break: what can be repeated without harm is, the rest is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proteus_client import AsyncProteus, ServerUnreachable

STATUS = b'{"job_id":"job_1","job_type":"tryon","status":"queued","engine":"puppet","created_at":"now"}'


class Dropping:
    """A server that closes the first `drops` connections as a request arrives, and answers the others."""

    def __init__(self, drops: int) -> None:
        self.drops = drops
        self.heads: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        async with server:
            yield f"http://{host}:{port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if len(self.heads) > self.drops:
            length = f"content-length: {len(STATUS)}"
            said = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}\r\nconnection: close\r\n\r\n"
            writer.write(said.encode() + STATUS)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[AsyncProteus]:
    async with AsyncProteus(url, token="t", timeout=10) as client:
        yield client


def keys(server: Dropping) -> list[str]:
    lines = [line for head in server.heads for line in head.splitlines()]
    return [line.partition(": ")[2] for line in lines if line.lower().startswith("idempotency-key")]


async def test_a_status_is_asked_for_again_when_its_connection_was_dropped() -> None:
    server = Dropping(drops=2)
    async with server.running() as url, client_of(url) as client:
        assert (await client.status("job_1")).status == "queued"
    assert len(server.heads) == 3


async def test_a_submit_is_sent_again_with_the_key_it_had() -> None:
    server = Dropping(drops=1)
    async with server.running() as url, client_of(url) as client:
        assert (await client.submit("a", "b")).job_id == "job_1"
    [first, again] = keys(server)
    assert first == again != ""


async def test_a_request_that_may_do_harm_twice_is_not_repeated() -> None:
    server = Dropping(drops=9)
    async with server.running() as url, client_of(url) as client:
        with pytest.raises(ServerUnreachable):
            await client._requests.ask("POST", "/v1/auth/guest")
    assert len(server.heads) == 1


async def test_a_server_that_always_drops_is_said_to_be_away() -> None:
    server = Dropping(drops=9)
    async with server.running() as url, client_of(url) as client:
        with pytest.raises(ServerUnreachable):
            await client.status("job_1")
        with pytest.raises(ServerUnreachable):
            await client.download("/v1/results/job_1/1")
    assert len(server.heads) == 6
