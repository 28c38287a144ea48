"""Bodies of `/v1/tenants`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.keys.models import PRIORITIES, QUALITIES, Engines, Limits, Priorities, Qualities
from gateway.api.wire import asked, page, said
from gateway.ledger.tenants import TenantRow
from gateway.rules.text import PictureLabel
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.artefacts import SafetyLevel

EXAMPLE: Final[dict[str, Any]] = {
    "tenant": "acme",
    "engines": ["puppet", "fashn"],
    "samples_most": 2,
    "qualities": None,
    "priorities": ["low", "normal"],
    "retention_days": 30.0,
    "limits": {"pictures_a_day": 5000},
    "safety": "strict",
    "label": "Made with AI by Acme",
    "created_at": AT,
}


class RightsRequest(BaseModel):
    """What a tenant may use. What is left out or null is not restricted."""

    model_config = asked(
        engines=["puppet", "fashn"],
        samples_most=2,
        limits={"pictures_a_day": 5000},
        safety="strict",
        label="Made with AI by Acme",
    )

    engines: Engines | None = Field(default=None, description="Names of engines, see GET /v1/models.")
    samples_most: int | None = Field(default=None, ge=1, le=4, description="Pictures of one try-on.")
    qualities: Qualities | None = Field(default=None, description=QUALITIES)
    priorities: Priorities | None = Field(default=None, description=PRIORITIES)
    limits: Limits = {}
    safety: SafetyLevel | None = Field(
        default=None,
        description="How photos and results are examined, instead of the deployment's level; a level other than `off` "
        "needs the deployment's own model (docs/safety.md).",
    )
    label: PictureLabel | None = Field(
        default=None,
        description="The text at the lower left of results; empty: none; null: the deployment's. Its font has the "
        "printable characters of ASCII and few others: no accents, no other scripts.",
    )


class KeepRequest(BaseModel):
    """How long a tenant's work is kept."""

    model_config = asked(days=30)

    days: float | None = Field(
        ge=1, le=36_500, description="Try-ons, and photos that none uses, go so many days after they were made; null: "
        "as `RETENTION_TENANT_DAYS` says, by default never.",
    )  # fmt: skip


class TenantBody(BaseModel):
    """A tenant, and what it may use."""

    model_config = said(EXAMPLE)

    tenant: str
    engines: list[str] | None
    samples_most: int | None
    qualities: list[str] | None
    priorities: list[str] | None
    limits: dict[str, int]
    retention_days: float | None = Field(description="How long its work is kept; null: as the deployment says.")
    safety: str | None = None
    label: str | None = Field(default=None, description="The text on its results; null: as the deployment says.")
    created_at: str

    @classmethod
    def of(cls, row: TenantRow) -> TenantBody:
        """Return a stored tenant."""
        return cls(
            tenant=row.id,
            engines=row.engines,
            samples_most=row.samples_most,
            qualities=row.qualities,
            priorities=row.priorities,
            retention_days=row.retention_days,
            limits=row.limits,
            safety=row.safety,
            label=row.label,
            created_at=iso(row.created_at),
        )


class TenantList(BaseModel):
    """Tenants, the oldest first."""

    model_config = page(EXAMPLE)

    items: list[TenantBody]
    next_cursor: str | None = None
