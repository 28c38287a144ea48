"""Settings of where webhooks may be sent."""

from __future__ import annotations

from pydantic import field_validator
from pydantic_settings import SettingsConfigDict

from gateway.addresses import networks
from proteus.checked_settings import CheckedSettings


class WebhookSettings(CheckedSettings):
    """Where webhooks may be sent, beside public https addresses on port 443."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="WEBHOOK_", extra="ignore")

    allowed_networks: str = ""
    """`WEBHOOK_ALLOWED_NETWORKS`. CIDRs, comma separated: networks that are reached although they are private, on any
    port and without TLS, too. For receivers of your own; every API key with the scope `webhooks` may name them."""

    allow_http: bool = False
    """`WEBHOOK_ALLOW_HTTP`. http on port 80 of public addresses: everybody on the way reads what is sent."""

    @field_validator("allowed_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text
