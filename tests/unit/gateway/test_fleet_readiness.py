"""Is anybody there to weave, and how soon: what `GET /v1/fleet` says, as a table."""

from __future__ import annotations

import pytest

from gateway.fleet.readiness import FleetReadiness, Readiness, readiness_of
from gateway.fleet.view import FleetView
from proteus.jobs import WorkerId
from proteus.registry import WorkerCard, WorkerState

NOW = 1_000.0


def card(state: WorkerState, *, age: float = 0.0, engines: tuple[str, ...] = ("puppet",)) -> WorkerCard:
    return WorkerCard(id=WorkerId(f"{state}-{age}"), state=state, engines=engines, started_at=NOW - age)


def stands(*cards: WorkerCard, asked: int | None = None, warm_until: float | None = None) -> FleetReadiness:
    view = FleetView(weavers=cards, asked_weavers=asked, warm_until=warm_until)
    return readiness_of(view, default_engine="puppet", cold_start_seconds=20.0, now=NOW)


LOADING, READY, DRAINING = WorkerState.LOADING, WorkerState.READY, WorkerState.DRAINING


@pytest.mark.parametrize(
    ("what", "found", "state", "seconds"),
    [
        ("nobody is there", stands(asked=0), "cold", 20.0),
        ("nobody is there, and somebody else scales", stands(), "cold", 20.0),
        ("one was asked for", stands(asked=1), "loading", 20.0),
        ("one was wished for, the arbitrator has not heard yet", stands(asked=0, warm_until=NOW + 9), "loading", 20.0),
        ("a wish that ran out", stands(asked=0, warm_until=NOW), "cold", 20.0),
        ("a wish that nobody hears", stands(warm_until=NOW + 9), "cold", 20.0),
        ("one loads", stands(card(LOADING, age=5.0), asked=1), "loading", 15.0),
        ("the older of two counts", stands(card(LOADING, age=5.0), card(LOADING, age=12.0)), "loading", 8.0),
        ("one loads for longer than it should", stands(card(LOADING, age=99.0)), "loading", 1.0),
        ("one is ready", stands(card(READY), card(LOADING), asked=2), "ready", 0.0),
        ("one is on its way out", stands(card(DRAINING), asked=0), "cold", 20.0),
    ],
)
def test_the_state_and_the_time_until_ready(what: str, found: FleetReadiness, state: str, seconds: float) -> None:
    assert found.state == state, what
    p50, p90 = found.ready_in_seconds
    assert p50 == pytest.approx(seconds)
    assert p90 == pytest.approx(1.5 * seconds)


def test_every_state_is_counted() -> None:
    found = stands(card(READY), card(LOADING), card(LOADING, age=1.0), card(DRAINING), asked=3)
    assert (found.ready, found.loading, found.draining, found.desired) == (1, 2, 1, 3)


def test_engines_stand_for_themselves_and_the_default_one_is_always_listed() -> None:
    found = stands(card(LOADING, engines=("catvton", "fashn")), card(READY, engines=("fashn",)), asked=2)
    assert {one.engine: (one.state, one.ready, one.loading) for one in found.engines} == {
        "catvton": (Readiness.LOADING, 0, 1),
        "fashn": (Readiness.READY, 1, 1),
        "puppet": (Readiness.COLD, 0, 0),
    }


def test_a_fleet_that_was_asked_for_will_have_its_default_engine() -> None:
    (puppet,) = stands(asked=1).engines
    assert puppet.state is Readiness.LOADING
