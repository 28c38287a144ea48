"""The compose file and the Dockerfiles, without an engine: valid, hardened, pinned, and clean for their linter."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from proteus.service import make_secrets
from workbench.deploy import standins
from workbench.deploy.images import DOCKERFILES, GPU

from .conftest import CHART, ROOT

SCRIPTS = Path(sysconfig.get_path("scripts"))
OURS = {"secrets", "migrate", "gateway", "tailor", "weaver", "weaver-gpu", "arbitrator"}
PROFILES = ("", "gpu", "observability", "gpu,observability,tls")


@cache
def compose(profiles: str, **env: str) -> dict[str, Any]:
    done = subprocess.run(
        [SCRIPTS / "docker-compose", "-f", ROOT / "docker-compose.yml", "config", "--format", "json"],
        env={"PATH": os.environ["PATH"], "COMPOSE_PROFILES": profiles, **env},
        cwd=ROOT / "deploy",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("dockerfile", [*DOCKERFILES.values(), *GPU.values()])
def test_a_dockerfile_is_clean_for_its_linter(dockerfile: str) -> None:
    done = subprocess.run([SCRIPTS / "hadolint", ROOT / dockerfile], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("dockerfile", [*DOCKERFILES.values(), *GPU.values()])
def test_an_image_is_not_root_has_labels_and_a_health_check_and_a_base_that_can_be_chosen(dockerfile: str) -> None:
    text = (ROOT / dockerfile).read_text()
    last = text.rsplit("\nFROM ", 1)[1]
    assert [line for line in last.splitlines() if line.startswith("USER ")] == ["USER 10001:10001"]
    assert "HEALTHCHECK " in last
    assert "org.opencontainers.image.licenses" in last
    assert all(line == "FROM ${PYTHON_IMAGE}" for line in (f"FROM {x.split()[0]}" for x in text.split("\nFROM ")[1:]))


@pytest.mark.parametrize("dockerfile", [*DOCKERFILES.values(), *GPU.values()])
def test_an_image_whose_processes_cannot_keep_compiled_modules_brings_them(dockerfile: str) -> None:
    text = (ROOT / dockerfile).read_text()
    assert "PYTHONDONTWRITEBYTECODE=1" in text
    assert text.index("-name __pycache__") < text.index("-m compileall -q --invalidation-mode unchecked-hash")


def test_the_default_profile_is_the_cpu_product() -> None:
    assert set(compose("")["services"]) == {"redis", "postgres", "object-storage"} | OURS - {"weaver-gpu"}


def test_profiles_add_the_gpu_weaver_and_the_dashboards() -> None:
    assert set(compose("gpu")["services"]) - set(compose("")["services"]) == {"weaver-gpu"}
    assert set(compose("observability")["services"]) - set(compose("")["services"]) == {"prometheus", "grafana"}
    assert set(compose("tls")["services"]) - set(compose("")["services"]) == {"tls"}


@pytest.mark.parametrize("profiles", PROFILES)
def test_every_service_is_hardened_pinned_and_local(profiles: str) -> None:
    for name, service in compose(profiles)["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {port["host_ip"] for port in service.get("ports", ())} <= {"127.0.0.1"}, name
        assert ":" in service["image"], name
        assert not service["image"].endswith(":latest"), name
        assert not {"bitnami", "minio"} & set(service["image"].replace(":", "/").split("/")), name
        if name in OURS:
            assert service["read_only"] is True, name
            assert all("/tmp:size=" in place for place in service["tmpfs"]), name
        if name not in {"weaver-gpu"}:
            assert int(service["mem_limit"]) > 0, name


@pytest.mark.parametrize("profiles", PROFILES)
def test_nobody_starts_before_what_it_needs_is_healthy(profiles: str) -> None:
    services = compose(profiles)["services"]
    for name in (OURS - {"secrets"}) & services.keys():
        waits = {other: need["condition"] for other, need in services[name].get("depends_on", {}).items()}
        assert waits, name
        assert set(waits.values()) <= {"service_healthy", "service_completed_successfully"}, name
        assert all("healthcheck" in services[o] for o, how in waits.items() if how == "service_healthy"), name


def test_no_service_has_a_secret_in_its_environment_but_the_one_that_takes_yours() -> None:
    services = compose("gpu", PROTEUS_SIGNING_KEY="your-own-signing-key", POSTGRES_PASSWORD="your-own-password")[
        "services"
    ]
    words = ("PASSWORD", "SECRET_KEY", "ACCESS_KEY", "SIGNING_KEY", "REDIS_URL", "DATABASE_URL")
    for name, service in services.items():
        given = {key: value for key, value in (service.get("environment") or {}).items() if value}
        plain = {key for key in given if any(word in key for word in words) and not key.endswith("_FILE")}
        assert plain == ({"PROTEUS_SIGNING_KEY", "POSTGRES_PASSWORD"} if name == "secrets" else set()), name
        assert all(value.startswith("/secrets/") for key, value in given.items() if key.endswith("_FILE")), name


@pytest.mark.parametrize("profiles", ["", "gpu"])
def test_each_service_mounts_its_own_secrets_alone_and_finds_there_what_it_is_told(
    profiles: str, tmp_path: Path
) -> None:
    make_secrets.write(tmp_path, {})
    services = compose(profiles)["services"]
    written = {mount["source"]: mount["target"] for mount in services["secrets"]["volumes"]}
    assert services["secrets"]["network_mode"] == "none"
    for name, service in services.items():
        if name == "secrets":
            continue
        mounts = [m for m in service.get("volumes", ()) if m["source"].startswith("secrets")]
        assert [m["source"] for m in mounts] == [f"secrets-{name.removesuffix('-gpu')}"], name
        assert (mounts[0]["target"], mounts[0]["read_only"]) == ("/secrets", True), name
        part = written[mounts[0]["source"]].rpartition("/")[2]
        told = [*(service.get("environment") or {}).values(), *(service.get("command") or [])]
        named = {word.rpartition("/secrets/")[2] for value in told for word in [str(value)] if "/secrets/" in word}
        assert named == {path.name for path in (tmp_path / part).iterdir()}, name


def test_a_certificate_is_mounted_into_the_workers_alone_and_told_only_where_there_is_one() -> None:
    without, with_one = compose("gpu")["services"], compose("gpu", MARKS_FOLDER="/etc/marks")["services"]
    for name, service in with_one.items():
        mounts = [(m["type"], m["source"], m["target"], m["read_only"])
                  for m in service.get("volumes", ()) if m["target"] == "/marks"]  # fmt: skip
        signs = name in ("tailor", "weaver", "weaver-gpu")
        assert mounts == ([("bind", "/etc/marks", "/marks", True)] if signs else []), name
        files = {key: value for key, value in (service.get("environment") or {}).items() if key.startswith("MARKS_")}
        assert {key for key, value in files.items() if value} == (
            {"MARKS_CERTIFICATE_FILE", "MARKS_KEY_FILE"} if signs else set()
        ), name
        told = (without[name].get("environment") or {}).items()
        assert not any(value for key, value in told if key.startswith("MARKS_")), name


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    asked = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", (ROOT / "docker-compose.yml").read_text()))
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked.keys() - shown.keys() == set()
    images = {name for name in asked if name.endswith("_IMAGE")}
    assert {name: shown[name] for name in images} == {name: asked[name] for name in images}


def test_a_tailor_gets_its_parser_its_weights_and_the_licence_policy() -> None:
    told = {
        "TAILOR_PARSER": "segformer",
        "TAILOR_WEIGHTS_SOURCE": "s3://weights",
        "PROTEUS_LICENCE_POLICY": "commercial",
    }
    services = compose("", **told, WEIGHTS_FOLDER="./models")["services"]
    tailor = services["tailor"]
    assert services["gateway"]["environment"]["PROTEUS_PARSER_VERSION"] == "segformer"
    assert told.items() <= tailor["environment"].items()
    target = tailor["environment"]["TAILOR_WEIGHTS_DIR"]
    [mount] = [mount for mount in tailor["volumes"] if mount["target"] == target]
    assert (mount["type"], mount["source"]) == ("bind", str(ROOT / "models"))
    plain = compose("gpu")["services"]
    assert plain["tailor"]["environment"]["TAILOR_PARSER"] == "classic"
    assert plain["tailor"]["volumes"][0] == plain["weaver-gpu"]["volumes"][0]


@pytest.mark.parametrize(("dockerfile", "service"), [(DOCKERFILES["tailor"], "TAILOR"), (GPU["weaver-gpu"], "WEAVER")])
def test_an_image_that_takes_weights_has_a_folder_for_them_that_its_user_owns(dockerfile: str, service: str) -> None:
    last = (ROOT / dockerfile).read_text().rsplit("\nFROM ", 1)[1]
    assert "install -d -o 10001 -g 10001 /weights" in last
    assert f"{service}_WEIGHTS_DIR=/weights" in last


def test_compose_chart_dockerfiles_and_stand_ins_name_the_same_images() -> None:
    composed = {name: service["image"] for name, service in compose("")["services"].items()}
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert composed["redis"] == values["redis"]["image"] == standins.REDIS
    assert composed["postgres"] == values["postgres"]["image"] == standins.POSTGRES
    assert composed["object-storage"] == values["objectStorage"]["image"] == standins.OBJECT_STORAGE
    for dockerfile in (*DOCKERFILES.values(), *GPU.values()):
        assert f"ARG PYTHON_IMAGE={standins.PYTHON}\n" in (ROOT / dockerfile).read_text()


def test_without_a_docker_engine_the_trial_says_so_plainly(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workbench.deploy.compose_test"],
        env={"PATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("This needs a Docker engine. No Docker engine answers")
    assert len(done.stderr.splitlines()) == 1
