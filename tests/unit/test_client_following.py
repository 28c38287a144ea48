"""The client against servers that cut streams, refuse, stall and lie: a job is followed to its end whatever comes."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import proteus_client
from proteus_client import AsyncProteus, Job, JobEnded, Proteus, Refused, ServerUnreachable, StillRunning
from proteus_client.following import frames

JOB: dict[str, Any] = {"job_id": "job_1", "job_type": "tryon", "engine": "puppet", "created_at": "now"}
RUNNING = {**JOB, "status": "running"}
DONE = {**JOB, "status": "completed", "timings": {"try_on": 1.5}}


def answer(status: int, body: Any, *lines: str, kind: str = "application/json") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {kind}",
        f"Content-Length: {len(data)}",
        "Connection: close",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + data


def stream(*events: dict[str, Any], more: bytes = b"") -> bytes:
    frames_ = "".join(
        f"event: {event['kind']}\ndata: {json.dumps(event)}\n"
        + (f"id: {event['seq']}\n" if "seq" in event else "")
        + "\n"
        for event in events
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return head + frames_.encode() + more


def event(seq: int, status: str, **more: Any) -> dict[str, Any]:
    return {**JOB, "kind": "job", "seq": seq, "status": status, "at": "now", **more}


PROGRESS = {"kind": "progress", "job_id": "job_1", "n": 1, "stage": "denoising", "step": 3, "steps": 30}


class Script:
    """A server whose every answer a test names; it keeps the heads of the requests.

    A path's answers come in their order, and the last for ever; None: no answer, and the connection stays open.
    """

    def __init__(self, answers: dict[str, list[bytes | None]]) -> None:
        self.answers = answers
        self.heads: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        try:
            yield f"http://{host}:{port}"
        finally:
            server.close()

    def seen(self, path: str) -> list[str]:
        return [head for head in self.heads if head.split(" ")[1].partition("?")[0] == path]

    def header(self, path: str, name: str) -> list[str | None]:
        found = [dict(line.partition(": ")[::2] for line in head.lower().splitlines()) for head in self.seen(path)]
        return [one.get(name) for one in found]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            path = head.split(" ")[1].partition("?")[0]
            waiting = self.answers.get(path) or [answer(404, {"code": "not_found", "detail": path})]
            given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if given is None:
                await reader.read()
            else:
                writer.write(given)
                await writer.drain()
        finally:
            writer.close()


STATUS, EVENTS = "/api/status/job_1", "/v1/tryons/job_1/events"


async def followed(script: Script, **options: Any) -> tuple[Job, list[tuple[str, str | None]]]:
    told: list[tuple[str, str | None]] = []
    async with script.running() as url, AsyncProteus(url, token="t", **options) as client:
        job = await client.follow("job_1", on_progress=lambda now: told.append((now.status, now.stage)))
    return job, told


async def test_a_stream_that_is_cut_goes_on_beyond_its_last_event() -> None:
    script = Script(
        {
            STATUS: [answer(200, RUNNING), answer(200, DONE)],
            EVENTS: [
                stream(event(6, "queued", stage="waiting"), event(7, "running"), more=b"data: {half"),
                stream(PROGRESS, event(8, "completed")),
            ],
        }
    )
    job, told = await followed(script)
    assert job.timings == {"try_on": 1.5}, "the end is the status's"
    assert script.header(EVENTS, "last-event-id") == [None, "7"]
    assert told == [
        ("running", None), ("queued", "waiting"), ("running", None), ("running", "denoising"), ("completed", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "streams",
    [
        answer(403, {"code": "forbidden"}),
        answer(429, {"code": "too_many_connections", "retryable": True}),
        answer(502, b"<html>", kind="text/html"),
        answer(200, b"<html>a page of a captive portal</html>\n\n", kind="text/html"),
        stream(more=b"data: no JSON\n\n"),
        stream(more=b"data: [1]\n\n"),
        stream(more=b'data: {"kind": "job"}\n\n'),
        b"garbage\r\n\r\n",
        b"",
    ],
)
async def test_where_no_stream_works_the_client_asks_and_waits(streams: bytes) -> None:
    script = Script({STATUS: [*[answer(200, RUNNING)] * 2, *[answer(200, DONE)] * 2], EVENTS: [streams]})
    job, _ = await followed(script)
    assert job.status == "completed"
    assert len(script.seen(EVENTS)) >= 1


async def test_a_client_that_only_asks_opens_no_stream_and_lets_the_server_wait() -> None:
    script = Script({STATUS: [answer(200, RUNNING), answer(200, DONE)]})
    await followed(script, by="poll")
    assert script.seen(EVENTS) == []
    assert [head.split(" ")[1].partition("?")[2] for head in script.seen(STATUS)] == ["", "wait=20", ""]


@pytest.mark.parametrize("status", ["failed", "canceled", "expired"])
async def test_a_job_that_ends_otherwise_is_an_error_that_says_why(status: str) -> None:
    error = {"code": "no_person_detected", "message": "Nobody is in the photo.", "hint": "Take another."}
    script = Script({STATUS: [answer(200, {**JOB, "status": status, "error": error if status == "failed" else None})]})
    with pytest.raises(JobEnded) as ended:
        await followed(script)
    assert ended.value.code == ("no_person_detected" if status == "failed" else status)
    assert ended.value.job.status == status


async def test_the_callers_time_ends_the_waiting_and_names_the_job() -> None:
    script = Script({STATUS: [answer(200, RUNNING)], EVENTS: [None]})
    async with script.running() as url, AsyncProteus(url, token="t") as client:
        with pytest.raises(StillRunning) as late:
            await client.follow("job_1", timeout=0.2)
    assert late.value.job_id == "job_1"


REFUSALS = [
    (400, proteus_client.Invalid), (422, proteus_client.Invalid), (413, proteus_client.Invalid),
    (401, proteus_client.Unauthorized), (403, proteus_client.Forbidden), (402, proteus_client.Forbidden),
    (404, proteus_client.NotFound), (410, proteus_client.NotFound), (409, proteus_client.Conflict),
    (429, proteus_client.TooMany), (500, proteus_client.Unavailable), (503, proteus_client.Unavailable),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
async def test_a_refusal_is_of_its_class_and_carries_what_the_server_said(status: int, kind: type[Refused]) -> None:
    problem = {"code": "a_code", "detail": "A sentence.", "hint": "A way.", "retryable": False, "request_id": "r1"}
    script = Script({STATUS: [answer(status, problem)]})
    async with script.running() as url, AsyncProteus(url, token="t") as client:
        with pytest.raises(kind) as said:
            await client.status("job_1")
    error = said.value
    assert (type(error), error.status, error.code, error.message) == (kind, status, "a_code", "A sentence.")
    assert (error.hint, error.request_id, error.retryable) == ("A way.", "r1", False)
    assert len(script.heads) == 1, "what may not be repeated is not"


@pytest.mark.parametrize(("status", "tries"), [(429, 3), (502, 3), (503, 3), (504, 3), (500, 1)])
async def test_a_passing_refusal_is_repeated_with_the_same_key(status: int, tries: int) -> None:
    script = Script({"/v1/tryons": [answer(status, {"code": "x"}, "Retry-After: 0")] * 2 + [answer(200, DONE)]})
    async with script.running() as url, AsyncProteus(url, token="t") as client:
        if tries == 1:
            with pytest.raises(Refused):
                await client.submit("a", "b")
        else:
            assert (await client.submit("a", "b", seed=4)).status == "completed"
    assert len(script.heads) == tries
    assert len(set(script.header("/v1/tryons", "idempotency-key")) - {None}) == 1


async def test_a_request_without_a_key_is_repeated_only_when_a_limit_refused_it() -> None:
    for status, tries in ((429, 2), (503, 1)):
        script = Script({"/v1/tokens": [answer(status, {"code": "x"}, "Retry-After: 0"), answer(400, {"code": "y"})]})
        async with script.running() as url, AsyncProteus(url, token="t") as client:
            with pytest.raises(Refused):
                await client.browser_token(subject="ann")
        assert len(script.heads) == tries


async def test_a_time_to_come_back_that_is_far_is_said_and_not_waited_for() -> None:
    script = Script({STATUS: [answer(429, {"code": "limit"}, "Retry-After: 3600")]})
    async with script.running() as url, AsyncProteus(url, token="t") as client:
        with pytest.raises(proteus_client.TooMany) as said:
            await client.status("job_1")
    assert (said.value.retry_after_seconds, len(script.heads)) == (3600, 1)


async def test_an_answer_that_is_no_json_names_the_server() -> None:
    script = Script({STATUS: [answer(200, b"<html>", kind="text/html")]})
    async with script.running() as url, AsyncProteus(url, token="t") as client:
        with pytest.raises(ServerUnreachable, match="without JSON"):
            await client.status("job_1")


async def test_a_newer_servers_words_and_fields_are_read() -> None:
    newer = {
        **JOB,
        "status": "resting",
        "stage": "asleep",
        "dreams": [1],
        "results": [{"n": 1, "status": "odd", "x": 1}],
    }
    script = Script({STATUS: [answer(200, newer)]})
    async with script.running() as url, AsyncProteus(url, token="t") as client:
        job = await client.status("job_1")
    assert (job.status, job.stage, job.model_extra, job.results[0].status) == (
        "resting",
        "asleep",
        {"dreams": [1]},
        "odd",
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["data: a", "id: 1", ""], [("data", "a"), ("id", "1")]),
        (["data: a", "data:b", ""], [("data", "a\nb")]),
        ([": a comment", "", "event: job", ""], []),
        (["data: a"], []),
        (["data", "", "data: b", ""], [("data", ""), ("data", "b")]),
    ],
)
async def test_frames_of_a_stream(lines: list[str], expected: list[tuple[str, str]]) -> None:
    async def each() -> AsyncIterator[str]:
        for line in lines:
            yield line

    assert [frame async for frame in frames(each())] == expected


def surface(kind: type) -> dict[str, str]:
    def parameters(method: Callable[..., Any]) -> str:
        return str(inspect.signature(method).replace(return_annotation=""))

    return {name: parameters(one) for name, one in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}


def test_the_two_clients_have_the_same_methods_with_the_same_parameters() -> None:
    asynchronous = surface(AsyncProteus)
    asynchronous.pop("close")
    assert surface(Proteus) == asynchronous
    assert len(asynchronous) > 10
    assert parameters_of(Proteus) == parameters_of(AsyncProteus)


def parameters_of(kind: type) -> list[str]:
    return list(inspect.signature(kind).parameters)


async def test_the_client_without_await_runs_beside_a_loop() -> None:
    script = Script({STATUS: [answer(200, DONE)], EVENTS: [stream()]})
    told: list[str] = []

    def work(url: str) -> str:
        with Proteus(url, token="t") as proteus:
            return proteus.follow("job_1", on_progress=lambda job: told.append(job.status)).status

    async with script.running() as url:
        assert await asyncio.to_thread(work, url) == "completed"
    assert told == ["completed"]
