"""What a submit is: who asks, with which key, for what, and what was accepted. Plain values between steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.tryons import TryonRow
from gateway.rules.admission import Admission
from gateway.rules.tokens import Caller
from proteus.jobs import new_id


@dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """An Idempotency-Key and a digest of what it was sent with."""

    key: str
    request_hash: str


@dataclass(frozen=True, kw_only=True)
class SubmitContext:
    """Who asks, and how.

    Attributes:
        trace_id: Follows the work through every log line.
        once: The Idempotency-Key, if there is one.
        job_id: The id of the try-on that may come of it.
    """

    caller: Caller
    trace_id: str
    once: IdempotencyKey | None = None
    job_id: str = field(default_factory=lambda: new_id("job"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Materials:
    """What a try-on is made from: its photos, uploaded, the cut-out if one was named, and the photos' tailor jobs."""

    person: ImageRow
    garment: ImageRow
    cut: JobRow | None
    known: Sequence[JobRow]


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A committed try-on, and what was promised at the door. `position`: how many were before it when it came."""

    tryon: TryonRow
    units: Sequence[JobRow]
    admission: Admission
    position: int
