"""Bodies on the wire: one way from a model to an answer, and the examples that the API's description shows.

A handler returns its model and the framework serialises it. Where an answer's status or headers depend on its
content, `answer` does the same by hand. Each noun keeps its example beside its model; together they tell one story with
the same ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict


def answer(
    body: BaseModel,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """Return a model as an answer, serialised once."""
    return Response(
        body.__pydantic_serializer__.to_json(body),
        status_code=status_code,
        headers=dict(headers) if headers else None,
        media_type=media_type,
    )


def asked(**fields: Any) -> ConfigDict:
    """Configure a request's body: unknown fields are refused, this is the example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


def said(example: dict[str, Any]) -> ConfigDict:
    """Configure an answer's body: this is the example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a model's JSON Schema with its definitions in place of the references to them."""
    known = schema.get("$defs", {})

    def resolved(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return resolved(known[part["$ref"].rpartition("/")[2]])
            return {name: resolved(value) for name, value in part.items() if name != "$defs"}
        return [resolved(one) for one in part] if isinstance(part, list) else part

    found: dict[str, Any] = resolved(schema)
    return found


def page(item: dict[str, Any]) -> ConfigDict:
    """Configure a list's body."""
    return said({"items": [item], "next_cursor": "WyIyMDI2LTAyLTAz…"})
