"""What a batch costs here: t(b) per batch key, measured at start where that is cheap, corrected by every batch woven.

Batching asks it how many pictures pay, the heart how long a step may take; the registry tells the rest of the fleet.
A table that rests on too little says so (`is_cold`), and nobody is refused because of it. Whatever is observed, a table
is positive, finite and never falls with the size of the batch.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low
from typing import Final

import structlog

from proteus.engines import EngineCard
from proteus.errors import ProteusError
from proteus.estimates import CostTable
from proteus.jobs import JobId
from weaver.pipelines.contract import Engine

log = structlog.get_logger()

UNMEASURED_PICTURE_COST: Final = 0.75
"""Guess for a further picture, as a share of t(1), until a second size was woven: just below the 1.8 t(1) where
batching stops to pay, so that batches are tried once and then known."""

WINDOW: Final = 16
"""Batches of one size whose median counts: it forgets a slow hour within minutes, and no single batch moves it."""

ENOUGH_SAMPLES: Final = 3
"""Complete warm batches after which a table is trusted, and warm samples whose minimum counts at the start."""

LEAST_SECONDS: Final = 1e-6
MOST_SECONDS: Final = 86_400.0
"""What a batch takes at most, in any table: a clock that jumped says more."""

LONG_STEP_SECONDS: Final = 10.0
"""A step that takes longer is measured once: the start cannot wait for three."""

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


def expected_seconds(card: EngineCard, batch_key: str) -> tuple[float, float]:
    """Return the least and the most that the card expects of t(1); everything where it expects nothing."""
    expected = card.expected_seconds
    ranges = [expected[quality] for quality in expected if card.batch_key(quality) == batch_key]
    return (min(least for least, _ in ranges), max(most for _, most in ranges)) if ranges else (0.0, MOST_SECONDS)


@dataclass
class _Size:
    """What is known of one batch size: what was measured at the start, and the last batches woven."""

    start: float | None = None
    woven: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    @property
    def seconds(self) -> float:
        known = [self.start] if self.start is not None else []
        return median_low([*known, *self.woven])

    @property
    def weight(self) -> int:
        return len(self.woven) + (self.start is not None)


class CostProfile:
    """The measured cost of every batch key of this worker.

    Args:
        max_batch: The largest batch it will ever run.
    """

    def __init__(self, *, max_batch: int) -> None:
        self._max_batch = max_batch
        self._sizes: dict[str, dict[int, _Size]] = {}
        self._complete: dict[str, int] = {}
        self._guessed: dict[str, set[int]] = {}
        self._tables: dict[str, CostTable] = {}

    def start(self, batch_key: str, batch_size: int, seconds: float, *, complete: int) -> None:
        """Take in what was measured at the start.

        Args:
            batch_key: What was measured.
            batch_size: Pictures in the batch.
            seconds: t(b).
            complete: Warm batches behind it that were woven to their end; 0: it was worked out from some steps, and
                the first batch woven replaces it.
        """
        if not self._makes_sense(batch_size, seconds):
            return
        size = self._size(batch_key, batch_size)
        size.start = _bounded(seconds)
        if complete:
            self._complete[batch_key] = self._complete.get(batch_key, 0) + complete
        else:
            self._guessed.setdefault(batch_key, set()).add(batch_size)
        self._tables[batch_key] = self._table(self._sizes[batch_key])

    def observe(self, batch_key: str, batch_size: int, seconds: float) -> None:
        """Take in a batch that was woven to its end. What cannot be a time is left out."""
        if not self._makes_sense(batch_size, seconds):
            log.warning("cost_not_understood", batch_key=batch_key, batch_size=batch_size, seconds=seconds)
            return
        size = self._size(batch_key, batch_size)
        if batch_size in self._guessed.get(batch_key, ()):
            self._guessed[batch_key].discard(batch_size)
            size.start = None
        size.woven.append(_bounded(seconds))
        self._complete[batch_key] = self._complete.get(batch_key, 0) + 1
        self._tables[batch_key] = self._table(self._sizes[batch_key])

    def table(self, batch_key: str) -> CostTable | None:
        """Return t(1 … max_batch), guesses where nothing was measured; None for a key never seen."""
        return self._tables.get(batch_key)

    def tables(self) -> dict[str, CostTable]:
        """Return every table, for the registry."""
        return dict(self._tables)

    def is_cold(self, batch_key: str) -> bool:
        """Tell whether this key's costs are a guess: too few whole batches of it were woven."""
        return self._complete.get(batch_key, 0) < ENOUGH_SAMPLES

    def cold_keys(self) -> tuple[str, ...]:
        """Return the keys whose tables are guesses, for the registry."""
        return tuple(key for key in list(self._tables) if self.is_cold(key))

    def step_seconds(self, batch_key: str, batch_size: int) -> float:
        """Return how long one step of such a batch is expected to take; 0 if unknown: the lease has to do."""
        table = self._tables.get(batch_key)
        return 0.0 if table is None else table.t(batch_size) / steps_of(batch_key)

    def _makes_sense(self, batch_size: int, seconds: float) -> bool:
        return 1 <= batch_size <= self._max_batch and 0 < seconds < float("inf")

    def _size(self, batch_key: str, batch_size: int) -> _Size:
        return self._sizes.setdefault(batch_key, {}).setdefault(batch_size, _Size())

    def _table(self, sizes: Mapping[int, _Size]) -> CostTable:
        points = rising({size: (known.seconds, known.weight) for size, known in sizes.items()})
        smallest, largest = min(points), max(points)
        first = points[smallest] / (1 + UNMEASURED_PICTURE_COST * (smallest - 1))
        filled = {1: max(first, LEAST_SECONDS), **points}
        # Beyond what was measured: what the pictures so far cost on top of the first one.
        measured = max(0.0, filled[largest] - filled[1]) / max(1, largest - 1)
        further = measured if largest > 1 else filled[1] * UNMEASURED_PICTURE_COST
        for size in range(largest + 1, self._max_batch + 1):
            filled[size] = filled[largest] + further * (size - largest)
        return CostTable.measured(filled)


