"""What pictures cost here, per canvas: to begin them, to do a step of them, and to end them, each by their number.

Measured at the start (`measuring`), corrected by all that is woven (`session_costs`). t(b) of a preset follows:
begin(b) + steps x step(b) + end(b). Batching reads from it how many pictures pay, the heartbeat how long a step may
take; the registry publishes it to the fleet. A table states up to which size it was measured, and no job is refused
because of the sizes beyond. Whatever is observed, a table is positive, finite and never falls with the size of the
batch.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, inf
from statistics import median_low
from typing import Final, Literal

import structlog

from proteus.engines import EngineCard, canvas_of, steps_of
from proteus.estimates import BATCH_SPREAD, CostTable

log = structlog.get_logger()

Part = Literal["begin", "step", "end"]
"""What a picture's time is made of: whatever its first step takes longer than others, each step, and what its last
step takes longer. A one-shot engine's whole time is the end."""

PARTS: Final[tuple[Part, ...]] = ("begin", "step", "end")

UNMEASURED_PICTURE_COST: Final = 0.75
"""Guess for a further picture, as a share of the first, until a second size was woven: just below the 1.8 t(1) where
batching stops paying, so that batches are tried once and then measured."""

WINDOW: Final = 16
"""Stretches of one size whose median counts: it forgets a slow hour within minutes, and no single one moves it."""

ENOUGH_SAMPLES: Final = 3
"""Warm stretches of a canvas after which its tables are trusted; at the start the least of so many counts."""

ENOUGH_FOR_SPREAD: Final = 8
"""Fewest stretches of one size that show how much their times vary."""

MOST_SPREAD: Final = 1.0
"""A tenth of the batches that takes more than twice the median is trouble, and no prediction covers it."""

LEAST_SECONDS: Final = 1e-6
MOST_SECONDS: Final = 86_400.0
"""Longest step in any table: only a clock that jumped measures more."""


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
    """What is known of one number of pictures: the measurement at the start, and the last ones of work.

    Attributes:
        guessed: `start` is an estimate, and the first observation replaces it.
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


@dataclass
class _Canvas:
    """What is known of one canvas.

    Attributes:
        seconds: Part -> its seconds for 1 … `max_batch` pictures.
        samples: Warm stretches, by their number of pictures.
        first_step: How long a step took at the start, whatever the card expects.
    """

    sizes: dict[Part, dict[int, _Size]] = field(default_factory=lambda: {part: {} for part in PARTS})
    seconds: dict[Part, tuple[float, ...]] = field(default_factory=dict)
    samples: Counter[int] = field(default_factory=Counter)
    measured_up_to: int = 0
    first_step: float = 0.0
    spread: float | None = None

    def of(self, part: Part, pictures: int) -> float:
        """Return a part's seconds; 0: nothing is known of it."""
        values = self.seconds.get(part, ())
        return values[min(max(pictures, 1), len(values)) - 1] if values else 0.0


