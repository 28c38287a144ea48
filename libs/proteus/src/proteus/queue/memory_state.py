"""The state of `MemoryJobQueue`, and the moves of its verbs: the twins of `lua/lib/*.lua`."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from proteus import keys
from proteus.clock import Clock
from proteus.jobs import EPOCH_TOKENS, EventKind, JobId, JobState, WorkerId
from proteus.queue.memory_entry import Entry, element_of, label, remove, remove_last
from proteus.queue.model import Claimed, JobView, QueueEvent, Submission
from proteus.queue.policy import FOREIGN_MOST, QueuePolicy

EXPRESS = 2**52
"""Orders of the express prefix lie this much below those of the others."""


class MemoryState:
    """The list, the leases, the retries, the dead letters and the stream of one queue."""

    def __init__(self, names: keys.QueueKeys, policy: QueuePolicy, clock: Clock) -> None:
        self.names = names
        self.policy = policy
        self.events: list[QueueEvent] = []
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.submissions = 0
        self.last_order = 0
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Forget everything, as an emptied server would."""
        self.waiting: list[str] = []
        """The list from the head: the first element is claimed next."""
        self.foreign: list[str] = []
        self.jobs: dict[str, Entry] = {}
        self.leases: dict[str, int] = {}
        self.dead: dict[str, int] = {}
        self.busy: dict[str, int] = {}
        self.waits: list[tuple[int, int]] = []
        self.index: dict[str, Entry] = {}
        """The jobs of all engines' indexes together."""
        self.spare: dict[str, Entry] = {}
        """The spare jobs that wait."""

    def now(self) -> int:
        return int(self._clock.now() * 1_000)

    def behind(self, element: str) -> Entry | None:
        try:
            payload = json.loads(element)
        except ValueError:
            return None
        job_id = payload.get("id") if isinstance(payload, dict) else None
        return self.jobs.get(job_id) if isinstance(job_id, str) else None

    def owned(self, job_id: JobId, token: int) -> bool:
        entry = self.jobs.get(job_id)
        return entry is not None and entry.place == "lease" and entry.token == token

    def held(self, worker: WorkerId) -> list[Entry]:
        return [entry for entry in self.jobs.values() if entry.place == "lease" and entry.worker == worker]

    def add(self, one: Submission) -> bool:
        old = self.jobs.get(one.id)
        if old is not None:
            replaceable = bool(old.place) or old.state is JobState.FAILED
            if not replaceable or old.token // EPOCH_TOKENS >= one.epoch:
                return False
            self.release(old)
            self.dead.pop(one.id, None)
        now = self.now()
        self.submissions += 1
        entry = Entry(
            submission=one,
            state=JobState.QUEUED,
            token=one.epoch * EPOCH_TOKENS,
            number=self.submissions,
            order=self.next_order() - (EXPRESS if one.high else 0),
            submitted_ms=now,
            queued_ms=now,
            attempts=one.attempts,
            crashes=one.crashes,
            solo_crashes=one.solo_crashes,
        )
        self.jobs[one.id] = entry
        self.emit(EventKind.SUBMITTED, entry, engine=entry.submission.engine, **({"spare": "1"} if one.spare else {}))
        if one.spare:
            entry.place, self.spare[one.id] = "spare", entry
        else:
            self.waiting.insert(self.ahead_of(0) if one.high else len(self.waiting), element_of(entry))
            self.index[one.id] = entry
        return True

    def next_order(self) -> int:
        self.last_order = max(self.last_order + 1, int(self._clock.now() * 1e6))
        return self.last_order

    def ahead_of(self, order: float) -> int:
        return sum(entry.order < order for entry in self.index.values())

    def unlist(self, entry: Entry) -> None:
        """Remove it from list and index, of two equal elements the one at the nearer end; or from the spare line."""
        if entry.submission.spare:
            self.spare.pop(entry.submission.id, None)
            return
        element = element_of(entry)
        if self.waiting and self.waiting[0] == element:
            self.waiting.pop(0)
        elif 2 * self.ahead_of(entry.order) < len(self.waiting):
            remove(self.waiting, element)
        else:
            remove_last(self.waiting, element)
        self.index.pop(entry.submission.id, None)

    def sweep(self) -> None:
        """Make list and index agree; lists here are short, so one slice is enough."""
        if len(self.waiting) == len(self.index):
            return
        seen: set[str] = set()
        for element in list(self.waiting):
            entry = self.behind(element)
            if entry is None:
                remove_last(self.waiting, element)
                if len(self.foreign) < FOREIGN_MOST:
                    self.foreign.insert(0, element)
            elif entry.place != "list" or element != element_of(entry) or entry.submission.id in seen:
                remove_last(self.waiting, element)
            else:
                seen.add(entry.submission.id)
                self.index[entry.submission.id] = entry
        for entry in sorted(self.index.values(), key=lambda one: one.order):
            if entry.submission.id not in seen:
                self.put_back(entry)

    def put_back(self, entry: Entry) -> None:
        """Put a job that is in no list back in its place."""
        self.waiting.insert(self.ahead_of(entry.order), element_of(entry))
        self.index[entry.submission.id] = entry

    def restore(self, entry: Entry) -> bool:
        """Give a living job a place that will move it; return whether it had none."""
        job_id = entry.submission.id
        if entry.place == "lease" and job_id not in self.leases:
            self.leases[job_id] = self.now() + self.policy.lease_ms
            if not entry.submission.spare:
                self.busy.setdefault(entry.worker, self.now())
            return True
        if entry.place == "spare" and job_id not in self.spare:
            self.spare[job_id] = entry
            return True
        if entry.place == "list" and job_id not in self.index:
            if element_of(entry) in self.waiting:
                self.index[job_id] = entry
            else:
                self.put_back(entry)
            return True
        return False

    def add_letter(self, letter: JobId, *, code: str, message: str) -> None:
        now = self.now()
        one = Submission(id=letter, epoch=1, payload={"id": letter}, body={}, engine="", batch_key="")
        self.jobs[letter] = Entry(
            submission=one,
            state=JobState.FAILED,
            token=0,
            number=0,
            order=0,
            submitted_ms=now,
            queued_ms=now,
            attempts=0,
            crashes=0,
            solo_crashes=0,
            place="",
            code=code,
            message=message,
        )
        self.dead[letter] = now

    def take(self, entry: Entry, worker: WorkerId, *, degraded: bool) -> Claimed:
        now, one = self.now(), entry.submission
        entry.state, entry.place, entry.worker, entry.claimed_ms = JobState.RUNNING, "lease", worker, now
        entry.token += 1
        entry.usage, entry.ran = None, False
        entry.solo = entry.crashes > 0
        self.leases[one.id] = now + self.policy.lease_ms
        if not one.spare:
            self.busy[worker] = now
            self.waits.append((now // 1_000, now - entry.queued_ms))
        self.emit(EventKind.CLAIMED, entry, worker=worker, degraded=degraded, wait_ms=now - entry.queued_ms)
        return Claimed(
            id=one.id,
            token=entry.token,
            payload=one.payload,
            body=one.body,
            engine=one.engine,
            batch_key=one.keys(degraded=degraded)[0],
            degraded=degraded,
            attempts=entry.attempts,
            crashes=entry.crashes,
            solo=entry.solo,
            deadline_ms=one.end_ms,
            submitted_ms=entry.submitted_ms,
            claimed_ms=now,
            queued_ms=entry.queued_ms,
            spare=one.spare,
            shared_key=one.keys(degraded=degraded)[1],
        )

    def view(self, entry: Entry) -> JobView:
        one = entry.submission
        listed = one.id in self.index and entry.place == "list"
        rivals = [other for other in self.index.values() if other.order < entry.order]
        places: dict[str, Collection[str]] = {"list": self.index, "lease": self.leases, "spare": self.spare}
        stranded = one.id not in places.get(entry.place, (one.id,))
        return JobView(
            id=entry.submission.id,
            state=entry.state,
            token=entry.token,
            position=len(rivals) if listed else None,
            position_of_engine=sum(one.engine == other.submission.engine for other in rivals) if listed else None,
            parked=entry.place == "parked",
            stranded=stranded,
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

    def reap(self) -> int:
        now, policy, moved = self.now(), self.policy, 0
        back: list[tuple[Entry, str]] = []
        late = sorted((expiry, job_id) for job_id, expiry in self.leases.items() if expiry <= now)
        for _, job_id in late[: policy.reap_limit]:
            entry = self.jobs[job_id]
            moved += 1
            entry.crashes += 1
            entry.solo_crashes += entry.solo
            if entry.solo_crashes < policy.solo_crash_limit:
                back.append((entry, "lease_lost"))
            else:
                times = entry.solo_crashes
                self.give_up(entry, "worker_lost", f"The worker that ran this job alone was lost {times} times.")
        due = sorted((e for e in self.jobs.values() if e.place == "retry" and e.due_ms <= now), key=lambda e: e.due_ms)
        moved += len(due[: policy.reap_limit])
        back += [(entry, "retry_due") for entry in due[: policy.reap_limit]]
        for entry, reason in sorted(back, key=lambda one: -one[0].number):
            self.to_head(entry, reason)
        for entry in list(self.jobs.values()):
            deadline = entry.submission.end_ms
            if entry.place in ("list", "spare", "parked", "retry") and deadline is not None and deadline <= now:
                moved += 1
                self.expire(entry)
        self.busy = {worker: beat for worker, beat in self.busy.items() if beat > now - policy.lease_ms}
        self.sweep()
        if back:
            self.wake()
        return moved

    def to_head(self, entry: Entry, reason: str) -> None:
        deadline = entry.submission.end_ms
        self.release(entry)
        if entry.cancel:
            self.settle(entry, JobState.CANCELED)
        elif deadline is not None and deadline <= self.now():
            self.expire(entry)
        else:
            entry.state, entry.solo, entry.worker = JobState.QUEUED, False, ""
            entry.order = -EXPRESS - self.next_order()
            entry.stage, entry.step, entry.steps, entry.queued_ms = None, 0, 0, self.now()
            if entry.submission.spare:
                entry.place, self.spare[entry.submission.id] = "spare", entry
            else:
                entry.place, self.index[entry.submission.id] = "list", entry
                self.waiting.insert(0, element_of(entry))
            self.emit(EventKind.RETURNED, entry, reason=reason, **self.spent(entry))

    def release(self, entry: Entry) -> None:
        entry.ran = entry.ran or entry.place == "lease"
        if entry.place == "lease":
            self.leases.pop(entry.submission.id, None)
            others = [other for other in self.held(WorkerId(entry.worker)) if other is not entry]
            if all(other.submission.spare and not other.solo for other in others):
                self.busy.pop(entry.worker, None)
        elif entry.place in ("list", "spare"):
            self.unlist(entry)
        entry.place = ""

    def settle(self, entry: Entry, state: JobState, code: str = "", message: str = "") -> None:
        self.release(entry)
        entry.state, entry.code, entry.message, entry.cancel = state, code, message, False
        completed = state is JobState.COMPLETED
        facts: dict[str, Any] = {"result": entry.result, "worker": entry.worker} if completed else {}
        done: dict[str, Any] = label(entry) | {"status": state.value, "result_key": None, "result_url": None}
        if completed:
            done |= {
                "result_key": entry.result.get("result_key"),
                "result_url": entry.submission.result_url,
            }
        if code:
            facts = {"code": code, "message": message}
            done["error"] = dict(facts)
        self.emit(EventKind(state.value), entry, **facts, **self.spent(entry))
        self.published.append((keys.JOB_DONE, done))

    def expire(self, entry: Entry) -> None:
        code, message = "deadline_exceeded", "The deadline passed before the job could be finished."
        if entry.submission.ends_by_age:
            code, message = "too_old", "The job waited and ran for longer than jobs may."
        self.settle(entry, JobState.EXPIRED, code, message)

    def give_up(self, entry: Entry, code: str, message: str, *, of_input: bool = False) -> None:
        self.settle(entry, JobState.FAILED, code, message)
        if not of_input:
            self.dead[entry.submission.id] = self.now()

    def spent(self, entry: Entry) -> dict[str, Any]:
        """Return what an attempt that ends here used, as a field of its event."""
        found = {"usage": entry.usage.write()} if entry.ran and entry.usage else {}
        entry.ran = False
        return found

    def wake(self) -> None:
        self.published.append((self.names.control, {"kind": "work"}))

    def emit(self, kind: EventKind, entry: Entry, **data: Any) -> None:
        counters = {"attempts": entry.attempts, "crashes": entry.crashes, "solo_crashes": entry.solo_crashes}
        self.events.append(
            QueueEvent(
                entry_id=f"{len(self.events) + 1}-0",
                kind=kind,
                job_id=entry.submission.id,
                token=entry.token,
                state=entry.state,
                at_ms=self.now(),
                data=counters | data,
            )
        )
