"""The gateway's settings, read once by the composition root. Every other module gets what it needs passed down."""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from gateway.access_settings import AuthSettings as AuthSettings
from gateway.access_settings import TokenSettings as TokenSettings
from gateway.addresses import networks
from gateway.limit_settings import LimitSettings as LimitSettings
from gateway.price_settings import PriceSettings as PriceSettings
from gateway.webhook_settings import WebhookSettings as WebhookSettings
from proteus.checked_settings import CheckedSettings
from proteus.engines import CARDS
from proteus.licences import LicenceRules
from proteus.picture_formats import DECLARED_TYPES
from proteus.secret_files import SecretSettings, refuse_published
from proteus.settings import LeaseSettings, LogSettings, RedisSettings, StorageSettings, TracingSettings, checked_url


class DatabaseSettings(SecretSettings):
    """The database."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="DATABASE_", extra="ignore")

    url: str = "postgresql+asyncpg://proteus@127.0.0.1:5432/proteus"
    """`DATABASE_URL`. `postgresql://` and `postgres://` are accepted as well."""

    pool_size: int = Field(default=14, ge=2)
    """`DATABASE_POOL_SIZE`. Connections for requests: a submit holds one for milliseconds. The background loops have 6
    of their own."""

    @field_validator("url")
    @classmethod
    def _driver(cls, url: str) -> str:
        checked_url(url, "postgresql", "postgresql+asyncpg", "postgres", needs_host=False)  # A Unix socket has none.
        refuse_published(unquote(urlsplit(url).password or ""), what="its password")
        return "postgresql+asyncpg://" + url.partition("://")[2]


class UploadSettings(CheckedSettings):
    """Which uploads are accepted, and how long one is kept."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="UPLOAD_", extra="ignore")

    content_types: Annotated[frozenset[str], NoDecode] = DECLARED_TYPES
    """`UPLOAD_CONTENT_TYPES`. Comma separated, or a JSON list. What a signed upload may be declared as; what the file
    is, its bytes say. `image/heic` and `image/heif` where the tailors read HEIC."""

    min_bytes: int = Field(default=64, ge=1)
    max_bytes: int = Field(default=20 * 1024 * 1024, ge=1)
    """A 24 megapixel JPEG of high quality stays below this."""

    put_expires_seconds: int = Field(default=900, gt=0, le=1_080)
    """Life of a signed upload; the second erasure of deleted objects comes after it (`erasure.AGAIN_AFTER`)."""

    get_expires_seconds: int = Field(default=900, gt=0, le=604_800)
    incoming_max_age_seconds: int = Field(default=86_400, gt=0)
    """An upload that no job ever used is swept after this, with its record."""

    @field_validator("content_types", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return json.loads(value)
            except ValueError:
                raise ValueError("it begins like a JSON list, and is none") from None
        return [one.strip() for one in value.split(",") if one.strip()]


class RetentionSettings(CheckedSettings):
    """How long unused data is kept."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="RETENTION_", extra="ignore")

    guest_idle_days: float = Field(default=7.0, gt=0)
    """`RETENTION_GUEST_IDLE_DAYS`. The data of a guest idle for so long is deleted: the guest cannot come back, a token
    ends after a day. Data of external payloads is deleted after the same time."""

    tenant_days: float | None = Field(default=None, gt=0)
    """`RETENTION_TENANT_DAYS`. When try-ons are deleted, and photos that none uses, of tenants without a rule of their
    own (`PUT /v1/tenants/{tenant}/retention`). Empty: all are kept."""

    audit_days: float = Field(default=365.0, ge=1)
    """`RETENTION_AUDIT_DAYS`. How long the audit log is kept."""

    webhook_days: float = Field(default=30.0, ge=1)
    """`RETENTION_WEBHOOK_DAYS`. How long the log of webhooks is kept, with requests and answers."""

    event_days: float = Field(default=30.0, ge=1)
    """`RETENTION_EVENT_DAYS`. How far back a client can replay missed events."""

    usage_days: float | None = Field(default=400.0, ge=62)
    """`RETENTION_USAGE_DAYS`. How long usage records and the days' sums of spend are kept: `GET /v1/usage` looks back
    400 days, a spend cap of a month needs 31. Empty: for ever."""

    @field_validator("tenant_days", "usage_days", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class EdgeSettings(CheckedSettings):
    """The gateway's ports, the proxies it trusts, and its limits on reading."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="GATEWAY_", extra="ignore")

    inner_port: int = Field(default=9100, ge=0, le=65_535)
    """`GATEWAY_INNER_PORT`. Serves `/metrics` and the full `/health`; 0: they are not served."""

    keep_alive_seconds: int = Field(default=75, ge=1)
    """`GATEWAY_KEEP_ALIVE_SECONDS`. Longer than a proxy keeps an idle connection (nginx: 60 s), so that none sends a
    request on a closing one."""

    header_seconds: float = Field(default=10.0, gt=0)
    """`GATEWAY_HEADER_SECONDS`. From the connection to the end of the headers."""

    body_seconds: float = Field(default=30.0, gt=0)
    """`GATEWAY_BODY_SECONDS`. For a body, and one second more for every 100 KiB received."""

    body_bytes_most: int = Field(default=128 * 1024 * 1024, ge=1)
    """`GATEWAY_BODY_BYTES_MOST`. Bodies of all requests at once; uploads among them lie under `/tmp`."""

    connect_seconds: float = Field(default=10.0, gt=0)
    """`GATEWAY_CONNECT_SECONDS`. From a socket's opening to its accepted CONNECT."""

    send_seconds: float = Field(default=20.0, gt=0)
    """`GATEWAY_SEND_SECONDS`. How long a client may leave a message unread once its buffer is full."""

    trusted_proxies: str = ""
    """`GATEWAY_TRUSTED_PROXIES`. CIDRs, comma separated, of the proxies whose X-Forwarded-For is trusted. Empty: the
    peer of a connection is the client, and one with a private address is an unknown client."""

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text


class TailorSettings(CheckedSettings):
    """The tailors, as the gateway sees them."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="TAILOR_", extra="ignore")

    url: str = ""
    """`TAILOR_URL`. `/health` checks there whether a tailor is ready; empty: it does not."""

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        return checked_url(url, "http", "https") if url else url


SLO_SECONDS: Final = 12.0
"""How long a picture may take, unless the deployment says otherwise; the arbitrator's default as well."""


class AdmissionSettings(CheckedSettings):
    """The capacity of the deployment, for the estimate at admission."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="ADMISSION_", extra="ignore")

    eta_limit_seconds: float = Field(default=600.0, gt=0)
    """A submit whose predicted wait is longer gets 429."""

    max_replicas: int = Field(default=5, ge=0)
    """What KEDA may scale the weaver to (the chart passes it on). 0: none is started."""

    cold_start_seconds: float = Field(default=90.0, ge=0)
    """From no pod to a ready worker; used while none is ready."""

    default_picture_seconds: float = Field(default=4.0, gt=0)
    """t(1) assumed for an engine that no ready worker has measured."""

    slo_seconds: float = Field(default=SLO_SECONDS, gt=0)
    """How long a picture may take before it counts as late in `proteus_gateway_pictures_total`; refuses nothing. The
    chart passes `scaling.sloSeconds` on, as to the arbitrator."""


class GatewaySettings(CheckedSettings):
    """Everything the composition root needs."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PROTEUS_", extra="ignore")

    default_engine: str = "puppet"
    """`PROTEUS_DEFAULT_ENGINE`. The engine of a submit without `model`; `auto`: diffusion if offered, else puppet.

    `auto` suits one machine. A fleet that scales to zero should name its engine: no pod, no offer.
    """

    engines: str = ""
    """`PROTEUS_ENGINES`. Comma separated: the engines this deployment can run, even if no worker is registered now.
    Empty: those that workers offered in the last 24 hours, and the default engine. `timed` counts only if named."""

    licence_policy: Literal["any", "commercial"] = "any"
    """`PROTEUS_LICENCE_POLICY`. `commercial` refuses weights that forbid commercial use or leave it in doubt."""

    licence_accept: str = ""
    """`PROTEUS_LICENCE_ACCEPT`. Comma separated: models of the terms `tag_only` that `commercial` lets in."""

    cors_origins: str = "*"
    """`PROTEUS_CORS_ORIGINS`. Comma separated; browsers of these origins may call the API. The store takes signed
    addresses from pages of every origin."""

    parser_version: str = Field(default="classic", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """`PROTEUS_PARSER_VERSION`. The parser of the tailors; the stacks use its name. After a change people are parsed
    and garments cut anew when a request needs them; new weights under an old name are a change, too."""

    redis: RedisSettings = Field(default_factory=RedisSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    tokens: TokenSettings = Field(default_factory=TokenSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    edge: EdgeSettings = Field(default_factory=EdgeSettings)
    uploads: UploadSettings = Field(default_factory=UploadSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    tailor: TailorSettings = Field(default_factory=TailorSettings)
    admission: AdmissionSettings = Field(default_factory=AdmissionSettings)
    prices: PriceSettings = Field(default_factory=PriceSettings)
    lease: LeaseSettings = Field(default_factory=LeaseSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)

    @field_validator("engines")
    @classmethod
    def _known(cls, engines: str) -> str:
        if unknown := sorted(_names(engines) - CARDS.keys()):
            raise ValueError(f"there is no engine {unknown[0]!r}; this version has {', '.join(sorted(CARDS))}")
        return engines

    @property
    def named_engines(self) -> frozenset[str]:
        return _names(self.engines)

    @property
    def licences(self) -> LicenceRules:
        """Raise `LicenceRefused` if `licence_accept` names what cannot be accepted."""
        return LicenceRules.of(self.licence_policy, self.licence_accept)

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]


def _names(listed: str) -> frozenset[str]:
    return frozenset(name.strip() for name in listed.split(",") if name.strip())
