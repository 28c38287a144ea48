"""t(b) of a replay, as the fleet's workers measured it."""

from __future__ import annotations

from collections.abc import Sequence

from proteus.engines import CARDS
from proteus.errors import ProteusError
from proteus.estimates import CostTable
from proteus.fleet_view import batch_cost
from proteus.registry import WorkerCard, WorkerState
from workbench.simulate.costs import FORM, Tables


class NotMeasured(ProteusError):
    """No worker that is ready has measured t(b) of these pictures."""

    code = "not_measured"
    hint = f"Start a weaver of that engine, or give a table: --t-b FILE with {FORM} (seconds by batch size)."


def from_cards(cards: Sequence[WorkerCard], *, engine: str, batch_key: str) -> Tables:
    """Return the mean tables of the ready workers.

    Raises:
        NotMeasured: None of them knows this batch key.
    """
    ready = [card for card in cards if card.state is WorkerState.READY]
    cost = _measured(ready, batch_key)
    if cost is None:
        known = sorted({key for card in ready for key in card.seconds_per_batch if card.largest_measured(key)})
        nothing = "they only guess so far" if ready else "none is ready"
        there = f"they know {', '.join(known)}" if known else nothing
        raise NotMeasured(f"No worker has measured t(b) of {batch_key}: {there}.")
    described = CARDS.get(engine)
    return cost, _measured(ready, described.batch_key("balanced", degraded=True) if described else "")


def _measured(cards: Sequence[WorkerCard], batch_key: str) -> CostTable | None:
    found = batch_cost(cards, batch_key)
    return found.table if found is not None and found.measured_up_to > 0 else None
