"""Rendering the chart with real Helm, once per set of values."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python import Chart

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "proteus"
PROFILES = ("cpu", "gpu", "lke", "ci")

Values = dict[str, Any]
Objects = list[dict[str, Any]]


def merged(base: Values, over: Values) -> Values:
    out = dict(base)
    for key, value in over.items():
        out[key] = merged(out.get(key) or {}, value) if isinstance(value, dict) else value
    return out


def profile_values(name: str, /, **over: Any) -> Values:
    values = yaml.safe_load((CHART / f"values-{name}.yaml").read_text())
    return merged(merged(values, {"scaling": {"assumeKeda": True}}), over)


@cache
def _render(values: str) -> tuple[tuple[str, str], ...]:
    return tuple(Chart.load(str(CHART)).render(json.loads(values), name="demo", namespace="proteus").items())


def render(values: Values) -> Objects:
    return [
        document
        for path, text in _render(json.dumps(values, sort_keys=True))
        if path.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    ]


@cache
def _follows_schema(document: str, version: str) -> None:
    kubernetes_validate.validate(json.loads(document), version, strict=True)


def follows_schema(document: dict[str, Any], version: str) -> None:
    """Raise unless an object follows Kubernetes' own schema, strictly; objects that profiles share are read once."""
    _follows_schema(json.dumps(document, sort_keys=True), version)


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def objects(profile: str) -> Objects:
    return render(profile_values(profile))


@pytest.fixture
def rendered() -> Callable[..., Objects]:
    return lambda name="cpu", /, **over: render(profile_values(name, **over))
