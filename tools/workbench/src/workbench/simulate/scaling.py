"""KEDA, the horizontal pod autoscaler, nodes and their bill: models of the way from a scale signal to a ready GPU.

From the sources of KEDA 2.20 and Kubernetes 1.36: KEDA activates 0 <-> 1 by
polling; the HPA does 1 <-> N every 15 s from an external metric with AverageValue, a tolerance, stabilisation windows
and rate policies; a pod needs a node; a node is billed by the started hour. Left out: failed pulls, preemption, quota.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Final, Literal

from arbitrator.fleets.deletion_cost import is_kept, seconds_to_leave

HPA_SYNC_SECONDS: Final = 15.0
TOLERANCE: Final = 0.1
HOUR_SECONDS: Final = 3600.0
"""What clouds bill at least."""


@dataclass(frozen=True)
class RatePolicy:
    """One entry of an HPA behaviour's `policies`."""

    kind: Literal["Pods", "Percent"]
    value: float
    period_seconds: float


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """`behavior` of an HPA."""

    up: tuple[RatePolicy, ...]
    up_window_seconds: float
    down: tuple[RatePolicy, ...]
    down_window_seconds: float


KUBERNETES_DEFAULT: Final = Behaviour(
    up=(RatePolicy("Percent", 100, 15), RatePolicy("Pods", 4, 15)),
    up_window_seconds=0,
    down=(RatePolicy("Percent", 100, 15),),
    down_window_seconds=300,
)
OURS: Final = Behaviour(
    up=(RatePolicy("Percent", 100, 30), RatePolicy("Pods", 4, 30)),
    up_window_seconds=0,
    down=(RatePolicy("Pods", 1, 120),),
    down_window_seconds=600,
)
"""See docs/contract.md, KEDA."""


def wanted_replicas(total: float, target: float, current: int) -> int:
    """Apply the HPA's formula for an external metric of type AverageValue."""
    if current <= 0:
        return ceil(total / target)
    ratio = total / (target * current)
    return current if abs(ratio - 1) <= TOLERANCE else ceil(total / target)


@dataclass(slots=True)
class Hpa:
    """An HPA's state: recommendations for the windows, changes for the rate policies."""

    behaviour: Behaviour
    min_replicas: int
    max_replicas: int
    _recommended: deque[tuple[float, int]] = field(default_factory=deque)
    _changes: deque[tuple[float, int]] = field(default_factory=deque)

    def sync(self, now: float, current: int, total: float, target: float) -> int:
        """Return the replicas to have after one sync."""
        raw = wanted_replicas(total, target, current)
        longest = max(self.behaviour.down_window_seconds, self.behaviour.up_window_seconds)
        self._recommended.append((now, raw))
        while self._recommended[0][0] < now - longest:
            self._recommended.popleft()
        while self._changes and self._changes[0][0] < now - 3600:
            self._changes.popleft()
        up_from, down_from = now - self.behaviour.up_window_seconds, now - self.behaviour.down_window_seconds
        least = min((count for at, count in self._recommended if at >= up_from), default=raw)
        most = max((count for at, count in self._recommended if at >= down_from), default=raw)
        wanted = min(max(current, least), most)
        if wanted > current:
            wanted = min(wanted, self._ceiling(now, current))
        elif wanted < current:
            wanted = max(wanted, self._floor(now, current))
        wanted = min(max(wanted, self.min_replicas), self.max_replicas)
        if wanted != current:
            self._changes.append((now, wanted - current))
        return wanted

    def _ceiling(self, now: float, current: int) -> int:
        limits = []
        for policy in self.behaviour.up:
            start = current - self._changed(now, policy.period_seconds, up=True)
            grown = start + policy.value if policy.kind == "Pods" else ceil(start * (1 + policy.value / 100))
            limits.append(int(grown))
        return max(limits)

    def _floor(self, now: float, current: int) -> int:
        limits = []
        for policy in self.behaviour.down:
            start = current + self._changed(now, policy.period_seconds, up=False)
            left = start - policy.value if policy.kind == "Pods" else floor(start * (1 - policy.value / 100))
            limits.append(int(left))
        return min(limits)

    def _changed(self, now: float, period_seconds: float, *, up: bool) -> int:
        """Return the pods added (or removed) within the last period."""
        recent = (change for at, change in self._changes if at > now - period_seconds)
        return sum(abs(change) for change in recent if (change > 0) == up)


Signal = Literal["fixed", "plain", "formula", "signal", "signal_busy"]


