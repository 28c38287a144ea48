"""The workflows run what a developer runs and publish every image there is."""

import re
from typing import Any

import yaml

from workbench.deploy import digests
from workbench.deploy.images import DOCKERFILES, GPU, VERSION

from .conftest import CHART, ROOT


def workflow(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    return read


def commands(name: str) -> list[str]:
    return [step["run"] for job in workflow(name)["jobs"].values() for step in job["steps"] if "run" in step]


def test_ci_runs_the_gate_and_every_target_is_there() -> None:
    assert "make test" in commands("ci")
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    names = [path.stem for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    makes = [command for name in names for command in commands(name) if command.startswith("make ")]
    assert {word for command in makes for word in command.split()[1:] if "=" not in word} <= targets


def test_what_others_made_is_looked_after_in_every_change() -> None:
    assert {"make audit", "make sbom", "make digests-check"} <= set(commands("supply"))
    assert "pull_request" in workflow("supply")[True]  # type: ignore[index]  # YAML reads `on` as true


def test_every_action_is_at_the_commit_that_was_resolved_for_it() -> None:
    record = digests.recorded()
    assert digests.actions() <= record["actions"].keys()
    stale = [name for name, text in digests.files(record).items() if (ROOT / name).read_text() != text]
    assert stale == [], "run `make digests`"
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert re.findall(r"uses: (?!.*@[0-9a-f]{40} # v)", path.read_text()) == [], path.name


def test_pinning_again_changes_nothing_and_a_new_commit_replaces_the_old() -> None:
    old, new = {"actions/checkout@v4": "a" * 40}, {"actions/checkout@v4": "b" * 40}
    once = digests.pinned("- uses: actions/checkout@v4\n- uses: other/thing@v1\n", old)
    assert once == f"- uses: actions/checkout@{'a' * 40} # v4\n- uses: other/thing@v1\n"
    assert digests.pinned(once, old) == once
    assert digests.pinned(once, new) == once.replace("a" * 40, "b" * 40)


def test_a_digest_reaches_compose_and_chart_and_a_tag_that_moved_is_named() -> None:
    image = digests.images()["REDIS_IMAGE"]
    record = {"images": {image: f"sha256:{'a' * 64}"}, "actions": {}}
    told = digests.files(record)
    assert told["deploy/digests.env"] == f"REDIS_IMAGE={image}@sha256:{'a' * 64}\n"
    values = yaml.safe_load(told["deploy/helm/proteus/values-digests.yaml"])
    assert values == {"redis": {"image": f"{image}@sha256:{'a' * 64}"}}
    assert image not in digests.unresolved(record)
    assert digests.images()["POSTGRES_IMAGE"] in digests.unresolved(record)
    now = {"images": {image: f"sha256:{'b' * 64}"}, "actions": {}}
    assert digests.moved(record, now) == [f"{image} is sha256:{'b' * 64} now, recorded is sha256:{'a' * 64}"]
    assert digests.moved(record, {"images": {}, "actions": {}}) == []


def test_a_release_publishes_every_image_and_only_after_the_tests() -> None:
    jobs = workflow("release")["jobs"]
    published = {one["image"]: one["dockerfile"] for one in jobs["images"]["strategy"]["matrix"]["include"]}
    assert published == {**DOCKERFILES, **GPU}
    assert (jobs["images"]["needs"], jobs["chart"]["needs"]) == ("test", "images")


def test_what_a_release_publishes_is_signed_by_its_digest() -> None:
    jobs = workflow("release")["jobs"]
    for name in ("images", "chart"):
        assert jobs[name]["permissions"]["id-token"] == "write"
        signed = [step["run"] for step in jobs[name]["steps"] if "cosign sign" in step.get("run", "")]
        assert len(signed) == 1
        assert re.search(r"cosign sign --yes \"\$\{REGISTRY,,\}/[^\"]*@\$\(", signed[0])
    assert jobs["test"].get("permissions") is None  # what tests run may publish nothing


def test_images_and_chart_carry_one_version() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == VERSION
