"""What a store, or a proxy before it, answers: a picture, "gone" or "not now"; never half a picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from proteus.errors import DependencyUnavailable, InvalidRequest, NotFound, UploadMissing
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from waiting import PATIENCE_SECONDS

PICTURE = bytes(range(256)) * 2
WHOLE = (
    b'HTTP/1.1 200 OK\r\nServer: a-store\r\nContent-Type: image/png\r\nETag: "abc"\r\n'
    b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(PICTURE)
) + PICTURE


def error(status: int, code: str = "", *, html: bool = False) -> bytes:
    body = b"<html><body>Nothing here.</body></html>" if html else b""
    if code:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
    return b"HTTP/1.1 %d No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body)) + body


def calls(outcome: str) -> float:
    """What Prometheus reads of the calls to the store."""
    return REGISTRY.get_sample_value("proteus_storage_calls_total", {"outcome": outcome}) or 0.0


@asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[ObjectStore]:
    """A store client whose server says this to everything, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = StorageSettings(
            endpoint=f"http://127.0.0.1:{port}", access_key="tests", secret_key=SecretStr("tests-secret")
        )
        yield ObjectStore(settings, answer_seconds=5, tries=1)


async def test_an_answer_that_is_cut_anywhere_is_no_picture() -> None:
    for length in range(0, len(WHOLE), 7):
        async with answering(WHOLE[:length]) as store:
            with pytest.raises(DependencyUnavailable):
                await asyncio.to_thread(store.get, "images/u/a.png")
    async with answering(WHOLE) as store:
        assert await asyncio.to_thread(store.get, "images/u/a.png") == PICTURE


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (error(500), "away"),
        (error(503, "SlowDown"), "away"),
        (error(429, "TooManyRequests"), "away"),
        (error(502, html=True), "away"),
        (error(400, "RequestTimeout"), "away"),
        (error(404, html=True), "away"),
        (error(404), "away"),
        (error(404, "NoSuchBucket"), "no bucket"),
        (error(403, "AccessDenied"), "refused"),
        (error(403, "RequestTimeTooSkewed"), "refused"),
        (error(401), "refused"),
        (b"", "away"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "away"),
    ],
)
async def test_what_is_no_word_of_this_object_means_not_now(reply: bytes, reason: str) -> None:
    before = calls("failed")
    async with answering(reply) as store:
        with pytest.raises(DependencyUnavailable) as raised:
            await asyncio.to_thread(store.get, "images/u/a.png")
    assert raised.value.reason == reason
    assert calls("failed") == before + 1
    assert store.answered_at == float("-inf")


async def test_an_object_is_gone_only_if_the_store_says_so_of_this_object() -> None:
    before = calls("answered")
    async with answering(error(404, "NoSuchKey")) as store:
        with pytest.raises(NotFound):
            await asyncio.to_thread(store.get, "images/u/a.png")
        assert calls("answered") == before + 1
        assert store.answered_at > 0, "that is an answer"
    async with answering(error(404)) as store:
        with pytest.raises(UploadMissing):
            await asyncio.to_thread(store.head, "images/u/a.png")


@pytest.mark.parametrize("key", ["", 5, None])
async def test_a_key_that_no_store_takes_is_not_waited_for(key: object) -> None:
    async with answering(WHOLE) as store:
        with pytest.raises(InvalidRequest):
            await asyncio.to_thread(store.get, key)  # type: ignore[arg-type]


async def test_a_key_that_is_too_long_is_not_waited_for() -> None:
    async with answering(error(400, "KeyTooLongError")) as store:
        with pytest.raises(InvalidRequest):
            await asyncio.to_thread(store.get, "k" * 2_000)


CALLS: dict[str, Callable[[ObjectStore], object]] = {
    "list": lambda store: list(store.list("images/")),
    "delete": lambda store: store.delete("images/a"),
    "head": lambda store: store.head("images/a"),
    "put": lambda store: store.put("images/a", b"x", content_type="image/png"),
    "ping": lambda store: store.ping(),
    "bucket": lambda store: store.ensure_bucket(cors_origins=["*"]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "reply",
    [
        error(503),
        b"HTTP/1.1 100 Continue\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n<?xml version='1.0'?><ListBucketResult><Contents><Key>a",
        b"HTTP/1.1 2",
        b"",
    ],
)
async def test_no_call_raises_anything_but_not_now(call: str, reply: bytes) -> None:
    async with answering(reply) as store, asyncio.timeout(PATIENCE_SECONDS):
        try:
            await asyncio.to_thread(CALLS[call], store)
        except DependencyUnavailable:
            return
    assert reply.startswith(b"HTTP/1.1 200"), "an error was taken for an answer"
