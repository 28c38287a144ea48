"""Which engines can be served: one rule for the door, the queue and the estimates. Pure.

An engine is served by a worker that offers it and is not leaving, or by one that could be started: the deployment says
which engines those are, or its memory of the last day does. What cannot be served is refused at the door; what waits
for such an engine is parked outside the queue until somebody offers it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from proteus.engines import CARDS
from proteus.registry import WorkerCard, WorkerState

BENCH_ENGINE: Final = "timed"
"""It only lets time pass: served to nobody unless the deployment names it."""

REMEMBERED_SECONDS: Final = 86_400
"""How long an offer counts after its worker has gone: a fleet that scales to zero overnight still has its engines."""


def servable_engines(
    cards: Sequence[WorkerCard],
    *,
    named: Collection[str],
    remembered: Collection[str],
    default_engine: str,
    max_replicas: int,
) -> frozenset[str]:
    """Return the engines whose jobs somebody takes, now or after a cold start.

    Args:
        cards: The workers that are there.
        named: What the deployment says it can run; empty: it says nothing.
        remembered: What workers offered within `REMEMBERED_SECONDS`; counts where nothing is named.
        default_engine: Counts where nothing is named: before its first worker came nobody remembers any.
        max_replicas: 0: nobody can be started.
    """
    offered = {name for card in cards if card.state is not WorkerState.DRAINING for name in card.engines}
    startable = set(named) or {*remembered, default_engine}
    found = offered | startable if max_replicas > 0 else offered
    return frozenset(name for name in found & CARDS.keys() if name != BENCH_ENGINE or name in named)


def rivals_of(engine: str, cards: Sequence[WorkerCard]) -> frozenset[str]:
    """Return the engines whose jobs the workers of this engine take, too: those its jobs have to wait for."""
    return frozenset({engine}).union(*(card.engines for card in cards if engine in card.engines))
