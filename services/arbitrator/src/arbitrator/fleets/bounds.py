"""A fleet's bounds at a moment: the spec's, or those of its schedules, of a hold or a pause. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from arbitrator.fleets.spec import WEEK, FleetSpec, Schedule, SpecRefused


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many pods the fleet may have now.

    Attributes:
        held: Exactly so many, whatever waits; None: between the bounds.
        active: Names of the active schedules.
    """

    min_replicas: int
    max_replicas: int
    held: int | None = None
    paused: bool = False
    active: tuple[str, ...] = ()


def bounds_at(spec: FleetSpec, now: datetime) -> Bounds:
    """Return the fleet's bounds at `now`, a moment with a time zone.

    Raises:
        SpecRefused: A schedule names a time zone that does not exist.
    """
    active = [schedule for schedule in spec.schedules if is_active(schedule, now)]
    most = _last([schedule.max_replicas for schedule in active], spec.most)
    least = min(_last([schedule.min_replicas for schedule in active], spec.least), most)
    held = spec.replicas
    if held is None and most == 0:
        held = 0  # KEDA knows no maximum of 0; a hold at 0 is one.
    return Bounds(
        min_replicas=least,
        max_replicas=most,
        held=held,
        paused=spec.paused,
        active=tuple(schedule.name for schedule in active),
    )


def is_active(schedule: Schedule, now: datetime) -> bool:
    """Tell whether a schedule's hours hold at `now`, by the clock on the wall of its time zone."""
    try:
        here = now.astimezone(ZoneInfo(schedule.time_zone))
    except (KeyError, ValueError, OSError) as error:
        raise SpecRefused(
            f"spec.schedules {schedule.name!r}: timeZone is {schedule.time_zone!r}, which is no IANA time zone"
        ) from error
    begin, until = time.fromisoformat(schedule.begin), time.fromisoformat(schedule.until)
    clock, today = here.time(), here.date()
    if begin < until:
        return WEEK[today.weekday()] in schedule.days and begin <= clock < until
    yesterday = today - timedelta(days=1)
    started_today = WEEK[today.weekday()] in schedule.days and clock >= begin
    return started_today or (WEEK[yesterday.weekday()] in schedule.days and clock < until)


def _last(given: Sequence[int | None], default: int) -> int:
    return next((one for one in reversed(given) if one is not None), default)
