"""The standard set: which system runs on which trace, curve and fleet, and how processes share the runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from math import floor
from typing import Final, Literal

from arbitrator.policies.slo import SloPolicy, SloSettings
from arbitrator.policies.table import TablePolicy
from workbench.simulate.actors import Faults, RunOptions, Sample
from workbench.simulate.curves import CURVES
from workbench.simulate.outcome import Figures, figures_of
from workbench.simulate.scaling import FleetPlan
from workbench.simulate.systems.contract import System
from workbench.simulate.systems.ours import Ours
from workbench.simulate.systems.rivals import AccScale, Bento, FixedWindow, Greedy, Nexus
from workbench.simulate.traces import make
from workbench.simulate.world import World

SLO_SECONDS: Final = 12.0
SEEDS: Final = (1, 2, 3, 4, 5)
"""The reported seeds. The policy's constants were tuned on 101-103 and 201-204."""

FORTY_MINUTES: Final = 2400.0
DAY: Final = 86_400.0
TENANT_CAP: Final = 12
"""Places on the list per tenant in the heavy-tenant trace: three per GPU."""

SystemName = Literal[
    "greedy",
    "fixed_window",
    "bento",
    "nexus",
    "accscale_plain",
    "accscale",
    "ours_table",
    "ours_slo_plain",
    "ours_slo",
]
PLAIN_RIVALS: Final[tuple[SystemName, ...]] = ("greedy", "fixed_window", "bento", "nexus", "accscale_plain")
OURS: Final[tuple[SystemName, ...]] = ("ours_table", "ours_slo_plain", "ours_slo")
ALL: Final[tuple[SystemName, ...]] = (*PLAIN_RIVALS, "accscale", *OURS)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run.

    Attributes:
        group: The table it belongs to.
        load: Base load over the capacity of `gpus` workers, not degraded; for `day` that of the peak hour.
        gpus: Workers that the load relates to; the fixed fleet's size.
    """

    group: str
    system: SystemName
    trace: str
    curve: str
    load: float
    gpus: int
    seconds: float
    seed: int
    plan: FleetPlan
    faults: Faults = field(default_factory=Faults)
    tenant_cap: int = 0
    sample: bool = False
    policy: SloSettings | None = None

    @property
    def is_fixed(self) -> bool:
        return self.plan.signal == "fixed"

    @property
    def fleet_name(self) -> str:
        plan = self.plan
        if self.is_fixed:
            return f"fixed {plan.replicas}"
        if plan.signal in ("plain", "formula"):
            return f"{plan.signal} /{plan.jobs_per_replica:g}"
        return plan.signal.replace("_", " or ")


@dataclass(frozen=True, kw_only=True)
class Result:
    """A run's figures, its timeline if it was sampled, and what it cost to compute."""

    case: Case
    figures: Figures
    samples: Sequence[Sample]
    cpu_seconds: float


def system_of(case: Case) -> System:
    """Return a fresh system for a case."""
    curve = CURVES[case.curve]
    if case.system == "greedy":
        return Greedy()
    if case.system == "fixed_window":
        return FixedWindow()
    if case.system == "bento":
        return Bento(curve)
    if case.system == "nexus":
        return Nexus(curve, SLO_SECONDS)
    if case.system in ("accscale", "accscale_plain"):
        return AccScale(curve, degrade=case.system == "accscale")
    policy = TablePolicy() if case.system == "ours_table" else SloPolicy(case.policy)
    degrade = case.system != "ours_slo_plain"
    return Ours(policy, curve, slo_seconds=SLO_SECONDS, degrade=degrade, tenant_queue_cap=case.tenant_cap)


def run(case: Case) -> Result:
    """Run one case."""
    start = time.process_time()
    curve = CURVES[case.curve]
    rate = case.load * case.gpus * curve.best_rate
    trace = make(case.trace, mean_rate=rate, seconds=case.seconds, seed=case.seed)
    world = World(
        trace,
        curve,
        case.plan,
        system_of(case),
        RunOptions(slo_seconds=SLO_SECONDS, seed=case.seed, faults=case.faults, sample=case.sample),
    )
    tally = world.run()
    figures = figures_of(tally, trace)
    return Result(case=case, figures=figures, samples=tally.samples, cpu_seconds=time.process_time() - start)


def run_all(cases: Sequence[Case], *, processes: int) -> Iterator[Result]:
    """Run cases in parallel, the longest first; yields them in the order they end within the given order."""
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run, sorted(cases, key=lambda case: -case.gpus * case.seconds), chunksize=1)


def fixed(gpus: int) -> FleetPlan:
    """Return a fleet of constant size."""
    return FleetPlan(signal="fixed", replicas=gpus, pool_minimum=gpus)


def bars() -> list[Case]:
    """Return the scenario of the bars: four GPUs, load 0.9, two spikes of five times, three curves."""
    return [
        Case(
            group="bars",
            system=system,
            trace="spikes",
            curve=curve,
            load=0.9,
            gpus=4,
            seconds=FORTY_MINUTES,
            seed=seed,
            plan=fixed(4),
            sample=seed == SEEDS[0] and system in ("ours_table", "ours_slo"),
        )
        for curve in CURVES
        for system in ALL
        for seed in SEEDS
    ]


