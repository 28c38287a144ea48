"""The arguments and results of a queue. Pure data; `JobQueue` and its in-memory twin share them.

Times are milliseconds of the Redis server's clock unless the name says seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from proteus.jobs import EventKind, JobId, JobState, Stage
from proteus.usage import Usage


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One job on its way into the queue.

    Attributes:
        epoch: Counts (re)submissions of the row; seeds the fencing token with `epoch * EPOCH_TOKENS`.
        payload: The element of the list, as docs/contract.md spells it; must contain `id`.
        body: The worker's further input: keys and options, JSON-able, at most 2 KB encoded.
        engine: The engine that must make it; for the tailor the task (`ingest`, `cut`, `parse`).
        batch_key: How it is made, and on which canvas.
        degraded_batch_key: Its key when degraded; empty: the engine has no degraded form.
        canvas_key: Jobs with the same one may run together, whatever their steps; empty: those of one `batch_key` may.
        degraded_canvas_key: Its canvas key when degraded.
        rank: Hash of the id in [0, 1): it is degraded iff `may_degrade and rank < fraction`.
        deadline_ms: Unix time in ms after which the picture is worthless; None: never.
        age_end_ms: Unix time in ms at which the job is too old to wait or run; None: never. The earlier of the two ends
            it.
        high: Joins the first-in-first-out prefix at the head.
        spare: Nobody waits for it: it is taken when nothing else waits, yields to what comes, and no figure that scales
            a fleet counts it.
    """

    id: JobId
    epoch: int
    payload: Mapping[str, Any]
    body: Mapping[str, Any]
    engine: str
    batch_key: str
    degraded_batch_key: str = ""
    canvas_key: str = ""
    degraded_canvas_key: str = ""
    may_degrade: bool = False
    rank: float = 0.0
    deadline_ms: int | None = None
    age_end_ms: int | None = None
    high: bool = False
    spare: bool = False
    attempts: int = 0
    crashes: int = 0
    solo_crashes: int = 0

    def keys(self, *, degraded: bool) -> tuple[str, str]:
        """Return its effective batch key, and the key of those that may run with it."""
        if degraded:
            return self.degraded_batch_key, self.degraded_canvas_key or self.degraded_batch_key
        return self.batch_key, self.canvas_key or self.batch_key

    @property
    def end_ms(self) -> int | None:
        """When it ends at the latest: its deadline or the end of its age."""
        return min((end for end in (self.deadline_ms, self.age_end_ms) if end is not None), default=None)

    @property
    def ends_by_age(self) -> bool:
        """Whether `end_ms` is the end of its age."""
        return self.end_ms is not None and self.end_ms != self.deadline_ms

    @property
    def heading(self) -> dict[str, Any]:
        """The fields of every message about the job."""
        return {"job_id": self.id, **{name: self.body.get(name) for name in ("job_type", "user_id", "vton_id")}}

    @property
    def result_url(self) -> Any:
        """Stable API address of its result; None: it has none."""
        return self.body.get("result_url")


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """One job that a worker holds, until its lease expires.

    Attributes:
        batch_key: How it is to be made, and on which canvas.
        shared_key: The key of those that may run with it.
        queued_ms: When it came into the list the last time; 0: unknown.
        spare: It yields to every other job.
    """

    id: JobId
    token: int
    payload: Mapping[str, Any]
    body: Mapping[str, Any]
    engine: str
    batch_key: str
    degraded: bool
    attempts: int
    crashes: int
    solo: bool
    deadline_ms: int | None
    submitted_ms: int
    claimed_ms: int
    queued_ms: int = 0
    spare: bool = False
    shared_key: str = ""

    @property
    def trace_id(self) -> Any:
        """For logs; None: its body has none."""
        return self.body.get("trace_id")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The result of one claim: jobs that may run together, and those shed because they could not be in time."""

    jobs: Sequence[Claimed] = ()
    expired: Sequence[JobId] = ()


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """The jobs that a renewal found lost or cancelled: stop working on both."""

    lost: Sequence[JobId] = ()
    canceled: Sequence[JobId] = ()


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A finished job; `result` goes to the event and the ledger (keys, sizes, timings; never a signed URL).

    Attributes:
        usage: What the attempt used; None: unknown.
    """

    id: JobId
    token: int
    result: Mapping[str, Any]
    usage: Usage | None = None

    @property
    def result_key(self) -> str:
        """The object that the completion announces; empty: none."""
        return str(self.result.get("result_key") or "")


