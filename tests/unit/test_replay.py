"""A replay: hand-made arrivals become a trace and measured figures; two policies are set side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any

import pytest

from proteus.estimates import CostTable
from proteus.jobs import JobState, WorkerId
from proteus.registry import WorkerCard, WorkerState
from proteus_cli.decisions import Noted
from workbench.replay.comparison import Fleet, NoWorkers, compare, plan_of
from workbench.replay.costs import NotMeasured, from_cards
from workbench.replay.record import ENOUGH, Arrival, Record, RecordTooShort
from workbench.replay.ruling import ruling
from workbench.simulate.costs import from_file

SINCE = datetime(2026, 2, 3, 12, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=5)
KEY = "catvton/1/768x1024/20"


def at(seconds: float) -> datetime:
    return SINCE + timedelta(seconds=seconds)


def arrival(ready: float | None, started: float | None = None, finished: float | None = None, **said: Any) -> Arrival:
    fields = {
        "tenant": "shop",
        "priority": 1,
        "engine": "catvton",
        "batch_key": KEY,
        "degradable": True,
        "rank": 0.5,
        "degraded": False if finished is not None else None,
        "deadline_at": None,
        "status": JobState.COMPLETED if finished is not None else JobState.QUEUED,
        "created_at": at(ready or 0.0),
        "ready_at": None if ready is None else at(ready),
        "started_at": None if started is None else at(started),
        "finished_at": None if finished is None else at(finished),
    }
    return Arrival.model_validate(fields | said)


def record(*special: Arrival) -> Record:
    """The special ones before so many usual ones that they are enough."""
    usual = [arrival(100.0 + n, 101.0 + n, 103.0 + n) for n in range(ENOUGH)]
    return Record.of([*special, *usual], since=SINCE, until=UNTIL)


def test_a_trace_has_the_arrivals_in_the_order_in_which_they_could_be_queued() -> None:
    late, early = arrival(20.0, tenant="b", rank=0.9), arrival(10.0, tenant="a", rank=0.1, degradable=False)
    trace = record(late, early).trace()
    assert trace.seconds == 300.0
    assert trace.arrived[:3] == [10.0, 20.0, 100.0]
    assert trace.tenant[:3] == [0, 1, 2]
    assert (trace.rank[:2], trace.may_degrade[:2]) == ([0.1, 0.9], [False, True])


def test_a_deadline_is_kept_and_none_means_never() -> None:
    deadline = record(arrival(10.0, deadline_at=at(30.0))).trace().deadline
    assert deadline is not None
    assert deadline[:2] == [30.0, inf]


@pytest.mark.parametrize(
    "out",
    [
        arrival(None),
        arrival(10.0, status=JobState.CANCELED),
        arrival(-1.0, 5.0, 7.0),
        arrival(300.0),
    ],
    ids=["never could be queued", "cancelled", "before", "at the end"],
)
def test_what_no_policy_could_have_made_is_left_out_and_said(out: Arrival) -> None:
    found = record(out)
    assert (len(found.arrivals), found.left_out) == (ENOUGH, 1)
    assert found.notes == ["1 more are left out: cancelled, or not to be queued within the period"]


@pytest.mark.parametrize(("many", "said"), [(0, "No picture"), (1, "Only one picture"), (19, "Only 19 pictures")])
def test_a_record_that_is_too_short_says_so(many: int, said: str) -> None:
    with pytest.raises(RecordTooShort, match=said):
        Record.of([arrival(float(n), n + 1.0, n + 3.0) for n in range(many)], since=SINCE, until=UNTIL)


def test_measured_waits_goodput_and_degraded_share_are_those_of_the_rows() -> None:
    rows = [arrival(float(n), n + (10.0 if n == 0 else 2.0), n + (14.0 if n == 0 else 4.0)) for n in range(20)]
    rows[1] = arrival(1.0, 3.0, 5.0, degraded=True)
    real = Record.of(rows, since=SINCE, until=UNTIL).measured(slo_seconds=12.0, now=UNTIL)
    assert (real.wait_p50, real.goodput, real.degraded) == (2.0, 19 / 20, 1 / 20)
    assert 2.0 < real.wait_p95 < real.wait_p99 < 10.0
    assert (real.node_hours, real.cost_per_1000) == (None, None)


def test_what_still_waits_has_waited_until_now_and_is_no_goodput() -> None:
    rows = [arrival(float(n)) for n in range(20)]
    real = Record.of(rows, since=SINCE, until=UNTIL).measured(slo_seconds=12.0, now=at(100.0))
    assert (real.goodput, real.wait_p50) == (0.0, 90.5)


def test_what_expired_without_a_start_is_no_goodput_and_no_wait() -> None:
    expired = arrival(10.0, finished_at=at(200.0), status=JobState.EXPIRED)
    real = record(expired).measured(slo_seconds=12.0, now=UNTIL)
    assert real.goodput == ENOUGH / (ENOUGH + 1)
    assert real.wait_p99 == pytest.approx(1.0)


def test_what_the_simulation_simplifies_is_noted() -> None:
    other, high = arrival(1.0, batch_key="catvton/1/768x1024/50"), arrival(2.0, priority=2)
    notes = record(other, high).notes
    assert any("1 have another batch key than catvton/1/768x1024/20" in note for note in notes)
    assert any("1 have a high or low priority" in note for note in notes)


def noted(seconds: float, policy: str, ready: int = 2) -> Noted:
    return Noted(at=at(seconds), by="a1", decision={"policy": policy, "ready": ready})


def test_who_ruled_is_read_from_the_decisions() -> None:
    found = ruling([noted(-60, "table"), noted(30, "table", ready=3)], since=SINCE, until=UNTIL)
    assert (found.policy, found.workers, found.notes) == ("table", 3, ())


def test_a_change_of_policy_within_the_period_is_said() -> None:
    found = ruling([noted(-60, "table"), noted(90, "slo")], since=SINCE, until=UNTIL)
    assert found.policy == "slo"
    assert "slo ruled 70% of the time, table the rest" in found.notes[0]


@pytest.mark.parametrize(
    ("decisions", "policy", "said"),
    [
        ([], "slo", "no decision of this period is noted"),
        ([noted(60, "table")], "table", "the noted decisions begin at"),
        ([noted(-60, "tomorrow")], "slo", "this version does not know"),
    ],
)
def test_what_is_not_known_of_the_ruling_is_said(decisions: list[Noted], policy: str, said: str) -> None:
    found = ruling(decisions, since=SINCE, until=UNTIL)
    assert found.policy == policy
    assert said in found.notes[0]


BATCHING_PAYS = CostTable((2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7))


def fleet(cost: CostTable = BATCHING_PAYS, degraded: CostTable | None = None, workers: int = 1, **said: Any) -> Fleet:
    plan = plan_of(workers, at_least=1, at_most=None, cold_start_seconds=120.0)
    fields = {"slo_seconds": 12.0, "eta_limit_seconds": 600.0, "node_hour_price": 1.0}
    return Fleet(cost=cost, degraded=degraded, plan=plan, **(fields | said))


def one_worker(arrived: Iterator[float], seconds: Callable[[int], float], batch: int) -> list[Arrival]:
    """What a worker does that takes up to `batch` at a time, first in first out: by hand, not by the model."""
    queue, free, rows = sorted(arrived), 0.0, []
    while queue:
        start = max(free, queue[0])
        taken = [one for one in queue[:batch] if one <= start]
        free = start + seconds(len(taken))
        rows += [arrival(one, start, free) for one in taken]
        queue = queue[len(taken) :]
    return rows


def test_the_simulation_of_what_ruled_meets_what_was_measured() -> None:
    arrived = (4.0 * n + (n % 5) * 0.7 for n in range(70))
    rows = one_worker(arrived, BATCHING_PAYS.t, batch=1)
    found = Record.of(rows, since=SINCE, until=UNTIL)
    made = compare(found, fleet(), ruled="table", policy="table", now=UNTIL)
    assert list(made.simulated) == ["table"]
    assert made.measured.goodput == 1.0
    assert made.goodput_error < 0.01
    assert made.wait_p95_error_seconds < 0.3


@pytest.mark.long
def test_a_fleet_that_is_not_the_one_that_ran_shows_in_the_distance() -> None:
    rows = one_worker((2.2 * n for n in range(100)), BATCHING_PAYS.t, batch=1)
    found = Record.of(rows, since=SINCE, until=UNTIL)
    slower = CostTable((2 * BATCHING_PAYS.t(1),))
    made = compare(found, fleet(slower), ruled="table", policy="slo", now=UNTIL)
    assert made.goodput_error > 0.5
    assert made.wait_p95_error_seconds > 10


def test_a_policy_that_batches_sooner_waits_less_where_batching_pays() -> None:
    rows = one_worker((1.0 * n for n in range(280)), BATCHING_PAYS.t, batch=1)
    found = Record.of(rows, since=SINCE, until=UNTIL)
    made = compare(found, fleet(), ruled="table", policy="slo", now=UNTIL)
    table, slo = made.simulated["table"], made.simulated["slo"]
    assert slo.wait_p95 < 0.7 * table.wait_p95
    assert slo.goodput >= table.goodput
    assert slo.degraded == table.degraded == 0.0
    assert slo.node_hours == table.node_hours == 1.0


def test_only_an_engine_with_a_degraded_form_is_degraded() -> None:
    cost, cheap = CostTable((3.0,)), CostTable((1.0,))
    rows = one_worker((1.5 * n for n in range(190)), cost.t, batch=1)
    found = Record.of(rows, since=SINCE, until=UNTIL)
    plain = compare(found, fleet(cost), ruled="table", policy="table", now=UNTIL).simulated["table"]
    helped = compare(found, fleet(cost, cheap), ruled="table", policy="table", now=UNTIL).simulated["table"]
    assert plain.degraded == 0.0
    assert helped.degraded > 0.3
    assert helped.goodput > plain.goodput + 0.3


def test_jobs_without_a_deadline_are_made_however_late() -> None:
    rows = one_worker((1.5 * n for n in range(100)), lambda size: 3.0, batch=1)
    found = Record.of(rows, since=SINCE, until=UNTIL)
    late = compare(found, fleet(CostTable((3.0,))), ruled="table", policy="table", now=UNTIL)
    assert late.simulated["table"].wait_p99 > 100.0
    assert late.wait_p95_error_seconds < 15.0


def test_cost_is_node_hours_by_price_for_pictures_in_the_slo() -> None:
    made = compare(record(), fleet(node_hour_price=2.5), ruled="slo", policy="slo", now=UNTIL).simulated["slo"]
    assert made.node_hours == 1.0
    assert made.cost_per_1000 == pytest.approx(2.5 * 1000 / (ENOUGH * made.goodput))


def test_a_fleet_follows_the_signal_only_with_a_maximum() -> None:
    assert plan_of(3, at_least=1, at_most=None, cold_start_seconds=120.0).signal == "fixed"
    scaled = plan_of(9, at_least=2, at_most=4, cold_start_seconds=20.0)
    assert (scaled.signal, scaled.replicas, scaled.most, scaled.cold_start_seconds) == ("signal", 4, 4, 20.0)
    assert plan_of(0, at_least=0, at_most=4, cold_start_seconds=120.0).cold_start_seconds == 120.0
    with pytest.raises(NoWorkers):
        plan_of(0, at_least=1, at_most=None, cold_start_seconds=120.0)


def card(name: str, costs: dict[str, dict[str, float]], state: WorkerState = WorkerState.READY) -> WorkerCard:
    return WorkerCard(id=WorkerId(name), state=state, engines=("catvton",), seconds_per_batch=costs)


def test_costs_are_the_mean_of_the_ready_weavers() -> None:
    cheap = "catvton/1/384x512/20"
    cards = [
        card("a", {KEY: {"1": 2.0, "2": 3.0}, cheap: {"1": 0.5}}),
        card("b", {KEY: {"1": 4.0, "2": 5.0}}),
        card("c", {KEY: {"1": 90.0}}, WorkerState.DRAINING),
    ]
    cost, degraded = from_cards(cards, engine="catvton", batch_key=KEY)
    assert cost.seconds == pytest.approx((2 / (1 / 2 + 1 / 4), 2 / (1 / 3 + 1 / 5)))
    assert degraded == CostTable((0.5,))


def test_a_guess_of_a_weaver_is_not_replayed() -> None:
    guess = replace(card("a", {KEY: {"1": 5.4}}), measured_up_to={KEY: 0})
    assert from_cards([guess, card("b", {KEY: {"1": 0.86}})], engine="catvton", batch_key=KEY)[0] == CostTable((0.86,))
    with pytest.raises(NotMeasured, match="they only guess so far"):
        from_cards([guess], engine="catvton", batch_key=KEY)


@pytest.mark.parametrize(
    ("cards", "said"), [([], "none is ready"), ([card("a", {"puppet/1/0x0/0": {"1": 1.0}})], "they know puppet")]
)
def test_what_nobody_measured_is_not_guessed(cards: list[WorkerCard], said: str) -> None:
    with pytest.raises(NotMeasured, match=said):
        from_cards(cards, engine="catvton", batch_key=KEY)


def test_costs_from_a_file_are_read(tmp_path: Path) -> None:
    file = tmp_path / "t-b.json"
    file.write_text(json.dumps({"normal": {"1": 2.0, "3": 4.0}, "degraded": {"1": 1.0}}))
    assert from_file(file) == (CostTable((2.0, 3.0, 4.0)), CostTable((1.0,)))
    file.write_text(json.dumps({"normal": {"1": 2.0}}))
    assert from_file(file) == (CostTable((2.0,)), None)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"normal": {"one": 1}}', '{"normal": {"2": 1.0}}', '{"normal": {"1": -1}}', '{"1": 2.0}']
)
def test_a_file_that_is_no_table_is_refused_with_the_form(tmp_path: Path, text: str) -> None:
    file = tmp_path / "t-b.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r'is not of the form \{"normal"'):
        from_file(file)
