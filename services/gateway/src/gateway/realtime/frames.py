"""Filters what clients send on a socket, before the Socket.IO engine sees it.

    client ─▶ SocketFrames ─▶ engine.io ─▶ socket.io ─▶ SocketServer

Clients only receive. A client may send one CONNECT with its token, DISCONNECT, an answer to each ping, and a close.
Anything else ends the socket on its first frame: an event, an acknowledgement, a binary frame, and above all a packet
that announces attachments, which the library would collect for as long as they come. The socket also closes when its
CONNECT does not come or is refused, and when its client does not read its messages.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics

PONGS_AHEAD_MOST: Final = 5
"""Answers beyond one for every ping: a client library may send one of its own accord."""

CONNECT_CHARACTERS_MOST: Final = 8_192
"""A token and a number."""

CONNECT: Final = re.compile(r"40(?:/,?)?(\{.*)?", re.DOTALL)
DISCONNECT: Final = re.compile(r"41(?:/,?)?")
PING, PONG, CLOSE = "2", "3", "1"
ACCEPTED, ENDED, REFUSED = "40", "41", "44"
"""How the server's answers begin: CONNECT with a session, DISCONNECT, CONNECT_ERROR (engine.io's 4 before each)."""

POLICY_VIOLATION: Final = 1008
GOING_AWAY: Final = 1000


class SocketFrames:
    """Passes on what clients may send; closes the sockets of the others.

    Args:
        app: The Socket.IO application.
        connect_seconds: From the opening of a socket to its accepted CONNECT.
        send_seconds: How long a client may leave a message unread once its connection's buffer is full.
    """

    def __init__(self, app: ASGIApp, *, connect_seconds: float, send_seconds: float) -> None:
        self._app = app
        self._connect_seconds = connect_seconds
        self._send_seconds = send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        frames = _Frames(receive, send, connect_seconds=self._connect_seconds, send_seconds=self._send_seconds)
        await self._app(scope, frames.receive, frames.send)


class _Frames:
    """One socket."""

    def __init__(self, receive: Receive, send: Send, *, connect_seconds: float, send_seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._connect_seconds = connect_seconds
        self._send_seconds = send_seconds
        self._connect_by = asyncio.get_running_loop().time() + connect_seconds
        self._receiving: asyncio.Timeout | None = None
        self._asked = False
        self._accepted = False
        self._closed = False
        self._pongs_allowed = PONGS_AHEAD_MOST

    async def receive(self) -> Message:
        """Return the next message, if it may pass; otherwise close the socket, as if the client had disconnected."""
        if self._closed:
            return _gone()
        try:
            async with asyncio.timeout_at(None if self._accepted else self._connect_by) as self._receiving:
                message = await self._receive()
        except TimeoutError:
            if self._accepted or self._closed:
                return await self.receive()
            return await self._close("no_connect", POLICY_VIOLATION)
        finally:
            self._receiving = None
        if message["type"] == "websocket.receive" and (fault := self._fault(message)):
            return await self._close(fault, POLICY_VIOLATION)
        return message

    async def send(self, message: Message) -> None:
        """Send a message; after a refusal or the end of a session close the connection."""
        if self._closed:
            raise OSError("this socket is closed")
        text = message.get("text") or ""
        if text.startswith(ACCEPTED):
            self._accepted = True
        elif text.startswith(PING):
            self._pongs_allowed += 1
        elif message["type"] == "websocket.close":
            self._closed = True
        try:
            async with asyncio.timeout(self._send_seconds):
                await self._send(message)
        except TimeoutError:
            self._closed = True
            self._stop_receiving()
            metrics.SOCKETS_REFUSED.labels("slow_reader").inc()
            raise OSError("the client does not read") from None
        if text.startswith((ENDED, REFUSED)):
            await self._close("refused" if text.startswith(REFUSED) else "ended", GOING_AWAY)

    def _stop_receiving(self) -> None:
        """Signal the engine at once that the socket has ended, not when the answer to its next ping is missing."""
        if self._receiving is not None:
            self._receiving.reschedule(asyncio.get_running_loop().time())

    def _fault(self, message: Message) -> str:
        """Return the fault of a frame; empty: none."""
        text = message.get("text")
        if text is None:
            return "binary"
        if text == PONG:
            self._pongs_allowed -= 1
            return "too_many" if self._pongs_allowed < 0 else ""
        if text == CLOSE:
            return ""
        if DISCONNECT.fullmatch(text):  # No session is left: the client may only close.
            self._accepted = False
            self._connect_by = asyncio.get_running_loop().time() + self._connect_seconds
            return ""
        if (found := CONNECT.fullmatch(text)) and _is_object(found[1]):
            again, self._asked = self._asked, True
            return "connected_twice" if again else ""
        return "event"

    async def _close(self, reason: str, code: int) -> Message:
        if not self._closed:
            self._closed = True
            metrics.SOCKETS_REFUSED.labels(reason).inc()
            try:
                async with asyncio.timeout(1.0):
                    await self._send({"type": "websocket.close", "code": code})
            except (TimeoutError, OSError):
                pass  # It does not read, or it has disconnected: the server closes when this call has ended.
        return _gone()


def _is_object(auth: str | None) -> bool:
    """Tell whether the payload of a CONNECT is an object: for anything else the library would log a traceback."""
    if auth is None:
        return True
    try:
        return len(auth) <= CONNECT_CHARACTERS_MOST and isinstance(json.loads(auth), dict)
    except (ValueError, RecursionError):
        return False


def _gone() -> Message:
    return {"type": "websocket.disconnect", "code": GOING_AWAY}
