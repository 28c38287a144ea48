"""Routes that authenticate the caller before they read the body.

The framework reads a request's body before it runs any dependency. These routes first check the token and the scope
that their dependencies require, so that the body of an unauthenticated request is never read.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gateway.api.dependencies import BEARER, NEEDED, caller_by


class GuardedRoute(APIRoute):
    """Refuses (401, 403) before the first byte of the body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind its guard; a route without authentication has none."""
        handler = super().get_route_handler()
        asked = set(_calls(self.dependant))
        if BEARER not in asked:
            return handler

        needed = [NEEDED[one] for one in asked if one in NEEDED]

        async def guarded(request: Request) -> Response:
            given = await BEARER(request)
            caller = await caller_by(request, given.credentials if given else None)
            for scopes in needed:
                caller.require(*scopes)
            return await handler(request)

        return guarded


class GuardedRouter(APIRouter):
    """A router of guarded routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=GuardedRoute, **options)


def _calls(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
