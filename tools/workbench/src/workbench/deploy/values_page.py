"""The chart's README, which its registry's page shows: how to install it, and every value with its reason.

The values, their defaults and their comments are read from values.yaml; `make manifests` writes the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

FILE: Final = "README.md"

HEAD: Final = """\
<!-- Made from Chart.yaml and values.yaml by `make manifests`; change those, not this file. -->
# Proteus

{description}: a photo of a person and a photo of a garment become a photo of that
person wearing it, on machines of your own.

Needs Kubernetes {kube} and, unless `scaling.owner` is `none`, KEDA.

```
helm install proteus oci://REGISTRY/charts/proteus -n proteus --create-namespace
helm test proteus -n proteus
```

REGISTRY is where the release was published; its chart knows the images beside it. From a clone name your own:
`helm install proteus deploy/helm/proteus --set image.registry=…`. Without further values it runs the engine `puppet`
on CPUs, with Redis, Postgres and object storage of its own: for trials. Production begins with `values-gpu.yaml` or
`values-lke.yaml`.

Engines have licences of their own: CatVTON's weights are non-commercial (CC BY-NC-SA 4.0);
`engines.licencePolicy: commercial` refuses such an engine.

## Values

A combination that cannot work is refused in one sentence that names the fix; types are in `values.schema.json`.
"""


@dataclass(frozen=True)
class Value:
    """A value of the chart that has no parts: its dotted path, its default as JSON, and what is written above it."""

    path: str
    default: str
    reason: str


@dataclass(frozen=True)
class Section:
    """The values under one key of the first level, and what is written above that key."""

    name: str
    reason: str
    values: tuple[Value, ...]


def sections(text: str) -> list[Section]:
    """Read values.yaml; values without parts at the first level are a section without a name, the first."""
    root, lines = yaml.compose(text), text.splitlines()
    assert isinstance(root, yaml.MappingNode)
    plain, found = [], []
    for key, node in root.value:
        if _has_parts(node):
            values = tuple(_values(node, key.value, lines))
            found.append(Section(key.value, _above(key, lines), values))
        else:
            plain.append(_value(key, node, key.value, lines))
    return [Section("", "", tuple(plain)), *found]


def page(values: str, chart: str) -> str:
    """Return the page for the texts of values.yaml and Chart.yaml."""
    about = yaml.safe_load(chart)
    parts = [HEAD.format(description=about["description"], kube=about["kubeVersion"].removesuffix("-0"))]
    for section in sections(values):
        parts.append(f"\n### {section.name or 'General'}\n\n" + (f"{section.reason}\n\n" if section.reason else ""))
        parts.append("| value | default | |\n|---|---|---|\n")
        parts += [f"| `{one.path}` | `{one.default}` | {one.reason} |\n" for one in section.values]
    return "".join(parts)


def _values(node: yaml.MappingNode, path: str, lines: list[str]) -> Iterator[Value]:
    for key, inner in node.value:
        inner_path = f"{path}.{key.value}"
        if _has_parts(inner):
            above, values = _above(key, lines), list(_values(inner, inner_path, lines))
            # What is said of a group is said at its first value.
            first = Value(values[0].path, values[0].default, f"{above} {values[0].reason}".strip())
            yield from [first, *values[1:]]
        else:
            yield _value(key, inner, inner_path, lines)


def _value(key: yaml.Node, node: yaml.Node, path: str, lines: list[str]) -> Value:
    default = json.dumps(yaml.SafeLoader("").construct_document(node), ensure_ascii=False)
    beside = lines[node.end_mark.line][node.end_mark.column :] if node.end_mark.column else ""
    reason = f"{_above(key, lines)} {beside.partition('# ')[2]}".strip()
    return Value(path, _in_table(default), _in_table(reason))


def _has_parts(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) and not node.flow_style


def _above(key: yaml.Node, lines: list[str]) -> str:
    line = key.start_mark.line - 1
    said: list[str] = []
    while line >= 0 and lines[line].lstrip().startswith("# "):
        said.insert(0, lines[line].strip().removeprefix("# "))
        line -= 1
    return " ".join(said)


def _in_table(text: str) -> str:
    return text.replace("|", "\\|")
