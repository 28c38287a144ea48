"""The variables that each service of the stack reads: to run one of them from an editor."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from pydantic_settings import BaseSettings

from proteus.checked_settings import CheckedSettings, variable_of

SERVICES: Final = ("gateway", "tailor", "weaver", "arbitrator")


def read_by(service: str) -> Iterator[str]:
    """Yield the names of the variables in a service's `settings`."""
    for _, found in inspect.getmembers(import_module(f"{service}.settings"), inspect.isclass):
        if issubclass(found, BaseSettings) and found is not CheckedSettings:
            for field in found.model_fields:
                name = variable_of(found, field)
                yield from (name, f"{name}_FILE")


def environment_of(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that a service reads."""
    return {name: environment[name] for name in sorted(set(read_by(service))) if name in environment}
