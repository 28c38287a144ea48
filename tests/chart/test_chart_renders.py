"""Every profile lints, renders and follows the schemas of the Kubernetes versions we support."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from cloudcoil.models.keda.v1alpha1 import ScaledObject, TriggerAuthentication
from cloudcoil.models.prometheus_operator.v1 import PodMonitor, PrometheusRule, ServiceMonitor
from helm_python import Chart, HelmError, lint

from .conftest import CHART, PROFILES, Objects, follows_schema, profile_values, render

VERSIONS = ("1.29", "1.33", "1.37")
CUSTOM = {
    "ScaledObject": ScaledObject,
    "TriggerAuthentication": TriggerAuthentication,
    "PodMonitor": PodMonitor,
    "ServiceMonitor": ServiceMonitor,
    "PrometheusRule": PrometheusRule,
}
# KEDA 2.17 brought it; the typed models that install on Python 3.11 are those of 2.16.
NEWER_THAN_MODEL = {
    "/fallback/behavior": {"static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"}
}


@pytest.mark.parametrize("profile", PROFILES)
def test_helm_lint_finds_nothing(profile: str) -> None:
    report = lint(str(CHART), profile_values(profile), strict=True)
    assert [m for m in report["messages"] if m["severity"] > 1] == []
    assert report["errors"] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_objects_follow_the_strict_schemas_of_kubernetes(objects: Objects, version: str) -> None:
    for document in objects:
        if document["kind"] not in CUSTOM:
            follows_schema(document, version)


def unknown_fields(given: Any, understood: Any, path: str = "") -> list[str]:
    """What the CRD's model dropped: its models accept unknown fields in silence."""
    if isinstance(given, dict):
        gone = [f"{path}/{key}" for key in given if key not in (understood or {})]
        return gone + [
            field
            for key in given
            if key in (understood or {})
            for field in unknown_fields(given[key], understood[key], f"{path}/{key}")
        ]
    if isinstance(given, list):
        return [f for i, item in enumerate(given) for f in unknown_fields(item, understood[i], f"{path}/{i}")]
    return []


def test_custom_resources_follow_their_definitions(objects: Objects) -> None:
    for document in objects:
        if model := CUSTOM.get(document["kind"]):
            understood = model.model_validate(document).model_dump(by_alias=True, exclude_none=True, mode="json")
            unknown = set(unknown_fields(document["spec"], understood["spec"]))
            assert unknown <= NEWER_THAN_MODEL.keys()
            if unknown:
                assert document["spec"]["fallback"]["behavior"] in NEWER_THAN_MODEL["/fallback/behavior"]


def test_an_unknown_field_in_a_custom_resource_would_be_seen() -> None:
    document = {
        "kind": "ScaledObject",
        "metadata": {"name": "x"},
        "spec": {"scaleTargetRef": {"name": "x"}, "triggers": [], "pollInterval": 5},
    }
    understood = ScaledObject.model_validate(document).model_dump(by_alias=True, exclude_none=True, mode="json")
    assert unknown_fields(document["spec"], understood["spec"]) == ["/pollInterval"]


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"image": {"registry": ""}}, "image.registry is not set"),
    ({"scaling": {"assumeKeda": False}}, "no KEDA API"),
    ({"profile": "gpu", "weaver": {"gpu": {"count": 0}}}, "weaver.gpu.count is 0"),
    ({"profile": "gpu"}, "weaver.engines is empty"),
    ({"profile": "gpu", "weaver": {"engines": ["catvton"]}}, "weaver.weights.source is empty"),
    ({"weaver": {"engines": ["catvton"]}}, "profile is cpu"),
    (
        {
            "profile": "gpu",
            "weaver": {"engines": ["catvton"], "weights": {"source": "s3://a/b"}},
            "engines": {"licencePolicy": "commercial"},
        },
        "CC BY-NC-SA",
    ),
    ({"tailor": {"parser": "clean"}}, "tailor.parser is clean but tailor.weights.source is empty"),
    (
        {
            "tailor": {"parser": "segformer", "weights": {"source": "s3://a/b"}},
            "engines": {"licencePolicy": "commercial"},
        },
        "NVIDIA Source Code License",
    ),
    (
        {
            "tailor": {"parser": "clean", "weights": {"source": "s3://a/b"}},
            "engines": {"licencePolicy": "commercial"},
        },
        "accept it with engines.licenceAccept={clean}",
    ),
    ({"engines": {"licenceAccept": ["catvton"]}}, "to accept it changes nothing"),
    ({"engines": {"licenceAccept": ["nobodys"]}}, "engines.licenceAccept names nobodys"),
    ({"scaling": {"minReplicas": 6, "maxReplicas": 5}}, "raise the maximum"),
    ({"scaling": {"form": "plain", "minReplicas": 0}}, "use scaling.form=formula"),
    ({"redis": {"caSecret": "ca"}}, "KEDA would speak no TLS"),
    ({"redis": {"sentinelPrimary": "shop"}}, "no Sentinel watches the bundled Valkey"),
    (
        {"redis": {"bundled": False, "existingSecret": "r", "sentinelPassword": True}},
        "name the primary that the Sentinels watch",
    ),
    ({"ingress": {"enabled": True, "host": "a.example"}, "httpRoute": {"enabled": True}}, "choose one way in"),
    ({"ingress": {"enabled": True}}, "ingress.host is empty"),
    ({"httpRoute": {"enabled": True}}, "httpRoute.parentRefs is empty"),
    ({"redis": {"bundled": False}}, "name a Secret with REDIS_ADDR"),
    ({"postgres": {"bundled": False}}, "name a Secret with DATABASE_URL"),
    ({"objectStorage": {"bundled": False}}, "set objectStorage.endpoint"),
]