@dataclass(frozen=True, kw_only=True)
class Instead:
    """Another engine for a job, in its whole form: the job is not degraded any more."""

    engine: str
    batch_key: str
    canvas_key: str

    def of(self, one: Submission) -> Submission:
        """Return the job with this engine."""
        whole = replace(one, degraded_batch_key="", degraded_canvas_key="", may_degrade=False)
        return replace(whole, engine=self.engine, batch_key=self.batch_key, canvas_key=self.canvas_key)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A failed job. Retryable ones come back after a backoff until `max_attempts`.

    The queue turns the failure of a job with a pending cancel into `canceled`, and a retryable one past its deadline
    into `expired`: a worker that aborts at a step just fails the job.

    Attributes:
        of_input: The user's input is the cause. The user sees the reason; dead letters are for operators.
        usage: What the attempt used; None: unknown.
        instead: Who makes it when it comes back; None: the same engine. For retryable ones.
    """

    id: JobId
    token: int
    code: str
    message: str
    retryable: bool
    of_input: bool = False
    usage: Usage | None = None
    instead: Instead | None = None

    def returned(self, one: Submission) -> Submission:
        """Return the job as it comes back."""
        return self.instead.of(one) if self.instead else one


class Verdict(StrEnum):
    """The queue's answer to a completion, a failure or a cancellation."""

    DONE = "done"
    """Completed; or canceled or expired at once."""
    RETRY = "retry"
    """Comes back after a backoff."""
    DEAD = "dead"
    """Failed for good: among the dead letters, with its reason, unless a user's input was the cause."""
    REFUSED = "refused"
    """Wrong token or state: another worker owns the job, or it has ended."""
    FLAGGED = "flagged"
    """Cancel of a running job: it acts at the next step."""


@dataclass(frozen=True, kw_only=True)
class QueueEvent:
    """One entry of `{L}:events`: a fact about a job, in the past tense.

    Attributes:
        state: The job's state after it.
        at_ms: Server time of the change.
        data: `result` of a completion, `code` and `message` of a failure, `worker` of a claim, counters; `usage` of the
            attempt that it ends, as far as a worker reported it.
    """

    entry_id: str
    kind: EventKind
    job_id: JobId
    token: int
    state: JobState
    at_ms: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class JobView:
    """One job as the queue sees it now.

    Attributes:
        state: `queued` also while it waits for a retry (`retry_at_ms` is set then).
        position: Jobs ahead of it in the list, 0 = next. None unless it waits in the list.
        position_of_engine: Those of them that need its engine.
        parked: It waits outside the list: no worker offers its engine.
        stranded: It lives, and is in no structure that would move it: no index, lease, retry or parked jobs.
        result: The completion's result, for a completed job.
        code: Why it failed, for a failed job or one that waits for a retry.
        readable: Whether this version can read it; of an unreadable job only its existence is known.
    """

    id: JobId
    state: JobState
    token: int
    position: int | None
    position_of_engine: int | None
    parked: bool
    stranded: bool
    stage: Stage | None
    step: int
    steps: int
    attempts: int
    crashes: int
    solo_crashes: int
    cancel_requested: bool
    worker: str
    submitted_ms: int
    claimed_ms: int | None
    retry_at_ms: int | None
    code: str
    message: str
    result: Mapping[str, Any]
    readable: bool = True


@dataclass(frozen=True, kw_only=True)
class QueueStats:
    """One reading of a queue, in one round trip. Parked jobs count nowhere but in `parked`, spare ones in theirs.

    Attributes:
        spare_waiting: Spare jobs that wait for a worker.
        spare_running: Spare jobs that run, yield or wait for a retry.
    """

    waiting: int
    running: int
    retrying: int
    dead: int
    busy_workers: int
    oldest_waiting_ms: int
    """Age of the oldest waiting job; 0 if none."""
    mean_wait_ms: float
    """Mean over jobs claimed in the last 30 s (their waits) and the ages of those waiting; 0 if none."""
    parked: int = 0
    spare_waiting: int = 0
    spare_running: int = 0
    waiting_by_engine: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Parking:
    """The jobs that one check of the engines moved."""

    parked: int = 0
    returned: int = 0
