"""Dashboards ask only for metrics that the services really have."""

import json
import re

import pytest
import yaml
from helm_python import Chart

from .conftest import CHART, ROOT, profile_values

METRIC = re.compile(r"\bproteus_[a-z_]+")
SUFFIXES = ("_bucket", "_sum", "_count", "_total", "")


def defined() -> set[str]:
    folders = (ROOT / "services", ROOT / "libs")
    source = "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    return {name.removesuffix("_total") for name in re.findall(r'"(proteus_[a-z_]+)"', source)}


def expressions() -> list[str]:
    dashboard = json.loads((CHART / "dashboards" / "fleet.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_names_metrics_that_exist(expression: str) -> None:
    known = defined()
    for name in METRIC.findall(expression):
        assert any(name.removesuffix(suffix) in known for suffix in SUFFIXES if name.endswith(suffix)), name


def test_the_rendered_rule_holds_every_alert() -> None:
    rendered = Chart.load(str(CHART)).render(profile_values("gpu"), name="demo", namespace="proteus")
    rule = yaml.safe_load(rendered["proteus/templates/monitoring/prometheusrule.yaml"])
    assert rule["spec"] == yaml.safe_load((CHART / "alerts.yaml").read_text())
