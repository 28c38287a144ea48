"""Writes the chart's generated files from the code, and deploy/k8s from the chart, as files for kustomize.

The chart is the only source of plain manifests; `python -m workbench.deploy.manifests` writes the files, a test asserts
that they are current. Base: cpu profile, bundled stores, Secrets by name (an overlay makes them). The gpu overlay
patches the weaver.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml
from helm_python import Chart

from arbitrator.policies.named import POLICIES
from proteus.engines import CARDS
from proteus.licences import PARSERS
from proteus.redis_roles import RedisRole, acl_file
from proteus.storage_roles import StorageRole, actions
from workbench.deploy import crd, values_page

ROOT: Final = Path(__file__).resolve().parents[5]
CHART: Final = ROOT / "deploy" / "helm" / "proteus"
TARGET: Final = ROOT / "deploy" / "k8s"

REGISTRY: Final = "registry.example.com/proteus"

BASE_VALUES: Final[dict[str, Any]] = {
    "image": {"registry": REGISTRY},
    "scaling": {"assumeKeda": True},
    "redis": {"existingSecret": "proteus-redis"},
    "postgres": {"existingSecret": "proteus-postgres"},
    "objectStorage": {"existingSecret": "proteus-object-storage"},
    "auth": {"existingSecret": "proteus-auth"},
    "ingress": {"enabled": True, "host": "proteus.example.com", "tlsSecretName": "proteus-tls"},
}

GPU_VALUES: Final[dict[str, Any]] = {
    **BASE_VALUES,
    "profile": "gpu",
    "weaver": {"engines": ["catvton"], "weights": {"source": "s3://proteus-weights/catvton"}},
}

FILES: Final[dict[str, tuple[str, ...]]] = {
    "redis.yaml": ("templates/data/redis.yaml",),
    "postgres.yaml": ("templates/data/postgres.yaml",),
    "object-storage.yaml": ("templates/data/objectstorage.yaml",),
    "settings.yaml": ("templates/shared/configmap.yaml", "templates/shared/serviceaccounts.yaml"),
    "gateway.yaml": (
        "templates/gateway/deployment.yaml",
        "templates/gateway/service.yaml",
        "templates/gateway/poddisruptionbudget.yaml",
    ),
    "ingress.yaml": ("templates/gateway/ingress.yaml",),
    "tailor.yaml": ("templates/tailor/deployment.yaml", "templates/tailor/service.yaml"),
    "weaver.yaml": ("templates/weaver/deployment.yaml",),
    "arbitrator.yaml": ("templates/arbitrator/deployment.yaml",),
    "keda-scaler.yaml": (
        "templates/weaver/scaledobject.yaml",
        "templates/weaver/triggerauthentication.yaml",
        "templates/tailor/scaledobject.yaml",
    ),
    "network-policies.yaml": ("templates/shared/networkpolicies.yaml",),
}

HEADER: Final = "# Made from deploy/helm/proteus by `make manifests`; change the chart, not this file.\n"

CRD_HEADER: Final = "# Made from arbitrator/fleets by `make manifests`; change the models, not this file.\n"


def from_code() -> dict[str, str]:
    """Return the chart's generated files: path in the chart -> text.

    They hold each role's rights, with placeholders for passwords, bucket and weights, the data of the engines' and
    parsers' cards, the engines, parsers and policies that the values may name, the definition of `WeaverFleet`, and
    the page of all values.
    """
    users = acl_file({role: f"<{role}>" for role in RedisRole})
    storage = {
        str(role): actions(role, bucket="<bucket>")
        + (["<weights>"] if role in (StorageRole.TAILOR, StorageRole.WEAVER) else [])
        for role in StorageRole
    }
    return {
        "files/redis-users.acl": users,
        "files/storage-rights.json": json.dumps(storage, indent=2) + "\n",
        "files/engines.json": json.dumps(_engines(), indent=2) + "\n",
        "files/parsers.json": json.dumps(_parsers(), indent=2) + "\n",
        "values.schema.json": json.dumps(_values_schema(), indent=2) + "\n",
        values_page.FILE: values_page.page((CHART / "values.yaml").read_text(), (CHART / "Chart.yaml").read_text()),
        crd.FILE: CRD_HEADER + yaml.safe_dump(crd.crd(), sort_keys=False, width=120),
    }


def _engines() -> dict[str, dict[str, object]]:
    return {
        card.name: {
            "device": card.device,
            "commercialTerms": card.commercial_terms,
            "weightsLicence": card.weights_licence,
        }
        for card in CARDS.values()
    }


def _parsers() -> dict[str, dict[str, object]]:
    return {
        card.name: {"commercialTerms": card.commercial_terms, "weightsLicence": card.weights_licence}
        for card in PARSERS.values()
    }


def _values_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    sections = schema["properties"]
    sections["weaver"]["properties"]["engines"]["items"]["enum"] = list(CARDS)
    sections["tailor"]["properties"]["parser"]["enum"] = list(PARSERS)
    sections["arbitrator"]["properties"]["policy"]["enum"] = list(POLICIES)
    return schema


def render(values: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Render the chart as release `proteus` in namespace `proteus`: template -> its objects."""
    rendered = Chart.load(str(CHART)).render(values, name="proteus", namespace="proteus")
    return {
        path.removeprefix("proteus/"): [document for document in yaml.safe_load_all(text) if document]
        for path, text in rendered.items()
        if path.endswith(".yaml")
    }


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Drop the fields that only Helm needs, so that `kubectl apply` owns the object."""
    for metadata in (document["metadata"], document.get("spec", {}).get("template", {}).get("metadata", {})):
        for label in ("helm.sh/chart", "app.kubernetes.io/managed-by"):
            metadata.get("labels", {}).pop(label, None)
        if metadata.get("annotations", {}).pop("checksum/config", None) and not metadata["annotations"]:
            del metadata["annotations"]
    return document


def _dump(documents: list[dict[str, Any]]) -> str:
    return HEADER + yaml.safe_dump_all(map(_plain, documents), sort_keys=False, width=120)


def manifests() -> dict[str, str]:
    """Return every generated file: path under deploy/k8s -> text."""
    base, gpu = render(BASE_VALUES), render(GPU_VALUES)
    files = {
        f"base/{name}": _dump([document for template in templates for document in base[template]])
        for name, templates in FILES.items()
    }
    files["overlays/gpu/weaver.yaml"] = _dump(gpu["templates/weaver/deployment.yaml"])
    return files


def main() -> None:
    """Write the files."""
    for name, text in from_code().items():
        (CHART / name).parent.mkdir(exist_ok=True)
        (CHART / name).write_text(text)
    for name, text in manifests().items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{len(manifests())} files written under deploy/k8s")


if __name__ == "__main__":
    main()
