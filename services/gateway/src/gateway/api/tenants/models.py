"""Bodies of `/v1/tenants`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.keys.models import Engines, Limits
from gateway.api.wire import asked, page, said
from gateway.ledger.tenants import TenantRow
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.artefacts import SafetyLevel

EXAMPLE: Final[dict[str, Any]] = {
    "tenant": "acme",
    "engines": ["puppet", "fashn"],
    "samples_most": 2,
    "limits": {"pictures_a_day": 5000},
    "safety": "strict",
    "created_at": AT,
}


class RightsRequest(BaseModel):
    """What a tenant may use. What is left out or null is not restricted."""

    model_config = asked(engines=["puppet", "fashn"], samples_most=2, limits={"pictures_a_day": 5000}, safety="strict")

    engines: Engines | None = Field(default=None, description="Names of engines, see GET /v1/models.")
    samples_most: int | None = Field(default=None, ge=1, le=4, description="Pictures of one try-on.")
    limits: Limits = {}
    safety: SafetyLevel | None = Field(
        default=None,
        description="How photos and results are examined, instead of the deployment's level; a level other than `off` "
        "needs the deployment's own model (docs/safety.md).",
    )


class TenantBody(BaseModel):
    """A tenant, and what it may use."""

    model_config = said(EXAMPLE)

    tenant: str
    engines: list[str] | None
    samples_most: int | None
    limits: dict[str, int]
    safety: str | None = None
    created_at: str

    @classmethod
    def of(cls, row: TenantRow) -> TenantBody:
        """Return a stored tenant."""
        return cls(
            tenant=row.id,
            engines=row.engines,
            samples_most=row.samples_most,
            limits=row.limits,
            safety=row.safety,
            created_at=iso(row.created_at),
        )


class TenantList(BaseModel):
    """Tenants, the oldest first."""

    model_config = page(EXAMPLE)

    items: list[TenantBody]
    next_cursor: str | None = None
