"""Settings from the environment whose errors are one sentence: the variable, its value, the rule.

Every group of settings derives from `CheckedSettings`. A value that breaks a rule raises `SettingRefused`, which every
service logs as `cannot_work` before it ends with status 1. Secrets and a URL's credentials are never shown.
"""

from __future__ import annotations

import os
import re
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from proteus.errors import ProteusError

VALUE_CHARACTERS: Final = 100

_KINDS: Final = {
    "float_parsing": "it must be a number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "bool_parsing": "it must be 1 or 0",
    "finite_number": "it must be a finite number",
    "too_short": "it must have at least {min_length} characters",
    "string_too_short": "it must have at least {min_length} characters",
}
"""Pydantic's error type -> the rule in our words; other types keep Pydantic's words."""

_FIELD: Final = re.compile(r'error parsing value for field "(\w+)"')
_CREDENTIALS: Final = re.compile(r"^.*@", re.DOTALL)
_NO_PORT: Final = re.compile(r"(://[^/:]*):(?!\d*(?:/|$)).*$", re.DOTALL)
"""Text in a port's place that is no port may be a password whose host is missing."""
_QUERY: Final = re.compile(r"\?.*$", re.DOTALL)


class SettingRefused(ProteusError):
    """A setting in the environment breaks its rule."""

    code = "setting_refused"


class CheckedSettings(BaseSettings):
    """A group of settings.

    Raises:
        SettingRefused: The environment, or the caller, gives a value that breaks a rule.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            # Without its cause, which quotes the values.
            raise SettingRefused(" ".join(_sentence(type(self), one) for one in error.errors())) from None
        except SettingsError as error:
            raise SettingRefused(_unread(type(self), str(error))) from None


def variable_of(settings: type[BaseSettings], field: str) -> str:
    """Return the name of the environment variable behind a field, or behind its alias."""
    known = settings.model_fields.get(field)
    if known is None:
        return field  # An alias: it is the variable's name.
    return known.alias or f"{settings.model_config.get('env_prefix', '')}{field}".upper()


def without_credentials(text: str) -> str:
    """Return a URL, or a malformed one, without user, password and query."""
    return _QUERY.sub("?…", _NO_PORT.sub(r"\1:…", _CREDENTIALS.sub("…@", text)))


def _sentence(settings: type[BaseSettings], error: ErrorDetails) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    name = variable_of(settings, field)
    if error["type"] == "missing":
        return f"{name} is not set, and there is no default."
    rule = re.sub(r"^(Value error, |(Input|String) should )", _beginning, error["msg"])
    if error["type"] in _KINDS:
        rule = _KINDS[error["type"]].format(**error.get("ctx", {}))
    if f"{name}_FILE" in os.environ:  # The operator meant it as a secret, or named the wrong file.
        return f"{name} (in the file that {name}_FILE names, not shown): {rule.rstrip('.')}."
    shown = _shown(settings, field, os.environ.get(name, error["input"]))
    return f"{name} {shown}: {rule.rstrip('.')}."


def _beginning(found: re.Match[str]) -> str:
    return "" if found[0].startswith("Value") else "it must "


def _shown(settings: type[BaseSettings], field: str, value: object) -> str:
    known = settings.model_fields.get(field)
    if known is not None and known.annotation is SecretStr:
        return "(a secret, not shown)"
    return f"is {without_credentials(str(value))[:VALUE_CHARACTERS]!r}"


def _unread(settings: type[BaseSettings], message: str) -> str:
    """Return the sentence for a value that could not even be read: its file is missing, or it is not JSON."""
    if found := _FIELD.search(message):
        return f"{variable_of(settings, found[1])} cannot be read: it must be JSON."
    return f"{message.rstrip('.')}."
