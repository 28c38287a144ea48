"""Bodies of `/v1/audit`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.wire import page
from gateway.ledger.audit_log import AuditRow
from gateway.status.models import AT
from gateway.status.views import iso

EXAMPLE: Final[dict[str, Any]] = {
    "id": "aud_7c1d8a1e0b6f4f0f9d4c2b1a09f8e7d6",
    "at": AT,
    "actor": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
    "key_id": None,
    "tenant": "acme",
    "action": "key.create",
    "target": "key_k3f7x0qa",
    "request_id": "7d9f6f0f2f7c4c0e8d1b2a3c4d5e6f70",
    "details": {"name": "shop server", "scopes": ["tokens"]},
}


class DeedBody(BaseModel):
    """What somebody did."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    id: str
    at: str
    actor: str = Field(description="A user's id, or `console` for a command beside the gateway.")
    key_id: str | None = Field(description="The API key that was used.")
    tenant: str = Field(description="Whose things were changed.")
    action: str
    target: str
    request_id: str
    details: dict[str, Any]

    @classmethod
    def of(cls, row: AuditRow) -> DeedBody:
        """Return a stored deed."""
        return cls(
            id=row.id,
            at=iso(row.created_at),
            actor=row.actor,
            key_id=row.key_id,
            tenant=row.tenant,
            action=row.action,
            target=row.target,
            request_id=row.request_id,
            details=row.details,
        )


class AuditPage(BaseModel):
    """Deeds, the newest first."""

    model_config = page(EXAMPLE)

    items: list[DeedBody]
    next_cursor: str | None = None
