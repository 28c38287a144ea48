"""Bodies of requests: how large they may be, how slowly they may come, how many bytes the process holds of them.

    RequestEnvelope ─▶ BodyLimits ─▶ the application

A body that breaks a rule ends for the application as if the client had gone; the refusal is sent from here, and the
connection is closed. It is also closed when the application answered without the whole body: a refused upload is not
read to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from gateway.api.problems import on_proteus_error, problem
from proteus.errors import Overloaded

MAX_BODY_BYTES: Final = 65_536
"""Largest body of a request that carries no file; the largest one the API needs has some 10 kB."""

BYTES_PER_SECOND: Final = 102_400
"""The slowest client that is waited for: a bad mobile connection."""


LINGER_SECONDS: Final = 5.0
"""How long a body that was refused may go on coming before its connection is closed; nothing of it is kept."""

IDLE_SECONDS: Final = 0.5
"""A pause after which nothing more is expected of it."""


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
        """Count bytes that are gone again."""
        self._taken -= size_bytes
        metrics.BODY_BYTES.set(self._taken)


class BodyLimits:
    """Limits every body in size and time, and all of them together in bytes.

    Args:
        app: What answers.
        budget: The process's.
        seconds: How long a body may take in any case; one second more for every `BYTES_PER_SECOND` that came.
        most_bytes: By path; `MAX_BODY_BYTES` elsewhere.
    """

    def __init__(self, app: ASGIApp, budget: ByteBudget, *, seconds: float, most_bytes: Mapping[str, int]) -> None:
        self._app = app
        self._budget = budget
        self._seconds = seconds
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        if declared == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        most = self._most_bytes.get(scope["path"], MAX_BODY_BYTES)
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
        """Hand on the next piece; a body that breaks a rule looks like a client that has gone."""
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
        """Send the application's answer, unless the body was refused; close what was not read to its end."""
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
        """Let the rest of the body come for a moment, unread: closed on it, a client could not see its answer."""
        ends_at = asyncio.get_running_loop().time() + LINGER_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(ends_at):
                while True:
                    async with asyncio.timeout(IDLE_SECONDS):
                        message = await self._receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return

    async def refuse(self, answer: ASGIApp) -> None:
        """Send a refusal and have the connection closed."""
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
