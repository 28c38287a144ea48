"""The verdict: what was ordered, recorded, stored and received, compared. Pure.

A job is *lost* if it was accepted and has no row, or its row is not over, or it is completed without a picture in the
store, or it ended in a way that no client requested (cancelled, expired). It is *double visible* if a second terminal
event was recorded or received, if its result changed, or if one order made two rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from math import ceil
from typing import Any

from proteus.jobs import TERMINAL
from workbench.chaos.load import Order
from workbench.chaos.scenario import Scenario
from workbench.chaos.shopper import Ear
from workbench.chaos.watch import Recorded, Recovery, Row


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that chaos saw from outside."""

    orders: Sequence[Order]
    rows: Mapping[str, Row]
    events: Sequence[Recorded]
    ears: Sequence[Ear]
    objects: Collection[str]
    changed_results: Collection[str]
    claims: Mapping[str, Mapping[int, int]]
    recoveries: Sequence[Recovery]
    unasked_ends: Sequence[str] = ()
    """Services that ended although no fault ended them."""
    unmet_answers: Sequence[str] = ()
    """Answers of a proxy that no request met."""
    served_without: int | None = None
    """Jobs that ended while one of two engines had no weaver."""
    not_ready: Sequence[str] = ()
    """Services that do not report ready once everything is over."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The counts and, for people, the ids behind those above zero."""

    numbers: Mapping[str, Any]
    missed: Sequence[str]
    """The missed bars, one sentence each."""


@dataclass(frozen=True, kw_only=True)
class _Tally:
    """The counts that the bars apply to."""

    jobs: int
    lost: Mapping[str, str]
    doubled: Mapping[str, str]
    missed_events: int
    dead: Set[str]
    poison: Set[str]
    away_seconds: Sequence[float]
    never_back: Sequence[str]
    ended: Sequence[str]

    @classmethod
    def of(cls, seen: Evidence, scenario: Scenario) -> _Tally:
        return cls(
            jobs=sum(order.pictures for order in seen.orders),
            lost=lost_jobs(seen),
            doubled=doubled_jobs(seen),
            missed_events=missed_by_clients(seen.ears, seen.events),
            dead={row.id for row in seen.rows.values() if row.state == "failed"},
            poison={order.job_id for order in seen.orders if order.poison},
            away_seconds=sorted(seconds for recovery in seen.recoveries for seconds in recovery.seconds.values()),
            never_back=[job_id for recovery in seen.recoveries for job_id in recovery.waiting],
            ended=[name for name in seen.unasked_ends if name.partition("-")[0] not in scenario.may_end_by_itself],
        )


def judge(seen: Evidence, scenario: Scenario) -> Verdict:
    """Count, and compare the counts with the bars."""
    tally = _Tally.of(seen, scenario)
    missed = [*_missed_of_jobs(tally, scenario), *_missed_of_services(tally, seen)]
    return Verdict(numbers=_numbers(tally, seen, scenario), missed=missed)


def _numbers(tally: _Tally, seen: Evidence, scenario: Scenario) -> dict[str, Any]:
    states = Counter(row.state for row in seen.rows.values())
    return {
        "scenario": scenario.name,
        "jobs": tally.jobs,
        "lost": len(tally.lost),
        "double_visible": len(tally.doubled),
        "events_missed_by_clients": tally.missed_events,
        "events_received": sum(len({event.seq for event in ear.heard}) for ear in seen.ears),
        "recovered_jobs": len(tally.away_seconds),
        "recovery_seconds_p50": quantile(tally.away_seconds, 0.5),
        "recovery_seconds_p99": quantile(tally.away_seconds, 0.99),
        "recovery_seconds_max": quantile(tally.away_seconds, 1.0),
        "lease_seconds": scenario.lease_seconds,
        "dead_letters": len(tally.dead),
        "poison": len(tally.poison),
        "dead_minus_poison": len(tally.dead - tally.poison) - len(tally.poison - tally.dead),
        "wasted_worker_seconds_ratio": wasted_ratio(seen),
        "ended_by_themselves": len(tally.ended),
        "not_ready_again": len(seen.not_ready),
        "unmet_answers": len(seen.unmet_answers),
        **{state: states.get(state, 0) for state in ("completed", "canceled", "expired")},
    }


