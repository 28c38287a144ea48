"""What is known of the demand: arrivals by the hour, and the pace of the weavers that measured it. Pure.

An hour is a whole number: hours since 1970, UTC. Hours in which the arbitrator hardly ran count as not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

DAY_HOURS: Final = 24
WEEK_HOURS: Final = 168
KEPT_HOURS: Final = 4 * WEEK_HOURS
"""Four weeks: two of each weekday's hours are seen even if every second one was missed."""

ENOUGH_HOURS: Final = WEEK_HOURS * 9 // 10
"""A week, but for what upgrades miss."""

SEEN_SECONDS: Final = 1800.0
"""An hour that was watched for less says nothing."""

THURSDAY_HOURS: Final = 3 * DAY_HOURS
"""1970 began on a Thursday."""


@dataclass(frozen=True)
class Hour:
    """What was seen of one hour.

    Attributes:
        seconds: How long the arbitrator watched.
        arrived: Engine -> jobs.
    """

    seconds: float
    arrived: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a fleet's size can be derived from.

    Attributes:
        hours: Whole hours that have passed -> what was seen.
        picture_seconds: Engine -> measured seconds per picture in the batch that pays.
        cold_start_seconds: From requesting a weaver to ready.
    """

    hours: Mapping[int, Hour] = field(default_factory=dict)
    picture_seconds: Mapping[str, float] = field(default_factory=dict)
    cold_start_seconds: float = 120.0

    def seen(self) -> int:
        """Return the number of hours that say something."""
        return sum(hour.seconds >= SEEN_SECONDS for hour in self.hours.values())

    def week(self, engines: Collection[str]) -> list[float] | None:
        """Return pictures per second by hour of the week, from Monday 00:00 UTC; None: too little was seen.

        An hour that was seen twice or more is the mean of its weeks; another one that of all days at this time.

        Args:
            engines: Whose pictures; empty: all.
        """
        if self.seen() < ENOUGH_HOURS:
            return None
        by_week: dict[int, list[float]] = {}
        by_day: dict[int, list[float]] = {}
        for number, hour in self.hours.items():
            if hour.seconds < SEEN_SECONDS:
                continue
            jobs = sum(many for engine, many in hour.arrived.items() if not engines or engine in engines)
            by_week.setdefault((number + THURSDAY_HOURS) % WEEK_HOURS, []).append(jobs / hour.seconds)
            by_day.setdefault(number % DAY_HOURS, []).append(jobs / hour.seconds)
        rates = []
        for place in range(WEEK_HOURS):
            own = by_week.get(place, [])
            found = own if len(own) > 1 else by_day.get(place % DAY_HOURS, own)
            rates.append(sum(found) / len(found) if found else 0.0)
        return rates

    def slowest(self, engines: Collection[str]) -> float | None:
        """Return the measured seconds per picture of the slowest of these engines, of all if none is named."""
        found = [seconds for engine, seconds in self.picture_seconds.items() if not engines or engine in engines]
        return max(found, default=None)
