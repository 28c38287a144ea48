"""`JobQueue`: one Redis list with leases, retries, dead letters and an event stream, moved by atomic scripts.

The gateway submits, cancels and looks; workers claim, renew, complete, fail and hand back; all of them reap. Every
method is one round trip for any number of jobs, so a worker that claims and completes eight at once needs a quarter of
a round trip per job. All times come from the server's clock.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from proteus import keys
from proteus.canary import NO_PARTS, CanaryPart
from proteus.jobs import JobId, Stage, WorkerId
from proteus.queue import wire
from proteus.queue.model import (
    Claim,
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
from proteus.queue.scripts import shared_args, shared_keys, source
from proteus.queue.unread import UnreadKeys
from proteus.rowless import JOB_PREFIX, ROWLESS
from proteus.usage import NO_USAGE, Usage

if TYPE_CHECKING:
    from redis.asyncio import Redis

CHUNK: Final = 100
"""Jobs that one script submits or looks at: no script should block the server for more than a few milliseconds."""

_VERBS: Final = (
    "submit", "claim", "renew", "complete", "fail", "hand_back", "cancel", "reap",
    "progress", "look", "stats", "forget", "bury", "restore", "park", "inspect",
)  # fmt: skip


class JobQueue:
    """A durable queue on the list `list_name`, and everything under its hash tag.

    Args:
        redis: A client; it may decode responses or not. The queue never closes it.
        list_name: `queue:jobs` or `tailorJob`.
        policy: Leases and limits; all users of one list must agree.
    """

    def __init__(self, redis: Redis, list_name: str, *, policy: QueuePolicy | None = None) -> None:
        self.policy = policy or QueuePolicy()
        self.keys = keys.QueueKeys(list_name)
        self._redis = redis
        self._shared_keys = shared_keys(self.keys)
        self._shared_args = shared_args(self.keys, self.policy)
        self._unread = UnreadKeys()
        self._scripts = {verb: redis.register_script(source(verb)) for verb in _VERBS}

    async def submit(self, *submissions: Submission) -> list[bool]:
        """Put jobs into the list; False for one that was submitted before with this epoch or a later one.

        Raises:
            InvalidRequest: The queue cannot carry one of the submissions; nothing was submitted then.
        """
        for one in submissions:
            wire.check(one)
        taken: list[bool] = []
        for start in range(0, len(submissions), CHUNK):
            reply = await self._run("submit", *wire.submit_args(submissions[start : start + CHUNK]))
            taken += [bool(one) for one in reply]
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
        """Take up to `free` jobs that may run together from the head, with a lease on each. Reaps first.

        Args:
            worker: The worker that takes them.
            free: How many it can start now.
            engines: The engines it offers; jobs of others stay in the list.
            key: The shared key of what it runs already; None: that of the first job it can take. Only a worker that
                holds nothing and names no key gets a job with crashes, and that one alone.
            estimate_ms: How long the picture will take: jobs that could not meet their deadline are shed.
            degraded_fraction: Share of the jobs that run in degraded form, where they may.
            scan_cap: How many jobs of these engines to look at, at most.
            spare: If there are none, take spare jobs.
            waited_ms: Take only those that have waited so long: a worker that was idle would have taken them.
            overtake_ms: Take nothing from behind a job of another key that has waited so long.
            canaries: Engine -> the worker's part in its canary: which jobs it leaves to other versions.
        """
        if free < 1 or not engines:
            return Claim()
        policy = self.policy
        own: list[wire.Arg] = [worker, free, key or "", policy.lease_ms, int(estimate_ms), degraded_fraction, scan_cap]
        limits = (
            policy.solo_crash_limit,
            policy.reap_limit,
            policy.solo_patience_ms,
            int(spare),
            waited_ms,
            overtake_ms,
        )
        drawn = wire.canary_args(canaries)
        found, unreadable = wire.claim(await self._run("claim", *own, *limits, *drawn, *engines))
        await self.fail(worker, unreadable)
        return found

    async def renew(
        self,
        worker: WorkerId,
        held: Mapping[JobId, int],
        *,
        idle_ms: int = 0,
        step_ms: int = 0,
        usage: Mapping[JobId, Usage] = NO_USAGE,
    ) -> Renewal:
        """Renew the leases of all jobs that `worker` holds (id -> token), in one call.

        Args:
            worker: The worker that holds them.
            held: The jobs and the tokens they were claimed with.
            idle_ms: Age of the last progress: a lease ends `max(lease, 3 * step_ms)` after it, never later.
            step_ms: Expected time of one step.
            usage: What their attempts used so far: it is reported for them if the worker is lost.
        """
        if not held:
            return Renewal()
        own = wire.renew_args(worker, held, idle_ms=idle_ms, step_ms=step_ms, usage=usage, policy=self.policy)
        return wire.renewal(await self._run("renew", *own))

    async def complete(self, worker: WorkerId, completions: Sequence[Completion]) -> list[Verdict]:
        """Finish jobs: DONE, or REFUSED where the token is not the current one. A repeated call: the same answer."""
        if not completions:
            return []
        return _verdicts(await self._run("complete", *wire.complete_args(completions)))

    async def fail(self, worker: WorkerId, failures: Sequence[Failure]) -> list[Verdict]:
        """Fail jobs: RETRY, DEAD, DONE (canceled or expired instead) or REFUSED. A repeated call: the same answer."""
        if not failures:
            return []
        policy = self.policy
        own = wire.fail_args(failures, (random.random() for _ in failures))
        numbers = (policy.max_attempts, policy.backoff_base_ms, policy.backoff_cap_ms)
        return _verdicts(await self._run("fail", *numbers, *own))

    async def hand_back(
        self, worker: WorkerId, held: Mapping[JobId, int], *, usage: Mapping[JobId, Usage] = NO_USAGE
    ) -> int:
        """Return jobs that will not run to the head, the first one next; counts neither as crash nor as attempt."""
        return int(await self._run("hand_back", *wire.held_args(held, usage))) if held else 0

    async def holdings(self, worker: WorkerId) -> dict[JobId, int]:
        """Return the jobs that the queue counts as this worker's, with the tokens."""
        ids = [JobId(wire.text(one)) for one in await self._redis.hkeys(self.keys.held(worker))]
        async with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hget(self.keys.job(job_id), "token")
            tokens = await pipeline.execute(raise_on_error=False) if ids else []
        return {
            job_id: int(token) for job_id, token in zip(ids, tokens, strict=True) if isinstance(token, (str, bytes))
        }

    async def cancel(self, *ids: JobId) -> list[Verdict]:
        """Stop jobs: DONE (was waiting, is gone), FLAGGED (runs; its worker stops it) or REFUSED (ended or unknown)."""
        return _verdicts(await self._run("cancel", *ids)) if ids else []

    async def reap(self) -> int:
        """Handle what is due: expired leases, retries, deadlines. Returns how many jobs moved."""
        return int(await self._run("reap", *wire.reap_args(self.policy)))

    async def inspect(self) -> int:
        """Set aside keys with the name of a queue structure but another type; returns how many there were.

        Every script does that with the keys it meets; this is for keys that are read without a script.
        """
        return int(await self._run("inspect", self.keys.bad_events, self.keys.workers))

    async def report_progress(self, job_id: JobId, token: int, *, stage: Stage, step: int, steps: int) -> bool:
        """Store and publish a running job's progress; False if the token is not the current one."""
        return bool(await self._run("progress", job_id, token, stage.value, step, steps, keys.PROGRESS))

    async def look(self, *ids: JobId, positions: bool = True) -> list[JobView | None]:
        """Return the present state of jobs, None for unknown ones.

        Args:
            ids: The jobs.
            positions: Also count the places in the list.
        """
        views: list[JobView | None] = []
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            replies = await self._run("look", int(positions), *some)
            views += [wire.view(job_id, reply) for job_id, reply in zip(some, replies, strict=True)]
        return views

    async def restore(self, *ids: JobId) -> int:
        """Give living jobs a place that will move them; returns how many had none. Tokens stay as they are.

        A running one gets a lease: its worker renews it if alive, else the job comes back when it expires.
        """
        restored = 0
        for start in range(0, len(ids), CHUNK):
            restored += int(await self._run("restore", self.policy.lease_ms, *ids[start : start + CHUNK]))
        return restored

    async def park(self, servable: Collection[str]) -> Parking:
        """Move waiting jobs of all other engines out of the list, and parked ones of these engines to its head."""
        parked, returned, cursor = 0, 0, "+inf"
        while cursor:
            out, back, cursor = await self._run("park", CHUNK, cursor, *sorted(servable))
            cursor = wire.text(cursor)
            parked, returned = parked + int(out), returned + int(back)
            if int(out) >= CHUNK:
                cursor = cursor or "(-inf"
        return Parking(parked=parked, returned=returned)

    async def count(self) -> int:
        """Return how many jobs there are in the list, leased, among the retries or parked, those without rows apart."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.zrange(self.keys.leases, 0, -1)
            for task in ROWLESS:
                pipeline.zcard(self.keys.index(task))
            pipeline.llen(self.keys.list)
            for place in (self.keys.retry, self.keys.parked, self.keys.spare, self.keys.spare_due):
                pipeline.zcard(place)
            leased, *counts = await pipeline.execute()
        ours = sum(not wire.text(one).startswith(JOB_PREFIX) for one in leased)
        waiting_without, others = counts[: len(ROWLESS)], counts[len(ROWLESS) :]
        return ours + sum(map(int, others)) - sum(map(int, waiting_without))

    async def stats(self) -> QueueStats:
        """Return one reading of depth, work in flight and waits.

        A key of another type, which this account may not set aside, counts as empty until another process does.
        """
        read, unread = wire.stats(await self._run("stats"))
        self._unread.note(unread)
        return read

    async def forget(self, *ids: JobId) -> int:
        """Remove every trace of jobs, cancelling those that live; returns how many there were."""
        return sum([int(await self._run("forget", *ids[at : at + CHUNK])) for at in range(0, len(ids), CHUNK)])

    async def dead_letters(self, *, limit: int = 100) -> list[JobId]:
        """Return the ids of the newest dead letters; `look` returns their reasons."""
        found = await self._redis.zrange(self.keys.dead, 0, limit - 1, desc=True)
        return [JobId(wire.text(one)) for one in found]

    async def peek_foreign(self, limit: int) -> list[str]:
        """Return the oldest external payloads; they stay until they are dropped or buried."""
        found: list[bytes] = await self._redis.execute_command(  # type: ignore[no-untyped-call]
            "LRANGE", self.keys.foreign, -limit, -1, NEVER_DECODE=True
        )
        return [one.decode(errors="surrogateescape") for one in reversed(found)]

    async def drop_foreign(self, *payloads: str) -> None:
        """Forget external payloads that were imported."""
        for payload in payloads:
            await self._redis.lrem(self.keys.foreign, -1, wire.raw(payload))  # type: ignore[arg-type]

    async def bury_foreign(self, payload: str, *, code: str, message: str) -> JobId:
        """Move an external payload that cannot be imported to the dead letters; returns the letter's id."""
        letter = wire.letter_id(payload)
        await self._run("bury", wire.raw(payload), letter, code, message[: wire.MESSAGE_CHARS])
        return letter

    async def _run(self, verb: str, *args: wire.Arg) -> Any:
        return await self._scripts[verb](keys=self._shared_keys, args=[*self._shared_args, *args])


def _verdicts(reply: Sequence[Any]) -> list[Verdict]:
    return [Verdict(wire.text(one)) for one in reply]
