"""The fleet as its workers' cards describe it: one view for the gateway, the arbitrator and the simulator. Pure.

The gateway promises a time and the arbitrator sets the fleet's size, so both must use the same numbers: the cost of a
batch, and when loading workers will be ready.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from proteus.engines import canvas_of
from proteus.estimates import CostTable
from proteus.registry import WorkerCard, WorkerState

LEAST_REMAINING_SECONDS: Final = 1.0
"""A worker that loads for longer than a cold start takes may be ready at any moment."""

NINE_IN_TEN: Final = 0.9


@dataclass(frozen=True, kw_only=True)
class BatchCost:
    """t(b) of one batch key on the fleet's mean worker.

    Attributes:
        measured_up_to: The largest batch that some worker measured; 0: all of it is a guess.
        joins: All of them let others join a batch at its next step; a worker of an earlier version does not.
    """

    table: CostTable
    measured_up_to: int
    joins: bool = False

    def measured(self, batch_limit: int) -> bool:
        """Tell whether the batch that pays within the limit was measured by a worker."""
        return self.table.paying_batch(batch_limit) <= self.measured_up_to


@dataclass(frozen=True, kw_only=True)
class EngineFleet:
    """The workers available for a batch key.

    Attributes:
        ready: Workers that take jobs now.
        starting: Workers that load.
        starting_in_seconds: Time until the first of these is ready; 0 if there is none.
        cost: The batch cost; None: no ready worker knows it.
        degraded: The cost of the degraded form; None: there is none, or no ready worker knows it.
    """

    ready: int
    starting: int
    starting_in_seconds: float
    cost: BatchCost | None
    degraded: BatchCost | None


def engine_fleet(
    cards: Sequence[WorkerCard], *, batch_key: str, degraded_key: str, cold_start_seconds: float, now: float
) -> EngineFleet:
    """Return the combined view of the cards.

    Args:
        cards: Of the workers that take these jobs.
        cold_start_seconds: From requesting a worker to ready.
        now: Unix seconds.
    """
    ready = [card for card in cards if card.state is WorkerState.READY]
    return EngineFleet(
        ready=len(ready),
        starting=sum(card.state is WorkerState.LOADING for card in cards),
        starting_in_seconds=first_ready_in_seconds(cards, cold_start_seconds=cold_start_seconds, now=now),
        cost=batch_cost(ready, batch_key),
        degraded=batch_cost(ready, degraded_key) if degraded_key else None,
    )


def batch_cost(cards: Sequence[WorkerCard], batch_key: str) -> BatchCost | None:
    """Return t(b) on the mean worker; None: no card knows the key.

    Each batch size rests on the workers that measured it; where none did, on the guesses of those that measured most.
    The mean is the harmonic one: n workers of its t(b) make as many pictures a second as the n real workers, and one
    guess that is far too high weighs little.
    """
    known = [(card.largest_measured(batch_key), table) for card in cards if (table := card.cost(batch_key))]
    if not known:
        return None
    furthest = max(measured for measured, _ in known)
    longest = max(table.max_batch for _, table in known)
    seconds = [
        _harmonic_mean([table.t(batch) for measured, table in known if measured >= min(batch, furthest)])
        for batch in range(1, longest + 1)
    ]
    singles = [(table.t(1), table.spread) for measured, table in known if measured >= min(1, furthest)]
    canvas = canvas_of(batch_key)
    return BatchCost(
        table=CostTable(tuple(seconds), spread=_spread(singles, seconds[0])),
        measured_up_to=furthest,
        joins=all(card.step_seconds.get(canvas) for card in cards if card.cost(batch_key)),
    )


def first_ready_in_seconds(cards: Sequence[WorkerCard], *, cold_start_seconds: float, now: float) -> float:
    """Return when the first of the loading workers should be ready; 0 if none loads."""
    loading = [card for card in cards if card.state is WorkerState.LOADING]
    remaining = [remaining_seconds(now - card.started_at, cold_start_seconds=cold_start_seconds) for card in loading]
    return min(remaining, default=0.0)


def remaining_seconds(age_seconds: float, *, cold_start_seconds: float) -> float:
    """Return how long a worker that started so long ago still loads; another machine's clock may be ahead."""
    return max(LEAST_REMAINING_SECONDS, cold_start_seconds - max(0.0, age_seconds))


def _harmonic_mean(values: Sequence[float]) -> float:
    return len(values) / sum(1 / value for value in values)


def _spread(workers: Sequence[tuple[float, float]], mean_seconds: float) -> float:
    """Return by which share of the mean nine in ten workers' own 90th percentile of one picture exceeds it."""
    tails = sorted(seconds * (1 + spread) for seconds, spread in workers)
    return max(0.0, tails[ceil(NINE_IN_TEN * len(tails)) - 1] / mean_seconds - 1)
