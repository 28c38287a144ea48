"""What a batch costs here: t(b) per batch key, measured at start where that is cheap, corrected by every batch woven.

Batching asks it how many pictures pay, the heart how long a step may take; the registry tells the rest of the fleet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from proteus.engines import EngineCard
from proteus.errors import ProteusError
from proteus.estimates import CORRECTION_WEIGHT, CostTable
from proteus.jobs import JobId
from weaver.pipelines.contract import Engine

log = structlog.get_logger()

UNMEASURED_PICTURE_COST: Final = 0.75
"""Guess for a further picture, as a share of t(1), until a second size was woven: just below the 1.8 t(1) where
batching stops to pay, so that batches are tried once and then known."""

_SIZES: Final = (1, 2, 4, 8)


def steps_of(batch_key: str) -> int:
    """Return the number of steps a batch key names (its last part; 0, one shot, counts as 1)."""
    last = batch_key.rsplit("/", 1)[-1]
    return max(1, int(last)) if last.isdigit() else 1


def keys_of(card: EngineCard) -> list[str]:
    """Return every batch key of an engine."""
    keys = [card.batch_key(quality) for quality in card.presets]
    if card.degraded is not None:
        keys.append(card.batch_key("balanced", degraded=True))
    return list(dict.fromkeys(keys))


class CostProfile:
    """The measured cost of every batch key of this worker.

    Args:
        max_batch: The largest batch it will ever run.
    """

    def __init__(self, *, max_batch: int) -> None:
        self._max_batch = max_batch
        self._points: dict[str, dict[int, float]] = {}
        self._cold: set[tuple[str, int]] = set()
        self._tables: dict[str, CostTable] = {}

    def observe(self, batch_key: str, batch_size: int, seconds: float, *, cold: bool = False) -> None:
        """Take in a measurement of t(b). The first of a size counts in full, later ones by `CORRECTION_WEIGHT`.

        Args:
            cold: It was the engine's first batch, which also warms up: the next one replaces it.
        """
        points = self._points.setdefault(batch_key, {})
        known = points.get(batch_size)
        if (batch_key, batch_size) in self._cold:
            known = None
            self._cold.discard((batch_key, batch_size))
        if cold:
            self._cold.add((batch_key, batch_size))
        value = seconds if known is None else known + CORRECTION_WEIGHT * (seconds - known)
        points[batch_size] = max(value, 1e-6)
        for smaller in [size for size in points if size < batch_size]:
            points[smaller] = min(points[smaller], points[batch_size])
        self._tables[batch_key] = self._table(points)

    def table(self, batch_key: str) -> CostTable | None:
        """Return t(1 … max_batch), guesses where nothing was measured; None for a key never seen."""
        return self._tables.get(batch_key)

    def tables(self) -> dict[str, CostTable]:
        """Return every table, for the registry."""
        return dict(self._tables)

    def step_seconds(self, batch_key: str, batch_size: int) -> float:
        """Return how long one step of such a batch is expected to take; 0 if unknown: the lease has to do."""
        table = self._tables.get(batch_key)
        return 0.0 if table is None else table.t(batch_size) / steps_of(batch_key)

    def _table(self, points: dict[int, float]) -> CostTable:
        smallest, largest = min(points), max(points)
        filled = {1: points[smallest] / (1 + UNMEASURED_PICTURE_COST * (smallest - 1)), **points}
        # Beyond what was measured: what the pictures so far cost on top of the first one.
        measured = (filled[largest] - filled[1]) / max(1, largest - 1)
        further = measured if largest > 1 else filled[1] * UNMEASURED_PICTURE_COST
        for size in range(largest + 1, self._max_batch + 1):
            filled[size] = filled[largest] + further * (size - largest)
        return CostTable.measured(filled)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measured batch. `seconds` is extrapolated from the steps done when the budget ran out."""

    seconds: float
    complete: bool
    warm: bool = False


def measure(
    engine: Engine,
    profile: CostProfile,
    *,
    budget_seconds: float,
    max_batch: int,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Measure t(b) of an engine's keys, about within a budget; blocks. Sizes beyond it are left to work.

    Keys that differ in their number of steps only are measured once: a step costs the same. At least one step of every
    canvas is run, however long it takes: the heart must know how long a step may be silent.
    """
    canvases: dict[str, list[str]] = {}
    for key in keys_of(engine.card):
        canvases.setdefault(key.rsplit("/", 1)[0], []).append(key)
    for keys in canvases.values():
        measured = keys[len(keys) // 2]
        samples = _measure_sizes(
            engine, measured, budget_seconds=budget_seconds / len(canvases), max_batch=max_batch, clock=clock
        )
        for size, sample in samples.items():
            for key in keys:
                seconds = sample.seconds * steps_of(key) / steps_of(measured)
                profile.observe(key, size, seconds, cold=not sample.warm)


def _measure_sizes(
    engine: Engine, batch_key: str, *, budget_seconds: float, max_batch: int, clock: Callable[[], float]
) -> dict[int, Sample]:
    """Return t(b) of one key for the sizes the budget allows; the very first batch warms up and is measured again."""
    samples: dict[int, Sample] = {}
    end, expected_seconds = clock() + budget_seconds, 0.0
    for size in (1, *[size for size in _SIZES if size <= max_batch]):
        left, warm = end - clock(), bool(samples)
        again = size == 1 and expected_seconds <= 2 * budget_seconds  # worth it: it is told to the whole fleet
        if warm and not again and left <= expected_seconds:
            break
        try:
            sample = _weave_sample(engine, batch_key, size, budget_seconds=left, clock=clock)
        except ProteusError as error:
            log.warning("profile_failed", batch_key=batch_key, batch_size=size, reason=error.message)
            break
        samples[size] = replace(sample, warm=warm)
        if not sample.complete:
            break
        expected_seconds = sample.seconds * (2 if warm else 1)
    return samples


def _weave_sample(
    engine: Engine, batch_key: str, size: int, *, budget_seconds: float, clock: Callable[[], float]
) -> Sample:
    job = engine.sample_job(batch_key)
    jobs = [replace(job, id=JobId(f"sample-{n}")) for n in range(size)]
    session = engine.open(batch_key)
    try:
        for one in jobs:
            session.admit(one)
        start, left, steps_done, steps = clock(), size, 0, steps_of(batch_key)
        while left:
            report = session.step()
            steps_done += 1
            for failed in report.failed:
                raise ProteusError(f"the sample failed: {failed.error}") from failed.error
            left -= len(report.finished)
            if left and clock() - start > budget_seconds and steps_done < steps:
                return Sample(seconds=(clock() - start) / steps_done * steps, complete=False)
        return Sample(seconds=clock() - start, complete=True)
    finally:
        session.close()