def _missed_of_jobs(tally: _Tally, scenario: Scenario) -> Iterator[str]:
    if tally.jobs < scenario.jobs:
        yield f"only {tally.jobs} of {scenario.jobs} jobs were accepted"
    if tally.lost:
        yield f"lost: {_some(f'{job_id} ({why})' for job_id, why in tally.lost.items())}"
    if tally.doubled:
        yield f"visibly done twice: {_some(f'{job_id} ({why})' for job_id, why in tally.doubled.items())}"
    if tally.missed_events:
        yield f"clients missed {tally.missed_events} events"
    if tally.never_back:
        yield f"never back after a fault: {_some(tally.never_back)}"
    p99, bar = quantile(tally.away_seconds, 0.99), scenario.recovery_bar_seconds
    if p99 is None:
        yield "no fault hit a job: nothing was shown"
    elif p99 > bar:
        yield f"recovery took {p99} s, more than {bar} s"
    if tally.dead != tally.poison:
        yield (
            f"dead without being poison: {_some(tally.dead - tally.poison)}; "
            f"poison and not dead: {_some(tally.poison - tally.dead)}"
        )


def _missed_of_services(tally: _Tally, seen: Evidence) -> Iterator[str]:
    if tally.ended:
        yield f"services ended although nothing killed them: {_some(tally.ended)}"
    if seen.not_ready:
        yield f"services that are not ready again by themselves: {_some(seen.not_ready)}"
    if seen.unmet_answers:
        yield f"no request met these answers, so nothing was shown: {_some(seen.unmet_answers)}"
    if seen.served_without == 0:
        yield "while one engine had no weaver, nobody's jobs ended"


def lost_jobs(seen: Evidence) -> dict[str, str]:
    """Return the accepted jobs that are lost, and how."""
    lost = {}
    for order in seen.orders:
        for job_id in order.jobs:
            if why := _how_lost(order, seen.rows.get(job_id), seen.objects):
                lost[job_id] = why
    return lost


def _how_lost(order: Order, row: Row | None, objects: Collection[str]) -> str:
    if row is None:
        return "no row"
    if not row.over:
        return f"still {row.state}"
    if row.state == "completed" and row.result_key not in objects:
        return "no picture in the store"
    if row.state == "canceled" and not order.cancel:
        return "nobody cancelled it"
    if row.state == "expired" and not order.has_deadline:
        return "it had no deadline"
    return ""


def doubled_jobs(seen: Evidence) -> dict[str, str]:
    """Return the jobs that were visibly done twice, and how."""
    doubled = dict.fromkeys(seen.changed_results, "its result changed")
    recorded = Counter(event.job_id for event in seen.events if event.status in TERMINAL)
    doubled |= {job_id: f"{many} terminal events" for job_id, many in recorded.items() if many > 1}
    doubled |= dict.fromkeys(_changed_pictures(seen.events), "a picture that had ended changed its status")
    for ear in seen.ears:
        ends = Counter(job_id for job_id, _ in {(one.job_id, one.seq) for one in ear.heard if one.status in TERMINAL})
        doubled |= {job_id: f"a client heard {many} ends" for job_id, many in ends.items() if many > 1}
    ordered = Counter(job_id for order in seen.orders for job_id in order.jobs)
    doubled |= {job_id: "two orders got the same job" for job_id, many in ordered.items() if many > 1}
    doubled |= {job_id: "a row that no client ordered" for job_id in seen.rows if job_id not in ordered}
    return doubled


def _changed_pictures(events: Sequence[Recorded]) -> set[str]:
    ended: dict[tuple[str, int], str] = {}
    changed = set()
    for event in events:
        for n, status in enumerate(event.pictures, 1):
            if ended.get((event.job_id, n), status) != status:
                changed.add(event.job_id)
            if status in TERMINAL:
                ended[event.job_id, n] = status
    return changed


def missed_by_clients(ears: Iterable[Ear], events: Sequence[Recorded]) -> int:
    """Return how many recorded events a socket of their user did not receive as recorded, summed over sockets."""
    by_user: dict[str, set[tuple[int, str, str]]] = {}
    for event in events:
        by_user.setdefault(event.user_id, set()).add((event.seq, event.job_id, event.status))
    return sum(
        len(by_user.get(ear.user_id, set()) - {(one.seq, one.job_id, one.status) for one in ear.heard}) for ear in ears
    )


def wasted_ratio(seen: Evidence) -> float:
    """Return the share of engine time that produced nothing visible.

    Every claim but the one that completed its job counts as a whole weave of average length, so this is an upper bound:
    a worker killed at the first step, a job handed back, poison refused at the door all count in full.
    """
    useful = [row.weave_seconds for row in seen.rows.values() if row.state == "completed" and row.weave_seconds]
    if not useful:
        return 0.0
    claims = sum(sum(epochs.values()) for epochs in seen.claims.values())
    wasted = max(0, claims - len(useful)) * sum(useful) / len(useful)
    return round(wasted / (wasted + sum(useful)), 4)


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that this share of the sorted values does not exceed; None without values."""
    return round(values[max(0, ceil(share * len(values)) - 1)], 2) if values else None


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "") if found else "none"