@dataclass(frozen=True, kw_only=True)
class FleetPlan:
    """How many GPUs a fleet may have, and which signal decides.

    Attributes:
        signal: `fixed`; `plain`: one KEDA trigger on the list, Kubernetes' default behaviour; `formula`: max((jobs +
            retry + in flight) / jobs per replica, busy) with our behaviour; `signal`: the chart's default, the
            arbitrator's `desired_replicas`, one at least while anything waits or runs, with our behaviour (draining
            protects running jobs); `signal_busy`: that, but never fewer than busy workers.
        replicas: At the start; for `fixed` always.
        jobs_per_replica: `listLength` of the plain form, the divisor of the formula.
        pod_start_seconds: Image from the node's cache, weights to the GPU, t(b) measured.
        node_start_seconds: A GPU node from the cloud's pool, image pulled.
        node_idle_seconds: The cluster autoscaler removes a node that has been empty this long.
        pool_minimum: Nodes the pool always has.
        removal: Which pod goes first at scale-in. `youngest`: the ReplicaSet's own order; `paid`: the one whose node
            can still go within its paid hour, as the operator's deletion cost says; one that works goes last.
        keeps_paid: The signal never asks for fewer pods than have much of their paid hour left, as the operator does.
        polling_seconds: KEDA's pollingInterval, for 0 -> 1.
        cooldown_seconds: KEDA's cooldownPeriod, for 1 -> 0.
    """

    signal: Signal
    replicas: int
    min_replicas: int = 1
    max_replicas: int = 0
    jobs_per_replica: float = 10.0
    pod_start_seconds: float = 45.0
    node_start_seconds: float = 150.0
    node_idle_seconds: float = 600.0
    pool_minimum: int = 1
    removal: Literal["youngest", "paid"] = "youngest"
    keeps_paid: bool = False
    polling_seconds: float = 5.0
    cooldown_seconds: float = 600.0

    @property
    def most(self) -> int:
        return self.replicas if self.signal == "fixed" else self.max_replicas

    @property
    def cold_start_seconds(self) -> float:
        return self.pod_start_seconds + self.node_start_seconds

    def left(self, age_seconds: float) -> float:
        """Return for how long a pod of this age can stay at no cost."""
        return seconds_to_leave(age_seconds, period_seconds=HOUR_SECONDS, idle_seconds=self.node_idle_seconds)

    def keeps(self, age_seconds: float) -> bool:
        """Tell whether a pod of this age stays because it is paid for."""
        idle = self.node_idle_seconds
        return self.keeps_paid and is_kept(age_seconds, period_seconds=HOUR_SECONDS, idle_seconds=idle)

    def hpa(self) -> Hpa:
        behaviour = KUBERNETES_DEFAULT if self.signal == "plain" else OURS
        return Hpa(behaviour, max(self.min_replicas, 1), self.max_replicas)

    def metric(self, *, waiting: int, retrying: int, running: int, busy: int, desired: int) -> tuple[float, float]:
        """Return (total, target per replica) as the HPA would receive them."""
        if self.signal == "plain":
            return float(waiting), self.jobs_per_replica
        working = waiting + retrying + running
        if self.signal == "signal":
            return float(max(desired, working > 0)), 1.0
        if self.signal == "signal_busy":
            return float(max(desired, working > 0, busy)), 1.0
        return max(working / self.jobs_per_replica, float(busy)), 1.0


@dataclass(slots=True)
class NodePool:
    """GPU nodes, one pod each, and their bill."""

    plan: FleetPlan
    _occupied: int = 0
    _free: list[tuple[float, float]] = field(default_factory=list)
    """(empty since, bought at) of the nodes without a pod."""
    _hours: float = 0.0

    def stock(self, pods: int) -> None:
        """Buy the first nodes: one for each pod, or the pool's minimum if that is more."""
        self._occupied = pods
        self._free = [(0.0, 0.0)] * max(0, self.plan.pool_minimum - pods)

    def place(self, now: float) -> tuple[float, float]:
        """Find a node for a pod: return (when the node was bought, when the pod is ready on it)."""
        self._sweep(now)
        self._occupied += 1
        if self._free:
            _, bought = self._free.pop()
            return bought, now + self.plan.pod_start_seconds
        return now, now + self.plan.cold_start_seconds

    def leave(self, now: float, bought: float) -> None:
        """Free the node of a pod that ended."""
        self._occupied -= 1
        self._free.append((now, bought))

    def settle(self, now: float, occupied: list[float]) -> float:
        """Return the node hours billed until `now`; `occupied`: when the nodes with pods on them were bought."""
        self._sweep(now)
        still = occupied + [bought for _, bought in self._free]
        return self._hours + sum(started_hours(bought, now) for bought in still)

    def _sweep(self, now: float) -> None:
        """Remove nodes that have been empty long enough, the longest empty first; the pool's minimum stays."""
        self._free.sort()
        while self._free and self._occupied + len(self._free) > self.plan.pool_minimum:
            removed_at = self._free[0][0] + self.plan.node_idle_seconds
            if removed_at > now:
                break
            self._hours += started_hours(self._free.pop(0)[1], removed_at)


def started_hours(bought: float, until: float) -> float:
    """Return hours as clouds bill them: every started one in full."""
    return float(max(1, ceil((until - bought) / 3600 - 1e-9)))