@pytest.mark.parametrize(("over", "sentence"), REFUSALS, ids=[sentence for _, sentence in REFUSALS])
def test_what_cannot_work_is_refused_with_the_fix(over: dict[str, Any], sentence: str) -> None:
    with pytest.raises(HelmError, match=sentence):
        render(profile_values("cpu", **over))


@pytest.mark.parametrize(
    "over",
    [
        {"profile": "tpu"},
        {"gateway": {"replicas": 0}},
        {"scaling": {"pollingInterval": 5}},
        {"weaver": {"engines": ["dalle"]}},
        {"tailor": {"parser": "sam"}},
        {"image": {"registry": "https://registry.example.com"}},
        {"marks": {"certificateSecret": "/etc/certificate.pem"}},
        {"marks": {"label": "A" * 61}},
        {"marks": {"label": "générée"}},
    ],
)
def test_a_value_of_the_wrong_shape_is_refused_by_the_schema(over: dict[str, Any]) -> None:
    with pytest.raises(HelmError):
        Chart.load(str(CHART)).validate_schema(profile_values("cpu", **over))


def test_the_plain_form_is_the_founding_contract(rendered: Callable[..., Objects]) -> None:
    [weaver] = [
        o
        for o in rendered(scaling={"form": "plain"})
        if o["kind"] == "ScaledObject" and o["metadata"]["name"] == "demo-weaver"
    ]
    assert "scalingModifiers" not in weaver["spec"]["advanced"]
    assert [t["metadata"]["listName"] for t in weaver["spec"]["triggers"]] == ["queue:jobs"]
    assert weaver["spec"]["triggers"][0]["metadata"]["listLength"] == "10"


def test_a_second_rendering_changes_only_what_is_random(rendered: Callable[..., Objects]) -> None:
    """An upgrade without a cluster's memory makes new secrets; everything else stays byte for byte."""
    chart = Chart.load(str(CHART))
    values = profile_values("cpu")
    first, second = (chart.render(values, name="demo", namespace="proteus", is_upgrade=True) for _ in range(2))
    assert {path for path in first if first[path] != second[path]} == {"proteus/templates/shared/secrets.yaml"}


def by_name(objects: Objects) -> dict[tuple[str, str], dict[str, Any]]:
    return {(o["kind"], o["metadata"]["name"]): o for o in objects}


def frozen(document: dict[str, Any]) -> Any:
    """What the API server refuses to change, so that an upgrade which changes it would fail half-way."""
    spec = document.get("spec", {})
    if document["kind"] == "Deployment":
        return spec["selector"]
    if document["kind"] == "StatefulSet":
        changeable = {"replicas", "template", "updateStrategy", "ordinals", "minReadySeconds"}
        return {key: value for key, value in spec.items() if key not in changeable}
    return None


CHANGES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("a new tag", {"image": {"tag": "0.2.0"}}, {"Deployment", "Job", "Pod"}),
    ("more pods", {"scaling": {"maxReplicas": 9}}, {"Deployment", "ConfigMap", "ScaledObject"}),
    ("another time to drain", {"weaver": {"longestBatchSeconds": 120}}, {"Deployment"}),
    ("the plain form", {"scaling": {"form": "plain", "minReplicas": 1}}, {"ScaledObject", "Deployment", "Pod"}),
    ("debug logs", {"logLevel": "DEBUG"}, {"Deployment", "Job"}),
]


@pytest.mark.parametrize("profile", ["cpu", pytest.param("gpu", marks=pytest.mark.long), "lke"])
@pytest.mark.parametrize(("over", "kinds"), [change[1:] for change in CHANGES], ids=[c[0] for c in CHANGES])
def test_an_upgrade_changes_what_it_should_and_nothing_that_is_frozen(
    profile: str, over: dict[str, Any], kinds: set[str]
) -> None:
    before, after = by_name(render(profile_values(profile))), by_name(render(profile_values(profile, **over)))
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name] and name[0] != "Secret"}
    assert changed
    assert {kind for kind, _ in changed} <= kinds
    assert [name for name in before if frozen(before[name]) != frozen(after[name])] == []


