"""Admission: accept, hold or shed a submit, before anything is committed.

`submitting` calls it once per submit, with its reading of the queue, the tenant and the fleet. Refusing early, with the
time to come back, is worth more than any later cleverness: a job that cannot be done in time costs no GPU time. Pure: a
committed row is never refused later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf, isinf
from typing import Final, Literal

from proteus.estimates import Eta, Fleet, eta

Priority = Literal["normal", "high", "low"]

COLD_ADMIT_PER_REPLICA: Final = 10
"""Jobs admitted per possible replica while none is ready: one KEDA step each, so scale to zero wakes a full fleet."""

SHORT_LIST: Final = 8
"""Preparations that nobody has submitted yet join the tailor's list while fewer jobs than this wait there: enough to
keep a tailor busy, and a submit that comes now waits behind no more."""

RETRY_AFTER_MOST_SECONDS: Final = 600
"""Longest `Retry-After`: beyond it no estimate holds."""


class Verdict(StrEnum):
    """The outcome of a submit."""

    ACCEPT = "accept"
    """Commit at stage `waiting` (or `preparing`) and queue it."""
    HOLD = "hold"
    """Commit at stage `held`; the promoter moves it in while the list is short."""
    SHED = "shed"
    """429 with `Retry-After`; nothing is committed."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A submit: `pictures` units of one tenant.

    Attributes:
        deadline_at: Unix seconds after which the pictures are worthless; None: never.
    """

    pictures: int = 1
    priority: Priority = "normal"
    deadline_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """What waits now.

    Attributes:
        waiting: Jobs on the list (normal and high).
        waiting_high: Those of them in the high-priority prefix.
        busy_workers: Workers that hold jobs.
        running: Jobs that they hold; None: unknown.
        tenant_waiting: The tenant's jobs on the list.
        tenant_total: All its unfinished jobs, held and preparing ones too.
        guest_waiting, guest_total: The same of the guest who submits; 0 for an account, which is its tenant.
        address_waiting, address_total: The same of all guests made from the guest's address; 0 where it is unknown.
    """

    waiting: int
    waiting_high: int = 0
    busy_workers: int = 0
    running: int | None = None
    tenant_waiting: int = 0
    tenant_total: int = 0
    guest_waiting: int = 0
    guest_total: int = 0
    address_waiting: int = 0
    address_total: int = 0


@dataclass(frozen=True, kw_only=True)
class Caps:
    """How much one holder may have unfinished; None: any.

    Attributes:
        queued: On the list; more is held.
        total: At all; more is shed.
    """

    queued: int | None = None
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The deployment's limits.

    Attributes:
        eta_limit_seconds: Longest ETA (p90) a submit is accepted with.
        cold_admit: Jobs admitted while no worker is ready; None: 10 x max replicas.
        tenant_queue_cap: What one tenant may have on the list; more is held.
        tenant_total_cap: What one tenant may have unfinished at all; more is shed.
        held_below: The promoter fills the list up to this length.
        guest: What one guest may have.
        address: What all guests made from one address may have.
    """

    eta_limit_seconds: float = 120.0
    cold_admit: int | None = None
    tenant_queue_cap: int = 100
    tenant_total_cap: int = 1_000
    held_below: int = 20
    guest: Caps = Caps()
    address: Caps = Caps()


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The decision, and a sentence with the reason.

    Attributes:
        eta: When the last of the pictures would be done, had it joined now.
        retry_after_seconds: Whole seconds for `Retry-After`; 0 unless shed.
        code: The code of a shed: `queue_full`, `deadline_unreachable`, `tenant_cap`, `user_cap` or
            `no_capacity`.
    """

    verdict: Verdict
    reason: str
    eta: Eta
    retry_after_seconds: int = 0
    code: str = ""


def decide(request: Request, queue: QueueView, fleet: Fleet, limits: Limits, now: float) -> Admission:
    """Decide about one submit: caps first, then its deadline, its turn, and the fleet's time."""
    before = queue.waiting_high if request.priority == "high" else queue.waiting
    promise = eta(before + request.pictures - 1, queue.busy_workers, fleet, running=queue.running)
    return (
        _over_a_total(request, queue, limits, promise)
        or _out_of_reach(request, fleet, promise, now)
        or _held(request, queue, limits, promise)
        or _list_full(request, queue, fleet, limits, promise)
        or Admission(verdict=Verdict.ACCEPT, reason=_time_to_come(promise), eta=promise)
    )


