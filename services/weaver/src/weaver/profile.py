"""What a batch costs here: t(b) per batch key, measured at the start (`measuring`), corrected by every batch woven.

Batching reads from it how many pictures pay, the heartbeat how long a step may take; the registry publishes it to the
fleet. A table states up to which size it was measured, and no job is refused because of the sizes beyond. Whatever is
observed, a table is positive, finite and never falls with the size of the batch.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, inf
from statistics import median_low
from typing import Final

import structlog

from proteus.engines import EngineCard
from proteus.estimates import BATCH_SPREAD, CostTable

log = structlog.get_logger()

UNMEASURED_PICTURE_COST: Final = 0.75
"""Guess for a further picture, as a share of t(1), until a second size was woven: just below the 1.8 t(1) where
batching stops paying, so that batches are tried once and then measured."""

WINDOW: Final = 16
"""Batches of one size whose median counts: it forgets a slow hour within minutes, and no single batch moves it."""

ENOUGH_SAMPLES: Final = 3
"""Whole warm batches of a canvas after which its tables are trusted; at the start the least of so many counts."""

ENOUGH_FOR_SPREAD: Final = 8
"""Fewest batches of one size that show how much their times vary."""

MOST_SPREAD: Final = 1.0
"""A tenth of the batches that takes more than twice the median is trouble, and no prediction covers it."""

STEPS_DIGITS_MOST: Final = 4
"""No engine takes more steps; keys come from the queue and may hold anything."""

LEAST_SECONDS: Final = 1e-6
MOST_SECONDS: Final = 86_400.0
"""Longest batch in any table: only a clock that jumped measures more."""


def steps_of(batch_key: str) -> int:
    """Return the number of steps a batch key names: its last part. 0 (one shot) and no number count as 1."""
    last = batch_key.rsplit("/", 1)[-1]
    return max(1, int(last)) if last.isascii() and last.isdigit() and len(last) <= STEPS_DIGITS_MOST else 1


def canvas_of(batch_key: str) -> str:
    """Return a batch key without its number of steps."""
    return batch_key.rsplit("/", 1)[0]


def keys_of(card: EngineCard) -> list[str]:
    """Return every batch key of an engine."""
    keys = [card.batch_key(quality) for quality in card.presets]
    if card.degraded is not None:
        keys.append(card.batch_key("balanced", degraded=True))
    return list(dict.fromkeys(keys))


def expected_seconds(card: EngineCard, batch_key: str) -> tuple[float, float]:
    """Return the least and the most t(1) that the card expects; the widest range if it expects none."""
    expected = card.expected_seconds
    ranges = [expected[quality] for quality in expected if card.batch_key(quality) == batch_key]
    return (min(least for least, _ in ranges), max(most for _, most in ranges)) if ranges else (0.0, MOST_SECONDS)


@dataclass
class _Size:
    """What is known of one batch size of a key: the measurement at the start, and the last batches woven.

    Attributes:
        start: t(b) as measured at the start, or derived from another number of steps on this canvas.
        guessed: `start` is an estimate, and the first batch woven replaces it.
    """

    start: float | None = None
    guessed: bool = False
    woven: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    @property
    def seconds(self) -> float:
        return median_low(self._known)

    @property
    def weight(self) -> int:
        return len(self._known)

    @property
    def _known(self) -> list[float]:
        return [*([] if self.start is None else [self.start]), *self.woven]


class CostProfile:
    """The measured cost of every batch key of this worker.

    Keys of one canvas differ in their number of steps only, and a step costs them the same: a key that is seldom woven
    follows the others of its canvas until it is.

    Args:
        max_batch: The largest batch this worker runs.
    """

    def __init__(self, *, max_batch: int) -> None:
        self._max_batch = max_batch
        self._sizes: dict[str, dict[int, _Size]] = {}
        self._whole: dict[str, Counter[int]] = {}
        self._measured_up_to: dict[str, int] = {}
        self._first_steps: dict[str, float] = {}
        self._spreads: dict[str, float] = {}
        self._tables: dict[str, CostTable] = {}

    def start(self, batch_key: str, batch_size: int, seconds: float, *, complete: int) -> None:
        """Record a measurement from the start.

        Args:
            batch_key: The key measured.
            batch_size: Pictures in the batch.
            seconds: t(b).
            complete: Warm batches behind it that were woven to their end; 0: it is a guess, and the first batch woven
                replaces it.
        """
        if not self._makes_sense(batch_size, seconds):
            return
        size = self._size(batch_key, batch_size)
        size.start, size.guessed = _bounded(seconds), not complete
        self._count(batch_key, batch_size, complete)
        self._renew(batch_key)

    def note_step(self, batch_key: str, seconds: float) -> None:
        """Remember how long a step took at the start, whatever the card expects.

        The heartbeat waits at least so long for a step.
        """
        if 0 < seconds < inf:
            self._first_steps[canvas_of(batch_key)] = seconds

    def observe(self, batch_key: str, batch_size: int, seconds: float) -> None:
        """Record a batch that was woven to its end; ignore what cannot be a time."""
        if not self._makes_sense(batch_size, seconds):
            log.warning("cost_not_understood", batch_key=batch_key, batch_size=batch_size, seconds=seconds)
            return
        size = self._size(batch_key, batch_size)
        if size.guessed:
            size.start, size.guessed = None, False
        size.woven.append(_bounded(seconds))
        self._count(batch_key, batch_size, 1)
        self._renew(batch_key)
        self._tell_others(batch_key, batch_size, size.seconds)

    def table(self, batch_key: str) -> CostTable | None:
        """Return t(1 … max_batch), guesses where nothing was measured; None for a key never seen."""
        return self._tables.get(batch_key)

    def tables(self) -> dict[str, CostTable]:
        """Return every table, for the registry."""
        return dict(self._tables)

    def measured_up_to(self, batch_key: str) -> int:
        """Return the largest batch whose costs rest on whole batches of this canvas; 0: all of them are a guess."""
        return self._measured_up_to.get(canvas_of(batch_key), 0)

    def spreads(self) -> dict[str, float]:
        """Return the spread of every table that has its own, for the registry."""
        return dict(self._spreads)

    def least_seconds(self, card: EngineCard, batch_key: str, batch_size: int) -> float:
        """Return the least time a batch of this size takes; while its costs are a guess, the card's least."""
        table, up_to = self._tables.get(batch_key), self.measured_up_to(batch_key)
        if table is None or not up_to:
            return expected_seconds(card, batch_key)[0]
        return table.t(min(batch_size, up_to))

    def step_seconds(self, batch_key: str, batch_size: int) -> float:
        """Return how long one step of such a batch is expected to take; 0 if unknown: then only the lease bounds it."""
        table = self._tables.get(batch_key)
        told = 0.0 if table is None else table.t(batch_size) / steps_of(batch_key)
        return max(told, self._first_steps.get(canvas_of(batch_key), 0.0))

    def _makes_sense(self, batch_size: int, seconds: float) -> bool:
        return 1 <= batch_size <= self._max_batch and 0 < seconds < inf

    def _size(self, batch_key: str, batch_size: int) -> _Size:
        return self._sizes.setdefault(batch_key, {}).setdefault(batch_size, _Size())

    def _count(self, batch_key: str, batch_size: int, complete: int) -> None:
        if complete:
            whole = self._whole.setdefault(canvas_of(batch_key), Counter())
            whole[batch_size] += complete
            if whole.total() >= ENOUGH_SAMPLES:
                self._measured_up_to[canvas_of(batch_key)] = max(whole)

    def _tell_others(self, batch_key: str, batch_size: int, seconds: float) -> None:
        """Let keys of this canvas that never wove this size follow the one that did."""
        for other in [key for key in self._sizes if key != batch_key and canvas_of(key) == canvas_of(batch_key)]:
            size = self._size(other, batch_size)
            if not size.woven:
                size.start = _bounded(seconds * steps_of(other) / steps_of(batch_key))
                size.guessed = True
                self._renew(other)

    def _renew(self, batch_key: str) -> None:
        sizes = self._sizes[batch_key]
        points = rising({size: (known.seconds, known.weight) for size, known in sizes.items()})
        smallest, largest = min(points), max(points)
        first = points[smallest] / (1 + UNMEASURED_PICTURE_COST * (smallest - 1))
        filled = {1: max(first, LEAST_SECONDS), **points}
        # Beyond the measured sizes: the mean cost of the pictures after the first one.
        measured = max(0.0, filled[largest] - filled[1]) / max(1, largest - 1)
        further = measured if largest > 1 else filled[1] * UNMEASURED_PICTURE_COST
        for size in range(largest + 1, self._max_batch + 1):
            filled[size] = filled[largest] + further * (size - largest)
        spread = spread_of([known.woven for known in sizes.values()])
        if spread is not None:
            self._spreads[batch_key] = spread
        self._tables[batch_key] = CostTable.measured(filled, spread=self._spreads.get(batch_key, BATCH_SPREAD))


def spread_of(woven: Iterable[Collection[float]]) -> float | None:
    """Return how much longer than the median of its size the slowest of nine in ten batches took; None: too few.

    Args:
        woven: The last batches of each size. A size with few of them shows little of how much they vary.
    """
    known = [sorted(size) for size in woven if len(size) >= ENOUGH_FOR_SPREAD]
    ratios = sorted(seconds / median_low(size) for size in known for seconds in size)
    if not ratios:
        return None
    return min(max(0.0, ratios[ceil(0.9 * len(ratios)) - 1] - 1), MOST_SPREAD)


def _bounded(seconds: float) -> float:
    return min(max(seconds, LEAST_SECONDS), MOST_SECONDS)


def rising(points: Mapping[int, tuple[float, int]]) -> dict[int, float]:
    """Return the rising values nearest to (value, weight) by size: neighbours in the wrong order share their mean.

    Isotonic regression by pooling adjacent violators (Barlow et al. 1972): it corrects in both directions, and a value
    with more weight moves less.
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
