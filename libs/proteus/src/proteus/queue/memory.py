"""`MemoryJobQueue`: the queue without a server, for simulations, tests and single-process tools.

It keeps the same promises as the Lua scripts, verb by verb, and is held to the same contract tests and to the same
state machine, run side by side. Its clock is an argument; what the scripts would write to the stream and publish
collects in `events` and `published`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proteus import keys
from proteus.clock import Clock, SystemClock
from proteus.estimates import is_degraded
from proteus.jobs import JobId, JobState, Stage, WorkerId
from proteus.queue import wire
from proteus.queue.model import (
    POSITION_CAP,
    Claim,
    Claimed,
    Completion,
    Failure,
    JobView,
    QueueEvent,
    QueueStats,
    Renewal,
    Submission,
    Verdict,
)
from proteus.queue.policy import QueuePolicy
from proteus.retry import decide

WAITS_WINDOW_SECONDS = 30


@dataclass(kw_only=True)
class _Entry:
    """One job's hash. `place` is `list`, `lease`, `retry` or `` (settled)."""

    submission: Submission
    state: JobState
    token: int
    order: int
    submitted_ms: int
    queued_ms: int
    attempts: int
    crashes: int
    solo_crashes: int
    express: bool
    place: str = "list"
    solo: bool = False
    cancel: bool = False
    worker: str = ""
    claimed_ms: int | None = None
    due_ms: int = 0
    stage: Stage | None = None
    step: int = 0
    steps: int = 0
    code: str = ""
    message: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


