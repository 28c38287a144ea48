"""Bodies of `/v1/fleet`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.wire import asked, said
from gateway.fleet.readiness import FleetReadiness, Readiness
from gateway.status.models import EtaBody
from gateway.status.views import iso

EXAMPLE: Final[dict[str, Any]] = {
    "state": "loading",
    "eta": {"p50_seconds": 12.4, "p90_seconds": 18.6},
    "engines": [{"engine": "puppet", "state": "loading", "ready": 0, "loading": 1}],
    "replicas": {"ready": 0, "loading": 1, "draining": 0, "desired": 1},
    "warm_until": "2026-02-03T12:10:00.000Z",
}


class EngineBody(BaseModel):
    """An engine, and the weavers that offer it."""

    engine: str
    state: Readiness
    ready: int
    loading: int


class ReplicasBody(BaseModel):
    """Counts of weavers."""

    ready: int
    loading: int
    draining: int
    desired: int | None = Field(description="Weavers that the arbitrator wants; null where another scaler decides.")


class FleetBody(BaseModel):
    """The weavers as a whole."""

    model_config = said(EXAMPLE)

    state: Readiness = Field(description="`cold`: no weaver runs. `loading`: one is starting. `ready`: one takes work.")
    eta: EtaBody = Field(description="Until a weaver is ready; of a cold fleet, from the first job on.")
    engines: list[EngineBody] = Field(description="The default engine, and what weavers offer now.")
    replicas: ReplicasBody
    warm_until: str | None = Field(default=None, description="A weaver is kept ready until then.")

    @classmethod
    def of(cls, found: FleetReadiness) -> FleetBody:
        """Return the fleet's readiness as clients see it."""
        p50_seconds, p90_seconds = found.ready_in_seconds
        return cls(
            state=found.state,
            eta=EtaBody(p50_seconds=round(p50_seconds, 2), p90_seconds=round(p90_seconds, 2)),
            engines=[
                EngineBody(engine=one.engine, state=one.state, ready=one.ready, loading=one.loading)
                for one in found.engines
            ],
            replicas=ReplicasBody(
                ready=found.ready, loading=found.loading, draining=found.draining, desired=found.desired
            ),
            warm_until=iso(datetime.fromtimestamp(found.warm_until, UTC)) if found.warm_until else None,
        )


class WarmRequest(BaseModel):
    """How long to keep a weaver ready."""

    model_config = asked(minutes=10)

    minutes: int = Field(default=10, ge=1, le=60)
