"""A book of what was asked of a gateway and what came back, held against the promises of its description."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from gateway.commands import openapi as described_anew
from workbench.fuzz.judge import pattern_of

FAULTS = {"500"}
"""Promised for a bug of ours: nothing that a client sends may bring it about (`make fuzz`)."""

WITHOUT_POSTGRES = {("get", "/healthz"), ("get", "/health"), ("get", "/v1/models"), ("get", "/v1/retention")}
"""They answer while it is away; their 503 would come from the edge or a loop."""

NEVER_REFUSED = {("get", "/healthz"), ("get", "/readyz"), ("get", "/health")}
"""Probes take nothing, need nothing and are not limited."""


@cache
def openapi() -> dict[str, Any]:
    return described_anew()


class Book:
    """What was asked, and what came back, by operation."""

    def __init__(self) -> None:
        self.statuses: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.parameters: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.headers: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        self.malformed: list[str] = []

    async def note(self, response: httpx.Response) -> None:
        request = response.request
        path = pattern_of(urlsplit(str(request.url)).path)
        place = (request.method.lower(), path)
        self.statuses[place].add(response.status_code)
        self.headers[*place, response.status_code] |= {name.lower() for name in response.headers}
        if response.status_code < 400:
            names = [name.partition("[")[0] for name, _ in parse_qsl(urlsplit(str(request.url)).query)]
            self.parameters[place] |= {*names, *(name.lower() for name in request.headers)}


def described() -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for path, verbs in openapi()["paths"].items():
        for verb, operation in verbs.items():
            yield (verb, path), operation


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return dict(openapi()["components"]["schemas"][name]) if name else schema


def examples_of(schema: Mapping[str, Any]) -> list[Any]:
    """What a schema shows, or else the simplest values that it takes."""
    schema = resolved(schema)
    found = list(schema.get("examples") or schema.get("enum") or ([schema["default"]] if "default" in schema else []))
    for form in schema.get("anyOf", ()):
        found += found or examples_of(form)
    simplest = {"integer": schema.get("minimum", 1), "boolean": True, "string": "x" * schema.get("minLength", 1)}
    return found or ([simplest[schema["type"]]] if schema.get("type") in simplest else [])


def unmet_statuses(book: Book) -> Iterator[str]:
    for place, operation in described():
        for status in sorted(set(operation["responses"]) - FAULTS):
            if (status == "503" and place in WITHOUT_POSTGRES) or (status == "4XX" and place in NEVER_REFUSED):
                continue
            if not any(re.fullmatch(status.replace("X", r"\d"), str(seen)) for seen in book.statuses[place]):
                yield f"{place}: nothing brought about {status}; seen {sorted(book.statuses[place])}"


def unmet_parameters(book: Book) -> Iterator[str]:
    for place, operation in described():
        for one in operation.get("parameters", []):
            name = one["name"].lower() if one["in"] == "header" else one["name"]
            if one["in"] != "path" and name not in book.parameters[place]:
                yield f"{place}: the parameter {name} was in no request that succeeded"


def unmet_headers(book: Book) -> Iterator[str]:
    for place, operation in described():
        for status, answer in operation["responses"].items():
            for name in answer.get("headers", {}):
                seen = [names for (*where, code), names in book.headers.items()
                        if tuple(where) == place and re.fullmatch(status.replace("X", r"\d"), str(code))]  # fmt: skip
                if not any(name.lower() in names for names in seen):
                    yield f"{place} {status}: no answer had the header {name}"