def _bounded(seconds: float) -> float:
    return min(max(seconds, LEAST_SECONDS), MOST_SECONDS)


def rising(points: Mapping[int, tuple[float, int]]) -> dict[int, float]:
    """Return the rising values nearest to (value, weight) by size: neighbours in the wrong order share their mean.

    Isotonic regression by pooling adjacent violators (Barlow et al. 1972): it corrects in both directions, and what was
    seen often gives way less.
    """
    pools: list[tuple[float, int, list[int]]] = []
    for size in sorted(points):
        value, weight = points[size]
        pools.append((value, weight, [size]))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (left, left_weight, left_sizes), (right, right_weight, right_sizes) = pools[-2:]
            together = left_weight + right_weight
            pools[-2:] = [((left * left_weight + right * right_weight) / together, together, left_sizes + right_sizes)]
    return {size: value for value, _, sizes in pools for size in sizes}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One batch size, measured warm: the least of `complete` whole batches or, of none, worked out from steps."""

    seconds: float
    complete: int


def measure(
    engine: Engine,
    profile: CostProfile,
    *,
    budget_seconds: float,
    max_batch: int,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Measure t(b) of an engine's keys, about within a budget; blocks. Sizes beyond it are left to work.

    Keys that differ in their number of steps only are measured once: a step costs the same. Of every canvas the first
    step only warms up, and is not counted against the budget; then some steps are run however long they take, since
    the heart must know how long a step may be silent. What lies outside the card's expectation is brought back to it,
    and is a guess like what was worked out from steps.
    """
    canvases: dict[str, list[str]] = {}
    for key in keys_of(engine.card):
        canvases.setdefault(key.rsplit("/", 1)[0], []).append(key)
    for keys in canvases.values():
        measured = keys[len(keys) // 2]
        samples = _measure_sizes(
            engine, measured, budget_seconds=budget_seconds / len(canvases), max_batch=max_batch, clock=clock
        )
        for key in keys if samples else ():
            _tell(profile, engine.card, key, samples, share=steps_of(key) / steps_of(measured))


def _tell(profile: CostProfile, card: EngineCard, key: str, samples: Mapping[int, Sample], *, share: float) -> None:
    least, most = expected_seconds(card, key)
    single = samples[1].seconds * share
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
        _weave_sample(engine, batch_key, 1, until=lambda steps: True, clock=clock)  # warms up
        end, expected_seconds = clock() + budget_seconds, 0.0
        for size in [size for size in _SIZES if size <= max_batch]:
            if samples and end - clock() <= expected_seconds:
                break
            samples[size] = _least(engine, batch_key, size, end=end, clock=clock)
            if not samples[size].complete:
                break
            expected_seconds = 2 * samples[size].seconds
    except Exception as error:  # An engine that cannot weave its sample is found out by its first job.
        reason = error.message if isinstance(error, ProteusError) else f"{type(error).__name__}: {error}"
        log.warning("profile_failed", batch_key=batch_key, batch_size=max(samples, default=1), reason=reason)
    return samples


def _least(engine: Engine, batch_key: str, size: int, *, end: float, clock: Callable[[], float]) -> Sample:
    """Return the least of up to three batches; of some steps, if the time does not last for one whole batch."""
    whole: list[float] = []
    steps: list[float] = []

    def over(so_far: Sequence[float]) -> bool:
        enough = len(steps) + len(so_far) >= ENOUGH_SAMPLES or so_far[-1] > LONG_STEP_SECONDS
        return enough and clock() > end

    while len(whole) < ENOUGH_SAMPLES:
        took, complete = _weave_sample(engine, batch_key, size, until=over, clock=clock)
        steps += took
        if complete:
            whole.append(sum(took))
        if over(took):
            break
    if whole:
        return Sample(seconds=min(whole), complete=len(whole))
    return Sample(seconds=min(steps) * steps_of(batch_key), complete=0)


def _weave_sample(
    engine: Engine, batch_key: str, size: int, *, until: Callable[[Sequence[float]], bool], clock: Callable[[], float]
) -> tuple[list[float], bool]:
    """Weave a batch of samples until its end, or until `until` says so; return the time of each step, and which."""
    job = engine.sample_job(batch_key)
    session = engine.open(batch_key)
    try:
        for n in range(size):
            session.admit(replace(job, id=JobId(f"sample-{n}")))
        left, took = size, list[float]()
        while left:
            start = clock()
            report = session.step()
            took.append(clock() - start)
            for failed in report.failed:
                raise ProteusError(f"the sample failed: {failed.error}") from failed.error
            left -= len(report.finished)
            if left and until(took):
                return took, False
        return took, True
    finally:
        session.close()