class MemoryJobQueue:
    """The same methods as `JobQueue`; see there.

    Args:
        list_name: `queue:jobs` or `tailorJob`.
        policy: Leases and limits.
        clock: Where the time comes from.
        jitter: A draw from [0, 1) for each backoff.
    """

    def __init__(
        self,
        list_name: str = keys.JOBS,
        *,
        policy: QueuePolicy | None = None,
        clock: Clock | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.policy = policy or QueuePolicy()
        self.keys = keys.QueueKeys(list_name)
        self.events: list[QueueEvent] = []
        self.published: list[tuple[str, dict[str, Any]]] = []
        self._clock = clock or SystemClock()
        self._random = jitter or random.Random()
        self._order = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything, as an emptied server would."""
        self.waiting: list[str] = []
        """The list from the head: the first element is claimed next."""
        self.foreign: list[str] = []
        self._jobs: dict[str, _Entry] = {}
        self._leases: dict[str, int] = {}
        self._dead: dict[str, int] = {}
        self._busy: dict[str, int] = {}
        self._waits: list[tuple[int, int]] = []

    async def submit(self, *submissions: Submission) -> list[bool]:
        for one in submissions:
            wire.check(one)
        taken = [self._submit(one) for one in submissions]
        if any(taken):
            self._wake()
        return taken

    async def claim(
        self,
        worker: WorkerId,
        *,
        free: int,
        engines: Sequence[str],
        key: str | None = None,
        estimate_ms: int = 0,
        degraded_fraction: float = 0.0,
        scan_cap: int = 200,
    ) -> Claim:
        if free < 1 or not engines:
            return Claim()
        self._reap()
        now, held = self._now(), self._held(worker)
        jobs: list[Claimed] = []
        shed: list[JobId] = []
        stays: list[str] = []
        alone = any(entry.solo for entry in held)
        idle, scanned = not held and not key, 0
        while self.waiting and not alone and len(jobs) < free and scanned < scan_cap:
            scanned += 1
            element = self.waiting.pop(0)
            entry = self._behind(element)
            if entry is None:
                self.foreign.insert(0, element)
                continue
            if entry.place != "list":
                continue
            one = entry.submission
            degraded = bool(one.degraded_batch_key) and is_degraded(one.rank, one.may_degrade, degraded_fraction)
            effective = one.degraded_batch_key if degraded else one.batch_key
            crashed = entry.crashes > 0
            if one.engine not in engines or (key and key != effective) or (crashed and (not idle or jobs)):
                stays.append(element)
                continue
            if one.deadline_ms is not None and now + estimate_ms > one.deadline_ms:
                entry.place = ""
                self._expire(entry)
                shed.append(one.id)
                continue
            key, alone = effective, crashed
            jobs.append(self._take(entry, worker, effective, degraded=degraded))
        self.waiting[:0] = stays
        return Claim(jobs=tuple(jobs), expired=tuple(shed))

    async def renew(
        self, worker: WorkerId, held: Mapping[JobId, int], *, idle_ms: int = 0, step_ms: int = 0
    ) -> Renewal:
        expiry = self._now() - idle_ms + max(self.policy.lease_ms, 3 * step_ms)
        owned = [job_id for job_id, token in held.items() if self._owned(job_id, token)]
        for job_id in owned:
            self._leases[job_id] = expiry
            self._busy[worker] = self._now()
        lost = tuple(job_id for job_id in held if job_id not in owned)
        return Renewal(lost=lost, canceled=tuple(job_id for job_id in owned if self._jobs[job_id].cancel))

    async def complete(self, worker: WorkerId, completions: Sequence[Completion]) -> list[Verdict]:
        return [self._complete(one) for one in completions]

    async def fail(self, worker: WorkerId, failures: Sequence[Failure]) -> list[Verdict]:
        return [self._fail(one) for one in failures]

    async def hand_back(self, worker: WorkerId, held: Mapping[JobId, int]) -> int:
        owned = [self._jobs[job_id] for job_id, token in held.items() if self._owned(job_id, token)]
        for entry in reversed(owned):
            self._to_head(entry, "hand_back")
        if owned:
            self._wake()
        return len(owned)

    async def cancel(self, *ids: JobId) -> list[Verdict]:
        return [self._cancel(job_id) for job_id in ids]

    async def reap(self) -> int:
        return self._reap()

    async def report_progress(self, job_id: JobId, token: int, *, stage: Stage, step: int, steps: int) -> bool:
        if not self._owned(job_id, token):
            return False
        entry = self._jobs[job_id]
        entry.stage, entry.step, entry.steps = stage, step, steps
        message = {"stage": stage.value, "step": step, "steps": steps}
        self.published.append((keys.PROGRESS, _label(entry) | message))
        return True

    async def look(self, *ids: JobId) -> list[JobView | None]:
        return [self._view(self._jobs[job_id]) if job_id in self._jobs else None for job_id in ids]

    async def stats(self) -> QueueStats:
        now = self._now()
        waiting = [entry for entry in map(self._behind, self.waiting) if entry is not None]
        ages = [now - entry.queued_ms for entry in waiting]
        since = now // 1_000 - WAITS_WINDOW_SECONDS
        waits = ages + [waited for second, waited in self._waits if second > since]
        return QueueStats(
            waiting=len(self.waiting),
            running=len(self._leases),
            retrying=sum(entry.place == "retry" for entry in self._jobs.values()),
            dead=len(self._dead),
            busy_workers=len(self._busy),
            oldest_waiting_ms=max(ages, default=0),
            mean_wait_ms=sum(waits) / len(waits) if waits else 0.0,
        )

    async def forget(self, *ids: JobId) -> int:
        found = [self._jobs[job_id] for job_id in ids if job_id in self._jobs]
        for entry in found:
            if entry.place == "lease":
                self.published.append((self.keys.control, {"kind": "cancel", "id": entry.submission.id}))
            if entry.place:
                self._settle(entry, JobState.CANCELED)
            self._dead.pop(entry.submission.id, None)
            self._jobs.pop(entry.submission.id, None)
        return len(found)

    async def dead_letters(self, *, limit: int = 100) -> list[JobId]:
        newest = sorted(self._dead, key=lambda job_id: (self._dead[job_id], job_id), reverse=True)
        return [JobId(job_id) for job_id in newest[:limit]]

    async def peek_foreign(self, limit: int) -> list[str]:
        return self.foreign[-limit:][::-1]

    async def drop_foreign(self, *payloads: str) -> None:
        for payload in payloads:
            if payload in self.foreign:
                self.foreign.remove(payload)

    def push_by_hand(self, element: str) -> None:
        """LPUSH anything, as a stranger with redis-cli would."""
        self.waiting.append(element)

    def _now(self) -> int:
        return int(self._clock.now() * 1_000)

    def _behind(self, element: str) -> _Entry | None:
        try:
            payload = json.loads(element)
        except ValueError:
            return None
        job_id = payload.get("id") if isinstance(payload, dict) else None
        return self._jobs.get(job_id) if isinstance(job_id, str) else None

    def _owned(self, job_id: JobId, token: int) -> bool:
        entry = self._jobs.get(job_id)
        return entry is not None and entry.place == "lease" and entry.token == token

    def _held(self, worker: WorkerId) -> list[_Entry]:
        return [entry for entry in self._jobs.values() if entry.place == "lease" and entry.worker == worker]

    def _submit(self, one: Submission) -> bool:
        old = self._jobs.get(one.id)
        if old is not None:
            replaceable = bool(old.place) or old.state is JobState.FAILED
            if not replaceable or old.token // 10**6 >= one.epoch:
                return False
            self._release(old)
            self._dead.pop(one.id, None)
        now = self._now()
        self._order += 1
        entry = _Entry(
            submission=one,
            state=JobState.QUEUED,
            token=one.epoch * 10**6,
            order=self._order,
            submitted_ms=now,
            queued_ms=now,
            attempts=one.attempts,
            crashes=one.crashes,
            solo_crashes=one.solo_crashes,
            express=one.high,
        )
        self._jobs[one.id] = entry
        self._emit("submitted", entry)
        behind = map(self._behind, self.waiting)
        prefix = next((n for n, other in enumerate(behind) if other is None or not other.express), len(self.waiting))
        self.waiting.insert(prefix if one.high else len(self.waiting), wire.encode(one.payload))
        return True

    def _take(self, entry: _Entry, worker: WorkerId, key: str, *, degraded: bool) -> Claimed:
        now, one = self._now(), entry.submission
        entry.state, entry.place, entry.worker, entry.claimed_ms = JobState.RUNNING, "lease", worker, now
        entry.token += 1
        entry.solo = entry.crashes > 0
        self._leases[one.id] = now + self.policy.lease_ms
        self._busy[worker] = now
        self._waits.append((now // 1_000, now - entry.queued_ms))
        self._emit("claimed", entry, worker=worker, degraded=degraded, wait_ms=now - entry.queued_ms)
        return Claimed(
            id=one.id,
            token=entry.token,
            payload=one.payload,
            body=one.body,
            engine=one.engine,
            batch_key=key,
            degraded=degraded,
            attempts=entry.attempts,
            crashes=entry.crashes,
            solo=entry.solo,
            deadline_ms=one.deadline_ms,
            submitted_ms=entry.submitted_ms,
            claimed_ms=now,
        )

    def _complete(self, one: Completion) -> Verdict:
        entry = self._jobs.get(one.id)
        if entry is None or entry.token != one.token:
            return Verdict.REFUSED
        if entry.place == "lease":
            entry.result = dict(one.result)
            self._settle(entry, JobState.COMPLETED)
        return Verdict.DONE if entry.state is JobState.COMPLETED else Verdict.REFUSED

    def _fail(self, one: Failure) -> Verdict:
        entry = self._jobs.get(one.id)
        if entry is None or entry.token != one.token:
            return Verdict.REFUSED
        if entry.place != "lease":
            return _answer(entry)
        now, policy, deadline = self._now(), self.policy, entry.submission.deadline_ms
        entry.attempts += 1
        if entry.cancel:
            self._settle(entry, JobState.CANCELED)
        elif one.retryable and deadline is not None and deadline <= now:
            self._expire(entry)
        else:
            decision = decide(
                retryable=one.retryable,
                attempts=entry.attempts,
                max_attempts=policy.max_attempts,
                base_ms=policy.backoff_base_ms,
                cap_ms=policy.backoff_cap_ms,
                jitter=self._random.random(),
            )
            message = one.message[: wire.MESSAGE_CHARS]
            if decision.again:
                self._release(entry)
                entry.state, entry.place, entry.due_ms = JobState.QUEUED, "retry", now + decision.delay_ms
                entry.code, entry.message, entry.solo, entry.worker = one.code, message, False, ""
                entry.stage, entry.step, entry.steps = None, 0, 0
                self._emit("retrying", entry, code=one.code, message=message, due_ms=entry.due_ms)
            else:
                self._bury(entry, one.code, message)
        return _answer(entry)

    def _cancel(self, job_id: JobId) -> Verdict:
        entry = self._jobs.get(job_id)
        if entry is None:
            return Verdict.REFUSED
        if entry.place == "lease":
            entry.cancel = True
            self.published.append((self.keys.control, {"kind": "cancel", "id": job_id}))
            return Verdict.FLAGGED
        if entry.place:
            self._settle(entry, JobState.CANCELED)
        return Verdict.DONE if entry.state is JobState.CANCELED else Verdict.REFUSED

    def _reap(self) -> int:
        now, policy, moved = self._now(), self.policy, 0
        back: list[tuple[_Entry, str]] = []
        late = sorted((expiry, job_id) for job_id, expiry in self._leases.items() if expiry <= now)
        for _, job_id in late[: policy.reap_limit]:
            entry = self._jobs[job_id]
            moved += 1
            entry.crashes += 1
            entry.solo_crashes += entry.solo
            if entry.solo_crashes < policy.solo_crash_limit:
                back.append((entry, "lease_lost"))
            else:
                times = entry.solo_crashes
                self._bury(entry, "worker_lost", f"The worker that ran this job alone was lost {times} times.")
        due = sorted((e for e in self._jobs.values() if e.place == "retry" and e.due_ms <= now), key=lambda e: e.due_ms)
        moved += len(due[: policy.reap_limit])
        back += [(entry, "retry_due") for entry in due[: policy.reap_limit]]
        for entry, reason in sorted(back, key=lambda one: -one[0].order):
            self._to_head(entry, reason)
        for entry in list(self._jobs.values()):
            deadline = entry.submission.deadline_ms
            if entry.place in ("list", "retry") and deadline is not None and deadline <= now:
                moved += 1
                self._expire(entry)
        self._busy = {worker: beat for worker, beat in self._busy.items() if beat > now - policy.lease_ms}
        if back:
            self._wake()
        return moved

    def _to_head(self, entry: _Entry, reason: str) -> None:
        deadline = entry.submission.deadline_ms
        self._release(entry)
        if entry.cancel:
            self._settle(entry, JobState.CANCELED)
        elif deadline is not None and deadline <= self._now():
            self._expire(entry)
        else:
            entry.state, entry.place, entry.express, entry.solo, entry.worker = JobState.QUEUED, "list", True, False, ""
            entry.stage, entry.step, entry.steps, entry.queued_ms = None, 0, 0, self._now()
            self.waiting.insert(0, wire.encode(entry.submission.payload))
            self._emit("returned", entry, reason=reason)

    def _release(self, entry: _Entry) -> None:
        if entry.place == "lease":
            self._leases.pop(entry.submission.id)
            if not any(other is not entry for other in self._held(WorkerId(entry.worker))):
                self._busy.pop(entry.worker, None)
        elif entry.place == "list":
            element = wire.encode(entry.submission.payload)
            if element in self.waiting:
                self.waiting.remove(element)
        entry.place = ""

    def _settle(self, entry: _Entry, state: JobState, code: str = "", message: str = "") -> None:
        self._release(entry)
        entry.state, entry.code, entry.message, entry.cancel = state, code, message, False
        completed = state is JobState.COMPLETED
        facts: dict[str, Any] = {"result": entry.result, "worker": entry.worker} if completed else {}
        done: dict[str, Any] = _label(entry) | {"status": state.value, "result_key": None, "result_url": None}
        if completed:
            done |= {
                "result_key": entry.result.get("result_key"),
                "result_url": entry.submission.body.get("result_url"),
            }
        if code:
            facts = {"code": code, "message": message}
            done["error"] = dict(facts)
        self._emit(state.value, entry, **facts)
        self.published.append((keys.JOB_DONE, done))

    def _expire(self, entry: _Entry) -> None:
        message = "The deadline passed before the job could be finished."
        self._settle(entry, JobState.EXPIRED, "deadline_exceeded", message)

    def _bury(self, entry: _Entry, code: str, message: str) -> None:
        self._settle(entry, JobState.FAILED, code, message)
        self._dead[entry.submission.id] = self._now()

    def _view(self, entry: _Entry) -> JobView:
        element = wire.encode(entry.submission.payload)
        listed = entry.place == "list" and element in self.waiting
        return JobView(
            id=entry.submission.id,
            state=entry.state,
            token=entry.token,
            position=min(self.waiting.index(element), POSITION_CAP) if listed else None,
            stage=entry.stage,
            step=entry.step,
            steps=entry.steps,
            attempts=entry.attempts,
            crashes=entry.crashes,
            solo_crashes=entry.solo_crashes,
            cancel_requested=entry.cancel,
            worker=entry.worker,
            submitted_ms=entry.submitted_ms,
            claimed_ms=entry.claimed_ms,
            retry_at_ms=entry.due_ms if entry.place == "retry" else None,
            code=entry.code,
            message=entry.message,
            result=entry.result,
        )

    def _wake(self) -> None:
        self.published.append((self.keys.control, {"kind": "work"}))

    def _emit(self, kind: str, entry: _Entry, **data: Any) -> None:
        counters = {"attempts": entry.attempts, "crashes": entry.crashes, "solo_crashes": entry.solo_crashes}
        self.events.append(
            QueueEvent(
                entry_id=f"{len(self.events) + 1}-0",
                kind=kind,
                job_id=entry.submission.id,
                token=entry.token,
                state=entry.state,
                at_ms=self._now(),
                data=counters | data,
            )
        )


def _label(entry: _Entry) -> dict[str, Any]:
    label: dict[str, Any] = json.loads("{" + wire.label(entry.submission) + "}")
    return label


def _answer(entry: _Entry) -> Verdict:
    if entry.place == "retry":
        return Verdict.RETRY
    if entry.place:
        return Verdict.REFUSED
    return (
        Verdict.DEAD if entry.state is JobState.FAILED else Verdict.DONE if entry.state in _STOPPED else Verdict.REFUSED
    )


_STOPPED = (JobState.CANCELED, JobState.EXPIRED)
