"""Fleet readiness and warm-up, open to every caller."""

from __future__ import annotations

import time
from typing import Final

from fastapi import Depends

from gateway.api.dependencies import CallerDep, ServicesDep, caller_of, limited
from gateway.api.fleet.models import FleetBody, WarmRequest
from gateway.api.guarding import GuardedRouter
from gateway.fleet.readiness import readiness_of
from gateway.rules.options import default_engine
from gateway.rules.tokens import GUESTS
from gateway.services import Services
from proteus.errors import Forbidden

router = GuardedRouter(prefix="/v1/fleet", tags=["fleet"], dependencies=[Depends(caller_of)])

_TEN_MINUTES: Final = WarmRequest()


@router.get("", summary="Show whether weavers are ready")
async def fleet(services: ServicesDep) -> FleetBody:
    """Return whether work would begin at once, and how soon if not. At most a second old."""
    return _body(services)


@router.post("/warm", dependencies=[limited("warms")], status_code=202, summary="Have a weaver ready soon")
async def warm(services: ServicesDep, caller: CallerDep, wish: WarmRequest = _TEN_MINUTES) -> FleetBody:
    """Wake the fleet before the first job, and keep a weaver for so long. A shorter request shortens nothing.

    Each request uses up minutes that the tenant has in an hour; guests that no account brought have none.
    """
    if caller.is_person and caller.tenant == GUESTS:
        raise Forbidden("A user without a tenant may not keep a weaver ready.")
    await services.limiter.take(services.limiter.demand("warm_minutes", caller.tenant, units=wish.minutes))
    await services.fleet.keep_warm(seconds=60 * wish.minutes)
    return _body(services)


def _body(services: Services) -> FleetBody:
    settings = services.settings
    usual = default_engine(settings.default_engine, services.fleet.offered, rules=settings.licences)
    return FleetBody.of(
        readiness_of(
            services.fleet.view,
            default_engine=usual,
            cold_start_seconds=settings.admission.cold_start_seconds,
            now=time.time(),
        )
    )
