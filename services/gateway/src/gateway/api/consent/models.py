"""Bodies of `/v1/consent` and `/v1/retention`."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field

from gateway.accounts.consents import ConsentState
from gateway.api.wire import asked, said
from gateway.rules.text import PATTERN, Name, written
from gateway.settings import GatewaySettings
from gateway.status.models import AT
from gateway.status.views import iso

TEXT: Final = "We use your photo to show you our clothes on you, and delete it after 7 days without a visit."

Region = Annotated[
    str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 code of a country.", examples=["DE"], min_length=2)
]
Version = Annotated[Name, Field(min_length=1, description="Of the text: a new one asks everybody again.")]


class ConsentRuleRequest(BaseModel):
    """What a tenant asks of its shoppers before their first photo."""

    model_config = asked(version="2026-11", text=TEXT, minimum_age=16, regions=["DE", "FR"])

    version: Version
    text: Annotated[str, Field(min_length=1, max_length=10_000, json_schema_extra=PATTERN), AfterValidator(written)]
    minimum_age: int | None = Field(default=None, ge=1, le=120, description="An age to confirm; null: none.")
    regions: list[Region] | None = Field(
        default=None, max_length=250, description="Where it is asked; null: everywhere. An unknown region is asked."
    )


class ConsentRequest(BaseModel):
    """A consent."""

    model_config = asked(version="2026-11", scope=["photos"], age_confirmed=True, region="DE")

    version: Version
    scope: list[Literal["photos"]] = Field(default=["photos"], max_length=8)
    age_confirmed: bool = False
    region: Region | None = None


class GivenBody(BaseModel):
    """What was agreed to."""

    version: str
    scope: list[str]
    region: str | None
    age_confirmed: bool
    given_at: str


_GIVEN: Final[dict[str, Any]] = {
    "version": "2026-11", "scope": ["photos"], "region": "DE", "age_confirmed": True, "given_at": AT,
}  # fmt: skip


class ConsentBody(BaseModel):
    """What is asked of you, and what you agreed to."""

    model_config = said(
        {"required": True, "met": True, "version": "2026-11", "text": TEXT, "minimum_age": 16, "given": _GIVEN}
    )

    required: bool = Field(description="The shop takes no photo of yours without it.")
    met: bool = Field(description="Photos are taken.")
    version: str | None
    text: str | None
    minimum_age: int | None
    given: GivenBody | None

    @classmethod
    def of(cls, state: ConsentState) -> ConsentBody:
        """Return a caller's state."""
        rule, given = state.rule, state.given
        return cls(
            required=rule is not None,
            met=state.is_met,
            version=rule.version if rule else None,
            text=rule.text if rule else None,
            minimum_age=rule.minimum_age if rule else None,
            given=GivenBody(
                version=given.version,
                scope=given.scope,
                region=given.region,
                age_confirmed=given.age_confirmed,
                given_at=iso(given.given_at),
            )
            if given
            else None,
        )


class RetentionBody(BaseModel):
    """How long this deployment keeps what. Days; null: until it is deleted."""

    model_config = said(
        {
            "guest_idle_days": 7.0, "tenant_days": None, "event_days": 30.0, "audit_days": 365.0,
            "webhook_days": 30.0, "usage_days": 400.0,
            "unused_upload_hours": 24.0, "address_hash_hours": 24.0,
        }
    )  # fmt: skip

    guest_idle_days: float = Field(description="A guest or shopper who stays away so long loses everything.")
    tenant_days: float | None = Field(description="Try-ons and photos of tenants; with a token: of yours.")
    event_days: float
    audit_days: float
    webhook_days: float = Field(description="The log of webhooks.")
    usage_days: float | None = Field(description="What jobs used, without their users' ids once these are deleted.")
    unused_upload_hours: float = Field(description="An upload that no try-on used.")
    address_hash_hours: float = Field(description="The hash of the address that made a guest.")

    @classmethod
    def of(cls, settings: GatewaySettings, *, tenant_days: float | None) -> RetentionBody:
        """Return the deployment's policy; `tenant_days`: what holds for the caller's tenant."""
        kept = settings.retention
        return cls(
            guest_idle_days=kept.guest_idle_days,
            tenant_days=tenant_days,
            event_days=kept.event_days,
            audit_days=kept.audit_days,
            webhook_days=kept.webhook_days,
            usage_days=kept.usage_days,
            unused_upload_hours=settings.uploads.incoming_max_age_seconds / 3_600,
            address_hash_hours=24.0,
        )
