"""The tailor's metrics, built once in the composition root."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
"""An ingest takes tens of milliseconds, a SegFormer parse on a small CPU seconds."""


class Metrics:
    """The tailor's metrics."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.jobs = Counter("proteus_tailor_jobs", "Jobs by task and outcome.", ["task", "outcome"], registry=registry)
        self.seconds = Histogram(
            "proteus_tailor_task_seconds",
            "Time from claim to verdict, the store included.",
            ["task"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.held = Gauge("proteus_tailor_held_jobs", "Jobs under a lease of this worker.", registry=registry)
        self.requests = Counter(
            "proteus_tailor_segment_requests", "POST /segment by status.", ["status"], registry=registry
        )
