"""Which declared canaries hold: those whose version runs, beside another one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arbitrator.fleets.board import FleetView
from arbitrator.fleets.spec import Canary
from proteus.registry import WorkerCard, WorkerState


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A fleet's canary, and whether it holds.

    Attributes:
        name: `engine@version`.
        idle: Why it does not hold now; empty: it does.
    """

    name: str
    share: float
    idle: str

    @property
    def words(self) -> str:
        """What people read of it."""
        return f"{self.name}: {self.idle}" if self.idle else f"{self.name} gets at most {self.share:.4g} of the jobs"


def trials_of(fleets: Sequence[FleetView], cards: Sequence[WorkerCard]) -> Mapping[str, Trial]:
    """Return fleet -> its canary. Of two for one engine the first fleet's holds."""
    found: dict[str, Trial] = {}
    taken: dict[str, str] = {}
    for fleet in fleets:
        if fleet.spec.canary is None:
            continue
        canary = fleet.spec.canary
        first = taken.setdefault(canary.engine, fleet.name)
        idle = f"{first} has a canary of {canary.engine} already" if first != fleet.name else _idle(canary, cards)
        found[fleet.name] = Trial(name=f"{canary.engine}@{canary.version}", share=canary.share, idle=idle)
    return found


def _idle(canary: Canary, cards: Sequence[WorkerCard]) -> str:
    """Say why a canary has to wait: jobs that are drawn for nobody, or for the canary alone, would wait with it."""
    ready = [card for card in cards if card.state is WorkerState.READY and canary.engine in card.engines]
    has = {card.version(canary.engine) == canary.version for card in ready}
    if True not in has:
        return "no ready worker has this version"
    return "" if False in has else "every ready worker has this version, and takes all jobs"
