"""Which engines can be served: one rule for admission, the queue and the estimates. Pure.

A worker that offers an engine and is not leaving serves it, and so does one that could be started: the settings name
those engines, or the offers of the last day do. Admission refuses a submit for any other engine; jobs that already wait
for one are parked outside the queue until a worker offers it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from proteus.engines import CARDS
from proteus.registry import WorkerCard, WorkerState

BENCH_ENGINE: Final = "timed"
"""It only lets time pass: not served unless the deployment names it."""

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
    """Return the engines whose jobs a worker takes, now or after a cold start.

    Args:
        cards: The registered workers.
        named: The engines that the settings name; may be empty.
        remembered: Engines offered within `REMEMBERED_SECONDS`; they count where none is named.
        default_engine: Counts where none is named: before the first worker came, no offer is remembered.
        max_replicas: 0: no worker can be started.
    """
    offered = {name for card in cards if card.state is not WorkerState.DRAINING for name in card.engines}
    startable = set(named) or {*remembered, default_engine}
    found = offered | startable if max_replicas > 0 else offered
    return frozenset(name for name in found & CARDS.keys() if name != BENCH_ENGINE or name in named)


def rivals_of(engine: str, cards: Sequence[WorkerCard]) -> frozenset[str]:
    """Return the engines whose jobs this engine's workers also take: its jobs have to wait for those."""
    return frozenset({engine}).union(*(card.engines for card in cards if engine in card.engines))
