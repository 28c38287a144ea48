"""The path of nearly every submit of a busy deployment: read in one step, past the framework's layers.

    BodyLimits ─▶ SubmitShortcut ─▶ snap             a plain submit
                        └─▶ FastAPI ─▶ … ─▶ snap     anything else

A plain submit has a token, a valid body of declared length (`BodyLimits` has checked it) and nothing that needs more:
no query, no Prefer, no Cancel-After. A browser's has an Origin as well, which CORS has seen to, and an Idempotency-Key.
All others reach FastAPI untouched, so that one place makes every refusal of a malformed request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api import problems
from gateway.api.dependencies import caller_by, submit_of
from gateway.api.tryons.models import SnapRequest
from gateway.api.tryons.submit import router, snap
from gateway.rules.text import Key
from gateway.submitting.idempotency import AlreadyAccepted
from proteus.errors import ProteusError

_ROUTES: Final = {route.path: route for route in router.routes}  # type: ignore[attr-defined]

_KEY: Final = TypeAdapter(Key)

_MORE: Final = frozenset({b"prefer", b"cancel-after", b"content-encoding", b"transfer-encoding"})
"""Headers that a plain submit does not have."""

_TOKEN: Final = b"Bearer "


class SubmitShortcut:
    """Answers plain submits, passes all other requests on.

    Args:
        app: The HTTP application.
        replay: Answers a submit that was accepted before, for every route (`gateway.api.replays`).
    """

    def __init__(self, app: ASGIApp, *, replay: Callable[[Request, AlreadyAccepted], Awaitable[Response]]) -> None:
        self._app = app
        self._replay = replay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token_of_plain(scope)
        if token is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        key = request.headers.get("idempotency-key")
        try:
            await caller_by(request, token)  # Before a byte of the body is read.
        except ProteusError as error:
            await (await problems.on_proteus_error(request, error))(scope, receive, send)
            return
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        try:
            asked = SnapRequest.model_validate_json(body)
            if key is not None:
                _KEY.validate_python(key)
        except ValidationError:
            await self._app(scope, _replayed(body, receive), send)
            return
        scope["route"] = _ROUTES[scope["path"]]
        try:
            response = await snap(await submit_of(request, "submits", token=token, key=key), asked)
        except AlreadyAccepted as known:
            response = await self._replay(request, known)
        except ProteusError as error:
            response = await problems.on_proteus_error(request, error)
        except Exception as error:  # the edge: for any error the client gets a problem document
            response = await problems.on_bug(request, error)
        await response(scope, receive, send)


def _token_of_plain(scope: Scope) -> str | None:
    """Return the token of a request that may be a plain submit."""
    if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in _ROUTES or scope["query_string"]:
        return None
    headers = dict(scope["headers"])
    given: bytes = headers.get(b"authorization", b"")
    if headers.get(b"content-type") != b"application/json" or not given.startswith(_TOKEN):
        return None
    if b"content-length" not in headers or _MORE & headers.keys():
        return None
    return given.removeprefix(_TOKEN).decode("latin-1")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a channel that delivers the body, which was read already, then further messages."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
