"""Limits on request bodies: their size, their slowness, and the bytes that the process holds of all of them.

    RequestEnvelope ─▶ BodyLimits ─▶ the application

When a body breaks a rule, the application sees a client that disconnected; this middleware sends the refusal and closes
the connection. It also closes it when the application answered before the whole body came: a refused upload is not
read to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from gateway.api.problems import on_proteus_error, problem
from proteus.errors import Overloaded
from proteus.service.forms import with_boundary_only

MAX_BODY_BYTES: Final = 65_536
"""Largest body of a request that carries no file; the largest one the API needs has some 10 kB."""

BYTES_PER_SECOND: Final = 102_400
"""The slowest client that we wait for: a bad mobile connection."""


LINGER_SECONDS: Final = 5.0
"""How long a client may go on sending a refused body before we close its connection; nothing of it is kept."""

IDLE_SECONDS: Final = 0.5
"""A pause after which we expect no more of a refused body."""


@dataclass(frozen=True, kw_only=True)
class BodySizes:
    """The largest bodies of paths that take more than `MAX_BODY_BYTES`.

    Attributes:
        forms: By path, of a form.
        others: By path, of any other body.
    """

    forms: Mapping[str, int]
    others: Mapping[str, int]

    def most(self, path: str, content_type: str) -> int:
        """Return the most bytes that a body of this type may have there."""
        sizes = self.forms if content_type.lower().startswith("multipart/form-data") else self.others
        return sizes.get(path, MAX_BODY_BYTES)


class ByteBudget:
    """Bytes of bodies that the process holds at once: in memory, or spooled under `/tmp`.

    Args:
        bytes_most: Of all requests together.
    """

    def __init__(self, bytes_most: int) -> None:
        self._most = bytes_most
        self._taken = 0

    def take(self, size_bytes: int) -> None:
        """Count bytes that came in.

        Raises:
            Overloaded: There are too many already; these are not counted.
        """
        if self._taken + size_bytes > self._most:
            raise Overloaded("The gateway is taking in as many bytes as it can hold.", retry_after_seconds=5)
        self._taken += size_bytes
        metrics.BODY_BYTES.set(self._taken)

    def give_back(self, size_bytes: int) -> None:
        """Stop counting bytes that the process no longer holds."""
        self._taken -= size_bytes
        metrics.BODY_BYTES.set(self._taken)


class BodyLimits:
    """Limits every body in size and time, and all of them together in bytes.

    Args:
        app: The application.
        budget: The process's.
        seconds: How long any body may take; one second more for every `BYTES_PER_SECOND` received.
        sizes: The largest bodies.
    """

    def __init__(self, app: ASGIApp, budget: ByteBudget, *, seconds: float, sizes: BodySizes) -> None:
        self._app = app
        self._budget = budget
        self._seconds = seconds
        self._sizes = sizes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        if declared == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        scope = _with_plain_form(scope, headers)
        most = self._sizes.most(scope["path"], headers.get("content-type", ""))
        body = _Body(scope, receive, send, budget=self._budget, seconds=self._seconds, most_bytes=most)
        if declared.isdecimal() and int(declared) > most:
            await body.refuse(body.too_large(declared))
            return
        try:
            await self._app(scope, body.receive, body.send)
            if body.refusal is not None:
                await body.refuse(body.refusal)
        finally:
            self._budget.give_back(body.taken_bytes)


def _with_plain_form(scope: Scope, headers: Headers) -> Scope:
    """Return the scope with a form's type as the parser may read it: no client names the codec of its text."""
    given = headers.get("content-type", "").encode("latin-1")
    plain = with_boundary_only(given)
    if plain == given:
        return scope
    changed = MutableHeaders(raw=list(scope["headers"]))
    changed["content-type"] = plain.decode("latin-1")
    return {**scope, "headers": changed.raw}


class _Body:
    """One request's body on its way in, and the answer on its way out."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, budget: ByteBudget, seconds: float, most_bytes: int
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._budget = budget
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._started_at = asyncio.get_running_loop().time()
        self._complete = False
        self._answered = False
        self.taken_bytes = 0
        self.refusal: ASGIApp | None = None

    async def receive(self) -> Message:
        """Pass on the next piece; a body that breaks a rule looks like a client that disconnected."""
        if self._complete:
            return await self._receive()
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        try:
            async with asyncio.timeout_at(self._started_at + self._seconds + self.taken_bytes / BYTES_PER_SECOND):
                message = await self._receive()
        except TimeoutError:
            return self._break(self._too_slow())
        piece = len(message.get("body", b""))
        if self.taken_bytes + piece > self._most_bytes:
            return self._break(self.too_large(f"more than {self._most_bytes}"))
        try:
            self._budget.take(piece)
        except Overloaded as error:
            return self._break(await on_proteus_error(Request(self._scope), error))
        self.taken_bytes += piece
        self._complete = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send the application's answer, unless the body was refused; close the connection if body bytes are unread."""
        if self.refusal is not None and not self._answered:
            return
        if self._complete:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._answered = True
            await self._send({**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]})
        elif message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._discard()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _discard(self) -> None:
        """Discard the rest of the body for a moment: a client cut off while sending could not see its answer."""
        ends_at = asyncio.get_running_loop().time() + LINGER_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(ends_at):
                while True:
                    async with asyncio.timeout(IDLE_SECONDS):
                        message = await self._receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return

    async def refuse(self, answer: ASGIApp) -> None:
        """Send a refusal and close the connection."""
        if not self._answered:
            self.refusal = None
            await answer(self._scope, self._receive, self.send)

    def too_large(self, size: str) -> ASGIApp:
        detail = f"The body has {size} bytes; this route takes {self._most_bytes}."
        return problem(Request(self._scope), 413, code="body_too_large", detail=detail)

    def _too_slow(self) -> ASGIApp:
        return problem(
            Request(self._scope),
            408,
            code="body_too_slow",
            detail=f"The body did not arrive within {self._seconds:g} s and 1 s per {BYTES_PER_SECOND} bytes.",
            retryable=True,
        )

    def _break(self, refusal: ASGIApp) -> Message:
        metrics.BODIES_REFUSED.inc()
        self.refusal = refusal
        return {"type": "http.disconnect"}
