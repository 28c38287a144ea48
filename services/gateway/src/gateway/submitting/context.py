"""What a submit is: who asks, with which key, and what was accepted. Plain values between the edge and `intake`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.ledger.jobs import JobRow
from gateway.ledger.tryons import TryonRow
from gateway.rules.admission import Admission
from gateway.rules.tokens import Caller


@dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """An Idempotency-Key and a digest of what it was sent with."""

    key: str
    request_hash: str


class AlreadyAccepted(Exception):
    """The same request with the same key was accepted before; `job_id` (of a draft: its `vton_id`) says as what.

    It ends the handler wherever it is; `gateway.api.replays` answers, for every submit in the same way.
    """

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


@dataclass(frozen=True, kw_only=True)
class SubmitContext:
    """Who asks, and how.

    Attributes:
        trace_id: Follows the work through every log line.
        once: The Idempotency-Key, if there is one.
        job_id: The id that the job has already; None: a fresh one.
    """

    caller: Caller
    trace_id: str
    once: IdempotencyKey | None = None
    job_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A committed try-on, and what was promised at the door. `position`: how many were before it when it came."""

    tryon: TryonRow
    units: Sequence[JobRow]
    admission: Admission
    position: int
