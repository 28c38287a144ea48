"""The inner port: `/metrics` for Prometheus, `/health` with all its numbers. It cannot be reached from outside."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.health.routes import full_health
from gateway.api.wire import answer
from gateway.services import Services


class InnerApp:
    """Answers on the inner port. `services` is set while the gateway runs."""

    def __init__(self) -> None:
        self.services: Services | None = None
        self._app: ASGIApp = Starlette(routes=[Route("/metrics", _metrics), Route("/health", self._health)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def _health(self, _request: Request) -> Response:
        if self.services is None:
            return Response("starting\n", status_code=503, media_type="text/plain")
        return answer(await full_health(self.services))


async def _metrics(_request: Request) -> Response:
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
