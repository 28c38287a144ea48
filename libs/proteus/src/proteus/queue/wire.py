"""Arguments into the scripts and replies out of them, for the async queue and the heartbeat's sync client alike.

Scripts get flat strings and numbers and never decode bodies and results: these pass through Lua as text, because its
JSON library turns `[]` into `{}` and rounds long integers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import structlog
from prometheus_client import Counter

from proteus.canary import CanaryPart
from proteus.documents import parse_object, storable, storable_text
from proteus.errors import InvalidRequest
from proteus.jobs import JobId, JobState, Stage, WorkerId
from proteus.queue.model import Claim, Claimed, Completion, Failure, JobView, QueueStats, Renewal, Submission
from proteus.queue.policy import QueuePolicy
from proteus.usage import Usage

log = structlog.get_logger()

Arg = str | bytes | int | float

MESSAGE_CHARS: Final = 500
"""Failure messages are for people; longer ones are cut."""

FOR_EVER_MS: Final = 2**52

BODY_BYTES: Final = 4_096
"""Twice what a body needs: it stays in Redis for as long as the job waits."""


STAGES: Final = frozenset(Stage)

UNREADABLE: Final = Counter(
    "proteus_queue_jobs_unreadable_total", "Jobs that were read and have no form of this version."
)

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
"""Made once: `json.dumps` makes one for every call that is not in its default form."""


def text(value: object) -> str:
    """Return a reply's string, whether or not the client decodes; bytes that are not UTF-8 become U+FFFD."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def encode(value: Any) -> str:
    """Return compact JSON."""
    return _ENCODER.encode(value)


def raw(payload: str) -> bytes:
    """Return an external payload's bytes as they were in Redis: other programs do not always write UTF-8."""
    return payload.encode(errors="surrogateescape")


def letter_id(payload: str) -> JobId:
    """Return the id of the dead letter that an external payload becomes."""
    return JobId("foreign_" + hashlib.sha256(raw(payload)).hexdigest()[:32])


def label(submission: Submission) -> str:
    """Return the head of the job's messages in `events:job_done`, as JSON without braces."""
    return encode(submission.heading)[1:-1]


def check(submission: Submission) -> None:
    """Refuse a submission that the queue could not carry.

    Raises:
        InvalidRequest: Payload without this id, epoch or rank out of range.
    """
    if submission.payload.get("id") != submission.id:
        raise InvalidRequest(f"the payload of {submission.id} names {submission.payload.get('id')!r}")
    if not 1 <= submission.epoch < 10**9:
        raise InvalidRequest(f"epoch of {submission.id} must be from 1 to 10^9, not {submission.epoch}")
    if not 0 <= submission.rank < 1:
        raise InvalidRequest(f"rank of {submission.id} must be in [0, 1), not {submission.rank}")


def encoded_body(submission: Submission) -> str:
    """Return the body as JSON.

    Raises:
        InvalidRequest: It is too large.
    """
    body = encode(submission.body)
    size_bytes = len(body.encode())
    if size_bytes > BODY_BYTES:
        raise InvalidRequest(f"the body of {submission.id} has {size_bytes} bytes; {BODY_BYTES} are allowed")
    return body


def submit_args(submissions: Iterable[Submission]) -> list[Arg]:
    """Return the arguments of `submit.lua`."""
    args: list[Arg] = []
    for one in submissions:
        args += [
            one.id,
            one.epoch,
            encode(one.payload),
            encoded_body(one),
            label(one),
            encode(one.result_url),
        ]
        args += [one.engine, one.batch_key, one.degraded_batch_key, int(one.may_degrade), one.rank]
        args += ["" if one.end_ms is None else one.end_ms, int(one.high)]
        args += [one.attempts, one.crashes, one.solo_crashes, int(one.ends_by_age), int(one.spare)]
        args += [one.canvas_key, one.degraded_canvas_key]
    return args


def canary_args(canaries: Mapping[str, CanaryPart]) -> list[Arg]:
    """Return the arguments of `claim.lua` that say what it leaves to others."""
    parts = [part for engine, one in canaries.items() for part in (engine, one.share, int(one.own))]
    return [len(canaries), *parts]


def claim(reply: Sequence[Any]) -> tuple[Claim, list[Failure]]:
    """Return the claim, and the failures of the jobs in it that cannot be read."""
    shed, jobs = reply
    found: list[Claimed] = []
    unreadable: list[Failure] = []
    for job in jobs:
        try:
            found.append(_claimed(job))
        except (ValueError, TypeError, RecursionError) as error:
            message = f"The job cannot be read: {type(error).__name__}: {error}"[:MESSAGE_CHARS]
            job_id, token = JobId(text(job[0])), int(text(job[1]))
            unreadable.append(Failure(id=job_id, token=token, code="internal", message=message, retryable=False))
    return Claim(jobs=tuple(found), expired=tuple(JobId(text(one)) for one in shed)), unreadable


def _claimed(reply: Sequence[Any]) -> Claimed:
    words = list(map(text, reply))
    job_id, token, payload, body, engine, key, degraded, attempts, crashes, solo, deadline, submitted, now = words[:13]
    return Claimed(
        id=JobId(job_id),
        token=int(token),
        payload=_object(payload),
        body=_object(body),
        engine=engine,
        batch_key=key,
        degraded=degraded == "1",
        attempts=int(attempts),
        crashes=int(crashes),
        solo=solo == "1",
        deadline_ms=int(deadline) if deadline else None,
        submitted_ms=int(submitted),
        claimed_ms=int(now),
        queued_ms=int(words[13]),
        spare=words[14] == "1",
        shared_key=words[15],
    )


