"""What another fleet would do: the estimates that admission and the arbitrator use, for a fleet that you imagine. Pure.

It answers for a steady flow. A day with a peak needs the simulator (`proteus size`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Final

from gateway.settings import AdmissionSettings
from proteus.engines import EngineCard, Quality
from proteus.estimates import CostTable, Eta, Fleet, Pace, eta
from proteus.fleet_view import engine_fleet
from proteus.registry import WorkerCard

COMFORTABLE: Final = 0.8
"""Share of its capacity at which a fleet still takes up what comes unevenly."""


@dataclass(frozen=True, kw_only=True)
class Imagined:
    """A fleet and its load.

    Attributes:
        batch_size: Most pictures at once on a weaver.
        degraded_share: Share of the pictures that is made in the engine's degraded form, where it has one.
        waiting: Pictures that wait already.
    """

    weavers: int
    batch_size: int
    degraded_share: float
    arrivals_per_minute: float
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What that fleet would do.

    Attributes:
        measured: The workers have measured such batches; else the times are guesses.
        batch: Pictures at once: the smallest number that pays.
        batch_seconds: How long those take.
        pictures_per_minute: What the fleet makes with enough work.
        utilisation: Share of that which the arrivals need; None: there is no weaver.
        weavers_needed: For those arrivals at four fifths of the capacity.
        empty, queued: When a picture is done: with nothing before it, and with what waits before it.
        drain_seconds: Until nothing waits any more; None: never.
        cost_per_picture: None without a price or arrivals.
    """

    measured: bool
    batch: float
    batch_seconds: float
    pictures_per_minute: float
    utilisation: float | None
    weavers_needed: int
    empty: Eta
    queued: Eta
    drain_seconds: float | None
    cost_per_picture: float | None


def what_if(
    imagined: Imagined,
    cards: Sequence[WorkerCard],
    *,
    engine: EngineCard,
    quality: Quality,
    admission: AdmissionSettings,
    weaver_hour: float,
    now: float,
) -> Outcome:
    """Return what a fleet of such weavers would do.

    Args:
        imagined: The fleet and its load.
        cards: Of the weavers that run: what batches cost here.
        engine: Which engine's.
        quality: Of the pictures.
        admission: The deployment's own figures, while no weaver knows better.
        weaver_hour: The price of a weaver for an hour; 0: unknown.
        now: Unix seconds.
    """
    seen = engine_fleet(
        [card for card in cards if engine.name in card.engines],
        batch_key=engine.batch_key(quality),
        degraded_key=engine.batch_key(quality, degraded=True),
        cold_start_seconds=admission.cold_start_seconds,
        now=now,
    )
    pace = Pace.of(
        seen.cost.table if seen.cost else CostTable((admission.default_picture_seconds,)),
        batch_limit=imagined.batch_size,
        degraded=seen.degraded.table if seen.degraded else None,
        fraction=imagined.degraded_share,
    )
    per_minute = 60 * pace.pictures_per_second
    fleet = Fleet(
        pace=pace,
        ready=imagined.weavers,
        max_replicas=imagined.weavers,
        cold_start_seconds=admission.cold_start_seconds,
        measured=seen.cost is not None,
        joins=seen.cost is not None and seen.cost.joins,
    )
    capacity = imagined.weavers * per_minute
    spare = capacity - imagined.arrivals_per_minute
    busy = imagined.weavers if imagined.waiting else 0
    hourly = imagined.weavers * weaver_hour
    return Outcome(
        measured=seen.cost is not None and seen.cost.measured(imagined.batch_size),
        batch=pace.batch,
        batch_seconds=pace.batch_seconds,
        pictures_per_minute=capacity,
        utilisation=imagined.arrivals_per_minute / capacity if capacity else None,
        weavers_needed=ceil(imagined.arrivals_per_minute / (COMFORTABLE * per_minute)),
        empty=eta(0, 0, fleet),
        queued=eta(imagined.waiting, busy, fleet),
        drain_seconds=60 * imagined.waiting / spare if spare > 0 else None if imagined.waiting else 0.0,
        cost_per_picture=hourly / 60 / imagined.arrivals_per_minute
        if hourly and imagined.arrivals_per_minute
        else None,
    )


def seconds_or_none(seconds: float) -> float | None:
    """Return finite seconds to the hundredth; None: never."""
    return round(seconds, 2) if isfinite(seconds) else None
