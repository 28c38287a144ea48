"""What chaos counts: every kind of loss, of doubling and of deafness shows, and a clean run is clean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workbench.chaos.count import Evidence, judge, lost_jobs, quantile, wasted_ratio
from workbench.chaos.load import Order
from workbench.chaos.scenario import SHORT
from workbench.chaos.shopper import Ear, Heard
from workbench.chaos.watch import Recorded, Recovery, Row

SCENARIO = replace(SHORT, jobs=3)


def row(job_id: str, **changes: Any) -> Row:
    values: dict[str, Any] = {
        "id": job_id, "user_id": "u", "state": "completed", "stage": None, "epoch": 1, "submitted_epoch": 1,
        "token": 1_000_001, "crashes": 0, "result_key": f"results/u/{job_id}/1", "code": None, "weave_seconds": 0.1,
    }  # fmt: skip
    return Row(**(values | changes))


def event(seq: int, job_id: str, status: str, *pictures: str) -> Recorded:
    return Recorded(user_id="u", seq=seq, job_id=job_id, status=status, pictures=pictures or (status,))


def clean() -> Evidence:
    """Two pictures that were made and one poison that died, heard by one socket."""
    events = [event(1, "a", "running"), event(2, "a", "completed"), event(3, "b", "completed"), event(4, "p", "failed")]
    recovery = Recovery(name="SIGKILL", since=0.0, waiting={}, seconds={"a": 3.2})
    return Evidence(
        orders=[Order(job_id=name, user_id="u", poison="fail" if name == "p" else None) for name in "abp"],
        rows={"a": row("a"), "b": row("b"), "p": row("p", state="failed", result_key=None, weave_seconds=None)},
        events=events,
        ears=[Ear("u", [Heard(seq=one.seq, job_id=one.job_id, status=one.status, at=0.0) for one in events])],
        objects={"results/u/a/1", "results/u/b/1"},
        changed_results=(),
        claims={"a": {1: 1}, "b": {1: 1}, "p": {1: 1}},
        recoveries=[recovery],
    )


def changed(seen: Evidence, **rows: Row) -> Evidence:
    return replace(seen, rows={**seen.rows, **rows})


def test_a_clean_run_misses_no_bar() -> None:
    verdict = judge(clean(), SCENARIO)
    assert verdict.missed == []
    assert {verdict.numbers[name] for name in ("lost", "double_visible", "events_missed_by_clients")} == {0}
    assert (verdict.numbers["dead_letters"], verdict.numbers["dead_minus_poison"]) == (1, 0)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (replace(clean(), rows={"a": row("a"), "p": clean().rows["p"]}), "no row"),
        (changed(clean(), b=row("b", state="running")), "still running"),
        (replace(clean(), objects={"results/u/a/1"}), "no picture in the store"),
        (changed(clean(), b=row("b", state="canceled")), "nobody cancelled it"),
        (changed(clean(), b=row("b", state="expired")), "it had no deadline"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_way_to_lose_a_job_counts(seen: Evidence, why: str) -> None:
    assert lost_jobs(seen) == {"b": why}
    assert judge(seen, SCENARIO).missed


@pytest.mark.parametrize(
    "seen",
    [
        replace(clean(), changed_results={"a"}),
        replace(clean(), events=[*clean().events, event(5, "a", "failed")]),
        replace(clean(), events=[event(0, "a", "running", "failed"), *clean().events]),
        replace(
            clean(), ears=[Ear("u", [*clean().ears[0].heard, Heard(seq=9, job_id="a", status="completed", at=0.0)])]
        ),
        changed(clean(), x=row("x")),
        replace(clean(), orders=[*clean().orders, clean().orders[0]]),
    ],
    ids=[
        "another result",
        "two ends recorded",
        "an ended picture changed",
        "two ends heard",
        "unordered",
        "one for two",
    ],
)
def test_every_way_to_see_a_job_twice_counts(seen: Evidence) -> None:
    assert judge(seen, SCENARIO).numbers["double_visible"] == 1
    assert judge(seen, SCENARIO).missed


@pytest.mark.parametrize("what", ["unasked_ends", "not_ready", "unmet_answers"])
def test_whatever_else_should_not_be_misses_a_bar_by_its_name(what: str) -> None:
    (missed,) = judge(replace(clean(), **{what: ["weaver-1"]}), SCENARIO).missed
    assert "weaver-1" in missed


def test_an_event_that_one_socket_did_not_hear_is_missed() -> None:
    deaf = replace(clean(), ears=[*clean().ears, Ear("u", clean().ears[0].heard[1:])])
    assert judge(deaf, SCENARIO).numbers["events_missed_by_clients"] == 1
    assert judge(deaf, SCENARIO).missed


@pytest.mark.parametrize(
    "seen",
    [
        replace(
            clean(),
            recoveries=[
                Recovery(name="kill", since=0.0, waiting={}, seconds={"a": SCENARIO.recovery_bar_seconds + 0.1})
            ],
        ),
        replace(clean(), recoveries=[Recovery(name="kill", since=0.0, waiting={"b": 1}, seconds={"a": 1.0})]),
        replace(clean(), recoveries=[]),
        changed(clean(), b=row("b", state="failed", result_key=None)),
        changed(clean(), p=row("p", result_key="results/u/a/1")),
    ],
    ids=["too slow", "never back", "nothing was hit", "dead without being poison", "poison that lives"],
)
def test_the_other_bars_can_be_missed(seen: Evidence) -> None:
    assert len(judge(seen, SCENARIO).missed) == 1


def test_claims_that_brought_nothing_are_waste() -> None:
    assert wasted_ratio(clean()) == pytest.approx(1 / 3, abs=1e-4)
    again = replace(clean(), claims={"a": {1: 2, 2: 1}, "b": {1: 1}, "p": {1: 2}})
    assert wasted_ratio(again) == pytest.approx(4 / 6, abs=1e-4)


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0], 0.99) == 3.0
    assert quantile([], 0.5) is None
