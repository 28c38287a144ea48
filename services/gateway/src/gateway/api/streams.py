"""Server-sent events: the socket's events for clients without one, resumable by `Last-Event-ID`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import Header
from fastapi.responses import StreamingResponse

from gateway.api.dependencies import CallerDep, ServicesDep, holds
from gateway.api.guarding import GuardedRouter
from gateway.realtime.relay import Name
from gateway.rules.text import PathId, Seq
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus.jobs import TERMINAL

router = GuardedRouter(tags=["events"])

COMMENT_SECONDS: Final = 15.0
"""Silence after which a comment keeps proxies from closing the stream."""

QUEUE_MOST: Final = 1_000
"""Messages a slow reader may lag behind; then its stream ends, and it resumes by its last id."""

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_EXAMPLE: Final = (
    'id: 7\nevent: job\ndata: {"kind":"job","seq":7,"job_id":"job_3f2b…","status":"completed","results":[…]}\n\n'
)
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}}
}
LastEventId = Annotated[
    Seq | None, Header(alias="Last-Event-ID", description="`seq` of the last event you have; you get what follows.")
]


_LISTENING: Final = holds("streams")


@router.get(
    "/v1/events",
    dependencies=[_LISTENING],
    response_class=StreamingResponse,
    responses=_RESPONSES,
    summary="Stream all your events",
)
async def events(services: ServicesDep, caller: CallerDep, last_event_id: LastEventId = None) -> StreamingResponse:
    """Stream `job` and `progress` events of all your jobs, from `Last-Event-ID` or from now on."""
    stream = _stream(services, caller, last_seq=_seq(last_event_id), job_id=None, first=None)
    return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)


@router.get(
    "/v1/tryons/{job_id}/events",
    dependencies=[_LISTENING],
    response_class=StreamingResponse,
    responses=_RESPONSES,
    summary="Stream one try-on's events",
)
async def tryon_events(
    services: ServicesDep, caller: CallerDep, job_id: PathId, last_event_id: LastEventId = None
) -> StreamingResponse:
    """Stream one job's events until it has ended. Without `Last-Event-ID` the first event is the job as it is now."""
    last_seq, first = _seq(last_event_id), None
    status = await services.statuses.of(caller.user_id, job_id)
    if last_seq is None:
        async with services.ledger.read() as reads:
            last_seq = (await reads.users.last_seqs([caller.user_id])).get(caller.user_id, 0)
        status = await services.statuses.of(caller.user_id, job_id)
        named = ("job_id", "vton_id", "job_type", "status", "stage", "results", "error", "position", "eta")
        first = {"kind": "job", "seq": last_seq} | {name: status[name] for name in named}
    stream = _stream(services, caller, last_seq=last_seq, job_id=status["job_id"], first=first)
    return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)


async def _stream(
    services: Services, caller: Caller, *, last_seq: int | None, job_id: str | None, first: dict[str, Any] | None
) -> AsyncIterator[str]:
    if first is not None:
        yield _frame("job", first)
        if first["status"] in TERMINAL:
            return
    async with aclosing(_messages(services, caller, last_seq)) as messages:
        async for name, message in messages:
            if message is None:
                yield ": still here\n\n"
            elif job_id is None or message["job_id"] == job_id:
                yield _frame(name, message)
                if job_id is not None and message.get("status") in TERMINAL:
                    return


async def _messages(
    services: Services, caller: Caller, last_seq: int | None
) -> AsyncGenerator[tuple[Name, dict[str, Any] | None], None]:
    """Yield what the relay delivers; None after a silence; end with process, token, user or a reader too slow."""
    queue: asyncio.Queue[tuple[Name, dict[str, Any]]] = asyncio.Queue(QUEUE_MOST)

    async def deliver(name: Name, message: dict[str, Any]) -> None:
        if not queue.full():
            queue.put_nowait((name, message))

    subscriber = await services.relay.subscribe(caller.user_id, last_seq, deliver)
    silent = 0.0
    try:
        while services.callers.still(caller) and not (services.stopping.is_set() or queue.full()):
            try:
                async with asyncio.timeout(1.0):
                    message = await queue.get()
            except TimeoutError:
                silent += 1.0
                if silent >= COMMENT_SECONDS:
                    silent = 0.0
                    yield "job", None
                continue
            silent = 0.0
            yield message
    finally:
        services.relay.unsubscribe(subscriber)


def _frame(name: str, message: dict[str, Any]) -> str:
    head = f"id: {message['seq']}\n" if "seq" in message else ""
    return f"{head}event: {name}\ndata: {json.dumps(message, separators=(',', ':'))}\n\n"


def _seq(last_event_id: str | None) -> int | None:
    return int(last_event_id) if last_event_id else None
