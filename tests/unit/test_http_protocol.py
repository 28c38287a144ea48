"""Every server of ours: headers in time and of a size, and what a browser may do with the answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn

from proteus.service.http_protocol import HEADERS_BYTES_MOST, headers_within
from proteus.service.security_headers import SECURITY_HEADERS


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


async def hello(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port(unused_tcp_port: int) -> AsyncIterator[int]:
    config = uvicorn.Config(
        hello, host="127.0.0.1", port=unused_tcp_port, http=headers_within(0.3), headers=list(SECURITY_HEADERS),
        log_config=None, lifespan="off",
    )  # fmt: skip
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
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
        async with asyncio.timeout(10):
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
