"""Bodies of `/v1/accounts`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.accounts.logins import MadeAccount, Role
from gateway.api.auth.models import USER_ID
from gateway.api.wire import asked, page, said
from gateway.ledger.accounts import AccountRow
from gateway.rules.text import Email, TenantName
from gateway.status.models import AT
from gateway.status.views import iso

EXAMPLE: Final[dict[str, Any]] = {
    "user_id": USER_ID,
    "email": "ada@acme.example",
    "role": "owner",
    "tenant": "acme",
    "created_at": AT,
    "password_changed_at": AT,
}


class AccountRequest(BaseModel):
    """Whose account to make."""

    model_config = asked(email="ada@acme.example", tenant="acme", role="owner")

    email: Email
    tenant: TenantName
    role: Role = Field(
        default="user",
        description="`user` uses the API, `owner` manages its tenant's keys, `admin` operates the deployment.",
    )


class AccountBody(BaseModel):
    """An account."""

    model_config = said(EXAMPLE)

    user_id: str
    email: str
    role: Role
    tenant: str
    created_at: str
    password_changed_at: str

    @classmethod
    def of(cls, row: AccountRow) -> AccountBody:
        """Return a stored account."""
        return cls.model_validate(_fields(row))


class NewAccountBody(AccountBody):
    """An account with a new password, which is shown here and never again."""

    model_config = said({**EXAMPLE, "password": "a-made-password-for-docs"})

    password: str

    @classmethod
    def made(cls, found: MadeAccount) -> NewAccountBody:
        """Return an account with its password."""
        return cls.model_validate({**_fields(found.account), "password": found.password})


class AccountList(BaseModel):
    """Accounts, the oldest first."""

    model_config = page(EXAMPLE)

    items: list[AccountBody]
    next_cursor: str | None = None


def _fields(row: AccountRow) -> dict[str, Any]:
    return {
        "user_id": row.user_id,
        "email": row.email,
        "role": row.role,
        "tenant": row.tenant,
        "created_at": iso(row.created_at),
        "password_changed_at": iso(row.password_changed_at),
    }
