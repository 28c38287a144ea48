"""The parts of a run: jobs, workers, faults, and the counts."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

Sample = tuple[float, int, int, int, int, str, float, int]
"""(time, waiting, ready, replicas wanted, batch limit, mode, degraded fraction, shed so far)."""


class Job:
    """One picture to make."""

    __slots__ = (
        "arrived",
        "crashes",
        "deadline",
        "may_degrade",
        "poison",
        "promised",
        "rank",
        "solo_crashes",
        "tenant",
    )

    def __init__(self, arrived: float, deadline: float, tenant: int, rank: float, may_degrade: bool) -> None:
        self.arrived = arrived
        self.deadline = deadline
        self.tenant = tenant
        self.rank = rank
        self.may_degrade = may_degrade
        self.promised = 0.0
        self.crashes = 0
        self.solo_crashes = 0
        self.poison = False


class Worker:
    """One GPU."""

    __slots__ = ("alive", "bought", "created", "draining", "idle_since", "jobs", "number", "ready", "started")

    def __init__(self, number: int, bought: float, *, started: float = 0.0) -> None:
        self.number = number
        self.created = self.started = started
        self.bought = bought
        self.ready = False
        self.draining = False
        self.alive = True
        self.jobs: list[Job] = []
        self.idle_since = 0.0


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The faults of a run."""

    crashes_per_gpu_hour: float = 0.0
    poison_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SpareRules:
    """How batches are made.

    Attributes:
        steps: Of a picture.
        encode_share: Share of t(b) before the first step's denoising.
        decode_share: Share of t(b) behind the last one's.
        park_seconds: To bring the pictures from the device and back: once when they make way, once when they go on.
    """

    steps: int = 30
    encode_share: float = 0.04
    decode_share: float = 0.08
    park_seconds: float = 0.01


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How one run is made and judged.

    Attributes:
        slo_seconds: A job that ends within this time of its arrival is in time.
        sample: Record a row for the plots every few seconds.
        spare: How idle workers make pictures of batches; None: there are none.
        drain_seconds: How long to go on after the trace, for jobs that still wait; None: one SLO, then nothing counts.
    """

    slo_seconds: float
    seed: int
    faults: Faults = Faults()
    sample: bool = False
    spare: SpareRules | None = None
    drain_seconds: float | None = None


@dataclass(slots=True)
class Tally:
    """The counts of one run."""

    arrived: int = 0
    in_slo: int = 0
    quality: float = 0.0
    late: int = 0
    shed: int = 0
    expired: int = 0
    dead: int = 0
    unfinished: int = 0
    degraded: int = 0
    waits: array[float] = field(default_factory=lambda: array("d"))
    latencies: array[float] = field(default_factory=lambda: array("d"))
    gpu_seconds: float = 0.0
    wasted_seconds: float = 0.0
    batches: int = 0
    promised: int = 0
    kept: int = 0
    tenant_arrived: dict[int, int] = field(default_factory=dict)
    tenant_in_slo: dict[int, int] = field(default_factory=dict)
    flips: int = 0
    node_hours: float = 0.0
    pod_hours: float = 0.0
    peak_replicas: int = 0
    samples: list[Sample] = field(default_factory=list)
