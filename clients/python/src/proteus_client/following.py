"""Follows a job to its end: events tell at once, the status tells for sure.

    socket (where it was asked for) ─┐
    GET /v1/tryons/{id}/events (SSE) ─┴─▶ news ─▶ the job as it is now ─▶ on_progress
    GET /api/status/{id} every few seconds while events come, with `wait` where none do

Whatever happens to a stream (a proxy cuts it, a gateway restarts), it goes on beyond the last event it delivered
(`Last-Event-ID`), and after some tries the client asks instead.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, Protocol

from proteus_client.errors import Refused, ServerUnreachable, StillRunning
from proteus_client.models import StatusBody
from proteus_client.requests import PAUSE_SECONDS, Requests

Tell = Callable[[StatusBody], None]
TERMINAL: Final = frozenset({"completed", "failed", "canceled", "expired"})

RECHECK_SECONDS: Final = 7.0
"""The status is asked for this often beside the events: a place in the queue moves without one, and an event that is
lost costs seconds, not the try-on. Not 5: many servers close an idle connection just then."""

WAIT_SECONDS: Final = 20
"""How long one request waits for the end where no events come."""

STREAM_TRIES: Final = 4
SILENCE_SECONDS: Final = 40.0
"""The server sends a comment every 15 s: a stream that is silent for longer is dead."""

News = asyncio.Queue[Mapping[str, Any] | None]
"""Events of one job; None: there will be no more."""


class Events(Protocol):
    """A way that events come."""

    async def listen(self, job_id: str, news: News) -> None:
        """Put a job's events into a queue until they end."""


class Stream:
    """Events by SSE, one stream for each job."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def listen(self, job_id: str, news: News) -> None:
        last_id, path = "", f"/v1/tryons/{job_id}/events"
        for tried in range(STREAM_TRIES):
            if tried:
                await asyncio.sleep(PAUSE_SECONDS * 2**tried)
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
            try:
                async with self._requests.stream(path, headers=headers, timeout=SILENCE_SECONDS) as answer:
                    async for name, text in frames(answer.aiter_lines()):
                        if name == "id":
                            last_id = text
                            continue
                        event = json.loads(text)
                        if not isinstance(event, dict):
                            continue
                        news.put_nowait(event)
                        if event.get("status") in TERMINAL:
                            return
            except Refused as refused:
                if not refused.retryable:
                    return
            except (ServerUnreachable, ValueError):
                continue  # It broke: the next try resumes it.


class Polling:
    """No events: the client asks."""

    async def listen(self, job_id: str, news: News) -> None:
        return None


async def frames(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """Yield `("data", text)`, then `("id", text)`, of each event of a stream; comments and half events are left out."""
    fields: dict[str, list[str]] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields:
            yield "data", "\n".join(fields["data"])
            if "id" in fields:
                yield "id", fields["id"][-1]
        fields = {}


def merged(said: Mapping[str, Any], event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a status as an event changes it."""
    if event.get("kind") == "progress":
        progress = {"step": event.get("step", 0), "steps": event.get("steps", 0)}
        return {**said, "status": "running", "stage": event.get("stage"), "progress": progress}
    fields = {name: value for name, value in event.items() if name not in ("kind", "seq", "at")}
    return {**said, "stage": None, "position": None, **fields}


async def follow(
    requests: Requests, events: Events, job_id: str, *, tell: Tell | None, timeout: float | None
) -> StatusBody:
    """Return a job once it has ended, as its status then says.

    Raises:
        StillRunning: `timeout` seconds have passed.
    """
    news: News = asyncio.Queue()

    async def listen() -> None:
        try:
            await events.listen(job_id, news)
        finally:
            news.put_nowait(None)

    async def ask(wait: float = 0) -> Mapping[str, Any]:
        more = {"params": {"wait": wait}, "timeout": wait + 30} if wait else {}
        said: Mapping[str, Any] = await requests.ask("GET", f"/api/status/{job_id}", **more)
        return said

    async def until_ended() -> Mapping[str, Any]:
        said, comes = await ask(), True
        while True:
            if tell is not None:
                tell(StatusBody.model_validate(said))
            if said["status"] in TERMINAL:
                # Times, seeds and labels are in the status alone.
                return await ask()
            event = None
            if comes:
                try:
                    async with asyncio.timeout(RECHECK_SECONDS):
                        event = await news.get()
                    comes = event is not None
                except TimeoutError:
                    pass
            said = merged(said, event) if event else await ask(0 if comes else WAIT_SECONDS)

    listening = asyncio.create_task(listen())
    try:
        async with asyncio.timeout(timeout) as clock:
            return StatusBody.model_validate(await until_ended())
    except TimeoutError as error:
        if clock.expired():
            raise StillRunning(job_id) from error
        raise
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
