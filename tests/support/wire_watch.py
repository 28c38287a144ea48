"""Holds all that a gateway under test sends to its description: docs/openapi.json and docs/events.schema.json.

It stands around the whole application, so it sees every answer, stream and socket of a test, whichever client asked.
What differs is collected and fails the test that caused it. Fields that the description does not name differ, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DOCS = Path(__file__).parents[2] / "docs"
PAGES = re.compile(r"/|/docs(/.*)?|/openapi\.json|/ui(/.*)?|/app(/.*)?|/updates(/.*)?")
"""Not part of the described API: pages for people, their files, and the socket's own handshake."""


def closed(schema: Any) -> Any:
    """Return a schema that takes no field it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


@cache
def openapi() -> dict[str, Any]:
    found = json.loads((DOCS / "openapi.json").read_text())
    found["components"] = closed(found["components"])
    return dict(found)


@cache
def events() -> Draft202012Validator:
    return Draft202012Validator(closed(json.loads((DOCS / "events.schema.json").read_text())))


@cache
def routes() -> list[tuple[re.Pattern[str], str]]:
    """Every described path as a pattern, those without parameters first."""
    paths = sorted(openapi()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


@cache
def validator(path: str, method: str, status: str, content_type: str) -> Draft202012Validator:
    content = openapi()["paths"][path][method]["responses"][status]["content"][content_type]
    return Draft202012Validator({"components": openapi()["components"], **closed(content.get("schema", {}))})


ANSWERS = {"fleet": ("/v1/queue", "get")}
"""Names of events whose data are the answers of a route."""
PROBLEM = "application/problem+json"
REDIRECTED = 307
"""From a path with a slash too many to the described one."""


def differences(method: str, target: str, status: int, content_type: str, body: bytes) -> Iterator[str]:
    """Say in which ways an answer is not what the API's description says."""
    headers_only = method == "HEAD"
    path = next((path for pattern, path in routes() if pattern.fullmatch(target)), None)
    if path is None and (PAGES.fullmatch(target) or (status == REDIRECTED and target.endswith("/"))):
        return
    method = "get" if method == "HEAD" else method.lower()
    operation = openapi()["paths"].get(path, {}).get(method)
    if operation is None:
        if content_type != PROBLEM:
            yield f"{status} of a route that is not described, with {content_type or 'no body'}"
            return
        if not headers_only:
            problem = {"$ref": "#/components/schemas/Problem", "components": openapi()["components"]}
            yield from _errors(Draft202012Validator(problem), body)
        return
    described = operation["responses"]
    place = str(status) if str(status) in described else f"{status // 100}XX"
    if place not in described:
        yield f"status {status} is not described"
        return
    content = described[place].get("content", {})
    if not content:
        if body:
            yield f"{status} has a body, and none is described"
        return
    if content_type not in content:
        yield f"{status} is {content_type or 'without a type'}, described are {sorted(content)}"
    elif content_type.endswith("json") and not headers_only:
        yield from _errors(validator(path or "", method, place, content_type), body)


def event_differences(name: str, event: Any) -> Iterator[str]:
    """Say in which ways an event is not what the events' schema says; operators' streams carry answers of the API."""
    if name in ANSWERS:
        for error in validator(*ANSWERS[name], "200", "application/json").iter_errors(event):
            yield f"{list(error.absolute_path)}: {error.message[:200]}"
        return
    for error in events().iter_errors(event):
        yield f"{list(error.absolute_path)}: {error.message[:200]}"
    if isinstance(event, dict) and event.get("kind") != name:
        yield f"is sent under the name {name}"


def _errors(validator: Draft202012Validator, body: bytes) -> Iterator[str]:
    try:
        value = json.loads(body)
    except ValueError:
        yield f"is no JSON: {body[:80]!r}"
        return
    for error in validator.iter_errors(value):
        yield f"{list(error.absolute_path)}: {error.message[:200]}"


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

    def look(self, message: Message) -> None:
        if self._skip:
            return
        if message["type"] == "http.response.start":
            headers = {name.lower(): value.decode("latin-1") for name, value in message.get("headers", ())}
            self._status = message["status"]
            self._type = headers.get(b"content-type", "").partition(";")[0].strip()
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if self._type == "text/event-stream":
                *frames, rest = self._body.split(b"\n\n")
                self._body = rest
                for frame in frames:
                    self._look_at_frame(frame.decode())
            if not message.get("more_body"):
                self._note(differences(self._method, self._path, self._status, self._type, self._body))

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