def _object(words: str) -> dict[str, Any]:
    found = json.loads(words)
    if not isinstance(found, dict):
        raise TypeError(f"a JSON object is needed, not {type(found).__name__}")
    return found


def usage_text(usage: Usage | None) -> str:
    """Return a usage as JSON; empty: it is unknown."""
    return "" if usage is None else encode(usage.write())


def held_args(held: Mapping[JobId, int], usage: Mapping[JobId, Usage]) -> list[Arg]:
    """Return id, token and usage of each."""
    return [part for job_id, token in held.items() for part in (job_id, token, usage_text(usage.get(job_id)))]


def renew_args(
    worker: WorkerId,
    held: Mapping[JobId, int],
    *,
    idle_ms: int,
    step_ms: int,
    usage: Mapping[JobId, Usage],
    policy: QueuePolicy,
) -> list[Arg]:
    """Return the arguments of `renew.lua`."""
    return [worker, int(idle_ms), int(step_ms), policy.lease_ms, *held_args(held, usage)]


def renewal(reply: Sequence[Any]) -> Renewal:
    """Read the reply of `renew.lua`."""
    lost, canceled = ([JobId(text(one)) for one in part] for part in reply)
    return Renewal(lost=tuple(lost), canceled=tuple(canceled))


def reap_args(policy: QueuePolicy) -> list[Arg]:
    """Return the arguments of `reap.lua`."""
    return [policy.reap_limit, policy.solo_crash_limit, policy.lease_ms]


def complete_args(completions: Iterable[Completion]) -> list[Arg]:
    """Return the arguments of `complete.lua`."""
    args: list[Arg] = []
    for one in completions:
        args += [one.id, one.token, encode(storable(one.result)), one.result_key, usage_text(one.usage)]
    return args


def fail_args(failures: Iterable[Failure], jitters: Iterable[float]) -> list[Arg]:
    """Return the arguments of `fail.lua`."""
    args: list[Arg] = []
    for one, jitter in zip(failures, jitters, strict=True):
        args += [one.id, one.token, one.code, storable_text(one.message[:MESSAGE_CHARS]), int(one.retryable)]
        args += [int(one.of_input), jitter, usage_text(one.usage)]
        to = one.instead
        args += [to.engine, to.batch_key, to.canvas_key] if to else ["", "", ""]
    return args


def view(job_id: JobId, reply: Any) -> JobView | None:
    """Return a job as `look.lua` saw it; None if there is none.

    One that this version cannot read (of another version, or written by hand) counts as alive elsewhere.
    """
    if not reply:
        return None
    try:
        return _view(job_id, reply)
    except (ValueError, RecursionError) as error:
        UNREADABLE.inc()
        log.warning("job_unreadable", job_id=job_id, reason=f"{type(error).__name__}: {error}"[:MESSAGE_CHARS])
        return unreadable(job_id, reply)


def unreadable(job_id: JobId, reply: Sequence[Any]) -> JobView:
    """Return a view that only states that the job exists."""
    token = text(reply[1])
    return JobView(
        id=job_id,
        state=JobState.RUNNING,
        token=int(token) if token.isascii() and token.isdigit() else 0,
        position=None,
        position_of_engine=None,
        parked=False,
        stranded=False,
        stage=None,
        step=0,
        steps=0,
        attempts=0,
        crashes=0,
        solo_crashes=0,
        cancel_requested=False,
        worker="",
        submitted_ms=0,
        claimed_ms=None,
        retry_at_ms=None,
        code="",
        message="",
        result={},
        readable=False,
    )


def _view(job_id: JobId, reply: Any) -> JobView:
    state, token, position, of_engine, parked, stranded, stage, step, steps, *rest = map(text, reply)
    attempts, crashes, solo_crashes, cancel, worker, submitted, claimed, retry_at, code, message, result = rest
    retrying = state == "retrying"
    return JobView(
        id=job_id,
        state=JobState.QUEUED if retrying else JobState(state),
        token=int(token),
        position=int(position) if position else None,
        position_of_engine=int(of_engine) if of_engine else None,
        parked=parked == "1",
        stranded=stranded == "1",
        stage=Stage(stage) if stage in STAGES else None,  # Of another version: the state is enough.
        step=int(step or 0),
        steps=int(steps or 0),
        attempts=int(attempts or 0),
        crashes=int(crashes or 0),
        solo_crashes=int(solo_crashes or 0),
        cancel_requested=cancel == "1",
        worker=worker,
        submitted_ms=int(submitted),
        claimed_ms=int(claimed) if claimed else None,
        retry_at_ms=int(retry_at) if retrying else None,
        code=storable_text(code),
        message=storable_text(message),
        result=parse_object(result or "{}"),
    )


def stats(reply: Sequence[Any]) -> tuple[QueueStats, list[str]]:
    """Return a reading, and the keys that could not be read and count as empty in it."""
    waiting, running, retrying, dead, busy, oldest, mean, parked, spare_waiting, spare_running = map(int, reply[:10])
    by_engine = zip(map(text, reply[11::2]), map(int, reply[12::2]), strict=True)
    read = QueueStats(
        waiting=waiting,
        running=running,
        retrying=retrying,
        dead=dead,
        busy_workers=busy,
        oldest_waiting_ms=oldest,
        mean_wait_ms=mean / 1_000,
        parked=parked,
        spare_waiting=spare_waiting,
        spare_running=spare_running,
        waiting_by_engine={engine: waiting for engine, waiting in by_engine if waiting},
    )
    return read, [text(key) for key in reply[10]]
