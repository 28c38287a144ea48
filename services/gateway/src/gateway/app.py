"""The application: the parts of `composition` in, one ASGI application out. Nothing happens before its lifespan starts.

    HTTP ─▶ api ─▶ submitting ─▶ ledger (commit) ─▶ outbox ─▶ queue
    queue events ─▶ recorder ─▶ ledger (commit) ─▶ relay ─▶ sockets, streams, long polls

Beside the requests run the loops that `background` lists.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import socketio
import structlog
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from gateway import api, background
from gateway.api import cors, fairness, replays
from gateway.api.batches.routes import BATCHES, BODY_BYTES
from gateway.api.bodies import MAX_BODY_BYTES, BodyLimits, BodySizes, ByteBudget
from gateway.api.headers import CommonHeaders
from gateway.api.health.routes import VERSION
from gateway.api.inner import InnerApp
from gateway.api.middleware import RequestEnvelope
from gateway.api.segmentations import uploads
from gateway.api.tryons import form
from gateway.api.tryons.shortcut import SubmitShortcut
from gateway.api.tryons.submit import TRYONS
from gateway.api.verify import routes as verify
from gateway.composition import build
from gateway.realtime.frames import SocketFrames
from gateway.realtime.server import PATH, SocketServer
from gateway.rules.text import DATA_URI_LENGTH_MOST
from gateway.services import Services
from gateway.settings import GatewaySettings

log = structlog.get_logger()

TITLE = "Proteus"
CLOSE_SECONDS: Final = 1.0
SUMMARY = "Turns a photo of a person and a photo of a garment into a photo of that person wearing that garment."


@asynccontextmanager
async def running(services: Services, sockets: SocketServer) -> AsyncIterator[None]:
    """Run the background loops while the block runs; afterwards close every connection.

    If the loops end before the block, `stopping` is set: the process has to go, and `gateway.commands` ends it.
    """
    stop = asyncio.Event()
    if not services.addresses.trusts_proxies:
        log.warning(
            "address_limits_off", for_peers="private", reason="GATEWAY_TRUSTED_PROXIES names no proxy to be believed"
        )

    async def loops() -> None:
        try:
            await background.run(services, sockets, stop)
        finally:
            services.stopping.set()

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(loops(), name="background")
            sockets.attach(services.relay, services.callers, services.shares, services.connections)
            try:
                yield
            finally:
                services.stopping.set()
                await sockets.shutdown()
                stop.set()
    finally:
        await _closed(services)


async def _closed(services: Services) -> None:
    """Close every connection, without waiting for a server that does not answer."""
    services.dispatcher.close()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await services.redis.aclose()
            await services.ledger.close()


def make_api(
    settings: GatewaySettings,
    sockets: SocketServer,
    stopping: asyncio.Event,
    inner: InnerApp | None = None,
    built: Services | None = None,
) -> FastAPI:
    """Return the HTTP application; its lifespan runs the services, and builds them if they are not built."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        services = built or build(settings, stopping)
        async with running(services, sockets):
            if inner is not None:
                inner.services = services
            yield {"services": services}

    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version=VERSION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    api.install(app, storage_endpoint=settings.storage.client_endpoint)
    return app


def make_app(
    settings: GatewaySettings,
    stopping: asyncio.Event,
    inner: InnerApp | None = None,
    built: Services | None = None,
) -> ASGIApp:
    """Return the whole edge: HTTP, and the socket at `/updates`.

    Args:
        settings: The settings from the environment.
        stopping: Ends streams and long polls.
        inner: The application of the inner port; it gets the services as soon as they run.
        built: The services, where the caller built them early to catch errors of building.
    """
    sockets = SocketServer(origins=settings.origins)
    engine: ASGIApp = socketio.ASGIApp(sockets.io, socketio_path=PATH)
    http_api = make_api(settings, sockets, stopping, inner, built)
    photo = settings.uploads.max_bytes
    sizes = BodySizes(
        forms={
            uploads.PATH: photo + form.ENVELOPE_BYTES,
            verify.PATH: photo + form.ENVELOPE_BYTES,
            TRYONS: form.FILES * photo + form.ENVELOPE_BYTES,
        },
        others={TRYONS: DATA_URI_LENGTH_MOST + MAX_BODY_BYTES, BATCHES: BODY_BYTES},
    )
    budget = ByteBudget(settings.edge.body_bytes_most)

    def limited(app: ASGIApp) -> ASGIApp:
        return BodyLimits(app, budget, seconds=settings.edge.body_seconds, sizes=sizes)

    shared = CORSMiddleware(SubmitShortcut(http_api, replay=replays.replay), **cors.rules(settings.origins))
    fair = fairness.Fair(limited(shared), origins=settings.origins, sizes=sizes)
    plain = CommonHeaders(RequestEnvelope(fair))
    # Polling is refused, so a request for the socket's path without a socket gets the engine's own 400.
    polling = CommonHeaders(limited(engine))
    frames = SocketFrames(
        engine, connect_seconds=settings.edge.connect_seconds, send_seconds=settings.edge.send_seconds
    )
    socket = fairness.FairSockets(frames)

    async def edge(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await http_api(scope, receive, send)
        elif (scope["path"] + "/").startswith(f"/{PATH}/"):
            await (socket if scope["type"] == "websocket" else polling)(scope, receive, send)
        elif scope["type"] == "http":
            await plain(scope, receive, send)
        else:
            await http_api(scope, receive, send)

    return edge
