"""Says in which ways an answer or an event is not what docs/openapi.json and docs/events.schema.json say.

Fields that the description does not name differ, too, and so do headers that it requires or describes otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCS = Path(__file__).resolve().parents[5] / "docs"
PAGES = re.compile(r"/|/favicon\.ico|/llms\.txt|/docs(/.*)?|/openapi\.json|/ui(/.*)?|/app(/.*)?|/updates(/.*)?")
"""Not part of the described API: pages for people, their files, and the socket's own handshake."""


def closed(schema: Any) -> Any:
    """Return a schema that takes no field it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


ANSWERS = {"fleet": ("/v1/queue", "get")}
"""Names of events whose data are the answers of a route."""


@cache
def openapi() -> dict[str, Any]:
    """Return the description; its bodies take no field that it does not name."""
    found = json.loads((DOCS / "openapi.json").read_text())
    found["components"] = closed(found["components"])
    return dict(found)


@cache
def events() -> Draft202012Validator:
    """Return what checks an event."""
    return Draft202012Validator(closed(json.loads((DOCS / "events.schema.json").read_text())))


@cache
def routes() -> list[tuple[re.Pattern[str], str]]:
    """Every described path as a pattern, those without parameters first."""
    paths = sorted(openapi()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


@cache
def validator(path: str, method: str, status: str, content_type: str) -> Draft202012Validator:
    """Return what checks the body of an answer."""
    content = openapi()["paths"][path][method]["responses"][status]["content"][content_type]
    return Draft202012Validator({"components": openapi()["components"], **closed(content.get("schema", {}))})


PROBLEM = "application/problem+json"
REDIRECTED = 307
"""From a path with a slash too many to the described one."""


def differences(method: str, target: str, status: int, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    """Say in which ways an answer is not what the API's description says; `headers` by their names in lower case."""
    content_type = headers.get("content-type", "").partition(";")[0].strip()
    headers_only = method == "HEAD"
    path = next((path for pattern, path in routes() if pattern.fullmatch(target)), None)
    if path is None and (PAGES.fullmatch(target) or (status == REDIRECTED and target.endswith("/"))):
        return
    method = "get" if method == "HEAD" else method.lower()
    operation = openapi()["paths"].get(path, {}).get(method)
    if operation is None:
        if content_type != PROBLEM:
            yield f"{status} of a route that is not described, with {content_type or 'no body'}"
            return
        if not headers_only:
            problem = {"$ref": "#/components/schemas/Problem", "components": openapi()["components"]}
            yield from _errors(Draft202012Validator(problem), body)
        return
    described = operation["responses"]
    place = str(status) if str(status) in described else f"{status // 100}XX"
    if place not in described:
        yield f"status {status} is not described"
        return
    yield from header_differences(described[place].get("headers", {}), headers)
    content = described[place].get("content", {})
    if not content:
        if body:
            yield f"{status} has a body, and none is described"
        return
    if content_type not in content:
        yield f"{status} is {content_type or 'without a type'}, described are {sorted(content)}"
    elif content_type.endswith("json") and not headers_only:
        yield from _errors(validator(path or "", method, place, content_type), body)


def header_differences(described: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[str]:
    """Say which headers of an answer are missing, or are not what is described."""
    for name, header in described.items():
        value, schema = headers.get(name.lower()), header.get("schema", {})
        if value is None:
            if header.get("required"):
                yield f"the header {name} is missing"
            continue
        read: Any = int(value) if schema.get("type") == "integer" and value.isdecimal() else value
        for error in Draft202012Validator(schema).iter_errors(read):
            yield f"the header {name}: {error.message[:200]}"


def event_differences(name: str, event: Any) -> Iterator[str]:
    """Say in which ways an event is not what the events' schema says; operators' streams carry answers of the API."""
    if name in ANSWERS:
        for error in validator(*ANSWERS[name], "200", "application/json").iter_errors(event):
            yield f"{list(error.absolute_path)}: {error.message[:200]}"
        return
    for error in events().iter_errors(event):
        yield f"{list(error.absolute_path)}: {error.message[:200]}"
    if isinstance(event, dict) and event.get("kind") != name:
        yield f"is sent under the name {name}"


def _errors(validator: Draft202012Validator, body: bytes) -> Iterator[str]:
    try:
        value = json.loads(body)
    except ValueError:
        yield f"is no JSON: {body[:80]!r}"
        return
    for error in validator.iter_errors(value):
        yield f"{list(error.absolute_path)}: {error.message[:200]}"
