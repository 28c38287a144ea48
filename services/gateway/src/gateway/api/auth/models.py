"""Bodies of `/v1/auth`."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel

from gateway.api.wire import said

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
