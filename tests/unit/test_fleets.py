"""WeaverFleets as values: specs and their rules, hours, manifests, costs of deletion, statuses."""

from __future__ import annotations

import threading
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.fleets.board import Board
from arbitrator.fleets.bounds import Bounds, bounds_at
from arbitrator.fleets.events import Moment, events_between
from arbitrator.fleets.pods import STUCK_SECONDS, is_stuck, view_of
from arbitrator.fleets.scaled_object import FleetObject, formula, scaled_object
from arbitrator.fleets.spec import FleetSpec, SpecRefused, parse_spec
from arbitrator.fleets.status import Pods, Wanted, changed, findings_of, make_status, with_times
from custom_resource import CustomResource, Refused
from workbench.deploy.crd import crd

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)  # A Friday.
CANARY = {"engine": "catvton", "version": "2", "share": 0.1}
LEAST = {"deployment": "demo-weaver", "selector": {"app": "weaver"}}


def spec(**fields: Any) -> FleetSpec:
    return parse_spec(LEAST | fields)


def schedule(begin: str, until: str, **fields: Any) -> dict[str, Any]:
    return {"name": "s", "from": begin, "until": until, "minReplicas": 3} | fields


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"deployment": None}, "spec.deployment is None: Input should be a valid string"),
        ({"minReplicas": 6}, "spec: minReplicas must not exceed maxReplicas"),
        ({"minReplicas": 1_001, "budget": {"perMonth": 9}}, "spec.minReplicas is 1001: Input should be less than or"),
        ({"budget": {"perMonth": 900}}, "spec: a budget needs billing.hourlyPrice, the price of one pod for an hour"),
        ({"budget": {"perMonth": 1}, "billing": {"hourlyPrice": 2}}, "and must pay for one such hour at least"),
        ({"budget": {"perMonth": 0}}, "spec.budget.perMonth is 0: Input should be greater than 0"),
        ({"maxReplicas": 0}, "spec.maxReplicas is 0: Input should be greater than or equal to 1"),
        ({"capacity": "cheap"}, "spec.capacity is 'cheap': Input should be 'onDemand' or 'spot'"),
        ({"schedules": [schedule("9:00", "10:00")]}, "spec.schedules.0.from is '9:00': String should match pattern"),
        ({"schedules": [schedule("09:00", "09:00")]}, "from and until of a schedule must differ"),
        ({"schedules": [{"name": "s", "from": "09:00", "until": "10:00"}]}, "must set minReplicas or maxReplicas"),
        ({"schedules": [schedule("09:00", "10:00")] * 2}, "each schedule must have a name of its own"),
        ({"engines": ["puppet"], "canary": CANARY}, "canary.engine must be one of the fleet's engines"),
        ({"canary": CANARY | {"share": 1.5}}, "spec.canary.share is 1.5: Input should be less than or equal to 1"),
        ({"canary": CANARY | {"version": "two words"}}, "spec.canary.version is 'two words': String should match"),
        ({"scaling": {"form": "plain"}, "minReplicas": 0}, "scaling.form plain counts waiting jobs only"),
    ],
)
def test_a_spec_that_breaks_a_rule_is_refused_with_the_field_its_value_and_the_rule(
    fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SpecRefused) as refused:
        spec(**fields)
    assert sentence in refused.value.message


def test_no_spec_at_all_is_refused_too() -> None:
    with pytest.raises(SpecRefused):
        parse_spec(None)


def test_the_definitions_defaults_are_the_models() -> None:
    body = {"metadata": {"name": "weaver"}, "spec": dict(LEAST)}
    admitted = CustomResource(crd()).admitted(body, None)["spec"]
    assert admitted == spec().model_dump(mode="json", by_alias=True, exclude_none=True)
    assert parse_spec(admitted) == spec()


COUNTS = st.integers(0, 4)
SCHEDULES = st.fixed_dictionaries(
    {"from": st.sampled_from(["08:00", "22:00"]), "until": st.sampled_from(["08:00", "09:30"])},
    optional={"minReplicas": COUNTS, "maxReplicas": COUNTS, "days": st.just(["Mon"])},
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "minReplicas": st.integers(0, 6),
        "maxReplicas": st.integers(1, 4),
        "budget": st.fixed_dictionaries({"perMonth": st.sampled_from([0.5, 1, 2.0, 900])}),
        "billing": st.fixed_dictionaries({"hourlyPrice": st.sampled_from([0, 1, 1.5])}),
        "replicas": COUNTS,
        "engines": st.lists(st.sampled_from(["catvton", "fashn"]), max_size=2),
        "canary": st.fixed_dictionaries(
            {"engine": st.sampled_from(["catvton", "fashn"]), "version": st.just("2"), "share": st.sampled_from([0, 1])}
        ),
        "scaling": st.fixed_dictionaries({"form": st.sampled_from(["signal", "plain"])}),
        "schedules": st.lists(SCHEDULES, max_size=2),
    },
)
DEFINITION = CustomResource(crd())


