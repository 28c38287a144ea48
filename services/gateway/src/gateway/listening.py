"""How the process serves its sockets: uvicorn's configuration for the public and the inner port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import uvicorn

from gateway.realtime.ws_protocol import bounded
from gateway.settings import EdgeSettings
from proteus.service.http_protocol import in_time
from proteus.service.security_headers import SECURITY_HEADERS

Application = Callable[..., Any]
"""ASGI."""

GRACE_SECONDS: Final = 10
"""How long requests may take to end after SIGTERM; sockets and streams are closed at once."""

MESSAGE_BYTES_MOST: Final = 65_536
"""A WebSocket message: clients send only their token."""


def public(app: Application, edge: EdgeSettings) -> uvicorn.Config:
    """Return the configuration of the public port."""
    return uvicorn.Config(
        app,
        http=in_time(header_seconds=edge.header_seconds, send_seconds=edge.send_seconds),
        log_config=None,
        access_log=False,
        lifespan="on",
        ws=bounded(send_seconds=edge.send_seconds),
        ws_max_size=MESSAGE_BYTES_MOST,
        timeout_keep_alive=edge.keep_alive_seconds,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,  # `gateway.addresses` reads them, and trusts only the proxies of the settings.
        server_header=False,
    )


def inner(app: Application) -> uvicorn.Config:
    """Return the configuration of the inner port, for Prometheus and operators."""
    return uvicorn.Config(
        app,
        http=in_time(),
        headers=list(SECURITY_HEADERS),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
