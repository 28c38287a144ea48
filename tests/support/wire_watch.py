"""Holds all that a gateway under test sends to its description: docs/openapi.json and docs/events.schema.json.

It stands around the whole application, so it sees every answer, stream and socket of a test, whichever client asked.
What differs is collected and fails the test that caused it. Fields that the description does not name differ, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.fuzz.description import differences, event_differences


class WireWatch:
    """Watches an application; `mismatches` says what it sent that is described otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.mismatches: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kinds: dict[str, type[_Answer] | type[_Socket]] = {"http": _Answer, "websocket": _Socket}
        watch = kinds.get(scope["type"])
        if watch is None:
            await self._app(scope, receive, send)
            return
        watched = watch(scope, self.mismatches)

        async def seen(message: Message) -> None:
            watched.look(message)
            await send(message)

        await self._app(scope, receive, seen)


class _Answer:
    """One answer, looked at when it is complete; a stream's events as they come."""

    def __init__(self, scope: Scope, mismatches: list[str]) -> None:
        self._method, self._path = scope["method"], scope["path"]
        self._mismatches = mismatches
        asked = {name for name, _ in scope["headers"]}
        self._skip = self._method == "OPTIONS" and b"access-control-request-method" in asked
        self._status, self._type, self._body = 0, "", b""
        self._headers: dict[str, str] = {}

    def look(self, message: Message) -> None:
        if self._skip:
            return
        if message["type"] == "http.response.start":
            self._headers = {
                name.decode().lower(): value.decode("latin-1") for name, value in message.get("headers", ())
            }
            self._status = message["status"]
            self._type = self._headers.get("content-type", "").partition(";")[0].strip()
        elif message["type"] == "http.response.body":
            if self._type == "application/zip":  # Of any size, and described by its type alone.
                self._body = self._body or message.get("body", b"")[:1]
            else:
                self._body += message.get("body", b"")
            if self._type == "text/event-stream":
                *frames, rest = self._body.split(b"\n\n")
                self._body = rest
                for frame in frames:
                    self._look_at_frame(frame.decode())
            if not message.get("more_body"):
                self._note(differences(self._method, self._path, self._status, self._headers, self._body))

    def _look_at_frame(self, frame: str) -> None:
        lines = [line.partition(": ") for line in frame.split("\n") if not line.startswith(":")]
        fields: Mapping[str, str] = {name: value for name, _, value in lines}
        if not fields:
            return
        event = json.loads(fields["data"])
        self._note(event_differences(fields["event"], event))
        if fields.get("id") != (str(event["seq"]) if "seq" in event else None):
            self._note([f"the id {fields.get('id')} is not the event's seq"])

    def _note(self, found: Any) -> None:
        self._mismatches += [f"{self._method} {self._path}: {one}" for one in found]


class _Socket:
    """One socket: what Socket.IO sends as events."""

    def __init__(self, scope: Scope, mismatches: list[str]) -> None:
        self._mismatches = mismatches

    def look(self, message: Message) -> None:
        text = message.get("text") or ""
        if message["type"] == "websocket.send" and text.startswith("42["):
            name, event = json.loads(text[2:])
            self._mismatches += [f"socket, {name}: {one}" for one in event_differences(name, event)]
