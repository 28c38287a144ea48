"""What a job is and how it may change.

One job is one element of a queue: one picture to weave, or one photo to ingest, cut or parse. Only the gateway
creates jobs and records their changes; the workers see them as `proteus.queue.Claimed`. Every change of state goes
through `Job.advance`, so no code can write an illegal transition.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NewType
from uuid import uuid4

from proteus.errors import IllegalTransition

JobId = NewType("JobId", str)
"""A unit's id: `job_<uuid>`, further pictures of the same try-on `job_<uuid>:2`, …"""

TryonId = NewType("TryonId", str)
"""A try-on's id, the job_id that clients know: its first picture's id is the same text."""

VtonId = NewType("VtonId", str)
"""The id of the same try-on as a VTON entry, `vton_<uuid>`: a draft has no other that a client sees."""

UserId = NewType("UserId", str)
ImageId = NewType("ImageId", str)
WorkerId = NewType("WorkerId", str)

EPOCH_TOKENS: Final = 10**6
"""Fencing tokens of epoch e are e · 10⁶ and up: more claims of one submission there never are."""


class JobState(StrEnum):
    """The public status. `stage` refines it."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL


class Stage(StrEnum):
    """Where a job is inside its state: the first three while queued, the last three while running."""

    HELD = "held"
    PREPARING = "preparing"
    WAITING = "waiting"
    FETCHING = "fetching"
    DENOISING = "denoising"
    STORING = "storing"


class EventKind(StrEnum):
    """A change of a job."""

    SUBMITTED = "submitted"
    CLAIMED = "claimed"
    RETURNED = "returned"
    """To the queue, after a lost lease, a hand-back or a due retry."""
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    RESUBMITTED = "resubmitted"
    """The reconciler found no trace of the job in Redis: back to the queue with the next epoch."""
    PROMOTED = "promoted"
    """The promoter moved a held job into the queue."""
    REOPENED = "reopened"
    """An operator retries a failed job, with a clean record."""
    RELEASED = "released"
    """All needs of the job are met."""


QUEUE_EVENTS: Final = frozenset(EventKind) - {
    EventKind.RESUBMITTED,
    EventKind.PROMOTED,
    EventKind.REOPENED,
    EventKind.RELEASED,
}
"""Every kind that the queues' scripts write; the others are the gateway's own facts."""


class Category(StrEnum):
    """The kind of garment, in submits; the tailor turns `auto` into one of the others."""

    AUTO = "auto"
    UPPER = "upper"
    LOWER = "lower"
    OVERALL = "overall"
    DRESS = "dress"
    INNER = "inner"
    """A top under an open jacket or coat that stays."""
    OUTER = "outer"
    """A jacket or coat over a shirt that stays."""
    SHOES = "shoes"
    BAG = "bag"
    HAT = "hat"


TERMINAL: Final = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELED, JobState.EXPIRED})
"""The states that a job does not leave by itself."""

ENDS: Final = {EventKind(state.value): state for state in TERMINAL}
"""The events that end a job -> its last state."""

WITHOUT_RESULT: Final = TERMINAL - {JobState.COMPLETED}
ALIVE: Final = tuple(state for state in JobState if state not in TERMINAL)

TRANSITIONS: Final[dict[JobState, frozenset[JobState]]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELED, JobState.EXPIRED}),
    JobState.RUNNING: frozenset(
        {JobState.COMPLETED, JobState.FAILED, JobState.CANCELED, JobState.EXPIRED, JobState.QUEUED}
    ),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.COMPLETED: frozenset(),
    JobState.CANCELED: frozenset(),
    JobState.EXPIRED: frozenset(),
}
"""Every legal change. `running -> queued` is a lost lease, a retry or a hand-back; `failed -> queued` an operator."""

OUTSIDE: Final = (Stage.HELD, Stage.PREPARING)
"""The stages of a job that no queue holds yet."""

QUEUED_STAGES: Final = frozenset({*OUTSIDE, Stage.WAITING})


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job's state. Frozen: a change is a new value."""

    id: JobId
    state: JobState = JobState.QUEUED
    stage: Stage | None = Stage.WAITING

    def advance(self, state: JobState, *, stage: Stage | None = None) -> Job:
        """Return the job in its next state.

        Args:
            state: The state to go to.
            stage: The stage inside it; by default `waiting` when queued, `fetching` when running, none when terminal.

        Raises:
            IllegalTransition: The change is not in `TRANSITIONS`, or the stage does not belong to the state.
        """
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id} cannot go from {self.state} to {state}")
        if stage is None and not state.terminal:
            stage = Stage.WAITING if state is JobState.QUEUED else Stage.FETCHING
        if stage is not None and (state.terminal or (stage in QUEUED_STAGES) != (state is JobState.QUEUED)):
            raise IllegalTransition(f"stage {stage} does not belong to state {state}")
        return replace(self, state=state, stage=stage)


def new_id(prefix: str) -> str:
    """Return a fresh public id, `<prefix>_<uuid4 hex>`."""
    return f"{prefix}_{uuid4().hex}"


def unit_id(job_id: str, n: int) -> JobId:
    """Return the id of a try-on's n-th picture (from 1): the first one carries the try-on's own `job_id`."""
    return JobId(job_id if n == 1 else f"{job_id}:{n}")
