"""Rows as frozen values. What the rest of the gateway sees of the ledger; no SQL here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proteus import object_keys
from proteus.jobs import Job, JobId, JobKind, JobState, Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class UserRow:
    """Someone who owns rows, objects and events."""

    id: str
    kind: str
    tenant: str
    display_name: str | None
    last_seq: int
    created_at: datetime
    last_seen_at: datetime
    origin: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnfinishedRow:
    """So many unfinished pictures; `guest_id` is None for those of an account."""

    tenant: str
    guest_id: str | None
    origin: str | None
    stage: str
    many: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRow:
    """A photo: declared when its upload was signed, described once it was ingested (`key` is set then)."""

    id: str
    user_id: str
    kind: str
    declared_type: str
    declared_bytes: int
    key: str | None
    sha256: str | None
    width: int | None
    height: int | None
    content_type: str | None
    size_bytes: int | None
    created_at: datetime
    sweep_at: datetime | None = None

    @property
    def incoming_key(self) -> str:
        """Where the client PUTs it."""
        return object_keys.upload_key(self.user_id, self.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class TryonRow:
    """A VTON entry; `id` is the client's job_id, `status` is None while it is a draft."""

    id: str
    vton_id: str
    user_id: str
    status: str | None
    person_image_id: str
    garment_image_id: str
    cut_id: str | None
    parse_id: str | None
    options: dict[str, Any]
    metadata: dict[str, Any] | None
    trace_id: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """One element of a queue. `priority`: 0 low, 1 normal, 2 high.

    Attributes:
        waiting_since: When it could first be queued; its age counts from here.
    """

    id: str
    kind: str
    user_id: str
    tenant: str
    image_id: str | None
    tryon_id: str | None
    n: int
    variant: str
    state: str
    stage: str | None
    hold: bool
    epoch: int
    submitted_epoch: int
    token: int
    engine: str
    batch_key: str
    degraded_batch_key: str
    priority: int
    deadline_at: datetime | None
    attempts: int
    crashes: int
    solo_crashes: int
    cancel_requested: bool
    trace_id: str
    result: dict[str, Any] | None
    result_key: str | None
    error: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def job(self) -> Job:
        """The state machine's view."""
        return Job(
            id=JobId(self.id),
            kind=JobKind(self.kind),
            state=JobState(self.state),
            stage=Stage(self.stage) if self.stage else None,
        )

    @property
    def terminal(self) -> bool:
        return JobState(self.state).terminal

    @property
    def public_id(self) -> str:
        """The id that clients know: the try-on's, or the tailor job's own."""
        return self.tryon_id or self.id


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrivalRow:
    """A picture as demand. `ready_at`: when all it needs was there; None: it never could be queued."""

    id: str
    tenant: str
    priority: int
    engine: str
    batch_key: str
    degraded_batch_key: str
    deadline_at: datetime | None
    state: str
    degraded: bool | None
    created_at: datetime
    ready_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow:
    """One numbered event of a user."""

    user_id: str
    seq: int
    job_id: str
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What a picture is woven from: keys of the photo, the cut-out and the parse, and what the garment is."""

    person_key: str
    garment_key: str
    garment_category: str
    garment_worn: bool
    parse_key: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A job with all that its queue element is made of: a try-on's material, or a tailor job's photo."""

    job: JobRow
    tryon: TryonRow | None = None
    material: Material | None = None
    image: ImageRow | None = None
