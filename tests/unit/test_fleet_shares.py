"""Several fleets: which of them do the same work, and who gets how many pods."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrator.fleets.board import FleetView
from arbitrator.fleets.bounds import Bounds
from arbitrator.fleets.groups import groups_of, share
from arbitrator.fleets.spec import parse_spec

NOBODY: frozenset[str] = frozenset()


def view(
    name: str, least: int = 0, most: int = 5, *, held: int | None = None, paused: bool = False, **fields: Any
) -> FleetView:
    seen = {one: fields.pop(one) for one in ("pods", "ready", "kept", "stuck") if one in fields}
    spec = parse_spec({"deployment": name, "selector": {"app": name}} | fields)
    bounds = Bounds(min_replicas=least, max_replicas=most, held=held, paused=paused)
    return FleetView(name=name, spec=spec, bounds=bounds, **seen)


def shares(
    wanted: int, *fleets: FleetView, waiting: dict[str, int] | None = None, busy: frozenset[str] = NOBODY
) -> dict[str, int]:
    [group] = groups_of(fleets)
    return share(group, wanted, waiting=waiting or {}, busy=busy)


def test_fleets_whose_engines_overlap_are_one_group_and_one_without_names_joins_all() -> None:
    catvton, fashn = view("a", engines=["catvton"]), view("b", engines=["fashn"])
    both, free = view("c", engines=["catvton", "fashn"]), view("d")
    assert [group.key for group in groups_of([fashn, catvton])] == ["a", "b"]
    [joined] = groups_of([catvton, fashn, both])
    assert (joined.key, joined.engines) == ("a,b,c", {"catvton", "fashn"})
    [everything] = groups_of([catvton, fashn, free])
    assert (everything.key, everything.engines) == ("a,b,d", frozenset())


def test_the_shortest_slo_and_the_sum_of_the_bounds_are_the_groups() -> None:
    [group] = groups_of([view("a", 1, 3, slo={"seconds": 20}), view("b", 0, 4, slo={"seconds": 6})])
    assert (group.slo_seconds, group.min_replicas, group.max_replicas) == (6, 1, 7)


SPOT = {"capacity": "spot", "billing": {"hourlyPrice": 0.5}}
DEAR = {"billing": {"hourlyPrice": 2.0}}


@pytest.mark.parametrize(
    ("wanted", "given_to"),
    [(0, (1, 0)), (1, (1, 0)), (2, (1, 1)), (4, (1, 3)), (6, (3, 3)), (99, (4, 3))],
)
def test_the_floor_of_the_sure_nodes_comes_first_then_spot_then_the_rest(
    wanted: int, given_to: tuple[int, int]
) -> None:
    found = shares(wanted, view("sure", 1, 4, **DEAR), view("spot", 0, 3, **SPOT))
    assert (found["sure"], found["spot"]) == given_to


def test_spot_pods_that_get_no_node_are_asked_of_the_others_as_well() -> None:
    spot = view("spot", 0, 3, ready=1, stuck=True, pods=frozenset({"s1", "s2", "s3"}), **SPOT)
    assert shares(4, view("sure", 0, 4, **DEAR), spot) == {"spot": 3, "sure": 3}


def test_spot_goes_before_the_rest_whatever_it_costs() -> None:
    assert shares(2, view("a", 0, 2), view("z", 0, 2, capacity="spot", billing={"hourlyPrice": 9.0})) == {
        "z": 2,
        "a": 0,
    }


def test_the_cheaper_of_two_sure_fleets_is_filled_first() -> None:
    assert shares(3, view("a", 0, 2, **DEAR), view("b", 0, 2, billing={"hourlyPrice": 1.0})) == {"b": 2, "a": 1}


def test_a_held_or_paused_fleet_gets_what_it_has_and_the_others_the_rest() -> None:
    held, paused = view("held", 0, 5, held=2), view("paused", 0, 5, paused=True, pods=frozenset({"p"}))
    assert shares(5, held, paused, view("free", 0, 5)) == {"held": 2, "paused": 1, "free": 2}
    assert shares(0, held, paused, view("free", 0, 5)) == {"held": 2, "paused": 1, "free": 0}


@pytest.mark.parametrize(
    ("wanted", "given_to"),
    [(0, (2, 0)), (1, (2, 0)), (2, (2, 0)), (3, (2, 1)), (6, (3, 3))],
)
def test_pods_that_are_paid_for_stay_and_do_the_work_before_others_are_bought(
    wanted: int, given_to: tuple[int, int]
) -> None:
    sure, spot = view("sure", most=3, kept=2, **DEAR), view("spot", most=3, **SPOT)
    given = shares(wanted, sure, spot)
    assert (given["sure"], given["spot"]) == given_to


def test_no_paid_pod_breaks_a_bound() -> None:
    assert shares(0, view("a", most=2, kept=5)) == {"a": 2}
    assert shares(0, view("a", held=0, kept=5)) == {"a": 0}
    assert shares(0, view("a", paused=True, pods=frozenset({"p"}), kept=5)) == {"a": 1}


def test_every_engine_with_work_has_a_fleet_that_offers_it() -> None:
    cheap = view("cheap", engines=["catvton"], **SPOT)
    dear = view("dear", engines=["catvton", "fashn"], **DEAR)
    assert shares(1, cheap, dear, waiting={"fashn": 1, "catvton": 0}) == {"cheap": 1, "dear": 1}
    assert shares(1, cheap, dear, waiting={"fashn": 0, "catvton": 3}) == {"cheap": 1, "dear": 0}


def test_a_fleet_whose_pod_works_keeps_one() -> None:
    old = view("old", 0, 5, pods=frozenset({"old-1"}), **DEAR)
    new = view("new", 0, 5, **SPOT)
    assert shares(1, old, new, busy=frozenset({"old-1"})) == {"new": 1, "old": 1}
    assert shares(1, old, new, busy=frozenset({"other"})) == {"new": 1, "old": 0}


BOUNDS = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted)


@given(
    wanted=st.integers(0, 30),
    bounds=st.lists(BOUNDS, min_size=1, max_size=4),
    spot=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_shares_keep_every_bound_and_add_up_to_what_is_wanted(
    wanted: int, bounds: list[list[int]], spot: list[bool]
) -> None:
    fleets = [
        view(f"f{n}", least, most, capacity="spot" if spot[n] else "onDemand") for n, (least, most) in enumerate(bounds)
    ]
    found = shares(wanted, *fleets)
    for fleet in fleets:
        assert fleet.bounds.min_replicas <= found[fleet.name] <= fleet.bounds.max_replicas
    least, most = (sum(one[n] for one in bounds) for n in (0, 1))
    assert sum(found.values()) == min(max(wanted, least), most)
