"""Which pod should go first at scale-in: the one whose paid period is nearly over, and none that works. Pure.

A pod that nothing needs is kept while much of its paid period is left: people who come meanwhile need no new node, and
until then it makes pictures of batches. Near the period's end it is given back.

`controller.kubernetes.io/pod-deletion-cost` on a pod: the ReplicaSet removes the lowest first. Written seldom: only
while fewer pods are wanted than there are, in steps, and only where the number differs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from arbitrator.fleets.spec import Billing

ANNOTATION: Final = "controller.kubernetes.io/pod-deletion-cost"
BUSY_COST: Final = 10_000
"""More than the minutes of any period."""

STEP_MINUTES: Final = 5
"""Costs move in steps, so that a pod is written once in five minutes at most."""


GIVE_BACK_SECONDS: Final = 1500.0
"""How long before it must leave a pod is no longer kept: the HPA waits for 600 s and then takes one pod per 120 s, so
eight that were bought together can go in time. While it waits the pod still works. With less than its window none would
ever go: the period would begin anew before the HPA acts."""

NODE_SECONDS: Final = 300.0
"""A pod that waited for its node had it bought for it, at most this long before it came; a longer wait was for none."""


@dataclass(frozen=True, kw_only=True)
class PodView:
    """A pod as far as its removal is concerned.

    Attributes:
        started_at: None: it has no node yet.
        cost: What its annotation says; None: it has none.
    """

    name: str
    started_at: datetime | None
    created_at: datetime | None = None
    ready: bool
    cost: str | None = None
    terminating: bool = False

    @property
    def bought_at(self) -> datetime | None:
        """When its node was bought, at a guess: nobody may ask the nodes. None: it has none yet."""
        if self.started_at is None or self.created_at is None:
            return self.started_at
        return max(self.created_at, self.started_at - timedelta(seconds=NODE_SECONDS))


def seconds_to_leave(age_seconds: float, *, period_seconds: float, idle_seconds: float) -> float:
    """Return for how long a pod can stay at no cost, so that its node, kept empty for a while, goes within its period.

    Args:
        age_seconds: Since its node was bought.
        idle_seconds: How long the cluster autoscaler keeps an empty node.
    """
    return period_seconds - (max(0.0, age_seconds) + idle_seconds) % period_seconds


def is_kept(age_seconds: float, *, period_seconds: float, idle_seconds: float) -> bool:
    """Tell whether a pod that nothing needs stays, because its time is paid for and there is enough of it to use."""
    left = seconds_to_leave(age_seconds, period_seconds=period_seconds, idle_seconds=idle_seconds)
    return left > GIVE_BACK_SECONDS


def deletion_cost(pod: PodView, *, busy: bool, billing: Billing, now: datetime) -> int:
    """Return the minutes it can stay at no cost, rounded up to a step; a busy pod costs more than any idle one."""
    if pod.bought_at is None:
        return 0  # Nothing is paid yet.
    age_seconds = (now - pod.bought_at).total_seconds()
    left_minutes = (
        seconds_to_leave(age_seconds, period_seconds=billing.period_seconds, idle_seconds=billing.node_idle_seconds)
        / 60
    )
    steps = -(-left_minutes // STEP_MINUTES)
    return int(steps) * STEP_MINUTES + (BUSY_COST if busy else 0)


def costs_to_write(
    pods: Collection[PodView], *, busy: Collection[str], wanted: int, billing: Billing, now: datetime
) -> Mapping[str, str]:
    """Return pod -> the cost to write, of the pods whose annotation differs; empty while no pod is to go."""
    staying = [pod for pod in pods if not pod.terminating]
    if wanted >= len(staying):
        return {}
    costs = {pod.name: str(deletion_cost(pod, busy=pod.name in busy, billing=billing, now=now)) for pod in staying}
    return {pod.name: costs[pod.name] for pod in staying if pod.cost != costs[pod.name]}


def kept(pods: Collection[PodView], *, billing: Billing, now: datetime) -> int:
    """Return how many pods stay although nothing may need them, because much of what is paid for them is left."""
    return sum(
        is_kept(
            (now - pod.bought_at).total_seconds(),
            period_seconds=billing.period_seconds,
            idle_seconds=billing.node_idle_seconds,
        )
        for pod in pods
        if pod.bought_at is not None and not pod.terminating
    )
