"""Who may join the queue."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.admission import (
    RETRY_AFTER_MOST_SECONDS,
    Limits,
    QueueView,
    Request,
    Verdict,
    decide,
    promote,
)
from proteus.estimates import Fleet, Pace

NOW = 1_706_956_800.0
PACE = Pace(1, 2.0, 2.0)
WARM = Fleet(pace=PACE, ready=2, max_replicas=5, cold_start_seconds=100.0)
GUESSED = Fleet(pace=PACE, ready=2, max_replicas=5, cold_start_seconds=100.0, measured=False)
COLD = Fleet(pace=PACE, ready=0, max_replicas=3, cold_start_seconds=100.0)
NONE = Fleet(pace=PACE, ready=0, max_replicas=0)
LIMITS = Limits(eta_limit_seconds=20.0, tenant_queue_cap=5, tenant_total_cap=10)


@pytest.mark.parametrize(
    ("request_", "queue", "fleet", "verdict", "code"),
    [
        (Request(), QueueView(waiting=0), WARM, Verdict.ACCEPT, ""),
        (Request(), QueueView(waiting=14, busy_workers=2), WARM, Verdict.ACCEPT, ""),
        (Request(), QueueView(waiting=40, busy_workers=2), WARM, Verdict.SHED, "queue_full"),
        (Request(pictures=30), QueueView(waiting=0), WARM, Verdict.SHED, "tenant_cap"),
        (Request(priority="high"), QueueView(waiting=40, busy_workers=2), WARM, Verdict.ACCEPT, ""),
        (
            Request(priority="high"),
            QueueView(waiting=40, waiting_high=40, busy_workers=2),
            WARM,
            Verdict.SHED,
            "queue_full",
        ),
        (Request(deadline_at=NOW + 3), QueueView(waiting=0), WARM, Verdict.ACCEPT, ""),
        (Request(deadline_at=NOW + 1), QueueView(waiting=0), WARM, Verdict.SHED, "deadline_unreachable"),
        (Request(priority="low"), QueueView(waiting=0), WARM, Verdict.HOLD, ""),
        (Request(priority="low"), QueueView(waiting=400, busy_workers=2), WARM, Verdict.HOLD, ""),
        (Request(), QueueView(waiting=0, tenant_waiting=5), WARM, Verdict.HOLD, ""),
        (Request(), QueueView(waiting=0, tenant_waiting=4), WARM, Verdict.ACCEPT, ""),
        (Request(), QueueView(waiting=0, tenant_total=10), WARM, Verdict.SHED, "tenant_cap"),
        (Request(), QueueView(waiting=0), COLD, Verdict.ACCEPT, ""),
        (Request(), QueueView(waiting=29), COLD, Verdict.ACCEPT, ""),
        (Request(), QueueView(waiting=30), COLD, Verdict.SHED, "queue_full"),
        (Request(deadline_at=NOW + 60), QueueView(waiting=0), COLD, Verdict.SHED, "deadline_unreachable"),
        (Request(), QueueView(waiting=0), NONE, Verdict.SHED, "no_capacity"),
        (Request(deadline_at=NOW + 1), QueueView(waiting=0), GUESSED, Verdict.ACCEPT, ""),
        (Request(), QueueView(waiting=40, busy_workers=2), GUESSED, Verdict.ACCEPT, ""),
        (Request(), QueueView(waiting=50, busy_workers=2), GUESSED, Verdict.SHED, "queue_full"),
        (Request(pictures=2), QueueView(waiting=0, tenant_total=9), GUESSED, Verdict.SHED, "tenant_cap"),
    ],
)
def test_the_table_of_admission(request_: Request, queue: QueueView, fleet: Fleet, verdict: Verdict, code: str) -> None:
    answer = decide(request_, queue, fleet, LIMITS, NOW)
    assert (answer.verdict, answer.code) == (verdict, code)
    assert answer.reason


def test_a_place_beside_others_is_a_shorter_wait_than_the_end_of_their_batch() -> None:
    joins = Fleet(pace=Pace(4, 20.0, 6.0), ready=1, joins=True)
    request = Request(deadline_at=NOW + 28)
    for fleet, running, verdict in (
        (joins, 2, Verdict.ACCEPT), (joins, 4, Verdict.SHED), (replace(joins, joins=False), 2, Verdict.SHED),
    ):  # fmt: skip
        queue = QueueView(waiting=0, busy_workers=1, running=running)
        assert decide(request, queue, fleet, Limits(eta_limit_seconds=60.0), NOW).verdict is verdict


def test_a_cold_fleet_admits_what_the_setting_says() -> None:
    limits = Limits(cold_admit=2)
    assert decide(Request(), QueueView(waiting=1), COLD, limits, NOW).verdict is Verdict.ACCEPT
    assert decide(Request(), QueueView(waiting=2), COLD, limits, NOW).verdict is Verdict.SHED


def test_a_guess_lets_in_what_it_says_is_in_time_whatever_their_number() -> None:
    few = Limits(cold_admit=2, eta_limit_seconds=1_000.0)
    assert decide(Request(), QueueView(waiting=200), GUESSED, few, NOW).verdict is Verdict.ACCEPT


def test_waiting_for_retry_after_makes_room() -> None:
    queue = QueueView(waiting=40, busy_workers=2)
    answer = decide(Request(), queue, WARM, LIMITS, NOW)
    done = int(answer.retry_after_seconds * WARM.ready / PACE.batch_seconds) + 1
    later = QueueView(waiting=queue.waiting - done, busy_workers=2)
    assert decide(Request(), later, WARM, LIMITS, NOW).verdict is Verdict.ACCEPT


@given(
    st.builds(
        Request,
        pictures=st.integers(1, 4),
        priority=st.sampled_from(["normal", "high", "low"]),
        deadline_at=st.none() | st.floats(NOW, NOW + 500),
    ),
    st.builds(
        QueueView,
        waiting=st.integers(0, 300),
        busy_workers=st.integers(0, 6),
        tenant_waiting=st.integers(0, 8),
        tenant_total=st.integers(0, 12),
    ),
    st.builds(
        Fleet,
        pace=st.just(PACE),
        ready=st.integers(0, 6),
        starting=st.integers(0, 3),
        starting_in_seconds=st.floats(0, 100),
        max_replicas=st.integers(0, 6),
        cold_start_seconds=st.floats(0, 200),
        measured=st.booleans(),
    ),
)
def test_what_is_accepted_keeps_its_promises_and_what_is_shed_says_when_to_come_back(
    request_: Request, queue: QueueView, fleet: Fleet
) -> None:
    answer = decide(request_, queue, fleet, LIMITS, NOW)
    assert fleet.measured or answer.code != "deadline_unreachable"
    if answer.verdict is Verdict.SHED:
        assert 1 <= answer.retry_after_seconds <= RETRY_AFTER_MOST_SECONDS
        assert answer.code
        return
    assert answer.retry_after_seconds == 0
    assert answer.code == ""
    if request_.deadline_at is not None and fleet.measured:
        assert NOW + answer.eta.p90_seconds <= request_.deadline_at
    if answer.verdict is Verdict.ACCEPT:
        assert queue.tenant_waiting + request_.pictures <= LIMITS.tenant_queue_cap
        assert answer.eta.cold or not fleet.measured or answer.eta.p90_seconds <= LIMITS.eta_limit_seconds


def test_held_work_goes_in_round_robin_behind_the_tenant_of_the_last_turn() -> None:
    held = {"a": 3, "b": 1, "c": 2}
    limits = Limits(held_below=5)
    assert list(promote(held, waiting=0, limits=limits, last="a")) == ["b", "c", "a", "c", "a"]
    assert list(promote(held, waiting=3, limits=limits)) == ["a", "b"]
    assert list(promote(held, waiting=5, limits=limits)) == []


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9)),
    st.integers(0, 30),
    st.none() | st.sampled_from("abcde"),
)
def test_promotion_fills_the_list_and_is_fair(held: dict[str, int], waiting: int, last: str | None) -> None:
    limits = Limits(held_below=20)
    chosen = Counter(promote(held, waiting=waiting, limits=limits, last=last))
    assert chosen.total() == min(sum(held.values()), max(0, 20 - waiting))
    for tenant, many in held.items():
        assert chosen[tenant] <= many
        if chosen[tenant] < many:
            assert chosen[tenant] >= max(chosen.values(), default=0) - 1
