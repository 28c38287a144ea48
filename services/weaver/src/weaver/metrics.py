"""The weaver's metrics, built once in the composition root."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80)
"""From a puppet's few milliseconds to a CPU's diffusion: doubling is fine enough to see a regression."""


class Metrics:
    """The weaver's metrics."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.jobs = Counter(
            "proteus_weaver_jobs", "Jobs that left this worker.", ["engine", "outcome"], registry=registry
        )
        self.engine = Gauge(
            "proteus_weaver_engine_info",
            "1 for each engine of this worker, by version: join other metrics with it.",
            ["engine", "version"],
            registry=registry,
        )
        self.batch = Histogram(
            "proteus_weaver_batch_pictures",
            "Pictures in a session when it starts.",
            ["engine"],
            buckets=(1, 2, 3, 4, 6, 8, 16, 32),
            registry=registry,
        )
        self.joined = Counter(
            "proteus_weaver_joined_pictures",
            "Pictures that joined a session while it ran.",
            ["engine"],
            registry=registry,
        )
        self.stage = Histogram(
            "proteus_weaver_stage_seconds", "Time by stage.", ["stage"], buckets=_SECONDS, registry=registry
        )
        self.held = Gauge("proteus_weaver_held_jobs", "Jobs under a lease of this worker.", registry=registry)
        self.busy_seconds = Counter(
            "proteus_weaver_engine_seconds", "Time the engine worked.", ["engine"], registry=registry
        )
        self.exact_retries = Counter(
            "proteus_weaver_exact_retries",
            "Pictures that half precision could not hold and single precision could.",
            ["engine"],
            registry=registry,
        )
        self.out_of_memory = Counter(
            "proteus_weaver_out_of_memory",
            "Batches that did not fit and were halved.",
            ["engine"],
            registry=registry,
        )
        self.wasted_seconds = Counter(
            "proteus_weaver_wasted_engine_seconds",
            "Share of the engine's time spent on pictures that are not delivered: lost, cancelled, late or failed.",
            ["reason"],
            registry=registry,
        )
