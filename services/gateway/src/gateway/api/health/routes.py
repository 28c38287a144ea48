"""Health: for people (`/health`; the inner port's has the numbers), for the kubelet (`/healthz`, `/readyz`)."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final
from urllib.request import urlopen

from fastapi import Response
from redis.exceptions import RedisError

from gateway.api.dependencies import ServicesDep
from gateway.api.engines.routes import engine_bodies
from gateway.api.guarding import GuardedRouter
from gateway.api.health.models import DepthsBody, FullHealthBody, HealthBody
from gateway.services import Services
from proteus.errors import DependencyUnavailable
from proteus.keys import JOBS

router = GuardedRouter(tags=["health"])

VERSION: Final = "0.1.0"
CHECK_SECONDS: Final = 2.0


@router.get("/health", summary="Does it work?")
async def health(services: ServicesDep) -> HealthBody:
    """Return what works. 200 also when a server is away: read `status`."""
    return await short_health(services)


async def short_health(services: Services) -> HealthBody:
    """Return the public part: which dependency answers."""
    checks = {"postgres": _postgres(services), "redis": _redis(services), "storage": _storage(services)}
    if url := services.settings.tailor.url:
        checks["tailor"] = _tailor(url)
    works = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
    return HealthBody(
        status="ok" if all(works.values()) else "degraded",
        dependencies={name: "ok" if there else "unavailable" for name, there in works.items()},
    )


async def full_health(services: Services) -> FullHealthBody:
    """Return what operators need as well: version, models, workers, depths."""
    view = services.fleet.view
    stats = view.stats[JOBS]
    return FullHealthBody(
        **dict(await short_health(services)),
        version=VERSION,
        models={engine.engine: engine.state for engine in engine_bodies(services)},
        workers={"tailor": len(view.tailors), "weaver": len(view.weavers)},
        queue=DepthsBody(
            waiting=stats.waiting, running=stats.running, retrying=stats.retrying, held=view.held, dead=stats.dead
        ),
    )


_TEXT: Final[dict[str, Any]] = {"content": {"text/plain": {"schema": {"type": "string"}}}}
_PROBED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Yes.", **_TEXT},
    503: {"description": "Not ready; the text gives the reason.", **_TEXT},
}


@router.get("/healthz", summary="Alive?", response_class=Response, responses=_PROBED)
async def healthz(services: ServicesDep) -> Response:
    """Answer while the event loop turns; 503, with its name, once a background loop no longer turns."""
    if stuck := services.loops.overdue():
        return Response(f"{stuck}\n", status_code=503, media_type="text/plain")
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz", summary="Ready for requests?", response_class=Response, responses=_PROBED)
async def readyz(services: ServicesDep) -> Response:
    """503 while Postgres is away, a loop does not turn or the process is stopping: no traffic then.

    Redis counts until it has answered once, so a release with a wrong address takes no traffic. Later its absence
    leaves answers that need none of it: recorded submits, statuses, results, and problems that say when to come back.
    """
    stopping = "stopping" if services.stopping.is_set() else None
    if reason := services.loops.overdue() or stopping:
        return Response(f"{reason}\n", status_code=503, media_type="text/plain")
    checks = {"postgres": _postgres(services)}
    if not services.redis_has_answered.is_set():
        checks["redis"] = _redis(services)
    works = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
    if away := " and ".join(name for name, there in works.items() if not there):
        return Response(f"{away} does not answer\n", status_code=503, media_type="text/plain")
    services.redis_has_answered.set()
    return Response("ok\n", media_type="text/plain")


async def _postgres(services: Services) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await services.ledger.ping()
    except (DependencyUnavailable, TimeoutError):
        return False
    return True


async def _redis(services: Services) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await services.redis.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True


async def _storage(services: Services) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await asyncio.to_thread(services.store.ping)
    except (DependencyUnavailable, TimeoutError):
        return False
    return True


async def _tailor(url: str) -> bool:
    def ask() -> bool:
        with urlopen(f"{url.rstrip('/')}/readyz", timeout=CHECK_SECONDS) as answer:  # noqa: S310 - an operator's setting
            return bool(answer.status == HTTPStatus.OK)

    try:
        return await asyncio.to_thread(ask)
    except (OSError, HTTPException):
        return False
