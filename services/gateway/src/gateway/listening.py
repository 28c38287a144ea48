"""How the process serves its sockets: uvicorn's configuration, and the deadline that uvicorn lacks.

A connection that sends nothing, or half of its headers, costs a file descriptor for as long as it likes. So headers
have a deadline, from the connection's start or from the first byte of a later request, and a size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.settings import EdgeSettings

Application = Callable[..., Any]
"""ASGI."""

GRACE_SECONDS: Final = 10
"""How long requests may take to end after SIGTERM; sockets and streams are closed at once."""

HEADERS_BYTES_MOST: Final = 65_536
"""A request's line and headers together; browsers and proxies stay below 16 KiB."""

MESSAGE_BYTES_MOST: Final = 65_536
"""A WebSocket message: clients have nothing to say but their token."""

_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LONG: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def public(app: Application, edge: EdgeSettings) -> uvicorn.Config:
    """Return how clients are listened to."""
    return uvicorn.Config(
        app,
        http=type("Protocol", (HeadersInTime,), {"header_seconds": edge.header_seconds}),
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MOST,
        timeout_keep_alive=edge.keep_alive_seconds,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,  # `gateway.addresses` reads them, and believes the proxies of the settings alone.
        server_header=False,
    )


def inner(app: Application) -> uvicorn.Config:
    """Return how Prometheus and operators are listened to, on a port of their own."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
        server_header=False,
    )


class HeadersInTime(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with a deadline and a size for the headers of every request."""

    header_seconds: ClassVar[float]

    _deadline: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _reading_headers = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # One piece may hold headers and a body: only headers that are still unfinished are counted.
        if self._reading_headers:
            self._header_bytes += len(data)
            if self._header_bytes > HEADERS_BYTES_MOST:
                self._refuse(_TOO_LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reading_headers = True
        self._header_bytes = 0
        if self._deadline is None:
            self._start_deadline()

    def on_headers_complete(self) -> None:
        self._reading_headers = False
        self._cancel_deadline()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.header_seconds, self._on_deadline)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_deadline(self) -> None:
        self._deadline = None
        self._refuse(_TOO_SLOW if self._header_bytes else b"")

    def _refuse(self, answer: bytes) -> None:
        # Behind a pipelined request an answer would be taken for that one's.
        if answer and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(answer)
        self.transport.close()
