"""The API's description (OpenAPI), set right where the framework tells it wrongly.

Errors are problem documents, not bodies of each route's own type. Examples say `null` where a field is null: the
framework leaves every null out, and an example without it would break its own schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI

from gateway.api.problems import MEDIA_TYPE, Problem

_PROBLEM: Final = {"$ref": f"#/components/schemas/{Problem.__name__}"}


def install(app: FastAPI) -> None:
    """Describe the app as it is."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        described = describe()
        schemas = described.get("components", {}).get("schemas", {})
        for schema in schemas.values():
            if "examples" in schema:
                schema["examples"] = [with_nulls(one, schema, schemas) for one in schema["examples"]]
        for operations in described["paths"].values():
            for operation in operations.values():
                for response in operation["responses"].values():
                    content = response.get("content", {})
                    if MEDIA_TYPE in content:
                        others = {name: one for name, one in content.items() if one.get("schema") != _PROBLEM}
                        response["content"] = others | {MEDIA_TYPE: {"schema": _PROBLEM}}
        return described

    app.openapi = openapi  # type: ignore[method-assign]


def with_nulls(example: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return an example in which every required field stands that may be null and was left out.

    Args:
        example: As the framework wrote it.
        schema: Its schema.
        schemas: The schemas that references name.
    """
    for form in _forms(schema, schemas):
        if isinstance(example, dict) and "properties" in form:
            fields = form["properties"]
            absent = [name for name in form.get("required", ()) if name not in example]
            example = {name: with_nulls(value, fields.get(name, {}), schemas) for name, value in example.items()} | {
                name: None for name in absent if _may_be_null(fields[name], schemas)
            }
        elif isinstance(example, list) and "items" in form:
            example = [with_nulls(one, form["items"], schemas) for one in example]
    return example


def _forms(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the schema, what it refers to, and its alternatives."""
    if "$ref" in schema:
        return _forms(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    others = [
        form for name in ("anyOf", "oneOf", "allOf") for one in schema.get(name, ()) for form in _forms(one, schemas)
    ]
    return [schema, *others]


def _may_be_null(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    return any(form.get("type") == "null" for form in _forms(schema, schemas))
