"""What chart and compose file put into the environment is what the services read: a renamed setting breaks here."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from gateway.settings import AuthSettings
from proteus.secret_files import SecretSettings
from proteus.settings import LeaseSettings, LogSettings, RedisSettings, StorageSettings, TracingSettings
from workbench.stack.plan import DEFAULTS

from .conftest import Objects
from .test_compose_and_images import compose

SERVICES = ("gateway", "tailor", "weaver", "arbitrator")
SHARED: tuple[type[BaseSettings], ...] = (LeaseSettings, LogSettings, RedisSettings, StorageSettings, TracingSettings)
TORCHS = {"PYTORCH_CUDA_ALLOC_CONF", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"}
NOT_OURS = {"HF_TOKEN", "REDIS_ADDR", "PROTEUS_WORKER_ID", "TAILOR_URL"} | TORCHS
"""Read by the hub's client; by KEDA from the weaver's and tailor's environment; by workers, and harmless elsewhere; by
what an operator adds beside the gateway (`POST /segment`); by PyTorch."""


def names(model: type[BaseSettings]) -> set[str]:
    prefix = model.model_config.get("env_prefix", "")
    told = {(field.alias or prefix + name).upper() for name, field in model.model_fields.items()}
    return told | {f"{name}_FILE" for name in told if issubclass(model, SecretSettings)}


def read_by(service: str) -> set[str]:
    """Every environment name in a service's `settings.py`."""
    module = importlib.import_module(f"{service}.settings")
    models = [
        model
        for _, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, BaseSettings) and model is not BaseSettings
    ]
    return set().union(*map(names, models))


EVERYBODY = set().union(*map(read_by, SERVICES))


def containers(objects: Objects) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in objects:
        if document["kind"] == "Deployment":
            for container in document["spec"]["template"]["spec"]["containers"]:
                yield document["metadata"]["name"].removeprefix("demo-"), container


def test_a_service_gets_no_variable_of_its_own_that_it_does_not_read(objects: Objects) -> None:
    for service, container in containers(objects):
        given = {entry["name"] for entry in container["env"]}
        assert given - NOT_OURS <= read_by(service), service


def test_the_shared_settings_are_all_read_by_somebody(objects: Objects) -> None:
    [settings] = [o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "demo-settings"]
    assert set(settings["data"]) - EVERYBODY <= NOT_OURS


def test_a_chart_lets_no_stranger_in_unless_told_and_the_local_stacks_do(
    rendered: Callable[..., Objects],
) -> None:
    def told(objects: Objects) -> str:
        [found] = [o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "demo-settings"]
        return str(found["data"]["AUTH_GUESTS"])

    assert told(rendered()) == AuthSettings().guests == "key"
    assert told(rendered(auth={"guests": "open"})) == "open"
    gateway = compose("")["services"]["gateway"]
    assert gateway["environment"]["AUTH_GUESTS"] == DEFAULTS["AUTH_GUESTS"] == "open"
    assert {port["host_ip"] for port in gateway["ports"]} == {"127.0.0.1"}


@pytest.mark.parametrize("profiles", ["", "gpu"])
def test_compose_gives_only_what_is_read(profiles: str) -> None:
    for name, service in compose(profiles)["services"].items():
        if service["image"].startswith("proteus/") and name != "secrets":
            known = read_by({"migrate": "gateway", "weaver-gpu": "weaver"}.get(name, name))
            shared = set().union(*map(names, SHARED))
            assert set(service["environment"]) - known - shared <= NOT_OURS, name


def test_a_tailor_that_needs_weights_is_told_where_they_come_from_and_keeps_them(
    rendered: Callable[..., Objects],
) -> None:
    weights = {"source": "s3://proteus-weights", "hubTokenSecret": "hub"}
    objects = rendered(tailor={"parser": "segformer", "weights": weights})
    [tailor] = [container for name, container in containers(objects) if name == "tailor"]
    told = {entry["name"]: entry.get("value") for entry in tailor["env"]}
    assert (told["TAILOR_PARSER"], told["TAILOR_WEIGHTS_SOURCE"]) == ("segformer", "s3://proteus-weights")
    assert {"name": "weights", "mountPath": told["TAILOR_WEIGHTS_DIR"]} in tailor["volumeMounts"]
    assert "HF_TOKEN" in told
    shared = next(
        one for one in objects if one["kind"] == "ConfigMap" and one["metadata"]["name"].endswith("-settings")
    )
    assert shared["data"]["PROTEUS_PARSER_VERSION"] == "segformer"
    assert told.keys() - NOT_OURS <= read_by("tailor")
    [classic] = [container for name, container in containers(rendered()) if name == "tailor"]
    assert [mount["name"] for mount in classic["volumeMounts"]] == ["tmp"]
    assert not {entry["name"] for entry in classic["env"]} & {"TAILOR_WEIGHTS_SOURCE", "TAILOR_WEIGHTS_DIR"}


@pytest.mark.parametrize("path", ["", "/var/lib/proteus/weights"])
def test_tailors_and_weavers_keep_weights_in_the_pod_or_on_the_node(
    rendered: Callable[..., Objects], path: str
) -> None:
    weights = {"source": "s3://proteus-weights", "nodeCachePath": path, "cacheSize": "3Gi"}
    objects = rendered("gpu", tailor={"parser": "clean", "weights": weights}, weaver={"weights": weights})
    kept = {"hostPath": {"path": path, "type": "DirectoryOrCreate"}} if path else {"emptyDir": {"sizeLimit": "3Gi"}}
    for name in ("tailor", "weaver"):
        [pod] = [
            o["spec"]["template"]["spec"]
            for o in objects
            if o["kind"] == "Deployment" and o["metadata"]["name"] == f"demo-{name}"
        ]
        assert {"name": "weights", **kept} in pod["volumes"]


def test_a_gpu_weaver_is_told_where_its_weights_come_from(rendered: Callable[..., Objects]) -> None:
    [weaver] = [container for name, container in containers(rendered("gpu")) if name == "weaver"]
    told = {entry["name"]: entry.get("value") for entry in weaver["env"]}
    assert told["WEAVER_WEIGHTS_SOURCE"] == "s3://proteus-weights/catvton"
    assert {"name": "weights", "mountPath": told["WEAVER_WEIGHTS_DIR"]} in weaver["volumeMounts"]
    assert {"WEAVER_WEIGHTS_SOURCE", "WEAVER_WEIGHTS_DIR"} <= read_by("weaver")
