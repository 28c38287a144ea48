"""Bodies of `/v1/auth`."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, Field

from gateway.accounts.logins import Role, Session
from gateway.api.wire import asked, said
from gateway.rules.text import Email, Password, Secret, TriedPassword

USER_ID: Final = "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"


class GuestToken(BaseModel):
    """A fresh guest."""

    model_config = said(
        {"access_token": "eyJhbGciOi…", "token_type": "Bearer", "expires_in": 86_400, "user_id": USER_ID}
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name, no secret
    expires_in: int
    user_id: str


class Credentials(BaseModel):
    """An email address and a password."""

    model_config = asked(email="ada@acme.example", password="correct horse battery")  # noqa: S106 - an example

    email: Email
    password: Password


class LoginRequest(BaseModel):
    """An email address and its password; any password may be tried."""

    model_config = asked(email="ada@acme.example", password="correct horse battery")  # noqa: S106 - an example

    email: Email
    password: TriedPassword


class RefreshRequest(BaseModel):
    """A refresh token."""

    model_config = asked(refresh_token="rt_b25lIG1vcmUgZXhhbXBsZSwgbm8gdG9rZW4gYXQgYWxs")  # noqa: S106 - an example

    refresh_token: Secret


class PasswordRequest(BaseModel):
    """The password of today, and the new one."""

    model_config = asked(current_password="correct horse battery", new_password="a better one: staple")  # noqa: S106

    current_password: TriedPassword
    new_password: Password


class SessionBody(BaseModel):
    """What a login gives."""

    model_config = said(
        {
            "access_token": "eyJhbGciOi…",
            "token_type": "Bearer",
            "expires_in": 900,
            "refresh_token": "rt_b25lIG1vcmUgZXhhbXBsZSwgbm8gdG9rZW4gYXQgYWxs",
            "refresh_expires_in": 2_592_000,
            "user_id": USER_ID,
            "role": "user",
            "tenant": "acme",
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name, no secret
    expires_in: int
    refresh_token: str = Field(description="Works once, at POST /v1/auth/refresh; its successor comes back.")
    refresh_expires_in: int
    user_id: str
    role: Role
    tenant: str

    @classmethod
    def of(cls, session: Session) -> SessionBody:
        """Return a session."""
        return cls.model_validate(
            {
                "access_token": session.access_token,
                "expires_in": session.access_seconds,
                "refresh_token": session.refresh_token,
                "refresh_expires_in": session.refresh_seconds,
                "user_id": session.account.user_id,
                "role": session.account.role,
                "tenant": session.account.tenant,
            }
        )
