"""Bodies of `/v1/queue`: depths, intake and workers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, Field

from gateway.api.wire import asked, said
from gateway.fleet.intake import Intake
from gateway.fleet.view import FleetView
from gateway.ledger.job_lists import DepthRow
from gateway.rules.text import PATTERN, plain
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.fleet_config import Ruling
from proteus.jobs import JobState, Stage
from proteus.keys import JOBS
from proteus.registry import WorkerCard, WorkerState
from proteus.stages import JobKind

DEPTHS: Final[dict[str, Any]] = {
    "waiting": 12,
    "running": 4,
    "retrying": 0,
    "dead": 0,
    "busy_workers": 1,
    "oldest_waiting_ms": 900,
    "mean_wait_ms": 412.5,
    "parked": 0,
    "spare_waiting": 0,
    "spare_running": 0,
    "waiting_by_engine": {"puppet": 12},
}
WORKER: Final[dict[str, Any]] = {
    "id": "weaver-1",
    "queue": JOBS,
    "state": "ready",
    "engines": ["puppet"],
    "weights": {"puppet": "puppet 1"},
    "device": "cpu",
    "slots_used": 4,
    "slots_free": 0,
    "slots_spare": 0,
    "started_at": AT,
    "seconds_per_batch": {"puppet/1/0x0/0": {"1": 0.04, "2": 0.07}},
    "measured_up_to": {"puppet/1/0x0/0": 2},
    "batches": {"1": 3, "4": 21},
    "drain_requested": False,
}
INTAKE: Final[dict[str, Any]] = {"paused": False, "reason": "", "since": None, "by": None}
RULING: Final[dict[str, Any]] = {
    "mode": "VIP",
    "policy": "slo",
    "state": "NORMAL",
    "reason": "the queue is short",
    "batch_size": 4,
    "degraded_share": 0.0,
    "wanted_weavers": 2,
    "arrivals_per_second": 0.4,
}

REASON_CHARS: Final = 200


class DepthsBody(BaseModel):
    """One queue: its jobs by kind, and how long they wait."""

    waiting: int
    running: int
    retrying: int
    dead: int
    busy_workers: int
    oldest_waiting_ms: int
    mean_wait_ms: float
    parked: int
    spare_waiting: int = Field(description="Pictures of batches that are next; no other figure counts them.")
    spare_running: int = Field(description="Pictures of batches that a worker holds, or that are tried again later.")
    waiting_by_engine: dict[str, int]


class UnfinishedBody(BaseModel):
    """Unfinished jobs of one kind, engine and priority, by where they are."""

    kind: JobKind
    engine: str
    priority: int = Field(description="0 low, 1 normal, 2 high.")
    status: JobState
    stage: Stage | None
    jobs: int

    @classmethod
    def of(cls, row: DepthRow) -> UnfinishedBody:
        """Return a count as operators see it."""
        return cls(
            kind=row.kind, engine=row.engine, priority=row.priority, status=row.state, stage=row.stage, jobs=row.jobs
        )


class WorkerBody(BaseModel):
    """A tailor or a weaver, as it describes itself."""

    id: str
    queue: str = Field(description="`queue:jobs`: a weaver. `tailorJob`: a tailor.")
    state: WorkerState
    engines: list[str]
    weights: dict[str, str] = Field(description="Engine -> its weights.")
    device: str
    slots_used: int
    slots_free: int
    slots_spare: int = Field(description="Pictures of batches that it holds; they make way for any other.")
    started_at: str | None
    seconds_per_batch: dict[str, dict[str, float]] = Field(
        description="Batch key -> size of a batch -> seconds that it takes."
    )
    measured_up_to: dict[str, int] | None = Field(
        description="Batch key -> the largest batch whose time was measured; beyond it the times are guesses."
    )
    batches: dict[str, int] = Field(description="Size of a batch -> batches begun since the worker started.")
    drain_requested: bool = Field(description="An operator wants it to take no more jobs.")

    @classmethod
    def of(cls, card: WorkerCard, *, queue: str, drained: bool, started_at: str | None) -> WorkerBody:
        """Return a worker's card as operators see it."""
        return cls(
            id=card.id,
            queue=queue,
            state=card.state,
            engines=list(card.engines),
            weights=dict(card.weights),
            device=card.device,
            slots_used=card.slots_used,
            slots_free=card.slots_free,
            slots_spare=card.slots_spare,
            started_at=started_at,
            seconds_per_batch={key: dict(points) for key, points in card.seconds_per_batch.items()},
            measured_up_to=None
            if card.measured_up_to is None
            else {key: most for key, most in card.measured_up_to.items() if key in card.seconds_per_batch},
            batches=dict(card.batches),
            drain_requested=drained,
        )


class IntakeBody(BaseModel):
    """Whether new work is taken."""

    model_config = said(INTAKE)

    paused: bool
    reason: str
    since: str | None = Field(description="When it was decided; null: it was never paused.")
    by: str | None = Field(description="The user who decided.")

    @classmethod
    def of(cls, intake: Intake) -> IntakeBody:
        """Return the decision as operators see it."""
        return cls(
            paused=intake.paused,
            reason=intake.reason,
            since=iso(intake.since) if intake.since else None,
            by=intake.by or None,
        )


class IntakeRequest(BaseModel):
    """Pause or resume intake."""

    model_config = asked(paused=False, reason="")

    paused: bool
    reason: Annotated[str, Field(max_length=REASON_CHARS, json_schema_extra=PATTERN), AfterValidator(plain)] = Field(
        default="", description="Refused users read it."
    )


class RulingBody(BaseModel):
    """What the arbitrator's decision is now; the defaults hold while no arbitrator runs."""

    mode: str | None
    policy: str | None
    state: str | None
    reason: str | None
    batch_size: int
    degraded_share: float
    wanted_weavers: int | None = Field(description="null while no arbitrator runs.")
    arrivals_per_second: float | None

    @classmethod
    def of(cls, view: FleetView) -> RulingBody:
        """Return the decision that the gateway read last."""
        ruling = view.ruling or Ruling()
        return cls(
            mode=view.mode,
            policy=ruling.policy,
            state=ruling.state,
            reason=ruling.reason,
            batch_size=view.batch_limit,
            degraded_share=view.degraded_fraction,
            wanted_weavers=view.wanted_weavers,
            arrivals_per_second=ruling.arrivals_per_second,
        )


class QueueBody(BaseModel):
    """Both queues, for operators."""

    model_config = said(
        {
            "queues": {JOBS: DEPTHS},
            "held": 0,
            "tenants": {"guests": 16},
            "unfinished": [
                {
                    "kind": "tryon",
                    "engine": "puppet",
                    "priority": 1,
                    "status": "queued",
                    "stage": "waiting",
                    "jobs": 12,
                }
            ],
            "intake": INTAKE,
            "ruling": RULING,
            "workers": [WORKER],
        }
    )

    queues: dict[str, DepthsBody]
    held: int
    tenants: dict[str, int]
    unfinished: list[UnfinishedBody]
    intake: IntakeBody
    ruling: RulingBody
    workers: list[WorkerBody]
