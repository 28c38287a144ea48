"""Counts the calls to the object store by what came of them: an alert asks whether it is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Counter

from proteus.errors import DependencyUnavailable

ANSWERED: Final = "answered"
FAILED: Final = "failed"

CALLS: Final = Counter(
    "proteus_storage_calls_total",
    "Calls to the object store: answered (a missing object is an answer too) or failed (away, refused, broken off).",
    ["outcome"],
)
for _outcome in (ANSWERED, FAILED):
    CALLS.labels(_outcome)  # At zero from the start: the first of a series is no increase to Prometheus.


@contextmanager
def counted() -> Iterator[None]:
    """Count the call inside the block."""
    outcome = ANSWERED
    try:
        yield
    except DependencyUnavailable:
        outcome = FAILED
        raise
    finally:
        CALLS.labels(outcome).inc()
