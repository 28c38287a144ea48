"""The workflows run what a developer runs and publish every image there is."""

import re
from typing import Any

import yaml

from workbench.deploy.images import DOCKERFILES, GPU, VERSION

from .conftest import CHART, ROOT


def workflow(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    return read


def commands(name: str) -> list[str]:
    return [step["run"] for job in workflow(name)["jobs"].values() for step in job["steps"] if "run" in step]


def test_ci_runs_the_gate_and_every_target_is_there() -> None:
    assert "make test" in commands("ci")
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {
        command.split()[1] for name in ("ci", "release") for command in commands(name) if command.startswith("make ")
    }
    assert asked <= targets


def test_a_release_publishes_every_image_and_only_after_the_tests() -> None:
    jobs = workflow("release")["jobs"]
    published = {one["image"]: one["dockerfile"] for one in jobs["images"]["strategy"]["matrix"]["include"]}
    assert published == {**DOCKERFILES, **GPU}
    assert (jobs["images"]["needs"], jobs["chart"]["needs"]) == ("test", "images")


def test_images_and_chart_carry_one_version() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == VERSION
