"""The fleet's last minutes as figures: one series of minutes without gaps, and what a picture cost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.fleet.minutes import Minute
from proteus.jobs import JobState


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One minute: what came and ended by the ledger, and what was seen, if a gateway looked."""

    at: datetime
    arrived: int
    ended: Mapping[JobState, int]
    seen: Minute | None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a picture cost.

    Attributes:
        busy: By the engines' time alone; None: no picture was made.
        with_idle: By all the time that weavers ran; None: no picture was made, or nobody saw the weavers.
    """

    busy: float | None
    with_idle: float | None


def first_minute(now: datetime, *, minutes: int) -> datetime:
    """Return the beginning of the oldest of the last minutes; the running one counts."""
    return now.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes - 1)


def series(
    start: datetime,
    *,
    minutes: int,
    arrived: Mapping[datetime, int],
    ended: Mapping[tuple[datetime, JobState], int],
    seen: Sequence[Minute],
) -> list[Slot]:
    """Return the minutes from `start` on, oldest first."""
    by_number = {minute.number: minute for minute in seen}
    found = []
    for index in range(minutes):
        at = start + timedelta(minutes=index)
        ends = {state: many for state in JobState if state.terminal and (many := ended.get((at, state), 0))}
        slot = Slot(at=at, arrived=arrived.get(at, 0), ended=ends, seen=by_number.get(int(at.timestamp() // 60)))
        found.append(slot)
    return found


def refused_in(slots: Sequence[Slot]) -> dict[str, int]:
    """Return the refused pictures by code, the most frequent first."""
    total: Counter[str] = Counter()
    for slot in slots:
        total.update(slot.seen.refused if slot.seen else {})
    return dict(total.most_common())


def weaver_minutes(slots: Sequence[Slot]) -> int:
    """Return the minutes that all weavers together ran, as far as a gateway saw them."""
    return sum(slot.seen.ready + slot.seen.loading + slot.seen.draining for slot in slots if slot.seen)


def cost_of(*, weaver_hour: float, pictures: int, weighed: int, engine_seconds: float, minutes_of_weavers: int) -> Cost:
    """Return what a picture cost.

    Args:
        weaver_hour: The price of one weaver for an hour.
        pictures: Completed pictures.
        weighed: Those of them whose engine time is known.
        engine_seconds: The engines' time for those.
        minutes_of_weavers: See `weaver_minutes`.
    """
    return Cost(
        busy=weaver_hour * engine_seconds / 3600 / weighed if weighed else None,
        with_idle=weaver_hour * minutes_of_weavers / 60 / pictures if pictures and minutes_of_weavers else None,
    )
