"""Gives every request an id for its log lines, a time in the metrics, and headers with the rest of its allowance."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from gateway.api.problems import on_bug
from proteus import tracing

log = structlog.get_logger()

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:\-]{1,64}")
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

_QUIET: Final = frozenset({"/healthz", "/readyz"})
"""Machines request these every few seconds: not worth a line each."""


class RequestEnvelope:
    """Names each request, times it and logs it.

    The outermost middleware. An id given by the caller (`X-Request-ID`, W3C traceparent) is kept.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request_id, parent = _id_of(headers)
        scope.setdefault("state", {}).update(request_id=request_id, allowances={}, counted=set())
        started = time.perf_counter()
        status, answered = 500, False

        async def named(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                said = {"x-request-id": request_id}
                if allowances := scope["state"]["allowances"].values():
                    said["ratelimit-policy"] = ", ".join(
                        f'"{one.kind}";q={one.limit};w={one.window_seconds}' for one in allowances
                    )
                    said["ratelimit"] = ", ".join(
                        f'"{one.kind}";r={one.left};t={one.reset_seconds}' for one in allowances
                    )
                added = [(name.encode(), value.encode()) for name, value in said.items()]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=request_id)
        quiet = scope["path"] in _QUIET
        traced, first = "" if quiet else request_id, scope["method"] == "POST"
        with tracing.serving(scope["method"], traced, first=first, parent=parent) as span:
            try:
                await self._app(scope, receive, named)
            except Exception as error:  # The outermost edge: beyond it the server would log all of it a second time.
                response = await on_bug(Request(scope), error)
                if not answered:
                    await response(scope, receive, named)
            finally:
                seconds = time.perf_counter() - started
                route = _route_of(scope)
                metrics.REQUESTS.labels(route, scope["method"], str(status)).observe(seconds)
                span.name(f"{scope['method']} {route}")
                span.note(status=status, request_id=request_id)
                if not quiet:
                    log.info("request", method=scope["method"], route=route, status=status, seconds=round(seconds, 4))


def _id_of(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the request's id, and the id of the caller's span if the request continues the caller's trace."""
    if (given := headers.get("x-request-id", "")) and _REQUEST_ID.fullmatch(given):
        return given, ""
    if found := _TRACEPARENT.fullmatch(headers.get("traceparent", "")):
        return found.group(1), found.group(2).strip("0") and found.group(2)
    return token_hex(16), ""  # All digits random, so that a share of the traces can be chosen by them.


def _route_of(scope: Mapping[str, Any]) -> str:
    """The route's pattern, never the path: ids would make a label each."""
    route = scope.get("route")
    return str(getattr(route, "path", "") or "other")
