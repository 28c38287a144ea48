"""Bodies of `/v1/fleet/figures` and `/v1/fleet/what-if`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from gateway.api.wire import asked, said
from gateway.fleet.figures import Cost, Slot, refused_in
from gateway.fleet.what_if import Outcome, seconds_or_none
from gateway.ledger.figures import TimingsRow, VersionRow
from gateway.rules.text import EngineName
from gateway.status.models import AT, EtaBody
from gateway.status.views import iso
from proteus.engines import Quality
from proteus.jobs import JobState

Part = Literal["prepare", "wait", "fetch", "infer", "store", "total"]

SLOT: Final[dict[str, Any]] = {
    "at": AT,
    "arrived": 30,
    "completed": 28,
    "failed": 1,
    "canceled": 0,
    "expired": 0,
    "waiting": 4,
    "running": 4,
    "oldest_seconds": 2.1,
    "ready": 2,
    "loading": 0,
    "draining": 0,
    "wanted": 2,
    "refused": {"queue_full": 3},
}


class PercentilesBody(BaseModel):
    """Seconds that half, 95 % and 99 % of the pictures stayed below."""

    p50: float
    p95: float
    p99: float


class SlotBody(BaseModel):
    """One minute. What no gateway saw is null."""

    at: str
    arrived: int
    completed: int
    failed: int
    canceled: int
    expired: int
    waiting: int | None = Field(description="The most at a time.")
    running: int | None
    oldest_seconds: float | None = Field(description="The longest that a waiting picture had waited.")
    ready: int | None
    loading: int | None
    draining: int | None
    wanted: int | None = Field(description="Weavers that the arbitrator requested.")
    refused: dict[str, int] = Field(description="Code -> pictures.")

    @classmethod
    def of(cls, slot: Slot) -> SlotBody:
        """Return a minute as operators see it."""
        seen = slot.seen
        return cls(
            at=iso(slot.at),
            arrived=slot.arrived,
            completed=slot.ended.get(JobState.COMPLETED, 0),
            failed=slot.ended.get(JobState.FAILED, 0),
            canceled=slot.ended.get(JobState.CANCELED, 0),
            expired=slot.ended.get(JobState.EXPIRED, 0),
            waiting=seen.waiting if seen else None,
            running=seen.running if seen else None,
            oldest_seconds=round(seen.oldest_ms / 1000, 1) if seen else None,
            ready=seen.ready if seen else None,
            loading=seen.loading if seen else None,
            draining=seen.draining if seen else None,
            wanted=seen.wanted if seen else None,
            refused=dict(seen.refused) if seen else {},
        )


class CostBody(BaseModel):
    """What a picture cost."""

    currency: str
    weaver_hour: float
    busy_per_picture: float | None = Field(description="By the engines' time alone.")
    with_idle_per_picture: float | None = Field(description="By all the time that weavers ran.")


class VersionBody(BaseModel):
    """What one version of an engine made."""

    engine: str
    version: str = Field(description="As results name it; empty: unknown.")
    pictures: int
    engine_seconds: float | None = Field(description="The engine's time for a picture, on average.")
    quality_score: float | None = Field(description="On average.")
    tried_again: int = Field(description="Pictures that had failed before, on this version or another.")

    @classmethod
    def of(cls, row: VersionRow) -> VersionBody:
        """Return it with sensible digits."""
        return cls(
            engine=row.engine,
            version=row.version,
            pictures=row.pictures,
            engine_seconds=None if row.engine_seconds is None else round(row.engine_seconds, 4),
            quality_score=None if row.quality_score is None else round(row.quality_score, 4),
            tried_again=row.tried_again,
        )


class FiguresBody(BaseModel):
    """The last minutes of the fleet."""

    model_config = said(
        {
            "pictures": 28,
            "engine_seconds_per_picture": 3.9,
            "parts": {"wait": {"p50": 0.4, "p95": 2.2, "p99": 3.1}},
            "minutes": [SLOT],
            "versions": [
                {
                    "engine": "catvton",
                    "version": "1+b",
                    "pictures": 28,
                    "engine_seconds": 3.9,
                    "quality_score": 0.82,
                    "tried_again": 1,
                }
            ],
            "failures": {"engine_failed": 1},
            "refused": {"queue_full": 3},
            "cost": {"currency": "USD", "weaver_hour": 2.5, "busy_per_picture": 0.0027, "with_idle_per_picture": 0.003},
        }
    )

    pictures: int = Field(description="Completed.")
    engine_seconds_per_picture: float | None
    parts: dict[Part, PercentilesBody] = Field(description="Of completed pictures; a part of none is left out.")
    minutes: list[SlotBody] = Field(description="Oldest first, without gaps; the last one is not over.")
    versions: list[VersionBody] = Field(description="Completed pictures by version of their engine.")
    failures: dict[str, int] = Field(description="Code -> failed jobs of every kind.")
    refused: dict[str, int] = Field(description="Code -> pictures that were refused at the submit.")
    cost: CostBody | None = Field(description="null where no price is set (`PRICE_WEAVER_HOUR`, `PRICE_NODE_HOURS`).")

    @classmethod
    def of(
        cls,
        slots: Sequence[Slot],
        *,
        timings: TimingsRow,
        versions: Sequence[VersionRow],
        failures: Mapping[str, int],
        cost: Cost,
        weaver_hour: float,
        currency: str,
    ) -> FiguresBody:
        """Return the figures as operators see them."""
        parts = {
            name: PercentilesBody(p50=round(p50, 3), p95=round(p95, 3), p99=round(p99, 3))
            for name, (p50, p95, p99) in timings.seconds.items()
        }
        return cls(
            pictures=timings.pictures,
            engine_seconds_per_picture=round(timings.engine_seconds / timings.weighed, 4) if timings.weighed else None,
            parts=parts,
            minutes=[SlotBody.of(slot) for slot in slots],
            versions=[VersionBody.of(row) for row in versions],
            failures=dict(failures),
            refused=refused_in(slots),
            cost=CostBody(
                currency=currency,
                weaver_hour=weaver_hour,
                busy_per_picture=cost.busy,
                with_idle_per_picture=cost.with_idle,
            )
            if weaver_hour
            else None,
        )


class WhatIfRequest(BaseModel):
    """A fleet that you imagine, and its load."""

    model_config = asked(engine="puppet", weavers=4, batch_size=4, arrivals_per_minute=60)

    engine: EngineName
    quality: Quality = "balanced"
    weavers: int = Field(ge=0, le=10_000)
    batch_size: int = Field(default=1, ge=1, le=999)
    degraded_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    arrivals_per_minute: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
    waiting: int | None = Field(default=None, ge=0, le=10_000_000, description="null: what waits now.")


class WhatIfBody(BaseModel):
    """What that fleet would do."""

    model_config = said(
        {
            "measured": True,
            "waiting": 12,
            "batch": 4,
            "batch_seconds": 2.1,
            "pictures_per_minute": 457.1,
            "utilisation": 0.13,
            "weavers_needed": 1,
            "eta_of_empty_queue": {"p50_seconds": 0.9, "p90_seconds": 1.2},
            "eta_of_this_queue": {"p50_seconds": 2.9, "p90_seconds": 3.4},
            "drain_seconds": 1.8,
            "currency": "USD",
            "cost_per_picture": 0.0028,
        }
    )

    measured: bool = Field(description="Your weavers measured such batches; else the times are guesses.")
    waiting: int
    batch: float = Field(description="Pictures at once: the smallest number that pays.")
    batch_seconds: float
    pictures_per_minute: float = Field(description="What the fleet makes with enough work.")
    utilisation: float | None = Field(description="Share of that which the arrivals need; null without a weaver.")
    weavers_needed: int = Field(description="For those arrivals at four fifths of the capacity.")
    eta_of_empty_queue: EtaBody | None = Field(description="null: never.")
    eta_of_this_queue: EtaBody | None
    drain_seconds: float | None = Field(description="Until nothing waits any more; null: never.")
    currency: str
    cost_per_picture: float | None = Field(description="null without a price or arrivals.")

    @classmethod
    def of(cls, outcome: Outcome, *, waiting: int, currency: str) -> WhatIfBody:
        """Return an outcome as operators see it."""
        return cls(
            measured=outcome.measured,
            waiting=waiting,
            batch=round(outcome.batch, 2),
            batch_seconds=round(outcome.batch_seconds, 4),
            pictures_per_minute=round(outcome.pictures_per_minute, 2),
            utilisation=None if outcome.utilisation is None else round(outcome.utilisation, 4),
            weavers_needed=outcome.weavers_needed,
            eta_of_empty_queue=EtaBody.of(outcome.empty.p50_seconds, outcome.empty.p90_seconds),
            eta_of_this_queue=EtaBody.of(outcome.queued.p50_seconds, outcome.queued.p90_seconds),
            drain_seconds=None if outcome.drain_seconds is None else seconds_or_none(outcome.drain_seconds),
            currency=currency,
            cost_per_picture=outcome.cost_per_picture,
        )
