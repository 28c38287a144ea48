"""deploy/k8s is the chart in plain manifests: current, complete, and its overlays build."""

import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from workbench.deploy.manifests import TARGET, manifests

from .conftest import follows_schema

FOUNDING = ("namespace", "redis", "gateway", "tailor", "weaver", "arbitrator", "keda-scaler", "ingress")


def build(overlay: str) -> list[dict[str, Any]]:
    kubectl = Path(sysconfig.get_path("scripts")) / "kubectl"
    done = subprocess.run([kubectl, "kustomize", TARGET / overlay], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def test_the_files_are_what_the_chart_renders() -> None:
    stale = [name for name, text in manifests().items() if (TARGET / name).read_text() != text]
    assert stale == [], "run `make manifests`"


def test_the_founding_file_names_are_there() -> None:
    assert [name for name in FOUNDING if not (TARGET / "base" / f"{name}.yaml").exists()] == []


@pytest.mark.parametrize("overlay", ["base", "overlays/local", "overlays/gpu", "overlays/lke"])
def test_an_overlay_builds_and_follows_the_strict_schemas(overlay: str) -> None:
    for document in build(overlay):
        if document["kind"] not in ("ScaledObject", "TriggerAuthentication"):
            follows_schema(document, "1.33")


def test_the_local_overlay_brings_every_secret_that_pods_name() -> None:
    objects = build("overlays/local")
    there = {(o["metadata"]["name"], key) for o in objects if o["kind"] == "Secret" for key in o["data"]}
    named = {
        (entry["valueFrom"]["secretKeyRef"]["name"], entry["valueFrom"]["secretKeyRef"]["key"])
        for o in objects
        if "template" in o.get("spec", {})
        for container in o["spec"]["template"]["spec"]["containers"]
        for entry in container.get("env", [])
        if "secretKeyRef" in entry.get("valueFrom", {})
    }
    assert named <= there


def test_the_gpu_overlay_asks_for_a_gpu_and_the_lke_overlay_for_no_store_of_its_own() -> None:
    [weaver] = [
        o for o in build("overlays/gpu") if o["kind"] == "Deployment" and o["metadata"]["name"] == "proteus-weaver"
    ]
    [container] = weaver["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert container["image"].endswith("/weaver-gpu:0.1.0")
    lke = build("overlays/lke")
    assert [o["kind"] for o in lke if o["metadata"]["name"] == "proteus-object-storage"] == []
    text = yaml.safe_dump_all(lke)
    assert "proteus-object-storage:8333" not in text
