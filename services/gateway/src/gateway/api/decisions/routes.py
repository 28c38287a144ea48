"""The arbitrator's decisions, for operators (scope `admin`): what it decided, when, and why."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query

from gateway.api.decisions.models import DecisionBody, DecisionList
from gateway.api.dependencies import ServicesDep, operator
from gateway.api.guarding import GuardedRouter
from gateway.fleet.decisions import newest
from gateway.rules.text import Moment
from gateway.status.models import AT

router = GuardedRouter(prefix="/v1/fleet/decisions", tags=["fleet"], dependencies=[Depends(operator)])

MOST: Final = 1_000


@router.get("", summary="What did the arbitrator decide, and why?")
async def decisions(
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 20,
    since: Annotated[Moment | None, Query(description="ISO 8601 with its zone.", examples=[AT])] = None,
    shadow: Annotated[bool, Query(description="What the shadow policy would have decided.")] = False,
) -> DecisionList:
    """Return the last decisions, oldest first. A decision is recorded when it differs from the one before."""
    found = await newest(services.redis, count=limit, since=since, shadow=shadow)
    return DecisionList(items=[DecisionBody.of(one) for one in found])
