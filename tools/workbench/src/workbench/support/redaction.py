"""Cuts secrets, signed addresses, objects' keys and email addresses out of any text.

Three ways, each over everything: a setting that is secret by its type or by its name has no value; a known secret is
cut wherever its value stands, in any of its written forms; and what looks like a token, a signature or a password goes.
"""

from __future__ import annotations

import base64
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final, get_args
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from proteus.checked_settings import variable_of
from proteus.service.telemetry import redact
from workbench.backup.database import KEYS
from workbench.stack.environments import SERVICES

CUT: Final = "[redacted]"

NAMES: Final = re.compile(
    r"secret|passw|token|signing|private|credential|auth(?!_guests)|api_?key|access_?key|(?:^|_)key$|[a-z]Key$|certificate",
    re.IGNORECASE,
)
"""Names of settings and values that may hold a secret: rather one too many."""

PUBLIC: Final = re.compile(r"_(?:SECONDS|DAYS|HOURS|LIMIT|MOST|FILE)$")
"""Names that only sound like it: a number, or the path of a file."""

WORDS: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
"""An access key's id that is the name of an account, `proteus-gateway`: it stands in every log, and opens nothing."""

LEAST_CHARACTERS: Final = 4
"""Shorter values stand in every text by chance; a setting of a secret name has no value anyway."""

EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")


def secret_variables() -> frozenset[str]:
    """Return the variables whose setting has the type of a secret, in any service."""
    return frozenset(
        variable_of(found, field)
        for service in SERVICES
        for _, found in inspect.getmembers(import_module(f"{service}.settings"), inspect.isclass)
        if issubclass(found, BaseSettings)
        for field, described in found.model_fields.items()
        if SecretStr in (described.annotation, *get_args(described.annotation))
    )


class Redactor:
    """Cuts what no bundle may hold.

    Args:
        environments: All variables that the deployment's parts have.
        secrets: Further secrets, by value.
    """

    def __init__(self, environments: Iterable[Mapping[str, str]], secrets: Iterable[str] = ()) -> None:
        self._typed = secret_variables()
        values = set(secrets)
        for environment in environments:
            for name, value in environment.items():
                if self.is_secret(name) and not (name.endswith("ACCESS_KEY") and WORDS.fullmatch(value)):
                    values |= {value, *value.split(",")}
                values |= set(_passwords(value))
        self.values = frozenset(value for value in values if len(value) >= LEAST_CHARACTERS)
        forms = sorted({form for value in self.values for form in _written(value)}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, forms))) if forms else None

    def is_secret(self, name: str) -> bool:
        """Tell whether a variable or a value of this name may hold a secret."""
        return name in self._typed or (NAMES.search(name) is not None and PUBLIC.search(name) is None)

    def settings(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return an environment whose secrets have no value."""
        return {
            name: CUT if value and self.is_secret(name) else self.text(value)
            for name, value in sorted(environment.items())
        }

    def tree(self, value: Any, *, cut: bool = False) -> Any:
        """Return a document whose texts under a secret name are cut."""
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): self.tree(one, cut=cut or self.is_secret(str(name)))
                for name, one in value.items()
            }
        if isinstance(value, list):
            return [self.tree(one, cut=cut) for one in value]
        if isinstance(value, str):
            return CUT if cut and value else self.text(value)
        return value

    def text(self, text: str) -> str:
        """Return a text without secrets, signatures, objects' keys and email addresses."""
        if self._known is not None:
            text = self._known.sub(CUT, text)
        lines = (str(redact(None, "", {"line": line})["line"]) for line in text.splitlines(keepends=True))
        return EMAIL.sub("[email]", KEYS.sub("[object]", "".join(lines)))


def _passwords(value: str) -> Iterator[str]:
    """Yield the password in an address, as it is written and as it is meant."""
    try:
        found = urlsplit(value).password if "://" in value else None
    except ValueError:
        return
    if found:
        yield found
        yield unquote(found)


def _written(value: str) -> set[str]:
    """Return a secret as texts write it: plain, in a URL, in JSON, in base64."""
    return {
        value,
        quote(value, safe=""),
        json.dumps(value)[1:-1],
        base64.b64encode(value.encode()).decode(),
        base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    }
