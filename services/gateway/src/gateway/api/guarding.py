"""Routes that authenticate the caller before they read the body.

The framework reads a request's body before it runs any dependency. These routes first check the token and the scope
that their dependencies require, so that the body of an unauthenticated request is never read. Then they check that the
request has no query parameter that they do not know. What an operator changed by one of them, the audit log keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gateway.accounts.deeds import Actor
from gateway.api.dependencies import BEARER, NEEDED, caller_by, operator
from gateway.api.parameters import known_parameters
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus.errors import DependencyUnavailable

log = structlog.get_logger()

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def write_down(request: Request, caller: Caller, action: str, target: str, *, tenant: str | None = None) -> None:
    """Write down what was done. It is done already: if the ledger is away, the log line says it alone."""
    services: Services = request.state.services
    try:
        async with services.ledger.write() as writes:
            await Actor.of(caller, request.state.request_id).did(writes, action, target, tenant=tenant)
    except DependencyUnavailable as error:
        log.error("deed_not_stored", action=action, target=target, error=error.message)


class GuardedRoute(APIRoute):
    """Refuses (401, 403, 422 for an unknown query parameter) before the first byte of the body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind its guards; a route without authentication asks for no token."""
        handler = super().get_route_handler()
        asked = set(_calls(self.dependant))
        known = known_parameters(self)
        if BEARER not in asked:

            async def strict(request: Request) -> Response:
                if known is not None:
                    known.require_known(request)
                return await handler(request)

            return strict

        needed = [NEEDED[one] for one in asked if one in NEEDED]

        async def guarded(request: Request) -> Response:
            given = await BEARER(request)
            caller = await caller_by(request, given.credentials if given else None)
            for scopes in needed:
                caller.require(*scopes)
            if known is not None:
                known.require_known(request)
            response = await handler(request)
            if operator in asked and request.method not in SAFE and response.status_code < HTTPStatus.BAD_REQUEST:
                names = [str(value) for value in request.path_params.values()]
                await write_down(request, caller, f"{request.method} {self.path}", " ".join(names) or "-")
            return response

        return guarded


class GuardedRouter(APIRouter):
    """A router of guarded routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=GuardedRoute, **options)


def _calls(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
