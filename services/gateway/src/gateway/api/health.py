"""Health: for people (`/health`), for the kubelet (`/healthz`, `/readyz`), for Prometheus (`/metrics`)."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from gateway.api.dependencies import ServicesDep
from gateway.api.models import model_bodies
from gateway.api.schemas import HealthBody
from gateway.services import Services
from proteus.errors import DependencyUnavailable
from proteus.keys import JOBS

router = APIRouter(tags=["health"])

VERSION: Final = "0.1.0"
CHECK_SECONDS: Final = 2.0


@router.get("/health", response_model=HealthBody, summary="Health, with models and workers")
async def health(services: ServicesDep) -> JSONResponse:
    """Say what works. 200 also when something is away: look at `status`."""
    names = ("postgres", "redis", "storage")
    checks = await asyncio.gather(_postgres(services), _redis(services), _storage(services))
    view = services.fleet.view
    stats = view.stats[JOBS]
    body = {
        "status": "ok" if all(checks) else "degraded",
        "version": VERSION,
        "dependencies": {name: "ok" if works else "unavailable" for name, works in zip(names, checks, strict=True)},
        "models": {model["engine"]: model["state"] for model in model_bodies(services)},
        "workers": {"tailor": len(view.tailors), "weaver": len(view.weavers)},
        "queue": {
            "waiting": stats.waiting,
            "running": stats.running,
            "retrying": stats.retrying,
            "held": view.held,
            "dead": stats.dead,
        },
    }
    return JSONResponse(body)


@router.get("/healthz", summary="Alive?", response_class=Response)
async def healthz(services: ServicesDep) -> Response:
    """Answer as long as the event loop turns; 503, with its name, once a background loop does not turn any more."""
    if stuck := services.loops.overdue():
        return Response(f"{stuck}\n", status_code=503, media_type="text/plain")
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz", summary="Ready for requests?", response_class=Response)
async def readyz(services: ServicesDep) -> Response:
    """503 while Postgres or Redis is away, a loop does not turn or the process is stopping: no traffic then."""
    stopping = "stopping" if services.stopping.is_set() else None
    if reason := services.loops.overdue() or stopping:
        return Response(f"{reason}\n", status_code=503, media_type="text/plain")
    works = await asyncio.gather(_postgres(services), _redis(services))
    if all(works):
        return Response("ok\n", media_type="text/plain")
    away = " and ".join(name for name, there in zip(("postgres", "redis"), works, strict=True) if not there)
    return Response(f"{away} does not answer\n", status_code=503, media_type="text/plain")


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics() -> Response:
    """Return this process's metrics."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


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
