"""Settings of who may come: the keys that sign tokens, how long tokens live, and the rule for guests."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from proteus.checked_settings import CheckedSettings
from proteus.secret_files import SecretSettings, refuse_published

SIGNING_KEY_LEAST: Final = 32
"""Characters: HS256 wants a key as long as its hash (RFC 7518)."""


class TokenSettings(SecretSettings):
    """Access tokens."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PROTEUS_", extra="ignore")

    signing_key: SecretStr = Field(min_length=SIGNING_KEY_LEAST)
    """`PROTEUS_SIGNING_KEY`. HS256; at least 32 bytes (RFC 7518). Has no default: a known key is no key."""

    second_signing_key: SecretStr = SecretStr("")
    """`PROTEUS_SECOND_SIGNING_KEY`. Accepted, and signs nothing: the next key before a rotation, the previous one after
    it. Empty: there is none. At least 32 bytes."""

    guest_token_seconds: int = Field(default=86_400, ge=60)
    """A shopper's day; the page requests a new token when it expires."""

    access_token_seconds: int = Field(default=900, ge=60)
    """Life of an access token of a login; a refresh token makes the next one."""

    refresh_token_seconds: int = Field(default=30 * 86_400, ge=600)
    """How long a login lasts without a refresh."""

    @field_validator("signing_key")
    @classmethod
    def _is_a_secret(cls, value: SecretStr) -> SecretStr:
        refuse_published(value.get_secret_value())
        return value

    @field_validator("second_signing_key")
    @classmethod
    def _is_none_or_a_secret(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        refuse_published(key)
        if key and len(key) < SIGNING_KEY_LEAST:
            raise ValueError(f"it must have at least {SIGNING_KEY_LEAST} characters, or be empty")
        return value


class AuthSettings(CheckedSettings):
    """Access without an account."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="AUTH_", extra="ignore")

    guests: Literal["open", "key", "off"] = "key"
    """`AUTH_GUESTS`. `open`: any client becomes a guest on request. `key`: only a tenant's API key or account makes
    guests, in its own tenant. `off`: only accounts and keys. By default no unknown client may use a GPU; local stacks
    (loopback) set `open`."""
