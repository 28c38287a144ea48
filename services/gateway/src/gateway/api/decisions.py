"""The arbitrator's decisions, for operators (scope `admin`): what it decided, when, and why."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.api.dependencies import ServicesDep, operator
from gateway.api.examples import AT, said
from gateway.api.guarding import GuardedRouter
from gateway.fleet.decisions import newest
from gateway.rules.text import Moment
from gateway.status.views import iso
from proteus.documents import storable, storable_text

router = GuardedRouter(prefix="/v1/fleet/decisions", tags=["fleet"], dependencies=[Depends(operator)])

MOST: Final = 1_000

EXAMPLE: Final[dict[str, Any]] = {
    "at": AT,
    "by": "arbitrator-0",
    "decision": {"policy": "slo", "mode": "VIP", "state": "NORMAL", "batch_size": 4, "reason": "the queue is short"},
}


class DecisionBody(BaseModel):
    """A decision, as its arbitrator noted it."""

    model_config = said(EXAMPLE)

    at: str
    by: str = Field(description="Which arbitrator.")
    decision: dict[str, Any] = Field(
        description="What was decided, what was seen, and `reason`. Fields grow from version to version."
    )


class DecisionList(BaseModel):
    """The newest decisions, oldest first."""

    model_config = said({"items": [EXAMPLE]})

    items: list[DecisionBody]


@router.get("", response_model=DecisionList, summary="What did the arbitrator decide, and why?")
async def decisions(
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 20,
    since: Annotated[Moment | None, Query(description="ISO 8601 with its zone.", examples=[AT])] = None,
    shadow: Annotated[bool, Query(description="What the shadow policy would have decided.")] = False,
) -> JSONResponse:
    """Return the last decisions, oldest first. A decision is noted when it differs from the one before."""
    found = await newest(services.redis, count=limit, since=since, shadow=shadow)
    return JSONResponse(
        {
            "items": [
                {"at": iso(one.at), "by": storable_text(one.by), "decision": storable(one.decision)} for one in found
            ]
        }
    )