def traces() -> list[Case]:
    """Return `table` against `slo` on the other traces."""
    loads = {"steady": 0.8, "heavy": 0.8, "sale": 0.9}
    return [
        Case(
            group="traces",
            system=system,
            trace=trace,
            curve=curve,
            load=load,
            gpus=4,
            seconds=FORTY_MINUTES,
            seed=seed,
            plan=fixed(4),
            tenant_cap=TENANT_CAP if trace == "heavy" else 0,
        )
        for trace, load in loads.items()
        for curve in CURVES
        for system in ("greedy", "bento", "ours_table", "ours_slo")
        for seed in SEEDS
    ]


Scaled = Literal["plain", "formula", "signal", "signal_busy"]


def autoscaled(signal: Scaled, *, start: int, most: int, jobs_per_replica: float = 10.0) -> FleetPlan:
    """Return a fleet behind KEDA."""
    return FleetPlan(signal=signal, replicas=start, max_replicas=most, jobs_per_replica=jobs_per_replica)


def jobs_per_pod(curve: str) -> float:
    """Return what the chart derives for `scaling.jobsPerPod`: half of what a pod makes within the SLO."""
    return max(1.0, float(floor(SLO_SECONDS * CURVES[curve].best_rate / 2)))


DAY_GPUS: Final = 20
"""The peak hour of the day keeps twenty GPUs busy at load 0.9: the meaning of `sized for the peak`."""


def day() -> list[Case]:
    """Return a shop's day on every kind of fleet; five seeds where the bar is measured."""
    few = SEEDS[:1]
    fleets: list[tuple[SystemName, FleetPlan, tuple[int, ...]]] = [
        ("ours_slo", autoscaled("signal", start=4, most=2 * DAY_GPUS), SEEDS),
        ("ours_slo", autoscaled("signal_busy", start=4, most=2 * DAY_GPUS), SEEDS[:3]),
        ("ours_slo", fixed(DAY_GPUS), SEEDS[:3]),
        ("ours_slo", fixed(DAY_GPUS - 1), few),
        ("ours_slo", fixed(DAY_GPUS - 2), few),
        ("ours_table", fixed(DAY_GPUS - 2), few),
    ]
    for system in ("ours_table", "ours_slo"):
        for jobs in (10.0, 2.0):
            plan = autoscaled("plain", start=4, most=2 * DAY_GPUS, jobs_per_replica=jobs)
            fleets.append((system, plan, few))
        for jobs in (10.0, jobs_per_pod("linear")):
            plan = autoscaled("formula", start=4, most=2 * DAY_GPUS, jobs_per_replica=jobs)
            fleets.append((system, plan, few))
    return [
        Case(
            group="day",
            system=system,
            trace="day",
            curve="linear",
            load=0.9,
            gpus=DAY_GPUS,
            seconds=DAY,
            seed=seed,
            plan=plan,
            sample=seed == SEEDS[0] and plan.signal == "signal",
        )
        for system, plan, seeds in fleets
        for seed in seeds
    ]


def spikes_autoscaled() -> list[Case]:
    """Return the spikes on fleets that may grow: degradation bridges the cold start."""
    # On this curve a pod makes twenty pictures within the SLO: the chart derives the same ten per pod.
    forms: tuple[Scaled, ...] = ("plain", "formula", "signal", "signal_busy")
    return [
        Case(
            group="spikes, autoscaled",
            system=system,
            trace="spikes",
            curve="affine",
            load=0.9,
            gpus=4,
            seconds=FORTY_MINUTES,
            seed=seed,
            plan=autoscaled(signal, start=4, most=12),
            sample=seed == SEEDS[0] and system == "ours_slo",
        )
        for system in ("ours_table", "ours_slo")
        for signal in forms
        for seed in SEEDS
    ]


def faults() -> list[Case]:
    """Return cases in which processes die four times per GPU hour, and one job in a thousand kills its process."""
    return [
        Case(
            group="faults",
            system=system,
            trace="steady",
            curve="affine",
            load=0.7,
            gpus=4,
            seconds=FORTY_MINUTES,
            seed=seed,
            plan=fixed(4),
            faults=Faults(crashes_per_gpu_hour=4.0, poison_share=0.001),
        )
        for system in OURS
        for seed in SEEDS
    ]


def hundred_gpus() -> list[Case]:
    """Return a day whose peak keeps 100 GPUs busy, scaled by the arbitrator's signal."""
    plan = autoscaled("signal", start=20, most=130)
    case = Case(
        group="100 GPUs",
        system="ours_slo",
        trace="day",
        curve="linear",
        load=0.9,
        gpus=100,
        seconds=DAY,
        seed=SEEDS[0],
        plan=plan,
        sample=True,
    )
    return [case]


TRADES: Final = ((0.3, 1.5), (0.5, 1.2), (0.8, 1.05), (0.9, 0.7))
"""(enter_strain, headroom) from eager to reluctant; never is the system without a degraded form."""


def policy_of(enter_strain: float, headroom: float) -> SloSettings:
    """Return the policy's constants with another eagerness to degrade."""
    return SloSettings(enter_strain=enter_strain, headroom=headroom)


def trade_off() -> list[Case]:
    """Return cases around the default of how soon to degrade: quality against jobs."""
    return [
        Case(
            group="trade-off",
            system="ours_slo",
            trace="spikes",
            curve=curve,
            load=0.9,
            gpus=4,
            seconds=FORTY_MINUTES,
            seed=seed,
            plan=fixed(4),
            policy=policy_of(strain, headroom),
        )
        for strain, headroom in TRADES
        for curve in CURVES
        for seed in SEEDS[:2]
    ]


def standard_set() -> list[Case]:
    """Return every case that `make simulate` runs."""
    return [*bars(), *traces(), *day(), *spikes_autoscaled(), *faults(), *hundred_gpus(), *trade_off()]
