"""A release: one version everywhere, a chart that knows its images, and pages that name what is there."""

import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml
from helm_python import Chart

from proteus.errors import InvalidRequest
from workbench.deploy import release, values_page, version
from workbench.deploy.images import DOCKERFILES, GPU, VERSION

from .conftest import CHART, ROOT, follows_schema, profile_values, render
from .test_weaver_fleet import CRD
from .test_workflows import workflow

REGISTRY = "ghcr.io/acme/proteus"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release.package(REGISTRY, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def about(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as opened:
        told = opened.extractfile("proteus/Chart.yaml")
        assert told is not None
        read: dict[str, Any] = yaml.safe_load(told.read())
    return read


def test_everything_carries_one_version_and_takes_another_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert version.versions() == {path: {VERSION} for path in version.FILES}
    for path in version.FILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    monkeypatch.setattr(version, "ROOT", tmp_path)
    assert version.main(["1.22.333-rc.1"]) == 0
    assert version.versions() == {path: {"1.22.333-rc.1"} for path in version.FILES}
    for path in version.FILES:  # Nothing else has changed: the versions of others', for example.
        assert version.replaced(path, VERSION) == (ROOT / path).read_text()
    (tmp_path / "tools/cli/pyproject.toml").write_text('version = "0.0.9"\n')
    assert version.main([]) == 1


@pytest.mark.parametrize("wrong", ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3 ", "1.2.3\n", "1.2.3;rm"])
def test_what_is_no_version_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert version.main([wrong]) == 2
    assert repr(wrong) in capsys.readouterr().err


def test_every_package_and_every_place_of_the_version_is_known() -> None:
    tracked = {str(path.relative_to(ROOT)) for path in ROOT.glob("*/*/pyproject.toml")}
    assert tracked <= version.FILES.keys()


def test_a_published_chart_installs_without_being_told_where_its_images_are(archive: Path) -> None:
    chart = Chart.load_archive(archive.read_bytes())
    text = "".join(chart.render({"scaling": {"assumeKeda": True}}, name="demo", namespace="proteus").values())
    ours = set(re.findall(r"image: \"?([^\s\"]*/(?:gateway|tailor|weaver|arbitrator):[^\s\"]*)", text))
    assert ours == {f"{REGISTRY}/{name}:{VERSION}" for name in ("gateway", "tailor", "weaver", "arbitrator")}


def test_a_published_chart_passes_helms_own_lint_and_brings_licence_and_readme(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    report = helm_python.lint(tmp_path / "proteus", {"scaling": {"assumeKeda": True}}, strict=True)
    assert report["errors"] == []
    assert {"LICENSE", "README.md", "crds"} <= {path.name for path in (tmp_path / "proteus").iterdir()}


def test_artifact_hub_is_told_every_image_with_its_platforms_and_what_changed(about: dict[str, Any]) -> None:
    told = {name: yaml.safe_load(text) for name, text in about["annotations"].items()}
    built = {
        one["image"]: one["platforms"].split(",")
        for one in workflow("release")["jobs"]["images"]["strategy"]["matrix"]["include"]
    }
    assert {one["name"]: one["platforms"] for one in told["artifacthub.io/images"]} == built
    assert built.keys() == {**DOCKERFILES, **GPU}.keys()
    assert {one["image"] for one in told["artifacthub.io/images"]} == {f"{REGISTRY}/{name}:{VERSION}" for name in built}
    changes = told["artifacthub.io/changes"]
    assert len(changes) == (ROOT / "CHANGELOG.md").read_text().partition("\n## 0")[2].count("\n* ")
    assert all(re.search(r"\]\(|\n", one["description"]) is None and one["kind"] == "changed" for one in changes)
    assert told["artifacthub.io/prerelease"] is False


def test_the_example_of_a_fleet_follows_the_definition(about: dict[str, Any]) -> None:
    (named,) = yaml.safe_load(about["annotations"]["artifacthub.io/crds"])
    (example,) = yaml.safe_load(about["annotations"]["artifacthub.io/crdsExamples"])
    spec = CRD["spec"]
    assert (named["kind"], named["name"]) == (spec["names"]["kind"], CRD["metadata"]["name"])
    properties = spec["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert set(properties["required"]) <= example["spec"].keys() <= properties["properties"].keys()


@pytest.mark.parametrize(
    "wrong", ["", "proteus", "ghcr.io", "ghcr.io/", "GHCR.io/acme/proteus", "ghcr.io/a b", "https://ghcr.io/acme"]
)
def test_what_is_no_registry_is_refused_by_its_value(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(repr(wrong))):
        release.package(wrong, tmp_path)


def test_the_notes_of_a_release_are_its_section_alone() -> None:
    newer = "## 0.2.0\n\n* New ([a page](a.html)).\n* Two\n  lines, [linked](x).\n\n"
    log = f"# Changelog\n\n{newer}## 0.1.0\n\n* Old.\n"
    assert release.notes(log, "0.1.0") == "* Old.\n"
    assert release.entries(log, "0.2.0") == ["New.", "Two lines, linked."]
    with pytest.raises(InvalidRequest, match="0\\.3\\.0"):
        release.notes(log, "0.3.0")


def test_every_value_is_on_the_page_with_its_default_and_its_reason() -> None:
    text = (CHART / "values.yaml").read_text()
    listed = {one.path: one for section in values_page.sections(text) for one in section.values}

    def leaves(values: dict[str, Any], path: str = "") -> dict[str, Any]:
        found = {}
        for key, value in values.items():
            here = f"{path}{key}"
            found |= (
                leaves(value, f"{here}.")
                if isinstance(value, dict) and not any(one == here for one in listed)
                else {here: value}
            )
        return found

    assert {path: yaml.safe_load(one.default.replace("\\|", "|")) for path, one in listed.items()} == leaves(
        yaml.safe_load(text)
    )
    # A comment above, one beside, one above a group, and none.
    assert listed["tailor.autoscaling.jobsPerPod"].reason.startswith("Cut-outs and parses")
    assert listed["scaling.minReplicas"].reason.startswith("0 allowed")
    assert listed["gateway.limits.jobAgeSeconds"].reason.startswith("A job that")
    assert listed["gateway.webhooks.allowedNetworks"].reason.startswith("Webhooks go to public https")
    assert listed["image.pullPolicy"].reason == ""


def test_objects_of_ones_own_are_part_of_the_release_as_objects_or_texts() -> None:
    named = {"name": "{{ .Release.Name }}-a"}
    mapping = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"is": "a"}}
    as_text = yaml.safe_dump({**mapping, "metadata": {"name": "{{ .Release.Name }}-b"}, "data": {"is": "{{ 1 }}"}})
    plain = {(one["kind"], one["metadata"]["name"]) for one in render(profile_values("cpu"))}
    objects = render(profile_values("cpu", extraManifests=[mapping, as_text]))
    more = [one for one in objects if (one["kind"], one["metadata"]["name"]) not in plain]
    assert [(one["metadata"]["name"], one["data"]) for one in more] == [
        ("demo-a", {"is": "a"}),
        ("demo-b", {"is": "1"}),
    ]
    for one in more:
        follows_schema(one, "1.29")


def test_the_recipe_for_a_laptop_names_images_services_and_values_that_are_there() -> None:
    recipe = (ROOT / "docs" / "kind.md").read_text()
    ci = render(profile_values("ci"))
    images = {
        container["image"].removeprefix("registry.example.com/proteus/").partition(":")[0]
        for one in ci if one["kind"] in ("Deployment", "StatefulSet", "Job")
        for container in one["spec"]["template"]["spec"]["containers"]
        if container["image"].startswith("registry.example.com/proteus/")
    }  # fmt: skip
    (loop,) = re.findall(r"^for image in (.*); do$", recipe, re.MULTILINE)
    assert set(loop.split()) == images <= DOCKERFILES.keys()
    services = {one["metadata"]["name"].removeprefix("demo-"): one for one in ci if one["kind"] == "Service"}
    for name, port in re.findall(r"port-forward svc/proteus-([a-z-]+) \d+:(\d+)", recipe):
        assert int(port) in [one["port"] for one in services[name]["spec"]["ports"]]
    chosen = dict(re.findall(r"--set ([\w.]+)=(\S+)", recipe))
    assert chosen.keys() == {"objectStorage.publicEndpoint", "scaling.owner", "scaling.minReplicas"}
    scaled = render(
        profile_values(
            "ci", scaling={"owner": chosen["scaling.owner"], "minReplicas": int(chosen["scaling.minReplicas"])}
        )
    )
    assert "ScaledObject" in {one["kind"] for one in scaled}
    assert f":{VERSION}" in recipe
