"""Settings that several services share. Each service composes its own from these, once, in its composition root.

The environment is read nowhere else. A secret may be in a file: `X_FILE` names the file that holds `X`.
"""

from __future__ import annotations

import socket
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from proteus.artefacts import SafetyLevel
from proteus.certificates import BEGIN, Names
from proteus.checked_settings import CheckedSettings
from proteus.label_text import label_text
from proteus.licences import LicenceRules
from proteus.redis_address import sentinels_of
from proteus.secret_files import SecretSettings, place_of, refuse_published

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def checked_url(url: str, *schemes: str, needs_host: bool = True) -> str:
    """Return a URL that a client can connect to.

    Raises:
        ValueError: Its scheme is none of these, its port is not valid, or it lacks a required host.
    """
    try:
        parts = urlsplit(url)
        known, host, _port = parts.scheme in schemes, parts.hostname, parts.port
    except ValueError:  # Its text quotes the invalid port, which may be a password.
        raise ValueError("it must be a URL whose port, if any, is a number up to 65535") from None
    if not known:
        raise ValueError(f"it must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if needs_host and not host:
        raise ValueError("it must name a host")
    return url


def checked_redis_url(url: str) -> str:
    """Return the address of a Redis, or of the primary that Sentinels name (`proteus.redis_address`).

    Raises:
        ValueError: No client can connect to it.
    """
    if url.startswith("unix://") or sentinels_of(url):
        return url
    return checked_url(url, "redis", "rediss")


class RedisSettings(SecretSettings):
    """The Redis server."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="REDIS_", extra="ignore")

    url: str = "redis://127.0.0.1:6379/0"
    """`REDIS_URL`. Redis 7 or Valkey; `maxmemory-policy noeviction` and AOF everysec.

    A server, or Sentinels and the name of the primary that they watch:
    `redis+sentinel://user:password@host:26379,host:26379/mymaster/0`.
    """

    @field_validator("url")
    @classmethod
    def _is_redis(cls, url: str) -> str:
        return checked_redis_url(url)


class StorageSettings(SecretSettings):
    """The object store: any S3 with path-style addresses and presigned PUT."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="OBJECT_STORAGE_", extra="ignore")

    endpoint: str = "http://127.0.0.1:8333"
    """`OBJECT_STORAGE_ENDPOINT`. The store's address for the services."""

    public_endpoint: str = ""
    """`OBJECT_STORAGE_PUBLIC_ENDPOINT`. Its address for clients (presigned URLs name it); empty: the same."""

    bucket: str = Field(default="proteus", pattern=r"^[A-Za-z0-9._-]{3,255}$")
    """`OBJECT_STORAGE_BUCKET`."""

    access_key: str = ""
    """`OBJECT_STORAGE_ACCESS_KEY`."""

    secret_key: SecretStr = SecretStr("")
    """`OBJECT_STORAGE_SECRET_KEY`. Has no default that opens a store: a known key is no key."""

    region: str = Field(default="us-east-1", pattern=r"^[A-Za-z0-9-]{1,63}$")
    """`OBJECT_STORAGE_REGION`."""

    @field_validator("endpoint", "public_endpoint")
    @classmethod
    def _is_http(cls, url: str) -> str:
        return checked_url(url, "http", "https") if url else url

    @field_validator("secret_key")
    @classmethod
    def _is_a_secret(cls, value: SecretStr) -> SecretStr:
        refuse_published(value.get_secret_value())
        return value

    @property
    def client_endpoint(self) -> str:
        return (self.public_endpoint or self.endpoint).rstrip("/")


class LogSettings(CheckedSettings):
    """Structured logs."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="LOG_", extra="ignore")

    level: str = "INFO"
    """`LOG_LEVEL`."""

    json_lines: bool = Field(default=True, alias="LOG_JSON")
    """`LOG_JSON`. JSON lines for machines; `0`: readable lines for people at a terminal."""

    @field_validator("level")
    @classmethod
    def _is_a_level(cls, level: str) -> str:
        if level.upper() not in LOG_LEVELS:
            raise ValueError(f"it must be one of {', '.join(LOG_LEVELS)}")
        return level.upper()


class MarkSettings(SecretSettings):
    """The certificate that signs pictures (C2PA); of weavers and tailors."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="MARKS_", extra="ignore")

    certificate: str = ""
    """`MARKS_CERTIFICATE` (or `MARKS_CERTIFICATE_FILE`). PEM, the signer's first, then those up to its authority;
    empty: pictures get no C2PA manifest. `POST /v1/verify` trusts its last one."""

    key: SecretStr = Field(default=SecretStr(""), validate_default=True)
    """`MARKS_KEY` (or `MARKS_KEY_FILE`). PEM (PKCS #8) of the certificate's key, on the curve P-256."""

    label: Annotated[str, AfterValidator(label_text)] = ""
    """`MARKS_LABEL`. A text that weavers write into every picture, at the lower left, such as `AI-generated`, in the
    printable characters of ASCII, at most 60; empty: none. A tenant may have one of its own."""

    watermark: str = ""
    """`MARKS_WATERMARK`. Name of an installed plugin (entry point `proteus.watermarks`) that writes an imperceptible
    mark; empty: none. Proteus ships none."""

    @field_validator("key")
    @classmethod
    def _is_both_or_none(cls, key: SecretStr, others: ValidationInfo) -> SecretStr:
        if bool(others.data.get("certificate")) != bool(key.get_secret_value()):
            raise ValueError("it belongs to MARKS_CERTIFICATE: set both or none")
        return key

    @property
    def names(self) -> Names:
        """How a sentence names where both come from."""
        return Names(place_of("MARKS_CERTIFICATE"), place_of("MARKS_KEY"))

    @property
    def anchors(self) -> str:
        """PEM of the authority that is trusted: the chain's last certificate; empty without one."""
        return self.certificate[self.certificate.rindex(BEGIN) :] if BEGIN in self.certificate else ""


class TracingSettings(CheckedSettings):
    """Traces over OpenTelemetry; off unless an endpoint is named."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="OTEL_", extra="ignore")

    exporter_otlp_endpoint: str = ""
    """`OTEL_EXPORTER_OTLP_ENDPOINT`. A collector's OTLP/HTTP address, without `/v1/traces`; empty: no traces."""

    traces_sampler_arg: float = Field(default=1.0, ge=0.0, le=1.0)
    """`OTEL_TRACES_SAMPLER_ARG`. Share of the traces that are sent; every service sends the same ones."""

    @field_validator("exporter_otlp_endpoint")
    @classmethod
    def _is_http(cls, url: str) -> str:
        return checked_url(url, "http", "https") if url else url


class LeaseSettings(CheckedSettings):
    """How long a worker may be silent before its jobs go to another one."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="LEASE_", extra="ignore")

    seconds: float = Field(default=30.0, gt=0)
    """`LEASE_SECONDS`. A killed worker's jobs are claimable again this long after its last progress."""

    beat_seconds: float = Field(default=10.0, gt=0)
    """`LEASE_BEAT_SECONDS`. A third of the lease: two lost beats do no harm."""

    reap_seconds: float = Field(default=2.0, gt=0)
    """`LEASE_REAP_SECONDS`. How often every worker looks for expired leases."""


class SafetySettings(CheckedSettings):
    """What pictures may show. No model comes with Proteus: docs/safety.md says what a deployment brings."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="SAFETY_", extra="ignore")

    level: SafetyLevel = "off"
    """`SAFETY_LEVEL`. `off`: no picture is examined, but for tenants with a level of their own. `standard`, `strict`:
    photos and results are, and nothing is accepted or stored unexamined."""

    weights_dir: str = ""
    """`SAFETY_WEIGHTS_DIR`. Folder whose folder `safety` holds `safety.onnx` and `safety.json`; empty: there is no
    model."""

    weights_source: str = ""
    """`SAFETY_WEIGHTS_SOURCE`. Where a worker fetches that folder from at start when it is empty, as
    `TAILOR_WEIGHTS_SOURCE`; empty: it fetches nothing."""

    @property
    def model_dir(self) -> Path | None:
        """The model's folder; None: there is no model."""
        return Path(self.weights_dir) / "safety" if self.weights_dir else None


class ProbeSettings(CheckedSettings):
    """The port for health and metrics of a service that is no web server."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PROBE_", extra="ignore")

    host: str = "0.0.0.0"  # noqa: S104 - the kubelet comes from outside the pod
    """`PROBE_HOST`."""

    port: int = Field(default=0, ge=0, le=65535)
    """`PROBE_PORT`. 0: not served."""


class AnyWorkerSettings(CheckedSettings):
    """What every worker needs to know of its deployment."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PROTEUS_", extra="ignore")

    licence_policy: Literal["any", "commercial"] = "any"
    """`PROTEUS_LICENCE_POLICY`. `commercial` refuses weights that forbid commercial use or leave it in doubt."""

    licence_accept: str = ""
    """`PROTEUS_LICENCE_ACCEPT`. Comma separated: models of the terms `tag_only` that `commercial` lets in."""

    @property
    def licences(self) -> LicenceRules:
        """Raise `LicenceRefused` if `licence_accept` names what cannot be accepted."""
        return LicenceRules.of(self.licence_policy, self.licence_accept)


def fresh_worker_id(service: str) -> str:
    """Return an id that no process had before: a restarted container keeps its host name and its process number."""
    return f"{service}-{socket.gethostname()}-{token_hex(3)}"
