"""A tiny HTTP server for services that have no other: `/healthz`, `/readyz` and `/metrics` on one port.

`/healthz` is 200 as long as the process works: its event loop turns, and so do its background loops; else 503 with the
names of those that do not. `/readyz` is 200 when the service reports that it is ready, else 503 with the
reason. `/metrics` is the Prometheus text form of the process's registry.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from proteus.service.listening import listen
from proteus.service.security_headers import SECURITY_LINES

READ_SECONDS: Final = 5.0
LIMIT_BYTES: Final = 16_384
_REASONS: Final = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


@asynccontextmanager
async def probe_server(
    port: int,
    *,
    not_ready: Callable[[], str | None],
    overdue: Callable[[], str | None] = lambda: None,
    host: str = "0.0.0.0",  # noqa: S104 - the kubelet comes from outside the pod
    registry: CollectorRegistry = REGISTRY,
) -> AsyncIterator[int]:
    """Serve the probes while the block runs; yield the port in use.

    Args:
        port: 0: serve nothing (two workers on one machine need no ports).
        not_ready: Returns why the service cannot take work, or None when it can.
        overdue: Returns why the process should be replaced, or None while it works (`Loops.overdue`).
        registry: The metrics to serve.

    Raises:
        SettingRefused: The port or the host is not available.
    """
    if port == 0:
        yield 0
        return

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                method, path, *_ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                tests = {"/healthz": overdue, "/readyz": not_ready}
                writer.write(_answer(method, path.partition("?")[0], tests=tests, registry=registry))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass  # A prober that disconnected or sent no HTTP: nothing to answer.
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    sockets = listen(host, port, port_setting="PROBE_PORT", host_setting="PROBE_HOST")
    servers = [await asyncio.start_server(handle, sock=one, limit=LIMIT_BYTES) for one in sockets]
    try:
        yield servers[0].sockets[0].getsockname()[1]
    finally:
        for server in servers:
            server.close()
            await server.wait_closed()


def _answer(
    method: str, path: str, *, tests: Mapping[str, Callable[[], str | None]], registry: CollectorRegistry
) -> bytes:
    status, content_type, body = 200, "text/plain; charset=utf-8", b"ok\n"
    if method not in ("GET", "HEAD"):
        status, body = 405, b"only GET\n"
    elif path == "/metrics":
        content_type, body = CONTENT_TYPE_LATEST, generate_latest(registry)
    elif path in tests:
        if reason := tests[path]():
            status, body = 503, f"{reason}\n".encode()
    else:
        status, body = 404, b"only /healthz, /readyz and /metrics\n"
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n"
    ).encode() + SECURITY_LINES
    return head + b"\r\n" + (b"" if method == "HEAD" else body)
