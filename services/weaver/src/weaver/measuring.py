"""Measures an engine at the start, within a budget: warm steps only, and the least of several."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Final

import structlog

from proteus.engines import EngineCard
from proteus.errors import ProteusError
from proteus.jobs import JobId
from weaver.pipelines.contract import Engine
from weaver.profile import ENOUGH_SAMPLES, CostProfile, canvas_of, expected_seconds, keys_of, steps_of

log = structlog.get_logger()

LONG_STEP_SECONDS: Final = 10.0
"""A step that takes longer is measured once: the start cannot wait for three."""

_SIZES: Final = (1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One batch size, measured warm: the least of `complete` whole batches; if 0, an estimate from steps."""

    seconds: float
    complete: int
    step_seconds: float


def measure(
    engine: Engine,
    profile: CostProfile,
    *,
    budget_seconds: float,
    max_batch: int,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Measure t(b) of an engine's keys, about within a budget; blocks. Work measures the sizes beyond it.

    Keys that differ in their number of steps only are measured once: a step costs the same. Of every canvas the first
    step only warms up, and is not counted against the budget; then some steps are run however long they take, since the
    heartbeat must know how long a step may be silent. A time outside the card's expected range is clamped to it, and is
    a guess like one estimated from steps.
    """
    canvases: dict[str, list[str]] = {}
    for key in keys_of(engine.card):
        canvases.setdefault(canvas_of(key), []).append(key)
    for keys in canvases.values():
        measured = keys[len(keys) // 2]
        samples = _measure_sizes(
            engine, measured, budget_seconds=budget_seconds / len(canvases), max_batch=max_batch, clock=clock
        )
        if not samples:
            continue
        profile.note_step(measured, max(sample.step_seconds for sample in samples.values()))
        for key in keys:
            _tell(profile, engine.card, key, samples, share=steps_of(key) / steps_of(measured))


def _tell(profile: CostProfile, card: EngineCard, key: str, samples: Mapping[int, Sample], *, share: float) -> None:
    least, most = expected_seconds(card, key)
    single = samples[1].seconds * share
    if not 0 < single < inf:
        return
    told = min(max(single, least), most)
    if told != single:
        log.warning("cost_unexpected", batch_key=key, seconds=round(single, 4), told=told)
    for size, sample in samples.items():
        complete = sample.complete if told == single and samples[1].complete >= ENOUGH_SAMPLES else 0
        profile.start(key, size, sample.seconds * share * (told / single), complete=complete)


def _measure_sizes(
    engine: Engine, batch_key: str, *, budget_seconds: float, max_batch: int, clock: Callable[[], float]
) -> dict[int, Sample]:
    """Return t(b) of one key for the sizes the budget allows."""
    samples: dict[int, Sample] = {}
    try:
        _weave_sample(engine, batch_key, 1, until=lambda _: True, clock=clock)  # warms up
        end, next_seconds = clock() + budget_seconds, 0.0
        for size in [size for size in _SIZES if size <= max_batch]:
            if samples and end - clock() <= next_seconds:
                break
            samples[size] = _least(engine, batch_key, size, end=end, clock=clock)
            if not samples[size].complete:
                break
            next_seconds = 2 * samples[size].seconds
    except Exception as error:  # Its first job shows that the engine cannot weave.
        reason = error.message if isinstance(error, ProteusError) else f"{type(error).__name__}: {error}"
        log.warning("profile_failed", batch_key=batch_key, batch_size=max(samples, default=1), reason=reason)
    return samples


def _least(engine: Engine, batch_key: str, size: int, *, end: float, clock: Callable[[], float]) -> Sample:
    """Return the least of up to three batches; of some steps, if the time is too short for a whole batch."""
    whole: list[float] = []
    steps: list[float] = []

    def over() -> bool:
        return clock() > end and (len(steps) >= ENOUGH_SAMPLES or steps[-1] > LONG_STEP_SECONDS)

    def until(step_seconds: float) -> bool:
        steps.append(step_seconds)
        return over()

    while len(whole) < ENOUGH_SAMPLES:
        took = _weave_sample(engine, batch_key, size, until=until, clock=clock)
        if took is not None:
            whole.append(took)
        if over():
            break
    seconds = min(whole) if whole else min(steps) * steps_of(batch_key)
    return Sample(seconds=seconds, complete=len(whole), step_seconds=min(steps))


def _weave_sample(
    engine: Engine, batch_key: str, size: int, *, until: Callable[[float], bool], clock: Callable[[], float]
) -> float | None:
    """Weave a batch of samples; return how long it took, or None where `until` ended it after one of its steps."""
    job = engine.sample_job(batch_key)
    session = engine.open(batch_key)
    try:
        for n in range(size):
            session.admit(replace(job, id=JobId(f"sample-{n}")))
        left, seconds = size, 0.0
        while left:
            start = clock()
            report = session.step()
            took = clock() - start
            seconds += took
            for failed in report.failed:
                raise ProteusError(f"the sample failed: {failed.error}") from failed.error
            left -= len(report.finished)
            if until(took) and left:
                return None
        return seconds
    finally:
        session.close()