def _over_a_total(request: Request, queue: QueueView, limits: Limits, promise: Eta) -> Admission | None:
    """Shed what would give a holder more unfinished jobs than it may have."""
    for code, whose, has, cap in (
        ("user_cap", "", queue.guest_total, limits.guest.total),
        ("user_cap", " from one address", queue.address_total, limits.address.total),
        ("tenant_cap", "", queue.tenant_total, limits.tenant_total_cap),
    ):
        if cap is not None and (total := has + request.pictures) > cap:
            reason = f"{total} unfinished jobs{whose} are more than {cap}"
            return _shed(code, reason, promise, promise.p50_seconds)
    return None


def _out_of_reach(request: Request, fleet: Fleet, promise: Eta, now: float) -> Admission | None:
    """Shed what no worker can do, or none in time."""
    if isinf(promise.p50_seconds):
        return _shed("no_capacity", "no worker can be had: the fleet's maximum is 0", promise, inf)
    if fleet.measured and request.deadline_at is not None and now + promise.p90_seconds > request.deadline_at:
        late = now + promise.p90_seconds - request.deadline_at
        reason = f"it would be done {late:.1f} s after its deadline"
        return _shed("deadline_unreachable", reason, promise, late)
    return None


def _held(request: Request, queue: QueueView, limits: Limits, promise: Eta) -> Admission | None:
    """Hold low priority, and what would give a holder more places on the list than it may have."""
    if request.priority == "low":
        return Admission(verdict=Verdict.HOLD, reason="low priority waits until the list is short", eta=promise)
    for holder, has, cap in (
        ("guest", queue.guest_waiting, limits.guest.queued),
        ("address", queue.address_waiting, limits.address.queued),
        ("tenant", queue.tenant_waiting, limits.tenant_queue_cap),
    ):
        if cap is not None and has + request.pictures > cap:
            reason = f"the {holder} has {has} of {cap} places on the list"
            return Admission(verdict=Verdict.HOLD, reason=reason, eta=promise)
    return None


def _list_full(request: Request, queue: QueueView, fleet: Fleet, limits: Limits, promise: Eta) -> Admission | None:
    """Shed what would wait too long: by time where it is known, else by the number of jobs."""
    over = promise.p90_seconds - limits.eta_limit_seconds
    if fleet.measured and not promise.cold:
        reason = f"it would take {promise.p90_seconds:.1f} s, the limit is {limits.eta_limit_seconds:g} s"
        return _shed("queue_full", reason, promise, over) if over > 0 else None
    if not promise.cold and over <= 0:
        return None
    room = limits.cold_admit if limits.cold_admit is not None else COLD_ADMIT_PER_REPLICA * fleet.max_replicas
    if queue.waiting + request.pictures <= room:
        return None
    cause = "the first worker to start" if promise.cold else "a fleet whose pace is not measured yet"
    return _shed("queue_full", f"{queue.waiting} jobs wait for {cause}, {room} may", promise, promise.wait_seconds)


def _time_to_come(promise: Eta) -> str:
    if promise.cold:
        return f"it wakes the fleet: the first worker is ready in {promise.wait_seconds:.0f} s"
    return f"it is done in about {promise.p50_seconds:.1f} s"


def promote(held: Mapping[str, int], *, waiting: int, limits: Limits, last: str | None = None) -> Sequence[str]:
    """Return the tenants whose held jobs are promoted next, one per free place, round robin.

    Args:
        held: Held jobs per tenant.
        waiting: Jobs on the list now.
        limits: Below `held_below` the list is short.
        last: The tenant that was promoted last; the turn goes on after it, in the order of names.

    Returns:
        Tenants in order of promotion; one may appear many times.
    """
    left = {tenant: count for tenant, count in sorted(held.items()) if count > 0}
    ring = sorted(left, key=lambda tenant: (last is not None and tenant <= last, tenant))
    chosen: list[str] = []
    while ring and len(chosen) < limits.held_below - waiting:
        tenant = ring.pop(0)
        chosen.append(tenant)
        left[tenant] -= 1
        if left[tenant]:
            ring.append(tenant)
    return chosen


def _shed(code: str, reason: str, promise: Eta, seconds: float) -> Admission:
    retry = RETRY_AFTER_MOST_SECONDS if isinf(seconds) else min(max(1, ceil(seconds)), RETRY_AFTER_MOST_SECONDS)
    return Admission(verdict=Verdict.SHED, reason=reason, eta=promise, retry_after_seconds=retry, code=code)
