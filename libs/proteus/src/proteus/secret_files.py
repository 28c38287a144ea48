"""Secrets in settings: read from a file that `X_FILE` names, and refused where they are public.

Docker Compose and Kubernetes pass secrets as files, which no process list and no `inspect` shows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from proteus.checked_settings import CheckedSettings

PUBLISHED: Final = frozenset(
    {
        "local-only",
        "local-only-secret",
        "local-only-signing-key-0123456789abcdef",
        "local-only-signing-key-change-me-in-env",
        "proteus-local",
        "proteus-local-secret",
    }
)
"""Secrets that were defaults once: they are in published files, so every reader of those has them."""


def refuse_published(value: str, *, what: str = "it") -> None:
    """Refuse a secret that was a public default.

    Raises:
        ValueError: It is one; the message never shows it.
    """
    if value in PUBLISHED:
        raise ValueError(f"{what} is a default that everybody can read; make a secret: `openssl rand -hex 32`")


def place_of(name: str) -> str:
    """Return how a sentence names where a setting's value comes from: its variable, or the file and who names it."""
    path = os.environ.get(f"{name}_FILE")
    return f"{path} ({name}_FILE)" if path else name


class SecretSettings(CheckedSettings):
    """Settings that may each be read from a file: `X_FILE` names the file that holds `X`. Errors show no value."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the caller's values first, then the files, then the environment."""
        return init_settings, _NamedFiles(settings_cls), env_settings


class _NamedFiles(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = f"{self.config.get('env_prefix', '')}{field_name}".upper()
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None, field_name, False
        if os.environ.get(name):
            raise SettingsError(f"{name} and {name}_FILE are both set: keep one")
        try:
            # An editor and `echo` end a file with a line break; no secret does.
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {reason}") from error

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}
