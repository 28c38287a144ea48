"""uvicorn's HTTP protocol with what it lacks: deadlines for headers and for unread answers, and a size for headers.

A connection that sends nothing, or half of its headers, would hold a file descriptor without limit. So headers have a
deadline, from the connection's start or from the first byte of a later request, and a size. A client that does not read
its answer would hold the connection, the answer and its place among the requests. So a connection whose buffer does not
drain in time is cut. Every server that listens beyond its own machine uses it; only services that depend on uvicorn
import this module.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from proteus.service.security_headers import SECURITY_LINES

HEADERS_BYTES_MOST: Final = 65_536
"""A request's line and headers together; browsers and proxies stay below 16 KiB."""

HEADER_SECONDS: Final = 10.0
"""From the connection, or a later request's first byte, to the end of the headers."""


PIPELINED_MOST: Final = 64
"""Requests that may wait on one connection behind one that is being answered; browsers and proxies send none ahead."""

SEND_SECONDS: Final = 20.0
"""How long an answer may lie unread once the connection's buffers are full."""


def in_time(*, header_seconds: float = HEADER_SECONDS, send_seconds: float = SEND_SECONDS) -> type[asyncio.Protocol]:
    """Return the protocol for uvicorn's `http=`, with these deadlines."""
    return type("Protocol", (InTime,), {"header_seconds": header_seconds, "send_seconds": send_seconds})


def _refusal(status_line: str, body: str = "") -> bytes:
    content = body.encode("ascii", "replace")
    head = f"HTTP/1.1 {status_line}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(content)}\r\n"
    return head.encode() + SECURITY_LINES + b"connection: close\r\n\r\n" + content


_TOO_SLOW: Final = _refusal("408 Request Timeout")
_TOO_LONG: Final = _refusal("431 Request Header Fields Too Large")


class InTime(HttpToolsProtocol):
    """Closes a connection whose headers are late (408) or too long (431), and cuts one whose client does not read."""

    header_seconds: ClassVar[float]
    send_seconds: ClassVar[float]

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _reading_headers = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the first deadline."""
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        """Count the bytes of unfinished headers."""
        super().data_received(data)
        # One piece may hold headers and a body: only headers that are still unfinished are counted.
        if self._reading_headers:
            self._header_bytes += len(data)
            if self._header_bytes > HEADERS_BYTES_MOST:
                self._refuse(_TOO_LONG)

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not HTTP, with the headers of every answer."""
        self.transport.write(_refusal("400 Bad Request", msg))
        self.transport.close()

    def on_message_begin(self) -> None:
        """Start the deadline of a later request on the same connection."""
        super().on_message_begin()
        self._reading_headers = True
        self._header_bytes = 0
        if self._deadline is None:
            self._start_deadline()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers behind a chunked body are not ours to read, and kept they would fill the memory."""
        if self._reading_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the deadline; a connection with too many waiting requests is cut: each takes some kilobytes."""
        self._reading_headers = False
        self._cancel_deadline()
        if len(self.pipeline) >= PIPELINED_MOST:
            self.transport.abort()
        else:
            super().on_headers_complete()

    def pause_writing(self) -> None:
        """Start the deadline of an answer that fills the connection's buffer."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """End that deadline: the client reads."""
        self._cancel_unread()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the deadlines of a connection that is gone."""
        self._cancel_deadline()
        self._cancel_unread()
        super().connection_lost(exc)

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.header_seconds, self._on_deadline)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cancel_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _on_deadline(self) -> None:
        self._deadline = None
        self._refuse(_TOO_SLOW if self._header_bytes else b"")

    def _refuse(self, answer: bytes) -> None:
        # Behind a pipelined request an answer would be taken for that one's.
        if answer and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(answer)
        self.transport.close()
