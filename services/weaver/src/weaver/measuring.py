"""Measures an engine at the start, within a budget: warm steps only, and the least of several."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import Final

import structlog

from proteus.engines import EngineCard, canvas_of, steps_of
from proteus.errors import ProteusError
from proteus.jobs import JobId
from weaver.pipelines.contract import Capturable, Engine
from weaver.profile import ENOUGH_SAMPLES, CostProfile, Part, expected_seconds, keys_of

log = structlog.get_logger()

LONG_STEP_SECONDS: Final = 10.0
"""A step that takes longer is measured once: the start cannot wait for three."""

_SIZES: Final = (1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """So many pictures, measured warm: the least of `complete` whole batches; if 0, an estimate from steps."""

    costs: Mapping[Part, float]
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
    """Measure an engine's canvases, about within a budget; blocks. Work measures the sizes beyond it.

    Of every canvas the first step only warms up, and is not counted against the budget; then some steps are run however
    long they take, since the heartbeat must know how long a step may be silent. A time outside the card's expected
    range is clamped to it, and is a guess like one estimated from steps.
    """
    canvases = _canvases(engine.card)
    for canvas in canvases:
        samples = _measure_sizes(
            engine, canvas, budget_seconds=budget_seconds / len(canvases), max_batch=max_batch, clock=clock
        )
        if not samples:
            continue
        profile.note_step(canvas, max(sample.step_seconds for sample in samples.values()))
        if isinstance(engine, Capturable) and engine.padded:
            samples |= _padded(samples)
        _tell(profile, engine.card, canvas, samples)


def warm_up(engine: Engine) -> None:
    """Do a step of every canvas, so that no job waits for libraries that choose kernels and take memory."""
    for canvas in _canvases(engine.card):
        try:
            _weave_sample(engine, canvas, 1, until=lambda _: True, clock=time.monotonic)
        except Exception as error:  # Its first job shows that the engine cannot weave.
            log.warning("warm_up_failed", canvas=canvas, reason=f"{type(error).__name__}: {error}")


def _canvases(card: EngineCard) -> list[str]:
    return list(dict.fromkeys(map(canvas_of, keys_of(card))))


def _padded(samples: Mapping[int, Sample]) -> dict[int, Sample]:
    """Return guesses for the sizes between those measured: padded to the next one, they cost as much."""
    return {
        size: replace(samples[above], complete=0)
        for below, above in pairwise(sorted(samples))
        for size in range(below + 1, above)
    }


def _tell(profile: CostProfile, card: EngineCard, canvas: str, samples: Mapping[int, Sample]) -> None:
    key = sample_key(card, canvas)
    least, most = expected_seconds(card, key)
    single = samples[1].seconds
    if not 0 < single < inf:
        return
    told = min(max(single, least), most)
    if told != single:
        log.warning("cost_unexpected", batch_key=key, seconds=round(single, 4), told=told)
    for pictures, sample in samples.items():
        complete = sample.complete if told == single and samples[1].complete >= ENOUGH_SAMPLES else 0
        costs = {part: seconds * (told / single) for part, seconds in sample.costs.items()}
        profile.start(canvas, pictures, costs, complete=complete)


def sample_key(card: EngineCard, canvas: str) -> str:
    """Return the batch key of the samples of a canvas: that of the form in the middle."""
    quality, degraded = card.sample_form(canvas)
    return card.batch_key(quality, degraded=degraded)


def _measure_sizes(
    engine: Engine, canvas: str, *, budget_seconds: float, max_batch: int, clock: Callable[[], float]
) -> dict[int, Sample]:
    """Return what pictures of one canvas cost, for the sizes the budget allows."""
    samples: dict[int, Sample] = {}
    try:
        _weave_sample(engine, canvas, 1, until=lambda _: True, clock=clock)  # warms up
        end, next_seconds = clock() + budget_seconds, 0.0
        for size in [size for size in _SIZES if size <= max_batch]:
            if samples and end - clock() <= next_seconds:
                break
            samples[size] = _least(engine, canvas, size, end=end, clock=clock)
            if not samples[size].complete:
                break
            next_seconds = 2 * samples[size].seconds
    except Exception as error:  # Its first job shows that the engine cannot weave.
        reason = error.message if isinstance(error, ProteusError) else f"{type(error).__name__}: {error}"
        log.warning("profile_failed", canvas=canvas, batch_size=max(samples, default=1), reason=reason)
    return samples


def _least(engine: Engine, canvas: str, size: int, *, end: float, clock: Callable[[], float]) -> Sample:
    """Return the least of up to three batches; of some steps, if the time is too short for a whole batch."""
    whole: list[list[float]] = []
    steps: list[float] = []

    def over() -> bool:
        return clock() > end and (len(steps) >= ENOUGH_SAMPLES or steps[-1] > LONG_STEP_SECONDS)

    def until(step_seconds: float) -> bool:
        steps.append(step_seconds)
        return over()

    while len(whole) < ENOUGH_SAMPLES:
        took = _weave_sample(engine, canvas, size, until=until, clock=clock)
        if took:
            whole.append(took)
        if over():
            break
    count = steps_of(sample_key(engine.card, canvas))
    if not whole:
        return Sample(
            costs={"step": min(steps)}, seconds=min(steps) * max(1, count), complete=0, step_seconds=min(steps)
        )
    least = min(whole, key=sum)
    return Sample(costs=_parts(least, count), seconds=sum(least), complete=len(whole), step_seconds=min(steps))


def _parts(steps: Sequence[float], count: int) -> dict[Part, float]:
    """Return what a batch's steps say of each part of its time; it has `count` of them, 0: it is one shot."""
    if not count:
        return {"end": sum(steps)}
    inner = sum(steps[1:-1]) / (len(steps) - 2) if len(steps) > 2 else min(steps)
    return {
        "begin": max(0.0, steps[0] - inner),
        "step": inner,
        "end": max(0.0, steps[-1] - inner) if count > 1 else 0.0,
    }


def _weave_sample(
    engine: Engine, canvas: str, size: int, *, until: Callable[[float], bool], clock: Callable[[], float]
) -> list[float]:
    """Weave a batch of samples; return its steps' seconds, or none where `until` ended it after one of them."""
    job = engine.sample_job(canvas)
    session = engine.open(canvas)
    try:
        for n in range(size):
            session.admit(replace(job, id=JobId(f"sample-{n}")))
        left, seconds = size, list[float]()
        while left:
            start = clock()
            report = session.step()
            took = clock() - start
            seconds.append(took)
            for failed in report.failed:
                raise ProteusError(f"the sample failed: {failed.error}") from failed.error
            left -= len(report.finished)
            if until(took) and left:
                return []
        return seconds
    finally:
        session.close()
