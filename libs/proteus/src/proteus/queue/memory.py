"""`MemoryJobQueue`: the queue without a server, for simulations, tests and single-process tools.

It keeps the same promises as the Lua scripts, verb by verb; the same contract tests and the same state machine, run
side by side, check both. Its clock is an argument; `events` and `published` collect what the scripts would write to the
stream and publish.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from proteus import keys
from proteus.canary import NO_PARTS, CanaryPart, is_left
from proteus.clock import Clock, SystemClock
from proteus.estimates import is_degraded
from proteus.jobs import EventKind, JobId, JobState, Stage, WorkerId
from proteus.queue import wire
from proteus.queue.memory_entry import Entry, label
from proteus.queue.memory_state import MemoryState
from proteus.queue.model import (
    Claim,
    Claimed,
    Completion,
    Failure,
    JobView,
    Parking,
    QueueStats,
    Renewal,
    Submission,
    Verdict,
)
from proteus.queue.policy import QueuePolicy
from proteus.retry import decide
from proteus.rowless import JOB_PREFIX, ROWLESS
from proteus.usage import NO_USAGE, Usage

WAITS_WINDOW_SECONDS = 30


class MemoryJobQueue:
    """The same methods as `JobQueue`; see there.

    Args:
        list_name: `queue:jobs` or `tailorJob`.
        policy: Leases and limits.
        clock: The source of time.
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
        self.state = MemoryState(self.keys, self.policy, clock or SystemClock())
        """The inner state, for tests: `waiting`, `events`, `published`."""
        self._random = jitter or random.Random()

    async def submit(self, *submissions: Submission) -> list[bool]:
        for one in submissions:
            wire.check(one)
            wire.encoded_body(one)
        taken = [self.state.add(one) for one in submissions]
        if any(taken):
            self.state.wake()
        return taken

    async def claim(  # noqa: PLR0913 - each is a rule of its own for what is taken
        self,
        worker: WorkerId,
        *,
        free: int,
        engines: Sequence[str],
        key: str | None = None,
        estimate_ms: int = 0,
        degraded_fraction: float = 0.0,
        scan_cap: int = 200,
        spare: bool = False,
        waited_ms: int = 0,
        overtake_ms: int = wire.FOR_EVER_MS,
        canaries: Mapping[str, CanaryPart] = NO_PARTS,
    ) -> Claim:
        if free < 1 or not engines:
            return Claim()
        self.state.reap()
        now, held = self.state.now(), self.state.held(worker)
        jobs: list[Claimed] = []
        shed: list[JobId] = []
        alone = any(entry.solo for entry in held)
        idle = not key and all(entry.submission.spare and not entry.solo for entry in held)
        waiting = sorted(self.state.index.values(), key=lambda each: each.order)
        lines = [[entry for entry in waiting if entry.submission.engine in engines][:scan_cap]]
        if spare:
            spares = sorted(self.state.spare.values(), key=lambda each: each.order)[:scan_cap]
            lines.append([entry for entry in spares if entry.submission.engine in engines])
        for line in lines:
            if line and line[0].submission.spare and (key or alone):
                break
            for entry in line:
                one = entry.submission
                if alone or len(jobs) >= free:
                    break
                degraded = bool(one.degraded_batch_key) and is_degraded(one.rank, one.may_degrade, degraded_fraction)
                _, shared = one.keys(degraded=degraded)
                crashed, waited = entry.crashes > 0, max(0, now - entry.queued_ms)
                failed = crashed or entry.attempts > 0
                if is_left(canaries.get(one.engine), rank=one.rank, failed=failed, waited_ms=waited):
                    continue
                if crashed and (not idle or jobs or (one.spare and held)):
                    alone = not one.spare and waited >= self.policy.solo_patience_ms
                    continue
                if key and key != shared:
                    alone = waited >= overtake_ms
                    continue
                if waited < waited_ms:
                    continue
                self.state.unlist(entry)
                if one.end_ms is not None and now + estimate_ms > one.end_ms:
                    entry.place = ""
                    self.state.expire(entry)
                    shed.append(one.id)
                    continue
                key, alone = shared, crashed
                jobs.append(self.state.take(entry, worker, degraded=degraded))
        return Claim(jobs=tuple(jobs), expired=tuple(shed))

    async def renew(
        self,
        worker: WorkerId,
        held: Mapping[JobId, int],
        *,
        idle_ms: int = 0,
        step_ms: int = 0,
        usage: Mapping[JobId, Usage] = NO_USAGE,
    ) -> Renewal:
        expiry = self.state.now() - idle_ms + max(self.policy.lease_ms, 3 * step_ms)
        owned = [job_id for job_id, token in held.items() if self.state.owned(job_id, token)]
        for job_id in owned:
            self.state.leases[job_id] = expiry
            entry = self.state.jobs[job_id]
            entry.usage = usage.get(job_id) or entry.usage
            if not entry.submission.spare:
                self.state.busy[worker] = self.state.now()
        lost = tuple(job_id for job_id in held if job_id not in owned)
        return Renewal(lost=lost, canceled=tuple(job_id for job_id in owned if self.state.jobs[job_id].cancel))

    async def complete(self, worker: WorkerId, completions: Sequence[Completion]) -> list[Verdict]:
        return [self._complete(one) for one in completions]

    async def fail(self, worker: WorkerId, failures: Sequence[Failure]) -> list[Verdict]:
        return [self._fail(one) for one in failures]

    async def hand_back(
        self, worker: WorkerId, held: Mapping[JobId, int], *, usage: Mapping[JobId, Usage] = NO_USAGE
    ) -> int:
        owned = [self.state.jobs[job_id] for job_id, token in held.items() if self.state.owned(job_id, token)]
        for entry in reversed(owned):
            entry.usage = usage.get(entry.submission.id) or entry.usage
            self.state.to_head(entry, "hand_back")
        if owned:
            self.state.wake()
        return len(owned)

    async def holdings(self, worker: WorkerId) -> dict[JobId, int]:
        return {entry.submission.id: entry.token for entry in self.state.held(worker)}

    async def cancel(self, *ids: JobId) -> list[Verdict]:
        return [self._cancel(job_id) for job_id in ids]

    async def reap(self) -> int:
        return self.state.reap()

    async def inspect(self) -> int:
        """Do nothing: no key here can have another type."""
        return 0

    async def report_progress(self, job_id: JobId, token: int, *, stage: Stage, step: int, steps: int) -> bool:
        if not self.state.owned(job_id, token):
            return False
        entry = self.state.jobs[job_id]
        entry.stage, entry.step, entry.steps = stage, step, steps
        message = {"stage": stage.value, "step": step, "steps": steps}
        self.state.published.append((keys.PROGRESS, label(entry) | message))
        return True

    async def look(self, *ids: JobId, positions: bool = True) -> list[JobView | None]:
        return [self.state.view(self.state.jobs[job_id]) if job_id in self.state.jobs else None for job_id in ids]

    async def restore(self, *ids: JobId) -> int:
        return sum(self.state.restore(self.state.jobs[job_id]) for job_id in ids if job_id in self.state.jobs)

    async def park(self, servable: Collection[str]) -> Parking:
        out = [entry for entry in self.state.index.values() if entry.submission.engine not in servable]
        for entry in sorted(out, key=lambda each: (each.submission.engine, each.order)):
            self.state.unlist(entry)
            entry.place = "parked"
        parked = [entry for entry in self.state.jobs.values() if entry.place == "parked"]
        back = [entry for entry in parked if entry.submission.engine in servable]
        for entry in sorted(back, key=lambda each: -each.order):
            self.state.to_head(entry, "offered")
        if back:
            self.state.wake()
        return Parking(parked=len(out), returned=len(back))

    async def count(self) -> int:
        elsewhere = sum(entry.place in ("retry", "parked", "spare") for entry in self.state.jobs.values())
        without = sum(entry.submission.engine in ROWLESS for entry in self.state.index.values())
        leased = sum(not one.startswith(JOB_PREFIX) for one in self.state.leases)
        return len(self.state.waiting) + leased + elsewhere - without

    async def stats(self) -> QueueStats:
        now = self.state.now()
        ages = [now - entry.queued_ms for entry in self.state.index.values()]
        since = now // 1_000 - WAITS_WINDOW_SECONDS
        waits = ages + [waited for second, waited in self.state.waits if second > since]
        return QueueStats(
            waiting=len(self.state.waiting),
            running=sum(not self.state.jobs[job_id].submission.spare for job_id in self.state.leases),
            retrying=sum(entry.place == "retry" and not entry.submission.spare for entry in self.state.jobs.values()),
            dead=len(self.state.dead),
            busy_workers=len(self.state.busy),
            oldest_waiting_ms=max(ages, default=0),
            mean_wait_ms=sum(waits) / len(waits) if waits else 0.0,
            parked=sum(entry.place == "parked" for entry in self.state.jobs.values()),
            spare_waiting=len(self.state.spare),
            spare_running=sum(
                entry.submission.spare and entry.place in ("lease", "retry") for entry in self.state.jobs.values()
            ),
            waiting_by_engine=dict(Counter(entry.submission.engine for entry in self.state.index.values())),
        )

    async def forget(self, *ids: JobId) -> int:
        found = [self.state.jobs[job_id] for job_id in ids if job_id in self.state.jobs]
        for entry in found:
            if entry.place == "lease":
                self.state.published.append((self.keys.control, {"kind": "cancel", "id": entry.submission.id}))
            if entry.place:
                self.state.settle(entry, JobState.CANCELED)
            self.state.dead.pop(entry.submission.id, None)
            self.state.jobs.pop(entry.submission.id, None)
        return len(found)

    async def dead_letters(self, *, limit: int = 100) -> list[JobId]:
        newest = sorted(self.state.dead, key=lambda job_id: (self.state.dead[job_id], job_id), reverse=True)
        return [JobId(job_id) for job_id in newest[:limit]]

    async def peek_foreign(self, limit: int) -> list[str]:
        return self.state.foreign[-limit:][::-1]

    async def drop_foreign(self, *payloads: str) -> None:
        for payload in payloads:
            if payload in self.state.foreign:
                self.state.foreign.remove(payload)

    async def bury_foreign(self, payload: str, *, code: str, message: str) -> JobId:
        letter = wire.letter_id(payload)
        if payload in self.state.foreign:
            self.state.foreign.remove(payload)
            self.state.add_letter(letter, code=code, message=message)
        return letter

    def clear(self) -> None:
        """Forget everything, as an emptied server would."""
        self.state.clear()

    def push_by_hand(self, element: str) -> None:
        """LPUSH any element, as a user of redis-cli would."""
        self.state.waiting.append(element)

    def _complete(self, one: Completion) -> Verdict:
        entry = self.state.jobs.get(one.id)
        if entry is None or entry.token != one.token:
            return Verdict.REFUSED
        if entry.place == "lease":
            entry.result, entry.usage = dict(one.result), one.usage or entry.usage
            self.state.settle(entry, JobState.COMPLETED)
        return Verdict.DONE if entry.state is JobState.COMPLETED else Verdict.REFUSED

    def _fail(self, one: Failure) -> Verdict:
        entry = self.state.jobs.get(one.id)
        if entry is None or entry.token != one.token:
            return Verdict.REFUSED
        if entry.place != "lease":
            return _answer(entry)
        now, policy, deadline = self.state.now(), self.policy, entry.submission.end_ms
        entry.attempts += 1
        entry.usage = one.usage or entry.usage
        if entry.cancel:
            self.state.settle(entry, JobState.CANCELED)
        elif one.retryable and deadline is not None and deadline <= now:
            self.state.expire(entry)
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
                self.state.release(entry)
                entry.submission = one.returned(entry.submission)
                entry.state, entry.place, entry.due_ms = JobState.QUEUED, "retry", now + decision.delay_ms
                entry.code, entry.message, entry.solo, entry.worker = one.code, message, False, ""
                entry.stage, entry.step, entry.steps = None, 0, 0
                self.state.emit(
                    EventKind.RETRYING,
                    entry,
                    code=one.code,
                    message=message,
                    due_ms=entry.due_ms,
                    **self.state.spent(entry),
                )
            else:
                self.state.give_up(entry, one.code, message, of_input=one.of_input)
        return _answer(entry)

    def _cancel(self, job_id: JobId) -> Verdict:
        entry = self.state.jobs.get(job_id)
        if entry is None:
            return Verdict.REFUSED
        if entry.place == "lease":
            entry.cancel = True
            self.state.published.append((self.keys.control, {"kind": "cancel", "id": job_id}))
            return Verdict.FLAGGED
        if entry.place:
            self.state.settle(entry, JobState.CANCELED)
        return Verdict.DONE if entry.state is JobState.CANCELED else Verdict.REFUSED


def _answer(entry: Entry) -> Verdict:
    if entry.place == "retry":
        return Verdict.RETRY
    if entry.place:
        return Verdict.REFUSED
    return (
        Verdict.DEAD if entry.state is JobState.FAILED else Verdict.DONE if entry.state in _STOPPED else Verdict.REFUSED
    )


_STOPPED = (JobState.CANCELED, JobState.EXPIRED)
