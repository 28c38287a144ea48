"""Bodies of `/v1/tokens`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, Field

from gateway.api.auth.models import USER_ID
from gateway.api.consent.models import Region
from gateway.api.keys.models import Engines, Limits
from gateway.api.wire import asked, said
from gateway.rules.text import PATTERN, plain, web_origin

SECONDS_MOST: Final = 3_600

Subject = Annotated[str, Field(min_length=1, max_length=128, json_schema_extra=PATTERN), AfterValidator(plain)]
Origin = Annotated[str, Field(max_length=255, json_schema_extra=PATTERN), AfterValidator(web_origin)]


class TokenRequest(BaseModel):
    """For whom, for how long, and for what."""

    model_config = asked(subject="shopper-4711", allowed_origins=["https://shop.example"], expires_in=900)

    subject: Subject | None = Field(
        default=None,
        description="Your own name of the shopper: the same name is the same user each time. Without it: a new guest.",
    )
    scopes: list[Literal["priority:high"]] = Field(default=[], max_length=8, description="A subset of the key's.")
    engines: Engines | None = Field(default=None, description="The engines it may use; null: those of the key.")
    samples_most: int | None = Field(default=None, ge=1, le=4, description="Pictures of one try-on.")
    limits: Limits = {}
    allowed_origins: list[Origin] = Field(
        default=[],
        max_length=10,
        description="Only requests whose `Origin` is one of these may use it. Empty: it is not bound.",
    )
    region: Region | None = Field(default=None, description="The shopper's country, for the shop's rule of consent.")
    expires_in: int = Field(default=900, ge=60, le=SECONDS_MOST, description="Seconds; never beyond the key's own end.")


class TokenBody(BaseModel):
    """A token for a shopper's browser."""

    model_config = said({"access_token": "eyJhbGciOi…", "token_type": "Bearer", "expires_in": 900, "user_id": USER_ID})

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name, no secret
    expires_in: int
    user_id: str
