"""One view of the fleet: what a batch costs on it, and when the workers that load will help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from arbitrator.observe import fleet_of, make_observation
from arbitrator.settings import ArbitratorSettings
from gateway.fleet.view import FleetView
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.rules.tokens import Caller
from gateway.settings import AdmissionSettings, DatabaseSettings, LimitSettings
from proteus.engines import CATVTON, canvas_of
from proteus.estimates import JOIN_AFTER_SECONDS, Fleet
from proteus.fleet_view import batch_cost, engine_fleet, first_ready_in_seconds, remaining_seconds
from proteus.jobs import UserId, WorkerId
from proteus.keys import JOBS, TAILOR
from proteus.queue import QueueStats
from proteus.registry import WorkerCard, WorkerState

KEY = "timed/1/384x512/8"
CANVAS, CATVTON_CANVAS = canvas_of(KEY), canvas_of(CATVTON.batch_key("balanced"))
NOW = 1_706_956_800.0
IDLE = QueueStats(waiting=0, running=0, retrying=0, dead=0, busy_workers=0, oldest_waiting_ms=0, mean_wait_ms=0.0)


def card(name: str, costs: Mapping[str, float], up_to: int | None = None, *, key: str = KEY, **fields) -> WorkerCard:
    """A ready worker; without `up_to` it says nothing of what it measured, and is believed."""
    return WorkerCard(
        **{
            "id": WorkerId(name),
            "state": WorkerState.READY,
            "engines": ("timed", "catvton"),
            "seconds_per_batch": {key: costs},
            "measured_up_to": None if up_to is None else {key: up_to},
            **fields,
        }
    )


def loading(name: str, *, age: float) -> WorkerCard:
    return replace(card(name, {}), state=WorkerState.LOADING, started_at=NOW - age, seconds_per_batch={})


COSTS = st.lists(st.floats(0.1, 60), min_size=1, max_size=8)


@given(singles=COSTS)
def test_the_mean_worker_makes_as_much_as_the_workers_that_there_are(singles: list[float]) -> None:
    cost = batch_cost([card(str(n), {"1": seconds}, 1) for n, seconds in enumerate(singles)], KEY)
    assert cost is not None
    truly_per_second = sum(1 / seconds for seconds in singles)
    assert len(singles) / cost.table.t(1) == pytest.approx(truly_per_second)
    assert min(singles) * 0.999999 <= cost.table.t(1) <= max(singles) * 1.000001


@given(singles=COSTS, spread=st.floats(0, 1))
def test_nine_in_ten_workers_are_within_the_spread(singles: list[float], spread: float) -> None:
    cards = [card(str(n), {"1": seconds}, 1, batch_spread={KEY: spread}) for n, seconds in enumerate(singles)]
    cost = batch_cost(cards, KEY)
    assert cost is not None
    within = cost.table.t(1) * (1 + cost.table.spread) * 1.000001
    assert sum(seconds * (1 + spread) <= within for seconds in singles) >= 0.9 * len(singles)


@given(seconds=st.floats(0.1, 60), workers=st.integers(1, 9), spread=st.floats(0, 1))
def test_a_fleet_of_equal_workers_costs_what_each_of_them_does(seconds: float, workers: int, spread: float) -> None:
    one = card("a", {"1": seconds, "2": 1.5 * seconds}, 2, batch_spread={KEY: spread})
    cost = batch_cost([replace(one, id=WorkerId(str(n))) for n in range(workers)], KEY)
    assert cost is not None
    assert cost.table.seconds == pytest.approx((seconds, 1.5 * seconds))
    assert cost.table.spread == pytest.approx(spread, abs=1e-9)


def test_each_batch_size_rests_on_the_workers_that_measured_it() -> None:
    far = card("far", {"1": 1.0, "2": 1.2, "3": 1.4}, 2)
    near = card("near", {"1": 3.0, "2": 50.0, "3": 70.0}, 1)
    guess = card("guess", {"1": 36.0}, 0)
    cost = batch_cost([guess, near, far], KEY)
    assert cost is not None
    assert cost.measured_up_to == 2
    assert cost.table.seconds == pytest.approx((1.5, 1.5, 1.5)), "t(b) never falls"
    assert batch_cost([guess, replace(near, seconds_per_batch={KEY: {"1": 1.0, "2": 50.0}}), far], KEY) is not None
    assert batch_cost([guess, far], KEY) == batch_cost([far], KEY)


def test_where_nobody_measured_the_guesses_count_and_are_called_so() -> None:
    cost = batch_cost([card("a", {"1": 4.0}, 0), card("b", {"1": 12.0}, 0)], KEY)
    assert cost is not None
    assert (cost.table.t(1), cost.measured_up_to, cost.measured(1)) == (pytest.approx(6.0), 0, False)
    assert batch_cost([card("a", {"1": 4.0}, 0)], "other") is None
    assert batch_cost([], KEY) is None


def test_a_batch_is_joined_if_every_worker_that_knows_it_lets_others_in() -> None:
    parts = {"step_seconds": {CANVAS: {"1": 0.1, "2": 0.15}}, "fixed_seconds": {CANVAS: {"1": 0.1, "2": 0.2}}}
    new, older = card("new", {}, 2, **parts), card("older", {"1": 1.0, "2": 1.2}, 2)
    other = card("other", {"1": 1.0}, 1, key="timed/1/512x512/8")
    for cards, joined in (([new], True), ([new, other], True), ([new, older], False), ([older], False)):
        cost = batch_cost(cards, KEY)
        assert cost is not None
        assert cost.joins is joined


def test_a_gateway_counts_what_its_workers_hold() -> None:
    parts = {
        "step_seconds": {CATVTON_CANVAS: {"1": 0.1, "2": 0.15}},
        "fixed_seconds": {CATVTON_CANVAS: {"1": 0.1, "2": 0.2}},
        "measured_up_to": {CATVTON_CANVAS: 2},
    }
    watch = watch_of([card("new", {}, **parts)])
    stats = {JOBS: replace(IDLE, busy_workers=1, running=1), TAILOR: IDLE}
    watch.view = replace(watch.view, stats=stats, batch_limit=2)
    assert watch.fleet("catvton").joins
    caller = Caller(user_id=UserId("u"), tenant="guests", scopes=frozenset(), expires_at=0)
    assert watch.queue_view(caller, "catvton").running == 1
    assert watch.eta("catvton", "balanced", ahead=0).wait_seconds == JOIN_AFTER_SECONDS
    watch.view = replace(watch.view, stats={JOBS: replace(IDLE, busy_workers=1, running=2), TAILOR: IDLE})
    assert watch.eta("catvton", "balanced", ahead=0).wait_seconds > JOIN_AFTER_SECONDS


def test_a_batch_is_measured_if_somebody_measured_the_one_that_pays() -> None:
    cost = batch_cost([card("a", {"1": 1.0, "2": 1.1, "4": 1.3}, 2)], KEY)
    assert cost is not None
    assert cost.measured(2)
    assert not cost.measured(4)


@pytest.mark.parametrize(
    ("age", "left"), [(0.0, 20.0), (5.0, 15.0), (19.5, 1.0), (99.0, 1.0), (-30.0, 20.0)],
)  # fmt: skip
def test_a_loading_worker_has_its_cold_start_less_its_age_to_go(age: float, left: float) -> None:
    assert remaining_seconds(age, cold_start_seconds=20.0) == left
    assert first_ready_in_seconds([loading("a", age=age)], cold_start_seconds=20.0, now=NOW) == left


def test_the_first_of_several_loading_workers_counts_and_no_other_state() -> None:
    cards = [loading("a", age=3.0), loading("b", age=8.0), card("c", {"1": 1.0}, started_at=NOW - 19)]
    assert first_ready_in_seconds(cards, cold_start_seconds=20.0, now=NOW) == 12.0
    assert first_ready_in_seconds(cards[2:], cold_start_seconds=20.0, now=NOW) == 0.0
    seen = engine_fleet(cards, batch_key=KEY, degraded_key="", cold_start_seconds=20.0, now=NOW)
    assert (seen.ready, seen.starting, seen.starting_in_seconds, seen.degraded) == (1, 2, 12.0, None)


CARDS = st.lists(
    st.builds(
        lambda n, single, double, up_to, age, state: card(
            str(n),
            {"1": single, "2": single + double},
            up_to,
            key=CATVTON.batch_key("balanced"),
            state=state,
            started_at=NOW - age,
        ),
        n=st.integers(0, 10**6),
        single=st.floats(0.1, 60),
        double=st.floats(0, 60),
        up_to=st.sampled_from([None, 0, 1, 2]),
        age=st.floats(-60, 600),
        state=st.sampled_from(list(WorkerState)),
    ),
    max_size=5,
)


def watch_of(cards: list[WorkerCard]) -> FleetWatch:
    watch = FleetWatch(
        Redis(),
        Ledger(DatabaseSettings()),
        {},
        admission=AdmissionSettings(cold_start_seconds=100.0),
        limits=LimitSettings(),
        named_engines=frozenset(),
        default_engine="puppet",
    )
    watch.view = replace(FleetView(), weavers=cards)
    return watch


def of_the_gateway(cards: list[WorkerCard]) -> Fleet:
    return watch_of(cards).fleet("catvton")


@given(cards=CARDS)
def test_the_gateway_and_the_arbitrator_see_the_same_fleet(cards: list[WorkerCard]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: NOW)  # the clock, nothing of ours
        gateway = of_the_gateway(cards)
    settings = ArbitratorSettings(cold_start_seconds=100.0)
    seen = fleet_of(cards, engine="catvton", cold_start_seconds=100.0, now=NOW)
    arbitrator = make_observation(IDLE, seen, settings, now=NOW, arrived=0)
    assert (gateway.ready, gateway.starting) == (arbitrator.ready, arbitrator.starting)
    assert gateway.starting_in_seconds == arbitrator.starting_in_seconds
    if arbitrator.cost is not None:
        assert gateway.pace.single_seconds == arbitrator.cost.t(1)
        assert gateway.pace.spread == arbitrator.cost.spread
    else:
        assert gateway.pace.single_seconds == AdmissionSettings().default_picture_seconds
