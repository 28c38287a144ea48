"""Requests: schemathesis invents them from the description, valid and invalid; then known ids take their places."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.errors import SchemathesisError
from schemathesis.schemas import APIOperation

from workbench.fuzz.description import openapi
from workbench.fuzz.memory import Memory

Operation = APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Operation]

KNOWN_SHARE: Final = 0.75
"""How often a place that takes an id gets one that exists."""


def operations() -> list[Operation]:
    """Return every operation of the description."""
    schema = schemathesis.openapi.from_dict(_plain(openapi()))
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


def draw(operation: Operation, count: int, *, number: int) -> list[Case]:
    """Invent requests of an operation: valid ones, then ones that break its description in one way or several."""
    drawn: list[Case] = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @seed(number)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def keep(case: Case) -> None:
            drawn.append(case)

        try:
            keep()
        except (Unsatisfiable, SchemathesisError):  # An operation that takes nothing cannot be asked wrongly.
            if mode is GenerationMode.POSITIVE:
                raise
    return drawn


def with_known_ids(case: Case, group: str, memory: Memory, rng: random.Random) -> dict[str, Any]:
    """Return a request's path, query, headers and body in which known values stand where ids are asked for."""

    def changed(values: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(values)
        for name in made:
            known = memory.value(name, group, rng) if rng.random() < KNOWN_SHARE else None
            if known is not None:
                made[name] = known
        return made

    return {
        "path_parameters": changed(case.path_parameters or {}),
        "query": changed(case.query or {}),
        "headers": dict(case.headers or {}),
        "body": changed(case.body) if isinstance(case.body, dict) else case.body,
    }


def _plain(value: Any) -> Any:
    """Return the description as plain data of its own: schemathesis changes what it reads."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
