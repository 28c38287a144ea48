"""Every server of ours: headers in time and of a size, answers that are read, and what a browser may do with them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from proteus.service.http_protocol import HEADERS_BYTES_MOST, in_time
from proteus.service.security_headers import SECURITY_HEADERS
from waiting import PATIENCE_SECONDS


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


ENDED: list[str] = []
"""The answers that were given up, or sent to their end."""


FIELDS: list[bytes] = []
"""The names of all header fields that a request to `/trailers` brought, once its body was read."""


async def hello(scope, receive, send) -> None:
    if scope["path"] == "/trailers":
        while (await receive()).get("more_body"):
            pass
        FIELDS.extend(name for name, _ in scope["headers"])
    if scope["path"] == "/large":
        try:
            await large(send)
        finally:
            ENDED.append((await receive())["type"])
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def large(send) -> None:
    """Send more than any buffer between here and the client holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(400):
        await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def port(unused_tcp_port: int) -> AsyncIterator[int]:
    config = uvicorn.Config(
        hello, host="127.0.0.1", port=unused_tcp_port, headers=list(SECURITY_HEADERS),
        http=in_time(header_seconds=0.3, send_seconds=0.3), log_config=None, lifespan="off",
    )  # fmt: skip
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
    yield unused_tcp_port
    server.should_exit = True
    await serving


async def ask(port: int, sent: bytes) -> bytes:
    """Everything that came until the server closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"200"),
        (b"what is this?\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Half", b"408"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * (HEADERS_BYTES_MOST + 1), b"431"),
    ],
)
async def test_every_answer_is_in_time_and_carries_the_security_headers(port: int, sent: bytes, status: bytes) -> None:
    answer = await ask(port, sent)
    assert answer.startswith(b"HTTP/1.1 " + status), answer
    for name, value in SECURITY_HEADERS:
        assert answer.lower().count(f"{name}: {value}\r\n".lower().encode()) == 1, answer


async def test_a_connection_that_sends_nothing_is_closed_without_an_answer(port: int) -> None:
    assert await ask(port, b"") == b""


async def test_a_client_that_does_not_read_its_answer_holds_no_connection(port: int) -> None:
    ENDED.clear()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not ENDED:  # noqa: ASYNC110 - the server offers no event
                await asyncio.sleep(0.01)
    assert ENDED == ["http.disconnect"]


async def test_a_client_that_reads_slowly_gets_its_whole_answer(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=65_536)
    writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    received, rests = 0, 8
    async with asyncio.timeout(PATIENCE_SECONDS):
        while piece := await reader.read(65_536):
            received += len(piece)
            if rests and received > (9 - rests) * 2_000_000:
                rests -= 1
                await asyncio.sleep(0.1)
    writer.close()
    assert rests == 0
    assert received > 400 * 65_536


async def test_trailers_behind_a_body_are_not_kept(port: int) -> None:
    FIELDS.clear()
    head = b"POST /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await ask(port, head + b"2\r\n{}\r\n0\r\n" + b"A: b\r\n" * 1_000 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert FIELDS == [b"host", b"connection", b"transfer-encoding"]


async def test_requests_do_not_pile_up_behind_one_that_is_being_answered(port: int) -> None:
    ENDED.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 1_000)
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await reader.read()
    writer.close()
    assert ENDED == ["http.disconnect"]