@given(drawn=SPECS)
def test_what_cel_refuses_in_the_cluster_is_refused_here_and_nothing_else(drawn: dict[str, Any]) -> None:
    named = [one | {"name": f"s{number}"} for number, one in enumerate(drawn.get("schedules", []))]
    raw = LEAST | drawn | {"schedules": named}
    try:
        DEFINITION.admitted({"metadata": {"name": "weaver"}, "spec": deepcopy(raw)}, None)
        there = True
    except Refused:
        there = False
    try:
        parse_spec(raw)
        here = True
    except SpecRefused:
        here = False
    assert here is there, raw


def test_a_fleet_keeps_its_deployment() -> None:
    old = DEFINITION.admitted({"metadata": {"name": "weaver"}, "spec": dict(LEAST)}, None)
    with pytest.raises(Refused, match="create another WeaverFleet"):
        DEFINITION.admitted({"metadata": {"name": "weaver"}, "spec": LEAST | {"deployment": "other"}}, old)
    assert DEFINITION.admitted({"metadata": {"name": "weaver"}, "spec": LEAST | {"maxReplicas": 6}}, old)


def test_every_rule_of_the_definition_is_one_that_can_refuse() -> None:
    rules = [rule["rule"] for rule in _rules(crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"])]
    assert len(rules) == 8
    for rule in rules:
        cel.compile(rule)


def _rules(node: Any) -> list[dict[str, str]]:
    if isinstance(node, list):
        return [rule for one in node for rule in _rules(one)]
    if not isinstance(node, dict):
        return []
    return node.get("x-kubernetes-validations", []) + [rule for one in node.values() for rule in _rules(one)]


@pytest.mark.parametrize(
    ("moment", "hours", "active"),
    [
        ("2026-11-27T08:59", schedule("09:00", "17:00"), False),
        ("2026-11-27T09:00", schedule("09:00", "17:00"), True),
        ("2026-11-27T17:00", schedule("09:00", "17:00"), False),
        ("2026-11-27T09:00", schedule("09:00", "17:00", days=["Sat"]), False),
        ("2026-11-27T23:00", schedule("22:00", "07:00", days=["Fri"]), True),
        ("2026-11-28T06:59", schedule("22:00", "07:00", days=["Fri"]), True),  # Saturday morning, begun on Friday.
        ("2026-11-28T07:00", schedule("22:00", "07:00", days=["Fri"]), False),
        ("2026-11-27T06:59", schedule("22:00", "07:00", days=["Fri"]), False),
        ("2026-11-27T08:00", schedule("09:00", "10:00", timeZone="Europe/Berlin"), True),  # Winter: UTC + 1.
        ("2026-07-24T07:00", schedule("09:00", "10:00", timeZone="Europe/Berlin"), True),  # Summer: UTC + 2.
        ("2026-11-27T20:29", schedule("01:00", "02:00", days=["Sat"], timeZone="Asia/Kolkata"), True),
        ("2026-03-29T01:30", schedule("02:15", "03:45", timeZone="Europe/Berlin"), True),  # 03:30: 02:15 never was.
    ],
)
def test_a_schedule_follows_the_clock_on_the_wall(moment: str, hours: dict[str, Any], active: bool) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    found = bounds_at(spec(schedules=[hours]), now)
    assert (found.active, found.min_replicas) == ((("s",), 3) if active else ((), 1))


def test_of_two_schedules_the_later_one_holds_and_a_maximum_beats_a_minimum() -> None:
    all_day = {"from": "00:00", "until": "23:59"}
    hours = [
        {"name": "a", "minReplicas": 2, "maxReplicas": 3} | all_day,
        {"name": "b", "minReplicas": 4} | all_day,
    ]
    assert bounds_at(spec(schedules=hours), NOON) == Bounds(min_replicas=3, max_replicas=3, active=("a", "b"))


def test_a_maximum_of_zero_holds_the_fleet_at_zero_and_a_hold_by_hand_wins() -> None:
    night = [{"name": "night", "from": "00:00", "until": "23:59", "maxReplicas": 0}]
    assert bounds_at(spec(schedules=night), NOON).held == 0
    assert bounds_at(spec(schedules=night, replicas=2), NOON).held == 2
    assert bounds_at(spec(minReplicas=0), NOON).held is None


FLEET = FleetObject(name="weaver", namespace="shop", uid="u-1", labels={"a": "b"}, annotations={"mine": "1"})


def test_a_fleet_of_named_engines_counts_their_jobs_alone_and_never_stops_what_runs() -> None:
    one = spec(engines=["catvton", "fashn"], scaling={"jobsPerPod": 4})
    made = scaled_object(FLEET, one, bounds_at(one, NOON))["spec"]
    assert {trigger["name"]: trigger["metadata"]["listName"] for trigger in made["triggers"]} == {
        "jobs_0": "{queue:jobs}:engine:catvton",
        "jobs_1": "{queue:jobs}:engine:fashn",
        "retry": "{queue:jobs}:retry",
        "inflight": "{queue:jobs}:leases",
        "busy": "{queue:jobs}:busy",
        "wanted": "config:weavers_wanted:weaver",
    }
    assert formula(one) == "wanted > 0 ? wanted - 1 : max([(jobs_0 + jobs_1 + retry + inflight) / 4.0, busy])"


def test_annotations_of_the_fleet_that_are_not_helms_stay_its_own() -> None:
    one = spec()
    assert scaled_object(FLEET, one, bounds_at(one, NOON))["metadata"]["annotations"] == {}


def test_a_pod_that_has_had_no_node_for_minutes_makes_its_fleet_stuck() -> None:
    body = {"metadata": {"name": "p", "creationTimestamp": "2026-11-27T11:00:00Z"}, "status": {"phase": "Pending"}}
    pod = view_of(body)
    later = datetime.fromisoformat("2026-11-27T11:00:00Z") + timedelta(seconds=STUCK_SECONDS)
    assert not is_stuck([pod], now=later)
    assert is_stuck([pod], now=later + timedelta(seconds=1))
    assert not is_stuck([view_of(body | {"status": {"startTime": "2026-11-27T11:00:05Z"}})], now=NOON)
    assert view_of({"metadata": {"name": "p", "creationTimestamp": "nonsense"}}).created_at is None


def status_of(**parts: Any) -> dict[str, Any]:
    one = spec()
    bounds = bounds_at(one, NOON)
    made = make_status(
        one,
        bounds,
        generation=1,
        pods=parts.pop("pods", Pods(total=2, ready=1)),
        wanted=parts.pop("wanted", None),
        findings=findings_of(bounds, problem=None, **parts),
    )
    return with_times(made, {}, NOON)


def test_a_status_fits_the_definition() -> None:
    for made in (
        status_of(),
        status_of(wanted=Wanted(replicas=3, mode="VIP", waiting=7, reason="because", canary="c@2: idle")),
    ):
        stored = {name: value for name, value in made.items() if value is not None}
        body = {"metadata": {"name": "w"}, "spec": dict(LEAST), "status": stored}
        assert DEFINITION.admitted(body, None)["status"] == stored


def test_an_unchanged_status_is_no_patch_and_a_condition_keeps_its_time_while_its_status_does() -> None:
    before = status_of()
    later = NOON + timedelta(hours=1)
    assert changed(with_times(before, before, later), before) == {}
    not_ready = [{"type": "Ready", "status": "False", "reason": "ScaledObjectCheckFailed", "message": "no Redis"}]
    after = with_times(status_of(scaler=not_ready), before, later)
    times = {one["type"]: one["lastTransitionTime"] for one in after["conditions"]}
    assert times == {
        "Ready": "2026-11-27T13:00:00Z",
        "Applied": "2026-11-27T12:00:00Z",
        "ScalerReady": "2026-11-27T13:00:00Z",
        "Paused": "2026-11-27T12:00:00Z",
    }


def test_conditions_of_other_writers_stay_in_the_list() -> None:
    theirs = {"type": "Budget", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    before = {"conditions": [theirs]}
    assert theirs in with_times(status_of(), before, NOON)["conditions"]


def test_events_say_what_changed_and_nothing_twice() -> None:
    quiet = Moment.of(status_of())
    wants = Moment.of(status_of(wanted=Wanted(replicas=3, mode="VIP", waiting=7, reason="7 wait")))
    assert [note.message for note in events_between(quiet, wants)] == ["3 pods: 7 wait"]
    assert list(events_between(wants, wants)) == []
    more = Moment.of(status_of(wanted=Wanted(replicas=5, mode="SURGE", waiting=30, reason="30 wait")))
    assert [note.message for note in events_between(wants, more)] == ["3 -> 5 pods: 30 wait"]
    worse = Moment.of(status_of(wanted=Wanted(replicas=5, mode="VIP", waiting=1, reason="calm")))
    assert [(note.reason, note.message) for note in events_between(more, worse)] == [("Mode", "VIP: calm")]


def body(name: str = "weaver", *, uid: str = "u-1", version: int = 1, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": uid, "resourceVersion": str(version)} | metadata, "spec": dict(LEAST)}


def test_the_board_keeps_the_newest_object_whichever_way_it_came() -> None:
    board = Board()
    board.put(body(version=5))
    news = board.news
    board.replace([body(version=4)])  # A list that was read before the watch told more.
    board.put(body(version=5))
    assert board.news == news
    board.drop("weaver", "u-0")  # An older namesake.
    assert [one["metadata"]["resourceVersion"] for one in board.objects()] == ["5"]
    board.put(body(uid="u-2", version=3))  # Deleted and made again.
    assert board.objects()[0]["metadata"]["uid"] == "u-2"
    board.replace([])
    assert board.objects() == []


def test_an_object_that_is_being_deleted_is_not_acted_upon() -> None:
    board = Board()
    board.put(body(deletionTimestamp="2026-11-27T12:00:00Z"))
    assert board.objects() == []


def test_the_board_is_written_from_two_threads() -> None:
    board = Board()

    def write(name: str) -> None:
        for version in range(1, 300):
            board.put(body(name, version=version))

    writers = [threading.Thread(target=write, args=(f"f{number}",)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert board.news == 4 * 299
