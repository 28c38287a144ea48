"""Which jobs run together, when to start, and who may join those that run: the worker calls it before every claim.

Pure. The batch size comes from the measured cost table, never beyond what pays (docs/contract.md: where t(2) > 1.8 t(1)
batching only hurts). There is no fixed window: a worker waits for company only while the expected gain exceeds what the
wait costs the jobs already in hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proteus.estimates import JOIN_AFTER_SECONDS, CostTable

LONGEST_WAIT_SECONDS: Final = 0.5
"""Users do not notice half a second; more was never worth it in simulation."""

OLD_AT_SLO_SHARE: Final = 0.25
"""Who has waited this share of the SLO joins even where that costs the others more, and nobody overtakes it any more: a
session that runs on for ever is joined by none while such a job of another canvas waits, so it ends."""

JOIN_COSTS_MOST: Final = 0.6
"""A picture joins where it makes the batch longer by at most this share of t(1). Beyond it, whoever joins gains less
than those inside lose (`make bench-joining`)."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """The worker's jobs and the queue.

    Attributes:
        in_hand: Jobs of this key that are claimed and not started.
        waiting: Jobs on the list, of any key.
        arrivals_per_second: This worker's share of the arrivals (all arrivals / ready workers); 0 if unknown.
        waited_seconds: How long the worker has already waited for company.
    """

    in_hand: int = 0
    waiting: int = 0
    arrivals_per_second: float = 0.0
    waited_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do now.

    Attributes:
        claim: Jobs to claim, of the key in hand if there is one.
        wait_seconds: How long to wait for company before starting; 0: start with the jobs in hand.
        reason: One sentence.
    """

    claim: int
    wait_seconds: float
    reason: str


SPARE_LONGEST: Final = 1.5
"""A batch of spare jobs takes at most so many times as long as one picture: others wait for one of its steps or for its
decoding. With more, the 95th percentile of the others rises by up to 7 % (`make bench-batches`, affine curve)."""


def spare_batch(cost: CostTable, limit: int) -> int:
    """Return how many spare jobs to run together: what pays within the limit, and makes way soon enough."""
    batch = cost.paying_batch(limit)
    while batch > 1 and cost.t(batch) > SPARE_LONGEST * cost.t(1):
        batch -= 1
    return batch


def plan(load: Load, cost: CostTable, *, batch_limit: int, memory_cap: int | None = None) -> Plan:
    """Decide how many pictures to take and whether to wait for more.

    Args:
        load: The worker's jobs and the queue.
        cost: t(b) of the key in hand.
        batch_limit: `config:batch_size`.
        memory_cap: The largest batch that ever fitted, once one did not.
    """
    limit = min(batch_limit, memory_cap) if memory_cap is not None else batch_limit
    target = cost.paying_batch(limit)
    held = load.in_hand
    free = max(0, target - held)
    if free == 0:
        return Plan(claim=0, wait_seconds=0.0, reason=f"{held} of {target} are in hand")
    if load.waiting >= free:
        return Plan(claim=free, wait_seconds=0.0, reason=f"enough waits for a batch of {target}")
    company = held + load.waiting
    wait = _worthwhile_wait(company, target, load, cost)
    if wait > 0:
        reason = f"a further picture is expected within {wait:.2f} s and saves more than that costs {company}"
        return Plan(claim=free, wait_seconds=wait, reason=reason)
    if target == 1:
        reason = "batching does not pay for this key, or is not allowed now"
    else:
        reason = "nothing waits" if company == 0 else f"start with {company}: no company worth waiting for"
    return Plan(claim=free, wait_seconds=0.0, reason=reason)


def _worthwhile_wait(company: int, target: int, load: Load, cost: CostTable) -> float:
    """Return the expected time to the next arrival if waiting for it saves more than it costs the jobs in hand."""
    if company == 0 or company >= target or load.arrivals_per_second * cost.t(1) < 1:
        return 0.0
    expected = 1 / load.arrivals_per_second
    saved = cost.t(company) + cost.t(1) - cost.t(company + 1)
    left = LONGEST_WAIT_SECONDS - load.waited_seconds
    return min(expected, left) if left > 0 and saved > expected * company and expected <= left else 0.0


@dataclass(frozen=True, kw_only=True)
class Joining:
    """Who may join a running batch.

    Attributes:
        limit: Most pictures inside.
        claim: Pictures to claim for it now.
        waited_seconds: Only those that have waited so long.
    """

    limit: int
    claim: int
    waited_seconds: float


def joining(
    inside: int, cost: CostTable, *, batch_limit: int, slo_seconds: float, memory_cap: int | None = None
) -> Joining:
    """Decide how many pictures may join at the next step's end.

    Whoever joins begins with its own first step, and the others go on beside it, each of their steps a little longer.
    A picture never shares a step with more than pay in one batch, so from its first step to its last it takes at most
    t(limit), as in a batch of that size begun together.

    Args:
        inside: Pictures that will be inside then.
        cost: t(b) of those inside.
        batch_limit: `config:batch_size`.
        slo_seconds: The time a job should take at most, end to end.
        memory_cap: The largest batch that ever fitted, once one did not.
    """
    limit = cost.paying_batch(min(batch_limit, memory_cap) if memory_cap is not None else batch_limit)
    room = max(0, limit - inside)
    cheap = 0
    while cheap < room and cost.t(inside + cheap + 1) - cost.t(inside + cheap) <= JOIN_COSTS_MOST * cost.t(1):
        cheap += 1
    if cheap:
        return Joining(limit=limit, claim=cheap, waited_seconds=JOIN_AFTER_SECONDS)
    return Joining(limit=limit, claim=room, waited_seconds=max(JOIN_AFTER_SECONDS, OLD_AT_SLO_SHARE * slo_seconds))
