"""The watch over what a gateway sends finds what is described otherwise, and lets the rest pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wire_watch import WireWatch

STATUS = {
    "job_id": "job_1", "job_type": "tryon", "status": "queued", "engine": "puppet", "created_at": "2026-02-03T12:00Z",
}  # fmt: skip
PROBLEM = {
    "type": "about:blank", "title": "Not Found", "status": 404, "detail": "gone", "code": "not_found",
    "retryable": False, "hint": "", "request_id": "r",
}  # fmt: skip
EVENT = {"kind": "job", "seq": 7, "job_id": "job_1", "job_type": "tryon", "status": "queued", "at": "now"}
JSON, DOCUMENT, STREAM = "application/json", "application/problem+json", "text/event-stream"


TAG = (b"etag", b'W/"1"')


async def mismatches(
    method: str, path: str, status: int, content_type: str, body: bytes, *more: tuple[bytes, bytes]
) -> list[str]:
    """Return what a watch says of one answer."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [*more, *([(b"content-type", content_type.encode())] if content_type else [])]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:9], "more_body": True})
        await send({"type": "http.response.body", "body": body[9:]})

    return await watched(app, {"type": "http", "method": method, "path": path, "headers": []})


async def watched(app: Any, scope: dict[str, Any]) -> list[str]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        return None

    watch = WireWatch(app)
    await watch(scope, receive, send)
    return watch.mismatches


def frame(event: dict[str, Any], *, name: str = "job", seq: str = "7") -> bytes:
    return f": ping\n\nevent: {name}\ndata: {json.dumps(event)}\nid: {seq}\n\n".encode()


@pytest.mark.parametrize(
    ("method", "path", "status", "content_type", "body"),
    [
        ("GET", "/api/status/job_1", 200, JSON, json.dumps(STATUS).encode()),
        ("HEAD", "/api/status/job_1", 200, JSON, b""),
        ("GET", "/api/status/job_1", 404, DOCUMENT, json.dumps(PROBLEM).encode()),
        ("GET", "/nowhere", 404, DOCUMENT, json.dumps(PROBLEM).encode()),
        ("DELETE", "/v1/tryons/job_1", 204, "", b""),
        ("GET", "/readyz", 503, "text/plain; charset=utf-8", b"redis does not answer\n"),
        ("GET", "/ui/", 200, "text/html", b"<html>"),
        ("GET", "/app/mirror", 200, "text/html", b"<html>"),
        ("GET", "/v1/images/", 307, "", b""),
        ("GET", "/v1/events", 200, STREAM, frame(EVENT)),
    ],
)
async def test_what_is_described_passes(method, path, status, content_type, body) -> None:
    assert await mismatches(method, path, status, content_type, body, TAG) == []


async def test_a_header_that_is_missing_or_otherwise_than_described_is_found() -> None:
    asked = ("GET", "/api/status/job_1", 200, JSON, json.dumps(STATUS).encode())
    assert await mismatches(*asked) == ["GET /api/status/job_1: the header ETag is missing"]
    for value in (b"soon", b"0", b"31"):
        (found,) = await mismatches(*asked, TAG, (b"retry-after", value))
        assert "the header Retry-After" in found
    assert await mismatches(*asked, TAG, (b"retry-after", b"30")) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "content_type", "body"),
    [
        ("GET", "/api/status/job_1", 200, JSON, json.dumps(STATUS | {"status": "lost"}).encode()),
        ("GET", "/api/status/job_1", 200, JSON, json.dumps({"job_id": "job_1"}).encode()),
        ("GET", "/api/status/job_1", 200, JSON, json.dumps(STATUS | {"colour": "red"}).encode()),
        ("GET", "/api/status/job_1", 200, JSON, b"{"),
        ("GET", "/api/status/job_1", 200, "text/html", b"<html>"),
        ("GET", "/api/status/job_1", 201, JSON, json.dumps(STATUS).encode()),
        ("GET", "/api/status/job_1", 404, JSON, json.dumps(PROBLEM).encode()),
        ("GET", "/api/status/job_1", 404, DOCUMENT, json.dumps({"detail": "gone"}).encode()),
        ("GET", "/nowhere", 404, JSON, b'{"detail":"Not Found"}'),
        ("PUT", "/users", 405, "text/plain", b"no"),
        ("DELETE", "/v1/tryons/job_1", 204, "", b"gone"),
        ("GET", "/v1/events", 200, STREAM, frame({name: EVENT[name] for name in EVENT if name != "at"})),
        ("GET", "/v1/events", 200, STREAM, frame(EVENT | {"position": 3})),
        ("GET", "/v1/events", 200, STREAM, frame(EVENT, name="progress")),
        ("GET", "/v1/events", 200, STREAM, frame(EVENT, seq="8")),
    ],
)
async def test_what_is_described_otherwise_is_found(method, path, status, content_type, body) -> None:
    assert await mismatches(method, path, status, content_type, body)


@pytest.mark.parametrize(
    ("event", "described"), [(EVENT, True), ({**EVENT, "at": None}, False), ({"kind": "progress"}, False)]
)
async def test_events_of_a_socket_are_looked_at(event, described) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "2"})
        await send({"type": "websocket.send", "text": f"42{json.dumps(['job', event])}"})

    found = await watched(app, {"type": "websocket", "path": "/updates/", "headers": []})
    assert (found == []) == described
