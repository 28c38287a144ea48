"""The fleet as every caller may see it: is anybody there to weave, how soon, and please be there."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.api.dependencies import CallerDep, ServicesDep, caller_of, limited
from gateway.api.examples import asked, said
from gateway.api.guarding import GuardedRouter
from gateway.api.schemas import EtaBody
from gateway.fleet.readiness import Readiness, readiness_of
from gateway.rules.options import default_engine
from gateway.services import Services
from gateway.status.views import iso
from proteus.errors import Forbidden

router = GuardedRouter(prefix="/v1/fleet", tags=["fleet"], dependencies=[Depends(caller_of)])

EXAMPLE: Final[dict[str, Any]] = {
    "state": "loading",
    "eta": {"p50_seconds": 12.4, "p90_seconds": 18.6},
    "engines": [{"engine": "puppet", "state": "loading", "ready": 0, "loading": 1}],
    "replicas": {"ready": 0, "loading": 1, "draining": 0, "desired": 1},
    "warm_until": "2026-02-03T12:10:00.000Z",
}


class EngineBody(BaseModel):
    """An engine, and the weavers that offer it."""

    engine: str
    state: Readiness
    ready: int
    loading: int


class ReplicasBody(BaseModel):
    """Weavers, counted."""

    ready: int
    loading: int
    draining: int
    desired: int | None = Field(description="What the arbitrator asks for; null where somebody else scales.")


class FleetBody(BaseModel):
    """The weavers as a whole."""

    model_config = said(EXAMPLE)

    state: Readiness = Field(
        description="`cold`: nobody is there. `loading`: a weaver is on its way. `ready`: work begins."
    )
    eta: EtaBody = Field(description="Until a weaver is ready; of a cold fleet, from the first job on.")
    engines: list[EngineBody] = Field(description="The default engine, and what weavers offer now.")
    replicas: ReplicasBody
    warm_until: str | None = Field(default=None, description="A weaver is kept ready until then.")


class WarmRequest(BaseModel):
    """How long to keep a weaver ready."""

    model_config = asked(minutes=10)

    minutes: int = Field(default=10, ge=1, le=60)


_TEN_MINUTES: Final = WarmRequest()


@router.get("", response_model=FleetBody, summary="Is anybody there to weave?")
async def fleet(services: ServicesDep) -> JSONResponse:
    """Return whether work would begin at once, and how soon if not. At most a second old."""
    return JSONResponse(_body(services))


@router.post(
    "/warm",
    dependencies=[limited("warms")],
    response_model=FleetBody,
    status_code=202,
    summary="Have a weaver ready soon",
)
async def warm(services: ServicesDep, caller: CallerDep, wish: WarmRequest = _TEN_MINUTES) -> JSONResponse:
    """Wake the fleet before the first job, and keep a weaver for so long. A shorter wish shortens nothing.

    Each wish is paid from the minutes that the tenant has in an hour; guests whom no account brought have none.
    """
    if caller.is_anonymous:
        raise Forbidden("A guest whom no account has brought may not keep a weaver ready.")
    services.rates.take("warm_minutes", caller.tenant, units=wish.minutes)
    await services.fleet.keep_warm(seconds=60 * wish.minutes)
    return JSONResponse(_body(services), status_code=202)


def _body(services: Services) -> dict[str, Any]:
    settings = services.settings
    usual = default_engine(
        settings.default_engine, services.fleet.offered, commercial_only=settings.licence_policy == "commercial"
    )
    found = readiness_of(
        services.fleet.view,
        default_engine=usual,
        cold_start_seconds=settings.admission.cold_start_seconds,
        now=time.time(),
    )
    p50, p90 = found.ready_in_seconds
    return {
        "state": found.state,
        "eta": {"p50_seconds": round(p50, 2), "p90_seconds": round(p90, 2)},
        "engines": [vars(one) for one in found.engines],
        "replicas": {
            "ready": found.ready,
            "loading": found.loading,
            "draining": found.draining,
            "desired": found.desired,
        },
        "warm_until": iso(datetime.fromtimestamp(found.warm_until, UTC)) if found.warm_until else None,
    }
