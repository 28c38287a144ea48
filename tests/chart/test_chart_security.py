"""Restricted pods, no secret where it does not belong, and exactly the arrows that are drawn."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conftest import Objects

SECRET_WORDS = ("password", "secret_key", "signing_key", "token", "database_url", "redis_url")


def pod_specs(objects: Objects) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in objects:
        if document["kind"] == "Pod":
            yield document["metadata"]["name"], document["spec"]
        elif "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def test_no_secret_is_in_a_configmap_or_in_plain_environment(objects: Objects) -> None:
    for document in objects:
        if document["kind"] == "ConfigMap":
            assert [key for key in document["data"] if any(w in key.lower() for w in SECRET_WORDS)] == []
    for name, pod in pod_specs(objects):
        for container in pod["containers"] + pod.get("initContainers", []):
            plain = [
                e["name"]
                for e in container.get("env", [])
                if "value" in e and any(w in e["name"].lower() for w in SECRET_WORDS)
            ]
            assert plain == [], name


def test_every_pod_is_restricted(objects: Objects) -> None:
    for name, pod in pod_specs(objects):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert [v for v in pod.get("volumes", []) if "hostPath" in v] == [], name
        for container in pod["containers"] + pod.get("initContainers", []):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name


@pytest.mark.parametrize("name", ["gateway", "tailor", "weaver", "arbitrator", "migrate"])
def test_a_scratch_folder_has_a_size(objects: Objects, name: str) -> None:
    pods = [pod for found, pod in pod_specs(objects) if found.startswith(f"demo-{name}")]
    scratch = [volume for pod in pods for volume in pod.get("volumes", []) if volume["name"] == "tmp"]
    assert all(volume["emptyDir"]["sizeLimit"] for volume in scratch), name
    assert scratch or name == "migrate"


def test_every_container_has_resources_and_long_running_ones_have_probes(objects: Objects) -> None:
    for document in objects:
        if document["kind"] in ("Deployment", "StatefulSet"):
            for container in document["spec"]["template"]["spec"]["containers"]:
                assert {"readinessProbe", "livenessProbe"} <= container.keys(), container["name"]
    for name, pod in pod_specs(objects):
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["resources"]["requests"], name
            assert container["resources"]["limits"]["memory"], name


Arrow = tuple[str, str, int]


def _peer(peer: dict[str, Any]) -> str:
    if "podSelector" in peer:
        return str(peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"])
    if "namespaceSelector" in peer:
        return "namespace " + str(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
    return "outside"


def arrows(objects: Objects) -> tuple[set[Arrow], set[Arrow]]:
    """Return what may leave and what may enter: (from, to, port)."""
    out: set[Arrow] = set()
    into: set[Arrow] = set()
    for policy in (o for o in objects if o["kind"] == "NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        component = selector["matchLabels"].get("app.kubernetes.io/component")
        names = [component] if component else (selector.get("matchExpressions") or [{"values": ["any"]}])[0]["values"]
        for name in names:
            for rule in policy["spec"].get("egress", []):
                out |= {(name, _peer(p), port["port"]) for p in rule["to"] for port in rule["ports"]}
            for rule in policy["spec"].get("ingress", []):
                into |= {(_peer(p), name, port["port"]) for p in rule.get("from", [{}]) for port in rule["ports"]}
    return out, into


INSIDE: set[Arrow] = {
    ("gateway", "redis", 6379),
    ("tailor", "redis", 6379),
    ("weaver", "redis", 6379),
    ("arbitrator", "redis", 6379),
    ("gateway", "postgres", 5432),
    ("gateway", "object-storage", 8333),
    ("tailor", "object-storage", 8333),
    ("weaver", "object-storage", 8333),
    ("gateway", "tailor", 8001),
    ("test", "gateway", 8000),
    ("test", "object-storage", 8333),
    ("test", "postgres", 5432),
}
PROMETHEUS: set[Arrow] = {
    ("namespace monitoring", "gateway", 9100),
    ("namespace monitoring", "tailor", 8001),
    ("namespace monitoring", "weaver", 9100),
    ("namespace monitoring", "arbitrator", 9100),
}
OUT: set[Arrow] = {("any", "namespace kube-system", 53), ("gateway", "outside", 443)}
"""DNS, and webhooks."""


def test_the_cpu_profile_allows_exactly_the_drawn_arrows(rendered: Callable[..., Objects]) -> None:
    out, into = arrows(rendered("cpu"))
    assert out == INSIDE | OUT
    assert into == INSIDE | PROMETHEUS | {("namespace keda", "redis", 6379), ("namespace ingress", "gateway", 8000)}


def test_the_gpu_profile_reaches_its_external_stores_and_weights(rendered: Callable[..., Objects]) -> None:
    out, into = arrows(rendered("gpu"))
    stores = {(s, "outside", p) for s in ("gateway", "migrate", "tailor", "weaver", "test") for p in (80, 443)}
    redis = {(s, "outside", p) for s in ("gateway", "tailor", "weaver", "arbitrator") for p in (6379, 6380)}
    postgres = {(s, "outside", 5432) for s in ("gateway", "migrate", "test")}
    inside = {arrow for arrow in INSIDE if arrow[1] in ("tailor", "gateway")}
    assert out == inside | OUT | stores | redis | postgres
    assert into == inside | PROMETHEUS | {("namespace ingress", "gateway", 8000)}


def test_a_test_that_needs_no_token_of_an_account_reaches_no_database_and_no_key(
    rendered: Callable[..., Objects],
) -> None:
    objects = rendered("cpu", auth={"guests": "open"})
    out, _ = arrows(objects)
    assert {arrow for arrow in out if arrow[0] == "test"} == {
        ("test", "gateway", 8000),
        ("test", "object-storage", 8333),
    }
    [smoke] = [o for o in objects if o["kind"] == "Pod"]
    assert [one["name"] for one in smoke["spec"]["containers"][0]["env"] if "valueFrom" in one] == []


@pytest.mark.parametrize(
    ("parser", "source", "outside"),
    [("segformer", "s3://weights", set()), ("clean", "shop/weights", {("tailor", "outside", 443)})],
)
def test_a_tailor_leaves_the_cluster_for_a_model_hub_alone(
    rendered: Callable[..., Objects], parser: str, source: str, outside: set[Arrow]
) -> None:
    out, _ = arrows(rendered("cpu", tailor={"parser": parser, "weights": {"source": source}}))
    assert out == INSIDE | OUT | outside


def test_a_gpu_weaver_leaves_the_cluster_for_a_model_hub(rendered: Callable[..., Objects]) -> None:
    bundled = {name: {"bundled": True} for name in ("redis", "postgres", "objectStorage")}
    for source, outside in (("s3://weights", set()), ("shop/weights", {("weaver", "outside", 443)})):
        out, _ = arrows(rendered("gpu", weaver={"weights": {"source": source}}, **bundled))
        assert out == INSIDE | OUT | outside


def test_only_an_arbitrator_that_owns_the_scaling_reaches_the_api_server(rendered: Callable[..., Objects]) -> None:
    objects = rendered("cpu", scaling={"owner": "operator"})
    out, _ = arrows(objects)
    assert out == INSIDE | OUT | {("arbitrator", "outside", p) for p in (443, 6443)}
    assert len([o for o in objects if o["kind"] == "Role"]) == 1  # tests/chart/test_weaver_fleet.py has its rules.
    [binding] = [o for o in objects if o["kind"] == "RoleBinding"]
    assert [one["name"] for one in binding["subjects"]] == ["demo-arbitrator"]
    mounted = {
        o["metadata"]["name"]: o["spec"]["template"]["spec"]["automountServiceAccountToken"]
        for o in objects
        if o["kind"] == "Deployment"
    }
    assert {name for name, token in mounted.items() if token} == {"demo-arbitrator"}
    assert [o for o in rendered("cpu") if o["kind"] in ("Role", "RoleBinding")] == []


def test_everything_is_denied_first(rendered: Callable[..., Objects]) -> None:
    [deny] = [o for o in rendered("cpu") if o["metadata"]["name"] == "demo-default-deny"]
    assert deny["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & deny["spec"].keys()


@pytest.mark.parametrize(("longest", "upload"), [(60, 10), (90, 20)])
def test_a_weaver_has_time_to_finish_what_runs(rendered: Callable[..., Objects], longest: int, upload: int) -> None:
    objects = rendered(weaver={"longestBatchSeconds": longest, "uploadSeconds": upload})
    [weaver] = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == "demo-weaver"]
    assert weaver["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == longest + upload + 15


def test_webhooks_leave_for_public_addresses_and_for_networks_that_the_values_allow(
    rendered: Callable[..., Objects],
) -> None:
    webhooks = {"allowedNetworks": ["10.1.0.0/16"], "allowHttp": True}
    for told, ports in (({}, [443]), ({"gateway": {"webhooks": webhooks}}, [443, 80])):
        objects = rendered("cpu", **told)
        [policy] = [
            o for o in objects if o["kind"] == "NetworkPolicy" and o["metadata"]["name"] == "demo-gateway-to-webhooks"
        ]
        public, *allowed = policy["spec"]["egress"]
        assert [port["port"] for port in public["ports"]] == ports
        kept = [one for peer in public["to"] for one in peer["ipBlock"]["except"]]
        assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"} <= set(kept)
        assert allowed == ([{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}] if told else [])
        [gateway] = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == "demo-gateway"]
        env = {one["name"]: one.get("value") for one in gateway["spec"]["template"]["spec"]["containers"][0]["env"]}
        assert env["WEBHOOK_ALLOWED_NETWORKS"] == ("10.1.0.0/16" if told else "")
        assert env["WEBHOOK_ALLOW_HTTP"] == ("true" if told else "false")
