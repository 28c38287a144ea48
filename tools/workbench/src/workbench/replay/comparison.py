"""Two policies on one record, beside the measurements. Pure but for the simulator's seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from arbitrator.policies.named import POLICIES
from proteus.errors import ProteusError
from proteus.estimates import CostTable
from workbench.replay.outcome import Outcome
from workbench.replay.record import Record
from workbench.simulate.actors import RunOptions
from workbench.simulate.curves import measured
from workbench.simulate.outcome import figures_of, mean
from workbench.simulate.scaling import FleetPlan
from workbench.simulate.scenarios import SEEDS, fixed
from workbench.simulate.systems.ours import Ours
from workbench.simulate.world import World

DRAIN_SECONDS: Final = 3_600.0
"""The simulation goes on for the pictures that wait at the period's end: their waits count, as measured ones do."""


POD_SECONDS: Final = 45.0
"""The part of a cold start beside a new node: weights to the GPU, measuring t(b)."""


class NoWorkers(ProteusError):
    """Nobody knows how many weavers there were."""

    code = "no_workers"
    hint = "Say how many with --replicas, or how many there may be with --max-replicas."


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The fleet that made the pictures, or might have.

    Attributes:
        cost: t(b).
        degraded: t(b) of the degraded form; None: there is none.
        eta_limit_seconds: The longest ETA that the gateway admits.
        node_hour_price: In any currency.
    """

    cost: CostTable
    degraded: CostTable | None
    plan: FleetPlan
    slo_seconds: float
    eta_limit_seconds: float
    node_hour_price: float


def plan_of(replicas: int, *, at_least: int, at_most: int | None, cold_start_seconds: float) -> FleetPlan:
    """Return a fleet that starts with `replicas` weavers and, if it has a maximum, follows the policy's scale signal.

    Raises:
        NoWorkers: It has none and may have none.
    """
    if at_most is None:
        if replicas == 0:
            raise NoWorkers("No weaver is ready, and no noted decision has seen one.")
        return fixed(replicas)
    pod = min(POD_SECONDS, cold_start_seconds)
    return FleetPlan(
        signal="signal",
        replicas=min(max(replicas, at_least), at_most),
        min_replicas=at_least,
        max_replicas=at_most,
        pod_start_seconds=pod,
        node_start_seconds=cold_start_seconds - pod,
        pool_minimum=at_least,
    )


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The columns, and how far the simulation of the ruling policy is from the measurements."""

    ruled: str
    measured: Outcome
    simulated: Mapping[str, Outcome]

    @property
    def goodput_error(self) -> float:
        return abs(self.simulated[self.ruled].goodput - self.measured.goodput)

    @property
    def wait_p95_error_seconds(self) -> float:
        return abs(self.simulated[self.ruled].wait_p95 - self.measured.wait_p95)

    def to_json(self) -> dict[str, Any]:
        return {
            "ruled": self.ruled,
            "measured": self.measured.to_json(),
            "simulated": {name: outcome.to_json() for name, outcome in self.simulated.items()},
            "goodput_error": round(self.goodput_error, 4),
            "wait_p95_error_seconds": round(self.wait_p95_error_seconds, 4),
        }


def compare(record: Record, fleet: Fleet, *, ruled: str, policy: str, now: datetime) -> Comparison:
    """Play the record under the policy that ruled and under another one."""
    return Comparison(
        ruled=ruled,
        measured=record.measured(slo_seconds=fleet.slo_seconds, now=now),
        simulated={name: simulate(record, fleet, name) for name in dict.fromkeys((ruled, policy))},
    )


def simulate(record: Record, fleet: Fleet, policy: str) -> Outcome:
    """Play the record under a policy: the mean over seeds, which only t(b) varies with."""
    trace = record.trace()
    curve = measured("recorded", fleet.cost, fleet.degraded)
    runs = []
    for seed in SEEDS:
        system = Ours(
            POLICIES[policy](fleet.slo_seconds),
            curve,
            slo_seconds=fleet.slo_seconds,
            degrade=fleet.degraded is not None,
            eta_limit_seconds=fleet.eta_limit_seconds,
        )
        options = RunOptions(slo_seconds=fleet.slo_seconds, seed=seed, drain_seconds=DRAIN_SECONDS)
        runs.append(figures_of(World(trace, curve, fleet.plan, system, options).run(), trace))
    figures = mean(runs)
    return Outcome(
        wait_p50=figures.wait_p50,
        wait_p95=figures.wait_p95,
        wait_p99=figures.wait_p99,
        goodput=figures.goodput,
        degraded=figures.degraded,
        node_hours=figures.node_hours,
        cost_per_1000=fleet.node_hour_price * figures.cost_per_1000,
    )