def test_a_changed_setting_restarts_the_pods_that_read_it(rendered: Callable[..., Objects]) -> None:
    before, after = by_name(rendered()), by_name(rendered(gateway={"corsOrigins": ["https://a.example"]}))
    for service in ("gateway", "tailor", "weaver", "arbitrator"):
        key = ("Deployment", f"demo-{service}")
        assert before[key]["spec"]["template"]["metadata"] != after[key]["spec"]["template"]["metadata"]


# gateway.networking.k8s.io/v1, standard channel: the fields that we use, and no other.
NAME = {"type": "string", "minLength": 1, "maxLength": 253}
HTTP_ROUTE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["rules", "parentRefs"],
    "properties": {
        "parentRefs": {
            "type": "array",
            "maxItems": 32,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {"name": NAME, "namespace": NAME, "sectionName": NAME, "port": {"type": "integer"}},
            },
        },
        "hostnames": {
            "type": "array",
            "items": {"type": "string", "pattern": r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
        },
        "rules": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "matches": {"type": "array", "items": {"type": "object", "required": ["path"]}},
                    "backendRefs": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["name", "port"],
                            "properties": {"name": NAME, "port": {"type": "integer", "minimum": 1, "maximum": 65535}},
                        },
                    },
                    "timeouts": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"request": {"type": "string", "pattern": r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"}},
                    },
                },
            },
        },
    },
}


def test_the_http_route_has_the_shape_of_the_gateway_api_and_leads_to_the_gateway(
    rendered: Callable[..., Objects],
) -> None:
    parents = [{"name": "public", "namespace": "gateways", "sectionName": "https"}]
    objects = by_name(rendered(httpRoute={"enabled": True, "host": "try.example.com", "parentRefs": parents}))
    route = objects["HTTPRoute", "demo-gateway"]
    assert route["apiVersion"] == "gateway.networking.k8s.io/v1"
    jsonschema.validate(route["spec"], HTTP_ROUTE)
    [backend] = route["spec"]["rules"][0]["backendRefs"]
    service = objects["Service", backend["name"]]
    assert backend["port"] in {port["port"] for port in service["spec"]["ports"]}


def test_a_service_that_leads_to_metrics_is_scraped_by_it_and_the_rest_by_pod(rendered: Callable[..., Objects]) -> None:
    objects = rendered(monitoring={"serviceMonitor": True, "labels": {"release": "prometheus"}})
    watched = {"ServiceMonitor": "Service", "PodMonitor": "Deployment"}
    found: dict[str, set[str]] = {kind: set() for kind in watched}
    for monitor in (o for o in objects if o["kind"] in watched):
        wanted = monitor["spec"]["selector"]["matchLabels"]
        [target] = [
            o
            for o in objects
            if o["kind"] == watched[monitor["kind"]] and wanted.items() <= o["metadata"]["labels"].items()
        ]
        if target["kind"] == "Service":
            [endpoint], ports = monitor["spec"]["endpoints"], target["spec"]["ports"]
        else:
            [container] = target["spec"]["template"]["spec"]["containers"]
            [endpoint], ports = monitor["spec"]["podMetricsEndpoints"], container["ports"]
        assert endpoint["path"] == "/metrics"
        assert endpoint["port"] in {port["name"] for port in ports}
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
        found[monitor["kind"]].add(target["metadata"]["name"])
    assert found == {
        "ServiceMonitor": {"demo-tailor"},
        "PodMonitor": {"demo-gateway", "demo-weaver", "demo-arbitrator"},
    }
    assert not [o for o in rendered() if o["kind"] in watched]


@pytest.mark.parametrize(("owner", "scaled"), [("operator", ["demo-tailor"]), ("none", [])])
def test_another_owner_of_scaling_gets_no_scaledobject_of_weavers(
    rendered: Callable[..., Objects], owner: str, scaled: list[str]
) -> None:
    objects = rendered(scaling={"owner": owner})
    assert [o["metadata"]["name"] for o in objects if o["kind"] == "ScaledObject"] == scaled


def test_what_keda_scales_names_no_replicas(rendered: Callable[..., Objects]) -> None:
    objects = rendered()
    scaled = {o["spec"]["scaleTargetRef"]["name"] for o in objects if o["kind"] == "ScaledObject"}
    assert scaled == {"demo-weaver", "demo-tailor"}
    assert [
        o["metadata"]["name"]
        for o in objects
        if o["kind"] == "Deployment" and o["metadata"]["name"] in scaled and "replicas" in o["spec"]
    ] == []
