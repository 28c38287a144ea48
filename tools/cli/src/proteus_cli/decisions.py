"""What the arbitrator and its shadow decided, as `GET /v1/fleet/decisions` returns it and a table shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proteus.fleet_config import Ruling


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One decision.

    Attributes:
        at: When it was made.
        by: Which arbitrator made it.
        decision: The decision as the arbitrator noted it.
    """

    at: datetime
    by: str
    decision: Mapping[str, Any]

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Noted:
        """Read an item of the API's answer."""
        return cls(at=datetime.fromisoformat(said["at"]), by=said["by"], decision=said["decision"])

    @property
    def ruling(self) -> Ruling:
        """The decision as this version reads it."""
        return Ruling.read(self.decision)

    @property
    def policy(self) -> str:
        return self.ruling.policy or ""

    def row(self) -> tuple[str, ...]:
        """Return the cells of a table's row."""
        ruling = self.ruling
        return (
            self.at.astimezone().strftime("%H:%M:%S"),
            _shown(ruling.policy),
            f"{ruling.mode} / {ruling.state}",
            _shown(ruling.batch_size),
            f"{ruling.degraded_fraction or 0.0:.0%}",
            f"{_shown(ruling.ready)} → {_shown(ruling.desired_replicas)}",
            _shown(ruling.waiting),
            _shown(ruling.reason),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"at": self.at.isoformat(), "by": self.by, **{k: v for k, v in self.decision.items() if k != "memory"}}


def _shown(value: str | float | None) -> str:
    return "" if value is None else str(value)
