"""t(b) of a replay: measured by the fleet's workers, or read from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from proteus.engines import CARDS
from proteus.errors import ProteusError
from proteus.estimates import CostTable
from proteus.fleet_view import batch_cost
from proteus.registry import WorkerCard, WorkerState

FORM: Final = '{"normal": {"1": 2.0, "4": 5.1}, "degraded": {"1": 0.8}}'


Tables = tuple[CostTable, CostTable | None]
"""t(b), and that of the degraded form if there is one."""


class NotMeasured(ProteusError):
    """No worker that is ready has measured t(b) of these pictures."""

    code = "not_measured"
    hint = f"Start a weaver of that engine, or give a table: --t-b FILE with {FORM} (seconds by batch size)."


class Costs(BaseModel):
    """Seconds by batch size; no degraded form where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    normal: Mapping[int, float]
    degraded: Mapping[int, float] | None = None

    def tables(self) -> Tables:
        return CostTable.measured(self.normal), CostTable.measured(self.degraded) if self.degraded else None


def from_file(path: Path) -> Tables:
    """Read the tables.

    Raises:
        ValueError: The file holds none.
    """
    try:
        return Costs.model_validate_json(path.read_bytes()).tables()
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'all'}: {each['msg']}" for each in error.errors())
        raise ValueError(f"{path} is not of the form {FORM}: {said}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not of the form {FORM}: {error}") from error


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