class CostProfile:
    """The measured costs of every canvas of this worker.

    Args:
        max_batch: The largest batch this worker runs.
    """

    def __init__(self, *, max_batch: int) -> None:
        self._max_batch = max_batch
        self._canvases: dict[str, _Canvas] = {}

    def start(self, canvas: str, pictures: int, costs: Mapping[Part, float], *, complete: int) -> None:
        """Record a measurement from the start.

        Args:
            canvas: The canvas measured.
            pictures: How many at once.
            costs: Seconds of each part.
            complete: Warm batches behind it that were woven to their end; 0: it is a guess, and the first observation
                replaces it.
        """
        if not all(self._makes_sense(pictures, seconds, part) for part, seconds in costs.items()):
            return
        known = self._canvases.setdefault(canvas, _Canvas())
        for part, seconds in costs.items():
            size = known.sizes[part].setdefault(pictures, _Size())
            size.start, size.guessed = min(seconds, MOST_SECONDS), not complete
            self._renew(known, part)
        self._count(known, pictures, complete)

    def note_step(self, canvas: str, seconds: float) -> None:
        """Remember how long a step took at the start, whatever the card expects.

        The heartbeat waits at least so long for a step.
        """
        if 0 < seconds < inf:
            self._canvases.setdefault(canvas, _Canvas()).first_step = seconds

    def observe(self, canvas: str, part: Part, pictures: int, seconds: float) -> None:
        """Record what a part took of so many pictures: of steps the mean of a stretch; ignore what is no time."""
        if not self._makes_sense(pictures, seconds, part):
            log.warning("cost_not_understood", canvas=canvas, part=part, pictures=pictures, seconds=seconds)
            return
        known = self._canvases.setdefault(canvas, _Canvas())
        size = known.sizes[part].setdefault(pictures, _Size())
        if size.guessed:
            size.start, size.guessed = None, False
        size.woven.append(min(seconds, MOST_SECONDS))
        self._renew(known, part)
        if part == "step" or not known.seconds.get("step"):
            self._count(known, pictures, 1)
            spread = spread_of([one.woven for one in known.sizes[part].values()])
            known.spread = known.spread if spread is None else spread

    def part(self, canvas: str, part: Part, pictures: int) -> float:
        """Return the seconds of a part of so many pictures; 0: nothing is known."""
        known = self._canvases.get(canvas)
        return known.of(part, pictures) if known else 0.0

    def table(self, batch_key: str) -> CostTable | None:
        """Return t(1 … max_batch), guesses where nothing was measured; None for a canvas never seen."""
        known, steps = self._canvases.get(canvas_of(batch_key)), steps_of(batch_key)
        if known is None or not known.seconds.get("step" if steps else "end"):
            return None
        sizes = range(1, self._max_batch + 1)
        seconds = [known.of("begin", b) + steps * known.of("step", b) + known.of("end", b) for b in sizes]
        spread = BATCH_SPREAD if known.spread is None else known.spread
        return CostTable(tuple(max(one, LEAST_SECONDS) for one in seconds), spread)

    def parts(self) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
        """Return the steps' and the other seconds by canvas and number of pictures, for the registry."""
        step: dict[str, dict[str, float]] = {}
        fixed: dict[str, dict[str, float]] = {}
        for canvas, known in self._canvases.items():
            sizes = range(1, self._max_batch + 1) if known.seconds else ()
            step[canvas] = {str(b): known.of("step", b) for b in sizes}
            fixed[canvas] = {str(b): known.of("begin", b) + known.of("end", b) for b in sizes}
        return step, fixed

    def measured_up_to(self, canvas: str) -> int:
        """Return the most pictures whose costs rest on warm stretches; 0: all of them are a guess."""
        known = self._canvases.get(canvas)
        return known.measured_up_to if known else 0

    def spreads(self) -> dict[str, float]:
        """Return the spread of every canvas that has its own, for the registry."""
        return {canvas: known.spread for canvas, known in self._canvases.items() if known.spread is not None}

    def least_seconds(self, card: EngineCard, batch_key: str, batch_size: int) -> float:
        """Return the least time a batch of this size takes; while its costs are a guess, the card's least."""
        table, up_to = self.table(batch_key), self.measured_up_to(canvas_of(batch_key))
        if table is None or not up_to:
            return expected_seconds(card, batch_key)[0]
        return table.t(min(batch_size, up_to))

    def longest_step_seconds(self, canvas: str, pictures: int) -> float:
        """Return how long one step of so many may take, if all begin or end in it; 0 if unknown."""
        known = self._canvases.get(canvas)
        return max(sum(known.of(part, pictures) for part in PARTS), known.first_step) if known else 0.0

    def _makes_sense(self, pictures: int, seconds: float, part: Part) -> bool:
        return 1 <= pictures <= self._max_batch and (0 < seconds < inf or (seconds == 0 and part != "step"))

    def _count(self, known: _Canvas, pictures: int, complete: int) -> None:
        if complete:
            known.samples[pictures] += complete
            if known.samples.total() >= ENOUGH_SAMPLES:
                known.measured_up_to = max(known.samples)

    def _renew(self, known: _Canvas, part: Part) -> None:
        points = rising({size: (one.seconds, one.weight) for size, one in known.sizes[part].items()})
        known.seconds[part] = tuple(_filled(points, self._max_batch))


def _filled(points: Mapping[int, float], most: int) -> Iterable[float]:
    """Return the values for 1 … `most`: straight lines between the points, guesses around them."""
    smallest, largest = min(points), max(points)
    filled = {1: points[smallest] / (1 + UNMEASURED_PICTURE_COST * (smallest - 1)), **points}
    # Beyond the measured sizes: the mean cost of the pictures after the first one.
    measured = max(0.0, filled[largest] - filled[1]) / max(1, largest - 1)
    further = measured if largest > 1 else filled[1] * UNMEASURED_PICTURE_COST
    filled[most + 1] = filled[largest] + further * (most + 1 - largest)
    for left, right in pairwise(sorted(filled)):
        slope = (filled[right] - filled[left]) / (right - left)
        yield from (filled[left] + slope * step for step in range(right - left))


def spread_of(woven: Iterable[Collection[float]]) -> float | None:
    """Return how much longer than the median of its size the slowest of nine in ten took; None: too few.

    Args:
        woven: The last times of each size. A size with few of them shows little of how much they vary.
    """
    known = [sorted(size) for size in woven if len(size) >= ENOUGH_FOR_SPREAD and median_low(size)]
    ratios = sorted(seconds / median_low(size) for size in known for seconds in size)
    if not ratios:
        return None
    return min(max(0.0, ratios[ceil(0.9 * len(ratios)) - 1] - 1), MOST_SPREAD)


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
