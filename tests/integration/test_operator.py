"""The operator against an API server on loopback: what it applies, what it may not, and what it survives."""

from typing import Any

import pytest

from arbitrator.fleets.status import Wanted
from arbitrator.settings import OperatorSettings
from kubernetes_double import NAMESPACE, TOKEN, KubernetesDouble
from proteus.checked_settings import SettingRefused
from running_operator import NOON, Operator, condition, fleet, pod, until

PODS = (
    f"/api/v1/namespaces/{NAMESPACE}/pods"
    "?labelSelector=app.kubernetes.io/component%3Dweaver,app.kubernetes.io/instance%3Ddemo"
)


async def scaled(double: KubernetesDouble, name: str = "demo-weaver") -> dict[str, Any]:
    await until(lambda: double.get("scaledobjects", name))
    return double.get("scaledobjects", name)


async def test_a_fleet_gets_a_scaled_object_that_it_owns_and_a_status(double, operator) -> None:
    double.put("pods", pod("demo-weaver-1"))
    made = double.create(fleet(maxReplicas=7, billing={"hourlyPrice": 1.5}))
    found = await scaled(double)
    assert found["spec"]["maxReplicaCount"] == 7
    assert found["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "proteus.dev/v1alpha1",
            "kind": "WeaverFleet",
            "name": "weaver",
            "uid": made["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ]
    await until(lambda: condition(double, "Ready").get("status") == "True")
    status = double.get("weaverfleets", "weaver")["status"]
    assert (status["replicas"], status["readyReplicas"], status["costPerHour"]) == (1, 1, 1.5)
    assert status["selector"] == "app.kubernetes.io/component=weaver,app.kubernetes.io/instance=demo"
    assert status["observedGeneration"] == 1
    assert double.get("weaverfleets", "weaver")["metadata"].get("finalizers") is None
    assert double.get("weaverfleets", "weaver")["metadata"].get("annotations") is None


async def test_a_changed_spec_is_followed_at_once_and_an_unchanged_one_is_not_written_again(double, operator) -> None:
    double.create(fleet())
    await until(lambda: condition(double, "Ready").get("status") == "True")
    settled = len([call for call in double.requests if call[0] == "PATCH"])
    turns = [path for _, path in double.requests].count(PODS) + 3
    await until(lambda: [path for _, path in double.requests].count(PODS) >= turns)
    assert len([call for call in double.requests if call[0] == "PATCH"]) == settled
    double.update("weaver", {"maxReplicas": 9})
    await until(lambda: double.get("scaledobjects", "demo-weaver")["spec"]["maxReplicaCount"] == 9)
    await until(lambda: double.get("weaverfleets", "weaver")["status"]["observedGeneration"] == 2)


async def test_what_others_set_on_the_scaled_object_stays_and_what_they_change_of_ours_does_not(
    double, operator
) -> None:
    double.create(fleet())
    found = await scaled(double)
    found["metadata"]["annotations"]["autoscaling.keda.sh/paused-scale-in"] = "true"
    found["spec"]["initialCooldownPeriod"] = 30
    found["spec"]["cooldownPeriod"] = 1
    double.update("weaver", {"maxReplicas": 9})
    await until(lambda: double.get("scaledobjects", "demo-weaver")["spec"]["maxReplicaCount"] == 9)
    after = double.get("scaledobjects", "demo-weaver")
    assert after["metadata"]["annotations"]["autoscaling.keda.sh/paused-scale-in"] == "true"
    assert after["spec"]["initialCooldownPeriod"] == 30
    assert after["spec"]["cooldownPeriod"] == 600


async def test_pause_and_hold_are_annotations_that_go_when_the_spec_no_longer_asks(double, operator) -> None:
    paused, held = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"

    def annotations() -> dict[str, str]:
        return (double.get("scaledobjects", "demo-weaver") or {"metadata": {}})["metadata"].get("annotations") or {}

    double.create(fleet(paused=True))
    await until(lambda: annotations().get(paused) == "true")
    await until(lambda: condition(double, "Paused").get("reason") == "Paused")
    double.update("weaver", {"paused": False, "replicas": 3})
    await until(lambda: annotations() == {held: "3"})
    double.update("weaver", {"replicas": None})
    await until(lambda: annotations() == {})
    await until(lambda: condition(double, "Paused").get("status") == "False")
    await until(lambda: [one["reason"] for one in double.all("events")] == ["Paused", "Held", "Scaling"])
    assert {one["involvedObject"]["name"] for one in double.all("events")} == {"weaver"}


async def test_a_schedule_prewarms_closes_and_ends(double, operator) -> None:
    morning = {"name": "morning", "from": "08:30", "until": "10:00", "minReplicas": 3}
    night = {"name": "night", "from": "22:00", "until": "07:00", "minReplicas": 0, "maxReplicas": 0}
    double.create(fleet(schedules=[morning, night]))

    def bounds() -> tuple[int, int, str | None]:
        found = double.get("scaledobjects", "demo-weaver")
        spec, annotations = found["spec"], found["metadata"].get("annotations") or {}
        return (
            spec["minReplicaCount"],
            spec["maxReplicaCount"],
            annotations.get("autoscaling.keda.sh/paused-replicas"),
        )

    await scaled(double)
    assert bounds() == (1, 5, None)
    operator.now = NOON.replace(hour=9)
    await until(lambda: bounds() == (3, 5, None))
    operator.now = NOON.replace(hour=23)
    await until(lambda: bounds() == (0, 1, "0"))
    operator.now = NOON.replace(day=28, hour=7)
    await until(lambda: bounds() == (1, 5, None))
    await until(lambda: len([e for e in double.all("events") if e["reason"].startswith("Schedule")]) == 4)


async def test_the_last_decision_is_in_the_status_and_told_when_the_number_changes(double, operator) -> None:
    double.create(fleet())
    await until(lambda: condition(double, "Ready").get("status") == "True")
    one = Wanted(replicas=2, mode="VIP", waiting=4, reason="the predicted wait is 30% of the budget")
    operator.board.decide({"weaver": one}, frozenset())
    await until(lambda: double.get("weaverfleets", "weaver")["status"].get("wantedReplicas") == 2)
    status = double.get("weaverfleets", "weaver")["status"]
    assert (status["mode"], status["waiting"], status["reason"]) == ("VIP", 4, one.reason)
    await until(lambda: [e["message"] for e in double.all("events")] == [f"2 pods: {one.reason}"])


async def test_pods_to_go_carry_what_is_left_of_their_paid_hour_and_busy_ones_go_last(double, operator) -> None:
    double.put("pods", pod("old", started="2026-11-27T11:12:00Z"))
    double.put("pods", pod("new", started="2026-11-27T11:58:00Z"))
    double.put("pods", pod("works", started="2026-11-27T11:12:00Z"))
    double.create(fleet())
    cost = "controller.kubernetes.io/pod-deletion-cost"

    def costs() -> dict[str, str]:
        return {one["metadata"]["name"]: one["metadata"].get("annotations", {}).get(cost) for one in double.all("pods")}

    await until(lambda: condition(double, "Ready").get("status") == "True")
    assert set(costs().values()) == {None}
    operator.board.decide({"weaver": Wanted(replicas=2, mode="VIP", waiting=0, reason="")}, frozenset({"works"}))
    await until(lambda: None not in costs().values())
    assert costs() == {"old": "5", "new": "50", "works": "10005"}
    [seen] = operator.board.views()
    assert seen.kept == 1, "the new one is paid for"


@pytest.mark.parametrize("status", [409, 429, 500, 503])
async def test_a_call_that_fails_for_now_is_made_again(double, operator, status: int) -> None:
    double.fail("PATCH", "scaledobjects", status, times=2)
    double.create(fleet())
    await scaled(double)
    await until(lambda: condition(double, "Applied").get("status") == "True")


@pytest.mark.parametrize(("status", "reason"), [(403, "Forbidden"), (404, "KedaMissing"), (422, "Rejected")])
async def test_a_refused_manifest_is_said_in_the_status_and_the_next_spec_tries_again(
    double, operator, status: int, reason: str
) -> None:
    double.fail("PATCH", "scaledobjects", status)
    double.create(fleet())
    await until(lambda: condition(double, "Ready").get("reason") == reason)
    assert f"the test ordered a {status}" in condition(double, "Applied")["message"]
    await until(lambda: [(e["type"], e["reason"]) for e in double.all("events")] == [("Warning", reason)])
    double.update("weaver", {"maxReplicas": 6})
    await until(lambda: condition(double, "Ready").get("status") == "True")
    assert (await scaled(double))["spec"]["maxReplicaCount"] == 6


@pytest.mark.parametrize("status", [409, 500])
async def test_a_status_that_could_not_be_written_is_written_at_the_next_turn(double, operator, status: int) -> None:
    double.fail("PATCH", "/status", status, times=2)
    double.create(fleet())
    await until(lambda: condition(double, "Ready").get("status") == "True")


async def test_what_cannot_be_read_about_one_fleet_leaves_the_others_served(double, operator) -> None:
    strange = pod("strange", component="a-broken")
    strange["status"]["conditions"] = ["neither", "type", "nor", "status"]
    double.put("pods", strange)
    double.create(fleet("a-broken"))
    double.create(fleet("b-sound"))
    await until(lambda: condition(double, "Ready", "b-sound").get("status") == "True")
    assert condition(double, "Ready", "a-broken") == {}
    assert operator.loops.overdue() is None


async def test_a_watch_that_ends_with_410_goes_on_with_a_new_list(double, operator) -> None:
    double.create(fleet("first"))
    await scaled(double, "demo-first")
    double.forget_history()
    double.create(fleet("second"))
    await scaled(double, "demo-second")


async def test_an_api_server_that_goes_away_and_comes_back_is_followed_again(double, operator) -> None:
    double.create(fleet("first"))
    await scaled(double, "demo-first")
    double.away = True
    double.forget_history()
    seen = len(double.requests)
    await until(lambda: len(double.requests) > seen + 2)
    double.create(fleet("second"))
    double.away = False
    await scaled(double, "demo-second")


async def test_an_operator_that_starts_again_changes_nothing_and_knows_what_was_deleted_meanwhile(
    double, tmp_path
) -> None:
    async with Operator().running(double, tmp_path):
        double.create(fleet("stays"))
        double.create(fleet("goes"))
        await until(lambda: condition(double, "Ready", "stays").get("status") == "True")
        await until(lambda: condition(double, "Ready", "goes").get("status") == "True")
    before = double.get("weaverfleets", "stays")["metadata"]["resourceVersion"]
    events = len(double.all("events"))
    double.delete("goes")
    assert double.get("scaledobjects", "demo-goes") is None
    seen = len(double.requests)
    async with Operator().running(double, tmp_path):
        await until(lambda: any("scaledobjects/demo-stays" in path for _, path in double.requests[seen:]))
        await until(lambda: len([path for _, path in double.requests[seen:] if "pods?labelSelector" in path]) > 1)
    assert double.get("weaverfleets", "stays")["metadata"]["resourceVersion"] == before
    assert double.get("scaledobjects", "demo-goes") is None
    assert len(double.all("events")) == events


async def test_a_deleted_fleet_is_gone_at_once_and_its_scaled_object_with_it(double, operator) -> None:
    double.create(fleet())
    await until(lambda: operator.board.views() != ())
    double.delete("weaver")
    await until(lambda: operator.board.views() == ())
    assert double.get("scaledobjects", "demo-weaver") is None


async def test_a_spec_that_the_definition_cannot_judge_leaves_the_scaled_object_and_is_said(double, operator) -> None:
    double.create(fleet())
    await scaled(double)
    night = {"name": "night", "from": "22:00", "until": "07:00", "minReplicas": 0, "timeZone": "Mars/Olympus"}
    double.update("weaver", {"schedules": [night], "maxReplicas": 9})
    await until(lambda: condition(double, "Ready").get("reason") == "SpecRefused")
    assert condition(double, "Ready")["message"] == (
        "spec.schedules 'night': timeZone is 'Mars/Olympus', which is no IANA time zone"
    )
    assert double.get("scaledobjects", "demo-weaver")["spec"]["maxReplicaCount"] == 5
    double.update("weaver", {"schedules": [night | {"timeZone": "Europe/Berlin"}]})
    await until(lambda: condition(double, "Ready").get("status") == "True")
    assert (await scaled(double))["spec"]["maxReplicaCount"] == 9


async def test_a_token_that_the_kubelet_replaces_is_used_at_the_next_call(double, operator, tmp_path) -> None:
    double.create(fleet("first"))
    await scaled(double, "demo-first")
    (tmp_path / "token").write_text("worn out")
    seen = len(double.requests)
    await until(lambda: len(double.requests) > seen + 2)
    (tmp_path / "token").unlink()
    double.forget_history()
    (tmp_path / "token").write_text(TOKEN)
    double.create(fleet("second"))
    await scaled(double, "demo-second")


def test_an_operator_outside_a_cluster_is_refused_with_the_setting(tmp_path) -> None:
    with pytest.raises(SettingRefused, match=r"OPERATOR_ACCOUNT_DIR is .* must hold the files token and namespace"):
        OperatorSettings(enabled=True, account_dir=str(tmp_path))
    assert OperatorSettings(enabled=False, account_dir=str(tmp_path)).every_seconds == 5
