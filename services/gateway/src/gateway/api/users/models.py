"""Bodies of `/users`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from gateway.api.auth.models import USER_ID
from gateway.api.wire import asked, page, said
from gateway.ledger.users import UserRow
from gateway.rules.text import Name
from gateway.settings import RetentionSettings
from gateway.status.models import AT
from gateway.status.views import iso

EXAMPLE: Final[dict[str, Any]] = {
    "user_id": USER_ID,
    "kind": "guest",
    "tenant": "guests",
    "display_name": None,
    "last_seq": 12,
    "created_at": AT,
    "expires_at": AT,
}


class UserBody(BaseModel):
    """A user."""

    model_config = said(EXAMPLE)

    user_id: str
    kind: Literal["guest", "member", "account", "foreign"]
    tenant: str
    display_name: str | None = None
    last_seq: int
    created_at: str
    expires_at: str | None = Field(
        default=None, description="When a guest who does not come back is deleted; every visit moves it. Null: never."
    )

    @classmethod
    def of(cls, row: UserRow, kept: RetentionSettings) -> UserBody:
        """Return a row as its owner sees it."""
        return cls(
            user_id=row.id,
            kind=row.kind,
            tenant=row.tenant,
            display_name=row.display_name,
            last_seq=row.last_seq,
            created_at=iso(row.created_at),
            expires_at=expiry_of(row, kept),
        )


def expiry_of(row: UserRow, kept: RetentionSettings) -> str | None:
    """Return when a sweep deletes a user who stays away; None: never."""
    return iso(row.last_seen_at + timedelta(days=kept.guest_idle_days)) if row.kind == "guest" else None


class UserList(BaseModel):
    """Users you may see: yourself; operators see all."""

    model_config = page(EXAMPLE)

    items: list[UserBody]
    next_cursor: str | None = None


class UserChange(BaseModel):
    """What users may change about themselves."""

    model_config = asked(display_name="Ada")

    display_name: Name | None = None
