"""Which pod should go first at scale-in: the one whose paid period is nearly over, and none that works. Pure.

`controller.kubernetes.io/pod-deletion-cost` on a pod: the ReplicaSet removes the lowest first. Written seldom: only
while fewer pods are wanted than there are, in steps, and only where the number differs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arbitrator.fleets.spec import Billing

ANNOTATION: Final = "controller.kubernetes.io/pod-deletion-cost"
BUSY_COST: Final = 10_000
"""More than the minutes of any period."""

STEP_MINUTES: Final = 5
"""Costs move in steps, so that a pod is written once in five minutes at most."""


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


def seconds_to_leave(age_seconds: float, *, period_seconds: float, idle_seconds: float) -> float:
    """Return for how long a pod can stay at no cost, so that its node, kept empty for a while, goes within its period.

    Args:
        age_seconds: Since its node was bought.
        idle_seconds: How long the cluster autoscaler keeps an empty node.
    """
    return period_seconds - (max(0.0, age_seconds) + idle_seconds) % period_seconds


def deletion_cost(pod: PodView, *, busy: bool, billing: Billing, now: datetime) -> int:
    """Return the minutes it can stay at no cost, rounded up to a step; a busy pod costs more than any idle one."""
    if pod.started_at is None:
        return 0  # Nothing is paid yet.
    age_seconds = (now - pod.started_at).total_seconds()
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
