"""The chart's WeaverFleet: its definition, the operator's rights, and the way from chart to operator and back."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_python import HelmError
from kubernetes_validate import validate

from arbitrator.fleets.board import Board
from arbitrator.fleets.bounds import bounds_at
from arbitrator.fleets.scaled_object import FleetObject, scaled_object
from arbitrator.fleets.spec import Canary, parse_spec
from arbitrator.fleets.status import Wanted
from arbitrator.operator.api import KubernetesApi
from arbitrator.operator.reconciler import Reconciler
from arbitrator.operator.watch import Watch
from custom_resource import CustomResource, Refused
from kubernetes_double import NAMESPACE, KubernetesDouble, serving
from proteus.service.supervision import Loops
from waiting import until

from .conftest import CHART, Objects, Values, profile_values, render
from .test_chart_on_a_cluster import rendered as rendered_by
from .test_chart_on_a_cluster import with_other_words

CRD = yaml.safe_load((CHART / "crds" / "weaverfleets.proteus.dev.yaml").read_text())
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def owned_by(owner: str, profile: str = "cpu", **scaling: Any) -> Objects:
    return render(profile_values(profile, scaling={"owner": owner} | scaling))


def one(objects: Objects, kind: str, name: str = "demo-weaver") -> dict[str, Any]:
    [found] = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def as_helm_stores(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body["metadata"] | {"namespace": NAMESPACE}
    marks = {"meta.helm.sh/release-name": "demo", "meta.helm.sh/release-namespace": NAMESPACE}
    return body | {"metadata": metadata | {"annotations": metadata.get("annotations", {}) | marks}}


def test_the_definition_follows_kubernetes_own_schema() -> None:
    validate(CRD, "1.29", strict=True)
    [version] = CRD["spec"]["versions"]
    assert set(version["subresources"]) == {"status", "scale"}
    assert [column["name"] for column in version["additionalPrinterColumns"]][:4] == [
        "Mode", "Waiting", "Ready", "Wanted",
    ]  # fmt: skip
    assert "preserve-unknown-fields" not in str(CRD)


@pytest.mark.parametrize(
    ("profile", "form"),
    [("cpu", "signal"), ("gpu", "formula"), pytest.param("lke", "signal", marks=pytest.mark.long)],
)
def test_a_fleet_scales_exactly_as_the_charts_own_scaled_object(profile: str, form: str) -> None:
    scaling: Values = {"form": form, "sloSeconds": 20, "cooldownSeconds": 90}
    admitted = CustomResource(CRD).admitted(one(owned_by("operator", profile, **scaling), "WeaverFleet"), None)
    spec = parse_spec(admitted["spec"])
    fleet = FleetObject(
        name="demo-weaver", namespace="proteus", uid="u", labels=admitted["metadata"]["labels"], annotations={}
    )
    made = scaled_object(fleet, spec, bounds_at(spec, NOON))
    chart = one(owned_by("chart", profile, **scaling), "ScaledObject")
    for trigger in chart["spec"]["triggers"]:
        if trigger["name"] == "wanted":
            trigger["metadata"]["listName"] = "config:weavers_wanted:demo-weaver"
    assert made["spec"] == chart["spec"]
    assert made["metadata"]["name"] == chart["metadata"]["name"]


@pytest.mark.parametrize("tls", [False, True])
def test_whoever_owns_the_scaling_follows_the_primary_that_sentinels_name(tls: bool) -> None:
    redis = {"bundled": False, "existingSecret": "r", "sentinelPrimary": "shop", "sentinelPassword": True, "tls": tls}
    chart, operator = (
        render(profile_values("gpu", redis=redis, scaling={"owner": owner})) for owner in ("chart", "operator")
    )
    spec = parse_spec(CustomResource(CRD).admitted(one(operator, "WeaverFleet"), None)["spec"])
    fleet = FleetObject(name="demo-weaver", namespace="proteus", uid="u", labels={}, annotations={})
    made = scaled_object(fleet, spec, bounds_at(spec, NOON))["spec"]["triggers"]
    triggers = one(chart, "ScaledObject")["spec"]["triggers"]
    assert len(made) == len(triggers) > 1
    for trigger in (*made, *triggers, *one(chart, "ScaledObject", "demo-tailor")["spec"]["triggers"]):
        metadata = trigger["metadata"]
        assert trigger["type"] == "redis-sentinel"
        assert (metadata["addressesFromEnv"], metadata["sentinelMaster"]) == ("REDIS_ADDR", "shop")
        assert "addressFromEnv" not in metadata
        assert ("enableTLS" in metadata) is tls
    for objects in (chart, operator):
        told = one(objects, "TriggerAuthentication", "demo-redis")["spec"]["secretTargetRef"]
        assert {"parameter": "sentinelPassword", "name": "r", "key": "REDIS_SENTINEL_PASSWORD"} in told


def test_a_plain_fleet_is_the_founding_form_of_ten_per_pod() -> None:
    admitted = CustomResource(CRD).admitted(one(owned_by("operator", form="plain"), "WeaverFleet"), None)
    spec = parse_spec(admitted["spec"])
    fleet = FleetObject(name="demo-weaver", namespace="proteus", uid="u", labels={}, annotations={})
    [trigger] = scaled_object(fleet, spec, bounds_at(spec, NOON))["spec"]["triggers"]
    assert (trigger["metadata"]["listName"], trigger["metadata"]["listLength"]) == ("queue:jobs", "10")


@pytest.mark.parametrize("profile", ["gpu", pytest.param("cpu", marks=pytest.mark.long)])
def test_handing_a_fleet_over_restarts_no_weaver_and_no_tailor(profile: str) -> None:
    chart, operator = owned_by("chart", profile), owned_by("operator", profile)
    for kind, name in (
        ("Deployment", "demo-weaver"),
        ("Deployment", "demo-tailor"),
        ("ScaledObject", "demo-tailor"),
        ("TriggerAuthentication", "demo-redis"),
        ("NetworkPolicy", "demo-redis-from-keda"),
    ):
        if kind == "NetworkPolicy" and profile == "gpu":
            continue  # Its Redis is outside.
        assert one(chart, kind, name) == one(operator, kind, name)
    assert [o["metadata"]["name"] for o in operator if o["kind"] == "ScaledObject"] == ["demo-tailor"]
    assert [o for o in chart if o["kind"] == "WeaverFleet"] == []
    assert one(operator, "Deployment", "demo-arbitrator")["spec"]["strategy"] == {"type": "Recreate"}


def test_the_charts_fleet_takes_more_of_the_spec() -> None:
    night = {"name": "night", "from": "22:00", "until": "07:00", "timeZone": "Europe/Berlin", "minReplicas": 0}
    body = one(owned_by("operator", fleet={"schedules": [night], "billing": {"hourlyPrice": 1.5}}), "WeaverFleet")
    admitted = CustomResource(CRD).admitted(body, None)
    assert admitted["spec"]["schedules"][0]["days"] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert admitted["spec"]["billing"] == {"hourlyPrice": 1.5, "nodeIdleSeconds": 600, "periodSeconds": 3600}
    with pytest.raises(HelmError, match="minReplicas"):
        owned_by("operator", fleet={"minReplicas": 2})


def test_a_fleet_with_a_budget_leaves_its_bounds_to_the_operator() -> None:
    priced = {"budget": {"perMonth": 900}, "billing": {"hourlyPrice": 1.5}}
    admitted = CustomResource(CRD).admitted(one(owned_by("operator", fleet=priced), "WeaverFleet"), None)
    assert not {"minReplicas", "maxReplicas"} & admitted["spec"].keys()
    unpriced = one(owned_by("operator", fleet={"budget": {"perMonth": 900}}), "WeaverFleet")
    with pytest.raises(Refused, match=r"a budget needs billing\.hourlyPrice"):
        CustomResource(CRD).admitted(unpriced, None)


def test_a_further_fleet_tries_another_version_of_an_engine() -> None:
    canary = {"engine": "catvton", "version": "1+b", "share": 0.05}
    pods = {"engines": ["catvton"], "imageTag": "0.2.0", "weights": {"source": "s3://weights/b", "version": "b"}}
    objects = owned_by("operator", "gpu", fleets={"trial": {"canary": canary, "replicas": 1, "weaver": pods}})
    spec = parse_spec(CustomResource(CRD).admitted(one(objects, "WeaverFleet", "demo-weaver-trial"), None)["spec"])
    assert spec.canary == Canary(engine="catvton", version="1+b", share=0.05)
    for name, tag, version in (("demo-weaver-trial", "0.2.0", ["b"]), ("demo-weaver", "", [])):
        [container] = one(objects, "Deployment", name)["spec"]["template"]["spec"]["containers"]
        assert container["image"].endswith(f":{tag}") is bool(tag)
        found = [each["value"] for each in container["env"] if each["name"] == "WEAVER_WEIGHTS_VERSION"]
        assert found == version


SPOT = {"minReplicas": 0, "maxReplicas": 8, "capacity": "spot", "slo": {"seconds": 30}}
SPOT_PODS = {"engines": ["fashn"], "gpu": {"nodeSelector": {"pool": "spot"}}}


def test_further_fleets_have_pods_and_bounds_of_their_own() -> None:
    objects = owned_by("operator", "gpu", fleets={"spot": SPOT | {"weaver": SPOT_PODS}})
    specs = {
        name: parse_spec(CustomResource(CRD).admitted(one(objects, "WeaverFleet", name), None)["spec"])
        for name in ("demo-weaver", "demo-weaver-spot")
    }
    assert [spec.engines for spec in specs.values()] == [("catvton",), ("fashn",)]
    assert specs["demo-weaver-spot"].slo.seconds == 30
    assert specs["demo-weaver-spot"].slo.picture_seconds == 2
    for name, spec in specs.items():
        deployment = one(objects, "Deployment", name)["spec"]
        labels = deployment["template"]["metadata"]["labels"]
        assert spec.deployment == name
        assert spec.selector.items() <= labels.items()
        assert deployment["selector"]["matchLabels"].items() <= labels.items()
        others = [other for other in specs if other != name]
        assert not any(specs[other].selector.items() <= labels.items() for other in others)
    spot = one(objects, "Deployment", "demo-weaver-spot")["spec"]["template"]["spec"]
    assert spot["nodeSelector"] == {"pool": "spot"}
    [container] = spot["containers"]
    assert {"name": "WEAVER_ENGINES", "value": "fashn"} in container["env"]
    settings = one(objects, "ConfigMap", "demo-settings")["data"]
    assert (settings["PROTEUS_ENGINES"], settings["ADMISSION_MAX_REPLICAS"]) == ("catvton,fashn", "13")


def test_further_fleets_without_the_operator_and_engines_without_a_licence_are_refused() -> None:
    fleets = {"spot": SPOT | {"weaver": SPOT_PODS}}
    with pytest.raises(HelmError, match="only the operator divides work among fleets"):
        owned_by("chart", "gpu", fleets=fleets)
    catvton = {"spot": SPOT | {"weaver": {"engines": ["catvton"]}}}
    values = profile_values("gpu", scaling={"owner": "operator", "fleets": catvton}, weaver={"engines": ["fashn"]})
    with pytest.raises(HelmError, match="names catvton, whose weights are"):
        render(values | {"engines": {"default": "fashn", "licencePolicy": "commercial"}})


SCALED = 'lookup "keda.sh/v1alpha1" "ScaledObject" .Release.Namespace (printf "%s-weaver" .Release.Name)'


def found(metadata: str) -> str:
    return '`{"metadata":%s}` | fromJson' % metadata  # noqa: UP031 - Helm's braces


OWNED = '{"ownerReferences":[{"kind":"WeaverFleet"}]}'


@pytest.mark.parametrize(
    ("owner", "live", "sentence"),
    [
        ("operator", '{"name":"x"}', "annotate scaledobject demo-weaver helm.sh/resource-policy=keep, then upgrade"),
        ("chart", OWNED, "delete weaverfleet demo-weaver --cascade=orphan, then upgrade"),
    ],
)
def test_a_change_of_owner_that_would_leave_the_fleet_unscaled_is_refused_with_the_way(
    tmp_path: Path, owner: str, live: str, sentence: str
) -> None:
    chart = with_other_words(tmp_path, "shared/refusals.yaml", SCALED, found(live))
    with pytest.raises(HelmError, match=re.escape(sentence)):
        rendered_by(chart, profile_values("cpu", scaling={"owner": owner}), is_upgrade=True)


@pytest.mark.parametrize(
    ("owner", "live"),
    [
        ("operator", '{"annotations":{"helm.sh/resource-policy":"keep"}}'),
        ("operator", OWNED),
        ("chart", '{"annotations":{"helm.sh/resource-policy":"keep"}}'),
    ],
)
def test_a_change_of_owner_that_was_prepared_goes_through(tmp_path: Path, owner: str, live: str) -> None:
    chart = with_other_words(tmp_path, "shared/refusals.yaml", SCALED, found(live))
    assert rendered_by(chart, profile_values("cpu", scaling={"owner": owner}), is_upgrade=True)


def test_an_upgrade_to_the_operator_without_the_definition_is_refused_with_the_command(tmp_path: Path) -> None:
    chart = with_other_words(
        tmp_path, "shared/refusals.yaml", '.Capabilities.APIVersions.Has "keda.sh/v1alpha1"', "eq 1 1"
    )
    values = profile_values("cpu", scaling={"owner": "operator", "assumeKeda": False})
    with pytest.raises(HelmError, match=re.escape("kubectl apply --server-side -f crds/weaverfleets.proteus.dev.yaml")):
        rendered_by(chart, values, is_upgrade=True)
    rendered_by(chart, values, is_install=True)  # Helm has just installed it.


@asynccontextmanager
async def operating(double: KubernetesDouble, account: Path) -> AsyncIterator[Board]:
    board, stop, loops = Board(), asyncio.Event(), Loops(first_pause_seconds=0.05)
    async with KubernetesApi(double.url, account) as api, asyncio.TaskGroup() as tasks:
        watch = Watch(board, api)
        reconciler = Reconciler(api, board, every_seconds=0.2, now=lambda: NOON)
        tasks.create_task(loops.keep("watch", lambda pulse: watch.run(stop, pulse), stop))
        tasks.create_task(loops.keep("operator", lambda pulse: reconciler.run(stop, pulse), stop))
        await eventually(lambda: double.watchers)
        try:
            yield board
        finally:
            stop.set()


async def eventually(condition: Callable[[], Any]) -> None:
    async def asked() -> Any:
        return condition()

    await until(asked)


def granted(role: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for rule in role:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb


def ready(double: KubernetesDouble) -> dict[str, Any]:
    body = double.get("weaverfleets", "demo-weaver") or {}
    conditions = body.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == "Ready"), {})


async def test_the_operator_needs_every_right_that_the_chart_grants_and_no_other(tmp_path: Path) -> None:
    objects = owned_by("operator")
    [role] = [o for o in objects if o["kind"] == "Role"]
    assert [o for o in objects if o["kind"].startswith("ClusterRole")] == []
    async with serving(KubernetesDouble(CRD, role["rules"]), tmp_path) as double:
        fleet = one(objects, "WeaverFleet")
        double.put(
            "pods",
            {
                "metadata": {"name": "p", "labels": fleet["spec"]["selector"]},
                "status": {"startTime": "2026-11-27T11:30:00Z"},
            },
        )
        async with operating(double, tmp_path) as board:
            double.create(as_helm_stores(fleet))
            await eventually(lambda: ready(double).get("status") == "True")
            board.decide({"demo-weaver": Wanted(replicas=0, mode="VIP", waiting=0, reason="idle")}, frozenset())
            await eventually(lambda: "annotations" in double.get("pods", "p")["metadata"])
            await eventually(lambda: double.all("events"))
            await eventually(lambda: ("proteus.dev", "weaverfleets", "watch") in double.used)
        assert double.refused == []
        assert double.used == set(granted(role["rules"]))


@pytest.mark.parametrize(
    ("resource", "verb"), [("scaledobjects", "create"), ("scaledobjects", "patch"), ("pods", "list")]
)
async def test_a_right_that_is_missing_is_named_in_the_fleets_status(tmp_path: Path, resource: str, verb: str) -> None:
    objects = owned_by("operator")
    [role] = [o for o in objects if o["kind"] == "Role"]
    rules = [
        rule | {"verbs": [one for one in rule["verbs"] if (rule["resources"], one) != ([resource], verb)]}
        for rule in role["rules"]
    ]
    async with serving(KubernetesDouble(CRD, rules), tmp_path) as double, operating(double, tmp_path):
        double.create(as_helm_stores(one(objects, "WeaverFleet")))
        await eventually(lambda: ready(double).get("reason") == "Forbidden")
        assert f"cannot {verb} resource '{resource}'" in ready(double)["message"]


async def test_a_running_chart_fleet_is_adopted_in_place_and_given_back(tmp_path: Path) -> None:
    live = as_helm_stores(one(owned_by("chart"), "ScaledObject"))
    async with serving(KubernetesDouble(CRD), tmp_path) as double, operating(double, tmp_path) as board:
        uid = double.put("scaledobjects", live, manager="helm")["metadata"]["uid"]
        before = yaml.safe_dump(live["spec"])
        double.create(as_helm_stores(one(owned_by("operator"), "WeaverFleet")))
        await eventually(lambda: ready(double).get("status") == "True")
        adopted = double.get("scaledobjects", "demo-weaver")
        assert adopted["metadata"]["uid"] == uid
        assert [owner["kind"] for owner in adopted["metadata"]["ownerReferences"]] == ["WeaverFleet"]
        assert yaml.safe_dump(adopted["spec"]) == before.replace("weavers_wanted:weaver", "weavers_wanted:demo-weaver")

        double.delete("demo-weaver", orphan=True)
        await eventually(lambda: board.objects() == [])
        given = double.get("scaledobjects", "demo-weaver")
        assert given["metadata"]["uid"] == uid
        assert "ownerReferences" not in given["metadata"]
        # Helm takes back only what carries its own marks.
        assert given["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
        assert given["metadata"]["annotations"]["meta.helm.sh/release-name"] == "demo"
