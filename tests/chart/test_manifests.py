"""deploy/k8s is the chart in plain manifests: current, complete, and its overlays build."""

import shutil
import subprocess
import sysconfig
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from workbench.deploy import cluster_secrets
from workbench.deploy.manifests import CHART, TARGET, from_code, manifests

from .conftest import follows_schema

FOUNDING = ("namespace", "redis", "gateway", "tailor", "weaver", "arbitrator", "keda-scaler", "ingress")


@cache
def tree() -> TemporaryDirectory[str]:
    """A copy of deploy/k8s with secrets of its own; gone with the process."""
    room = TemporaryDirectory()
    shutil.copytree(TARGET, room.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("secrets"))
    cluster_secrets.write(Path(room.name) / "overlays" / "local" / "secrets")
    return room


def build(overlay: str) -> list[dict[str, Any]]:
    kubectl = Path(sysconfig.get_path("scripts")) / "kubectl"
    done = subprocess.run(
        [kubectl, "kustomize", Path(tree().name) / overlay], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def test_the_files_are_what_the_chart_renders() -> None:
    stale = [name for name, text in manifests().items() if (TARGET / name).read_text() != text]
    assert stale == [], "run `make manifests`"


def test_what_the_chart_knows_of_the_code_is_what_the_code_says() -> None:
    stale = [name for name, text in from_code().items() if (CHART / name).read_text() != text]
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
        for kind in ("containers", "initContainers")
        for container in o["spec"]["template"]["spec"].get(kind, ())
        for entry in container.get("env", [])
        if "secretKeyRef" in entry.get("valueFrom", {}) and not entry["valueFrom"]["secretKeyRef"].get("optional")
    }
    mounted = {
        (volume["secret"]["secretName"], item["key"])
        for o in objects
        if "template" in o.get("spec", {})
        for volume in o["spec"]["template"]["spec"].get("volumes", ())
        if "secret" in volume
        for item in volume["secret"]["items"]
    }
    asked = {
        (one["name"], one["key"])
        for o in objects
        if o["kind"] == "TriggerAuthentication"
        for one in o["spec"]["secretTargetRef"]
    }
    assert len(mounted) == 2
    assert len(asked) == 2
    assert named | mounted | asked <= there


def test_the_secrets_of_the_local_overlay_are_made_here_and_kept(tmp_path: Path) -> None:
    for name in ("one", "two"):
        cluster_secrets.write(tmp_path / name)
    made = {name: (tmp_path / name / "secrets.json").read_text() for name in ("one", "two")}
    assert made["one"] != made["two"]
    cluster_secrets.write(tmp_path / "one")
    assert (tmp_path / "one" / "secrets.json").read_text() == made["one"]
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "one").iterdir()} == {0}
    assert "overlays/local/secrets" in (TARGET.parents[1] / ".gitignore").read_text()


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
