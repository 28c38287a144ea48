"""What a policy sees and what it decides. Every policy is a pure function of these values and its last decision.

The loop calls `decide` every half second with a fresh `Observation` and the decision before it; the simulator does the
same with thousands of GPUs. A policy keeps no state of its own: what it must remember travels in `Decision.memory`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from proteus.estimates import CostTable


class Mode(StrEnum):
    """`config:mode`: the mode that people see."""

    VIP = "VIP"
    ECONOMY = "ECONOMY"
    SURGE = "SURGE"


class State(StrEnum):
    """`config:state`: what the policy is doing, in order of overload."""

    NORMAL = "NORMAL"
    THROUGHPUT = "THROUGHPUT"
    DEGRADED = "DEGRADED"
    SHED = "SHED"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One reading of the queue and the fleet.

    Attributes:
        now: Seconds on any clock that does not jump.
        waiting: LLEN of `queue:jobs`: the jobs that wait and are due now.
        running: Jobs under a lease.
        retrying: Jobs in backoff.
        busy_workers: Workers that hold jobs.
        arrived: Jobs submitted since the observation before this one.
        mean_wait_seconds: Mean over the jobs claimed in the last 30 s and the ages of those waiting; 0 if none.
        oldest_wait_seconds: Age of the oldest waiting job; 0 if none.
        ready: Workers that take jobs.
        starting: Workers that load.
        starting_in_seconds: Time until the starting ones are ready, as far as known.
        min_replicas: Fewest workers the autoscaler keeps.
        max_replicas: Most workers it may run.
        cold_start_seconds: Time from requesting a worker until it is ready.
        warm: A client requested that a weaver be kept ready (`config:warm`).
        cost: t(b) of the commonest batch key; None until a worker knows it.
        measured: `cost` rests on whole batches. A guess scales and sizes batches; it neither degrades nor sheds a job.
        degraded_cost: t(b) of its degraded form; None: the engine has none.
    """

    now: float
    waiting: int
    running: int = 0
    retrying: int = 0
    busy_workers: int = 0
    arrived: int = 0
    mean_wait_seconds: float = 0.0
    oldest_wait_seconds: float = 0.0
    ready: int = 1
    starting: int = 0
    starting_in_seconds: float = 0.0
    min_replicas: int = 1
    max_replicas: int = 5
    cold_start_seconds: float = 120.0
    warm: bool = False
    cost: CostTable | None = None
    measured: bool = True
    degraded_cost: CostTable | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the fleet should do until the next tick.

    Attributes:
        batch_size: Pictures a worker may run at once (`config:batch_size`).
        mode: `config:mode`.
        degraded_mode: `config:degraded_mode`.
        degraded_fraction: Share of the jobs that may be degraded and are (`config:degraded_fraction`).
        desired_replicas: The scale signal, within the autoscaler's bounds.
        state: The policy's own state.
        reason: One sentence.
        memory: What the policy must know at the next tick; JSON-able, read by no other component.
    """

    batch_size: int
    mode: Mode
    degraded_mode: bool
    degraded_fraction: float
    desired_replicas: int
    state: State
    reason: str
    memory: Mapping[str, float]


class Policy(Protocol):
    """A rule that turns observations into decisions."""

    @property
    def name(self) -> str:
        """Return the name that settings use: `table`, `slo`, …."""

    def decide(self, seen: Observation, before: Decision | None) -> Decision:
        """Return the decision for now. `before` is this policy's last one, None at the start (safe defaults)."""
