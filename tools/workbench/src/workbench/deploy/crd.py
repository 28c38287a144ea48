"""The CustomResourceDefinition of `WeaverFleet`, from the models of `arbitrator.fleets`: a structural schema.

Kubernetes takes a subset of OpenAPI: no references, no `anyOf` with null, no titles. Docstrings become descriptions,
defaults stay, and the CEL rules travel in the models' `json_schema_extra`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from arbitrator.fleets.spec import GROUP, KIND, PLURAL, VERSION, FleetSpec
from arbitrator.fleets.status import FleetStatus

FILE: Final = f"crds/{PLURAL}.{GROUP}.yaml"

_KEPT: Final = (
    "type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minItems", "maxItems", "minProperties", "maxProperties", "default", "format", "required",
    "x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
)  # fmt: skip


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """Return the structural schema of a model. Constraints of numbers and texts are Kubernetes' own words."""
    schema = model.model_json_schema(by_alias=True)
    return _node(schema, schema.get("$defs", {}), model)


def _node(schema: Mapping[str, Any], shared: Mapping[str, Any], model: type[BaseModel] | None) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        schema = {**shared[name], **{key: value for key, value in schema.items() if key != "$ref"}}
    if "anyOf" in schema:  # An optional field: absent, never null.
        [inner] = [one for one in schema["anyOf"] if one.get("type") != "null"]
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        schema = {**inner, **rest}
        if "$ref" in schema:
            return _node(schema, shared, model)
    made = {key: schema[key] for key in _KEPT if key in schema and schema[key] is not None}
    for border, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if exclusive in made:
            made[border], made[exclusive] = made[exclusive], True
    if "description" in schema and model is None:
        made["description"] = " ".join(schema["description"].split())
    if "items" in schema:
        made["items"] = _node(schema["items"], shared, None)
    if isinstance(schema.get("additionalProperties"), Mapping):
        made["additionalProperties"] = _node(schema["additionalProperties"], shared, None)
    if "properties" in schema:
        made["properties"] = {name: _node(one, shared, None) for name, one in schema["properties"].items()}
    return made


def _described(schema: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Write the docstrings below a model's fields into its schema, and those of the models inside."""
    words = _docstrings(model)
    for name, field in model.model_fields.items():
        node = schema["properties"][str(field.alias or name)]
        if name in words:
            node["description"] = words[name]
        for inner in _models(field.annotation):
            _described(node.get("items", node), inner)
    return schema


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for one in getattr(annotation, "__args__", ()) for model in _models(one)]


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    [body] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(after.value)).split())
    return found


def crd() -> dict[str, Any]:
    """Return the definition."""
    columns = [
        ("Mode", "string", ".status.mode"),
        ("Waiting", "integer", ".status.waiting"),
        ("Ready", "integer", ".status.readyReplicas"),
        ("Wanted", "integer", ".status.wantedReplicas"),
        ("Cost/h", "number", ".status.costPerHour"),
        ("Budget", "string", ".status.conditions[?(@.type=='BudgetHolds')].reason"),
        ("Status", "string", ".status.conditions[?(@.type=='Ready')].reason"),
        ("Age", "date", ".metadata.creationTimestamp"),
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}", "annotations": {"helm.sh/resource-policy": "keep"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": PLURAL.removesuffix("s"),
                "shortNames": ["wf"],
                "categories": ["proteus"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": [
                        {"name": name, "type": kind, "jsonPath": path} for name, kind, path in columns
                    ],
                    "subresources": {
                        "status": {},
                        "scale": {
                            "specReplicasPath": ".spec.replicas",
                            "statusReplicasPath": ".status.replicas",
                            "labelSelectorPath": ".status.selector",
                        },
                    },
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "required": ["spec"],
                            "properties": {
                                "apiVersion": {"type": "string"},
                                "kind": {"type": "string"},
                                "metadata": {"type": "object"},
                                "spec": _described(structural(FleetSpec), FleetSpec),
                                "status": _described(structural(FleetStatus), FleetStatus),
                            },
                        }
                    },
                }
            ],
        },
    }
