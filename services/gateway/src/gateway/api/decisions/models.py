"""Bodies of `/v1/fleet/decisions`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.wire import said
from gateway.fleet.decisions import Decision
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.documents import storable, storable_text

EXAMPLE: Final[dict[str, Any]] = {
    "at": AT,
    "by": "arbitrator-0",
    "decision": {"policy": "slo", "mode": "VIP", "state": "NORMAL", "batch_size": 4, "reason": "the queue is short"},
}


class DecisionBody(BaseModel):
    """A decision, as its arbitrator recorded it."""

    model_config = said(EXAMPLE)

    at: str
    by: str = Field(description="Which arbitrator.")
    decision: dict[str, Any] = Field(
        description="What was decided, what was seen, and `reason`. Fields grow from version to version."
    )

    @classmethod
    def of(cls, one: Decision) -> DecisionBody:
        """Return a decision as it was recorded, of any version."""
        return cls(at=iso(one.at), by=storable_text(one.by), decision=storable(dict(one.decision)))


class DecisionList(BaseModel):
    """The newest decisions, oldest first."""

    model_config = said({"items": [EXAMPLE]})

    items: list[DecisionBody]
