"""The pictures of a period, as demand for the simulator and as the reality to compare with. Pure.

A picture arrives when everything it needs is made and it could be queued (`ready_at`): the tailor's time before that is
the same under every policy. Left out on both sides: cancelled pictures, and those that never could be queued. A refused
submit has left no row and is in neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict

from proteus.errors import ProteusError
from proteus.jobs import JobState
from workbench.replay.outcome import Outcome
from workbench.simulate.traces import Trace

NORMAL: Final = 1
"""Of `priority`: 0 low, 2 high."""

ENOUGH: Final = 20
"""The 95th percentile of fewer is one picture's luck."""


class RecordTooShort(ProteusError):
    """Too few pictures arrived to compare anything."""

    code = "record_too_short"
    hint = "Name an earlier --since; the record goes back as far as the try-ons are kept."


class Arrival(BaseModel):
    """One picture, as `GET /v1/queue/arrivals` returns it."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    priority: int
    engine: str
    batch_key: str
    degradable: bool
    rank: float
    degraded: bool | None
    deadline_at: AwareDatetime | None
    status: JobState
    created_at: AwareDatetime
    ready_at: AwareDatetime | None
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


@dataclass(frozen=True, kw_only=True)
class Record:
    """The pictures that could be queued in [since, until), in that order.

    Attributes:
        left_out: Pictures of the period that are not among them.
    """

    since: datetime
    until: datetime
    arrivals: tuple[tuple[datetime, Arrival], ...]
    left_out: int

    @classmethod
    def of(cls, found: Iterable[Arrival], *, since: datetime, until: datetime) -> Record:
        """Take the arrivals that count.

        Raises:
            RecordTooShort: They are too few, or none.
        """
        found = list(found)
        counted = [
            (one.ready_at, one)
            for one in found
            if one.ready_at and since <= one.ready_at < until and one.status is not JobState.CANCELED
        ]
        counted.sort(key=lambda each: each[0])
        period = f"between {clock(since)} and {clock(until)}"
        if not counted:
            raise RecordTooShort(f"No picture could be queued {period}: there is nothing to replay.")
        if len(counted) < ENOUGH:
            many = "one picture" if len(counted) == 1 else f"{len(counted)} pictures"
            why = f"below {ENOUGH} any difference between two policies is chance"
            raise RecordTooShort(f"Only {many} could be queued {period}: {why}.")
        return cls(since=since, until=until, arrivals=tuple(counted), left_out=len(found) - len(counted))

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()

    @property
    def batch_key(self) -> str:
        """The commonest batch key: its t(b) counts."""
        return Counter(one.batch_key for _, one in self.arrivals).most_common(1)[0][0]

    @property
    def engine(self) -> str:
        return next(one.engine for _, one in self.arrivals if one.batch_key == self.batch_key)

    @property
    def notes(self) -> list[str]:
        """What the simulation leaves out, one sentence each."""
        of_others = sum(one.batch_key != self.batch_key for _, one in self.arrivals)
        ranked = sum(one.priority != NORMAL for _, one in self.arrivals)
        notes = []
        if self.left_out:
            notes.append(f"{self.left_out} more are left out: cancelled, or not to be queued within the period")
        if of_others:
            notes.append(f"{of_others} have another batch key than {self.batch_key}: they are taken to cost the same")
        if ranked:
            notes.append(f"{ranked} have a high or low priority: all are simulated in the order of their arrival")
        return notes

    def trace(self) -> Trace:
        """Return the arrivals as the simulator plays them."""
        tenants = {name: number for number, name in enumerate(sorted({one.tenant for _, one in self.arrivals}))}
        return Trace(
            name="recorded",
            seconds=self.seconds,
            arrived=[self._second(at) for at, _ in self.arrivals],
            tenant=[tenants[one.tenant] for _, one in self.arrivals],
            rank=[one.rank for _, one in self.arrivals],
            may_degrade=[one.degradable for _, one in self.arrivals],
            deadline=[self._second(one.deadline_at) if one.deadline_at else inf for _, one in self.arrivals],
        )

    def measured(self, *, slo_seconds: float, now: datetime) -> Outcome:
        """Return the real outcome; a picture that still waits has waited until now at least."""
        waits = [
            ((one.started_at or now) - at).total_seconds()
            for at, one in self.arrivals
            if one.started_at or not one.status.terminal
        ]
        made = [
            (one, (one.finished_at - at).total_seconds())
            for at, one in self.arrivals
            if one.status is JobState.COMPLETED and one.finished_at
        ]
        p50, p95, p99 = (max(0.0, float(value)) for value in np.percentile(waits or [0.0], (50, 95, 99)))
        return Outcome(
            wait_p50=p50,
            wait_p95=p95,
            wait_p99=p99,
            goodput=sum(seconds <= slo_seconds for _, seconds in made) / len(self.arrivals),
            degraded=sum(one.degraded is True for one, _ in made) / len(made) if made else 0.0,
        )

    def _second(self, at: datetime) -> float:
        return (at - self.since).total_seconds()


def clock(at: datetime) -> str:
    """Return a time as text for people."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
