"""uvicorn's WebSocket protocol with what it lacks: limits on what a client makes it keep or write below the messages.

Pings, pongs and pieces of messages never reach the application, so `SocketFrames` sees none of them. uvicorn answers
each ping at once, into a buffer without end if its client does not read, and keeps each empty piece of a message that
never ends. A client of ours sends a ping in twenty seconds, if any, and its messages in one piece.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway import metrics

AHEAD_MOST: Final = 100
"""Pings, pongs and pieces of messages that a client may send beyond one a second."""


def bounded(*, send_seconds: float) -> type[asyncio.Protocol]:
    """Return the protocol for uvicorn's `ws=`; a client that leaves what we sent unread for so long is cut off."""
    return type("Protocol", (BoundedWebSocket,), {"send_seconds": send_seconds})


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """Cuts a client that floods below the messages, or does not read."""

    send_seconds: ClassVar[float]

    _unread: asyncio.TimerHandle | None = None
    _counted = 0
    _since = 0.0

    def handle_ping(self) -> None:
        """Answer a ping."""
        if self._is_within_budget():
            super().handle_ping()

    def handle_pong(self, event: Any) -> None:
        """Take a pong."""
        if self._is_within_budget():
            super().handle_pong(event)

    def handle_cont(self, event: Any) -> None:
        """Take a further piece of a message."""
        if self._is_within_budget():
            super().handle_cont(event)

    def pause_writing(self) -> None:
        """Start the deadline of a client that does not read."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.send_seconds, self._cut, "slow_reader")

    def resume_writing(self) -> None:
        """End it."""
        self._cancel_unread()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """End it, too."""
        self._cancel_unread()
        super().connection_lost(exc)

    def _is_within_budget(self) -> bool:
        now = self.loop.time()
        self._since = self._since or now
        self._counted += 1
        if self._counted <= AHEAD_MOST + now - self._since:
            return True
        self._cut("too_many")
        return False

    def _cut(self, reason: str) -> None:
        if not self.transport.is_closing():
            metrics.SOCKETS_REFUSED.labels(reason).inc()
            self.transport.abort()

    def _cancel_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
