"""Headers of every answer, and what HTTP requires of every resource.

Every answer has security headers, `HEAD` is answered wherever `GET` is, and no redirect names a host: a client may
claim any host, and behind a proxy we do not know the scheme.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proteus.service.security_headers import SECURITY_HEADERS

Header = tuple[bytes, bytes]

_ALWAYS: Final = tuple((name.encode(), value.encode()) for name, value in SECURITY_HEADERS)
"""For all answers but pages: JSON, files of pages, redirects. Pages bring their own policy."""

_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_CAMERA_OURS: Final = (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()")
_HOST_PART: Final = re.compile(rb"^[a-zA-Z][a-zA-Z0-9+.\-]*://[^/?#]*")

PATH_KEEPING: Final = frozenset({307, 308})
"""Redirects to another spelling of the same path; a redirect to the object store is a 302."""


class CommonHeaders:
    """Adds the headers, answers HEAD, keeps redirects relative.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked_head = scope["method"] == "HEAD"
        added = [_CAMERA_OURS, *_ALWAYS] if _is_app(scope["path"]) else [*_ALWAYS]
        if _came_by_https(scope):
            added.append(_HSTS)
        over = False

        async def complete(message: Message) -> None:
            nonlocal over
            if over:
                return
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                if message["status"] in PATH_KEEPING:
                    headers = [(name, _relative(value) if name == b"location" else value) for name, value in headers]
                message = {**message, "headers": list(_completed(headers, added))}
            await send(message)
            if asked_head:  # The head is all there is: a stream would never end by itself.
                over = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app({**scope, "method": "GET"} if asked_head else scope, receive, complete)


def _completed(headers: Iterable[Header], added: Iterable[Header]) -> Iterator[Header]:
    """Yield the answer's headers, then the added ones whose name it lacks."""
    there = set()
    for name, value in headers:
        there.add(name)
        yield name, value
    for name, value in added:
        if name not in there:
            there.add(name)
            yield name, value


def _is_app(path: str) -> bool:
    return path == "/app" or path.startswith("/app/")


def _came_by_https(scope: Scope) -> bool:
    """Tell whether the client spoke TLS, to us or to a proxy; browsers ignore HSTS over plain HTTP."""
    return scope["scheme"] == "https" or Headers(scope=scope).get("x-forwarded-proto", "") == "https"


def _relative(location: bytes) -> bytes:
    """Return a location without scheme and host, and without the two slashes that would name another host."""
    rest = _HOST_PART.sub(b"", location)
    return b"/" + rest.lstrip(b"/\\") if rest.startswith((b"/", b"\\")) or rest != location else rest
