"""The parts of a submit: its context, its materials, and the accepted try-on. Plain values between steps."""

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
    """An Idempotency-Key and digests of its request.

    Attributes:
        request_hash: What is kept: the digest under the name that the request used, as every version computes it.
        also: Digests that mean the same request: under the submit's other name, and as an earlier version kept a form.
    """

    key: str
    request_hash: str
    also: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class SubmitContext:
    """Who submits, with which idempotency key and trace.

    Attributes:
        trace_id: Stands in every log line of this work.
        once: The Idempotency-Key, if there is one.
        job_id: The id of the try-on, if it is accepted.
        of_batch: It is an item of a batch, which the same transaction takes.
    """

    caller: Caller
    trace_id: str
    once: IdempotencyKey | None = None
    job_id: str = field(default_factory=lambda: new_id("job"))
    of_batch: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Materials:
    """A try-on's materials: its uploaded photos, the cut-out if one was named, and the photos' tailor jobs."""

    person: ImageRow
    garment: ImageRow
    cut: JobRow | None
    known: Sequence[JobRow]


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A committed try-on, and what admission promised. `position`: how many were before it when it came."""

    tryon: TryonRow
    units: Sequence[JobRow]
    admission: Admission
    position: int
