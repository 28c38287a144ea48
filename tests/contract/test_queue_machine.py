"""Lua and twin driven side by side by random interleavings of everything that can happen to a queue.

After every step both must look the same from outside, and the laws of the queue must hold: nothing is lost, nothing is
visible twice, tokens only grow, and jobs that never came back are claimed in order within their priority and key. Time
needs no sleeping: a renewal with a huge age ends a lease at once, retries are due at once, deadlines lie far away on
either side. The machine plays the gateway's part too: after the server was emptied it submits again, with the next
epoch, what it has not seen settled; and it asks for what stands nowhere to be given its place again.
Any call may meet a server that refuses it (read-only, full, busy with a script that does not end, without replicas) or
that forgot our scripts, or lose its answer after the script ran; its caller asks again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from proteus import keys
from proteus.bus import parse_event
from proteus.jobs import TERMINAL, JobId, JobState, WorkerId
from proteus.queue import (
    Claimed,
    Completion,
    Failure,
    JobQueue,
    JobView,
    MemoryJobQueue,
    QueueEvent,
    QueuePolicy,
    Submission,
    wire,
)
from proteus.replies import is_away

HOUR_MS = 3_600_000
LONG_AGO_MS = 10**9
POLICY = QueuePolicy(backoff_base_ms=1, backoff_cap_ms=1, max_attempts=3, solo_crash_limit=2, solo_patience_ms=10**9)
WORKERS = [WorkerId(f"worker-{n}") for n in range(3)]
ENGINES = ["puppet", "catvton"]
REFUSALS = {
    "read-only": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "full": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "no replicas": ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    "no scripts": ("SCRIPT FLUSH SYNC", "PING"),
    "busy": ("CONFIG SET busy-reply-threshold 1", "CONFIG SET busy-reply-threshold 5000"),
}
"""How a server is brought to refuse, and back."""

FAULTS = ["lost"] if "PROTEUS_TEST_REDIS_URL" in os.environ else ["lost", *REFUSALS]
"""What the next call meets; a server that others use, too, is brought to refuse nothing."""


@contextlib.asynccontextmanager
async def refusing(redis: Redis, fault: str) -> AsyncIterator[None]:
    """Let the server refuse while the block runs."""
    begin, end = REFUSALS.get(fault, ("PING", "PING"))
    await redis.execute_command(*begin.split())
    endless = asyncio.create_task(redis.eval("while true do end", 0)) if fault == "busy" else None
    try:
        while endless and not await is_busy(redis):
            pass
        yield
    finally:
        if endless:
            await redis.execute_command("SCRIPT", "KILL")
            with contextlib.suppress(ResponseError):
                await endless
        await redis.execute_command(*end.split())


async def is_busy(redis: Redis) -> bool:
    try:
        await redis.ping()
    except ResponseError as error:
        return str(error).startswith("BUSY")
    return False


DEEDS = ["complete", "retry", "fail", "reject", "crash", "crash", "renew"]


@dataclass
class Seen:
    """What the machine knows of one job: as a ledger would, from the events alone."""

    order: Submission
    sequence: int
    token: int = 0
    came_back: bool = False
    settled: JobState | None = None


class QueueMachine(RuleBasedStateMachine):
    """Both queues, and a ledger."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        super().__init__()
        self.runner = runner
        self.redis: Redis = Redis.from_url(url, decode_responses=True)
        self.real = JobQueue(self.redis, keys.JOBS, policy=POLICY)
        self.twin = MemoryJobQueue(keys.JOBS, policy=POLICY)
        self.seen: dict[JobId, Seen] = {}
        self.sequence = 0
        self.read_to = "-"
        self.twin_read_to = 0
        self.strangers = False
        self.fault = ""
        self.claims: list[tuple[WorkerId, Claimed]] = []
        """Every claim ever made, zombies' included."""

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def both(self, verb: str, *args: Any, **more: Any) -> Any:
        """Do the same to both; they must answer the same. What the server refuses is asked again, as callers do."""
        fault, self.fault = self.fault, ""
        if fault == "lost" and verb != "submit":
            # The script ran, and its answer did not arrive: the caller asks again.
            for queue in (self.real, self.twin):
                self.wait(getattr(queue, verb)(*args, **more))
        real = self.wait(self.refused_first(fault, lambda: getattr(self.real, verb)(*args, **more)))
        twin = self.wait(getattr(self.twin, verb)(*args, **more))
        assert real == twin, verb
        return real

    async def refused_first(self, fault: str, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Make the call while the server refuses it, then again."""
        if fault == "":
            return await call()
        try:
            async with refusing(self.redis, fault):
                return await call()  # There was nothing to write, or the client loaded its scripts again.
        except ResponseError as error:
            if not is_away(error):
                raise
        return await call()

    @rule(fault=st.sampled_from(FAULTS))
    def break_the_next_answer(self, fault):
        """The next call meets a server that refuses it or forgot the scripts, or its answer gets lost."""
        self.fault = fault

    @initialize(keys=st.lists(st.sampled_from("aab"), min_size=3, max_size=6))
    def start(self, keys):
        self.wait(self.redis.flushall())
        for key in keys:
            self.submit(engine="puppet", key=key)

    @rule(
        engine=st.sampled_from(ENGINES),
        key=st.sampled_from("ab"),
        high=st.booleans(),
        may=st.booleans(),
        rank=st.sampled_from([0.0, 0.6]),
        deadline=st.sampled_from([None, None, None, None, "soon", "past"]),
        age=st.sampled_from([None, None, None, "soon", "past"]),
        crashes=st.sampled_from([0, 0, 0, 1]),
    )
    def submit(self, engine, key, high=False, may=False, rank=0.0, deadline=None, age=None, crashes=0):
        job_id = JobId(f"job_{len(self.seen)}")
        offsets = {None: None, "soon": HOUR_MS, "past": -HOUR_MS}
        offset_ms, age_ms = offsets[deadline], offsets[age]
        order = Submission(
            id=job_id,
            epoch=1,
            payload={"id": job_id, "user_photo_url": "p", "cloth_clean_url": "g", "created_at": 1},
            body={"user_id": "u", "job_type": "tryon", "result_url": "/v1"},
            engine=engine,
            batch_key=f"{engine}/{key}",
            degraded_batch_key=f"{engine}/small" if may else "",
            may_degrade=may,
            rank=rank,
            high=high,
            deadline_ms=None if offset_ms is None else self.now_ms() + offset_ms,
            age_end_ms=None if age_ms is None else self.now_ms() + age_ms + 1,
            crashes=crashes,
        )
        assert self.both("submit", order) == [True]
        self.remember(order)

    @rule(
        worker=st.sampled_from(WORKERS),
        free=st.integers(1, 4),
        engines=st.sampled_from([ENGINES, ENGINES[:1]]),
        key=st.sampled_from([None, None, "puppet/a"]),
        fraction=st.sampled_from([0.0, 0.5, 1.0]),
        estimate_ms=st.sampled_from([0, 0, 2 * HOUR_MS]),
        scan_cap=st.sampled_from([2, 200]),
    )
    def claim(self, worker, free, engines, key=None, fraction=0.0, estimate_ms=0, scan_cap=200):
        options = {"free": free, "engines": engines, "key": key, "estimate_ms": estimate_ms, "scan_cap": scan_cap}
        waiting = self.waiting_untouched()
        fault, self.fault = self.fault, ""
        if fault == "lost":
            # Nobody knows of these jobs until their leases run out.
            unknown = self.wait(self.real.claim(worker, degraded_fraction=fraction, **options))
            self.wait(self.twin.claim(worker, degraded_fraction=fraction, **options))
            for job in unknown.jobs:
                self.both("renew", worker, {job.id: job.token}, idle_ms=LONG_AGO_MS)
            waiting = []
        real = self.wait(
            self.refused_first(fault, lambda: self.real.claim(worker, degraded_fraction=fraction, **options))
        )
        twin = self.wait(self.twin.claim(worker, degraded_fraction=fraction, **options))
        assert [timeless(job) for job in real.jobs] == [timeless(job) for job in twin.jobs]
        assert real.expired == twin.expired
        assert len({job.batch_key for job in real.jobs}) <= 1
        assert not any(job.solo for job in real.jobs) or len(real.jobs) == 1
        self.check_order(waiting, [job.id for job in real.jobs])
        self.claims += [(worker, job) for job in real.jobs]

    @rule(worker=st.sampled_from(WORKERS), free=st.integers(1, 3))
    def claim_plainly(self, worker, free):
        self.claim(worker, free, ENGINES)

    @precondition(lambda self: self.claims)
    @rule(back=st.integers(0, 8), deed=st.sampled_from(DEEDS))
    def deal_with_a_claim(self, back, deed):
        """What its worker does with it, in time or long after it lost the job."""
        worker, job = self.claims[-1 - back % len(self.claims)]
        if deed == "complete":
            self.both("complete", worker, [Completion(id=job.id, token=job.token, result={"result_key": "r"})])
        elif deed in ("retry", "fail", "reject"):
            failure = Failure(
                id=job.id, token=job.token, code="c", message="m", retryable=deed == "retry", of_input=deed == "reject"
            )
            self.both("fail", worker, [failure])
        else:
            self.both("renew", worker, {job.id: job.token}, idle_ms=LONG_AGO_MS if deed == "crash" else 0)

    @precondition(lambda self: self.claims)
    @rule(deeds=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=4))
    def deal_with_the_latest_claims(self, deeds):
        for back, deed in enumerate(deeds):
            self.deal_with_a_claim(back, deed)

    @precondition(lambda self: self.claims)
    @rule(back=st.integers(0, 5), count=st.integers(1, 3))
    def hand_back(self, back, count):
        end = len(self.claims) - back % len(self.claims)
        some = self.claims[max(0, end - count) : end]
        self.both("hand_back", some[0][0], {job.id: job.token for _, job in some})

    @rule()
    def reap(self):
        self.both("reap")

    @rule(n=st.integers(0, 20), what=st.sampled_from(["cancel", "again", "next epoch", "duplicate", "stranger"]))
    def interfere(self, n, what):
        """A client, a reconciler in doubt, an operator, or somebody with redis-cli."""
        seen = self.seen[JobId(f"job_{n % len(self.seen)}")]
        if what == "cancel":
            self.both("cancel", seen.order.id)
        elif what in ("duplicate", "stranger"):
            element = wire.encode(seen.order.payload) if what == "duplicate" else '{"id": "job_stranger"}'
            self.strangers = True
            self.wait(self.redis.lpush(keys.JOBS, element))
            self.twin.push_by_hand(element)
        else:
            self.submit_again(seen, later=what == "next epoch")

    @rule(engines=st.sampled_from([ENGINES, ENGINES[:1], ENGINES[1:], []]))
    def offer(self, engines):
        """What the fleet can serve changes."""
        self.both("park", engines)

    @rule(what=st.sampled_from(["head", "list", "index", "leases", "retries", "order", "engines"]))
    def lose(self, what):
        """A part of what Redis holds goes; a look at each job finds what stands nowhere.

        Without the engines' names no list can be compared with its index, and a job that a stranger's element hides is
        found earlier: the twin does not know this loss.
        """
        if what == "engines" and self.strangers:
            return
        twin, names = self.twin.state, self.real.keys
        if what == "head":
            self.wait(self.redis.rpop(keys.JOBS))
            del twin.waiting[:1]
        elif what == "list":
            twin.waiting.clear()
        elif what == "leases":
            twin.leases.clear()
        elif what == "index":
            for entry in [one for one in twin.index.values() if one.submission.engine == ENGINES[0]]:
                del twin.index[entry.submission.id]
        lost = {
            "list": keys.JOBS,
            "index": names.index(ENGINES[0]),
            "leases": names.leases,
            "retries": names.retry,
            "order": names.order,
            "engines": names.engines,
        }
        if what in lost:
            self.wait(self.redis.delete(lost[what]))
        for queue in (self.real, self.twin):
            stranded = [view.id for view in self.wait(queue.look(*self.seen)) if view and view.stranded]
            assert self.wait(queue.restore(*self.seen)) == len(stranded)
        self.both("reap")
        for queue in (self.real, self.twin):
            assert not any(view and view.stranded for view in self.wait(queue.look(*self.seen)))

    @precondition(lambda self: self.twin.state.index and not self.strangers)
    @rule(worker=st.sampled_from(WORKERS))
    def claim_without_the_index(self, worker):
        """A worker of an older version takes the first element that names a job."""
        twin = self.twin.state
        entry = min(twin.index.values(), key=lambda one: one.order)
        element = wire.encode(entry.submission.payload)
        if entry.crashes or element not in twin.waiting:
            return
        job_id, token = entry.submission.id, entry.token + 1
        twin.waiting.remove(element)
        twin.index.pop(job_id)
        job = twin.take(entry, worker, entry.submission.batch_key, degraded=False)
        self.wait(self.redis.lrem(keys.JOBS, -1, element))
        taken = {"state": "running", "token": token, "worker": worker, "claimed": self.now_ms()}
        self.wait(self.redis.hset(self.real.keys.job(job_id), mapping=taken))
        self.wait(self.redis.zadd(self.real.keys.leases, {job_id: self.now_ms() + POLICY.lease_ms}))
        self.wait(self.redis.hset(self.real.keys.held(worker), job_id, "0"))
        self.wait(self.redis.zadd(self.real.keys.busy, {worker: self.now_ms()}))
        event = {"kind": "claimed", "id": job_id, "state": "running", "token": token, "worker": worker, "degraded": "0"}
        counters = {name: getattr(entry, name) for name in ("attempts", "crashes", "solo_crashes")}
        self.wait(self.redis.xadd(self.real.keys.events, event | {"wait_ms": "0"} | counters))
        self.claims.append((worker, job))
        self.both("reap")

    def submit_again(self, seen: Seen, *, later: bool) -> None:
        # The ledger never submits what it saw settled, but for a failed job that an operator revives; the queue refuses
        # it too, for as long as it remembers.
        revived = later and seen.settled is JobState.FAILED
        if seen.settled is None or revived or self.wait(self.real.look(seen.order.id)) != [None]:
            order = replace(seen.order, epoch=seen.order.epoch + later)
            (taken,) = self.both("submit", order)
            assert later or not taken
            if taken:
                self.remember(order)

    @rule(really=st.integers(0, 4).map(lambda n: n == 4))
    def empty_the_server(self, really):
        if not really:
            return
        self.follow()
        self.wait(self.redis.flushall())
        self.twin.clear()
        self.read_to = "-"
        for seen in list(self.seen.values()):
            if seen.settled is None:
                order = replace(seen.order, epoch=seen.order.epoch + 1)
                assert self.both("submit", order) == [True]
                self.remember(order)

    @invariant()
    def both_look_the_same(self):
        self.follow()
        real, twin = (self.wait(queue.look(*self.seen)) for queue in (self.real, self.twin))
        assert [timeless(view) for view in real] == [timeless(view) for view in twin]
        waiting = self.wait(self.redis.lrange(keys.JOBS, 0, -1))[::-1]
        assert waiting == self.twin.state.waiting
        assert self.wait(self.real.peek_foreign(99)) == self.wait(self.twin.peek_foreign(99))
        stats, expected = (self.wait(queue.stats()) for queue in (self.real, self.twin))
        assert replace(stats, oldest_waiting_ms=0, mean_wait_ms=0) == replace(
            expected, oldest_waiting_ms=0, mean_wait_ms=0
        )
        assert set(self.wait(self.real.dead_letters())) == set(self.twin.state.dead)
        self.check_index(waiting)
        self.check_places(real, waiting)

    def check_places(self, views: list[JobView | None], waiting: list[str]) -> None:
        """Nothing is lost: what is not settled stands in the list, in the retries or in a worker's hands."""
        for seen, view in zip(self.seen.values(), views, strict=True):
            if view is None:
                assert seen.settled is not None
                continue
            assert (view.state if view.state in TERMINAL else None) == seen.settled
            if view.state is JobState.QUEUED:
                assert (view.position is None) == (view.retry_at_ms is not None or view.parked)
            assert not view.stranded
            assert view.token == seen.token

    def check_index(self, waiting: list[str]) -> None:
        """List and indexes hold the same jobs, in the same order unless strangers pushed copies."""
        found: list[tuple[str, float]] = []
        for engine in ENGINES:
            found += self.wait(self.redis.zrange(self.real.keys.index(engine), 0, -1, withscores=True))
        indexed = [job_id for job_id, _ in sorted(found, key=lambda one: one[1])]
        twin = sorted(self.twin.state.index.values(), key=lambda one: one.order)
        assert indexed == [entry.submission.id for entry in twin]
        listed = [json.loads(element)["id"] for element in waiting]
        assert self.strangers or indexed == listed
        self.strangers &= indexed != listed

    def check_order(self, waiting: list[Seen], claimed: list[JobId]) -> None:
        """No job that never came back is overtaken by a younger one of its priority and key."""
        for n, job_id in enumerate(claimed):
            one = self.seen[job_id]
            rivals = [other for other in waiting if group(other) == group(one) and other.order.id not in claimed[:n]]
            assert one.came_back or all(other.sequence >= one.sequence for other in rivals)

    def waiting_untouched(self) -> list[Seen]:
        views = self.wait(self.twin.look(*self.seen))
        return [
            seen
            for seen, view in zip(self.seen.values(), views, strict=True)
            if view and view.position is not None and not seen.came_back and seen.order.crashes == 0
            if seen.order.deadline_ms is None
        ]

    def follow(self) -> None:
        """Read what both streams say, and keep the ledger."""
        real = [parse_event(*entry) for entry in self.wait(self.redis.xrange(self.real.keys.events, self.read_to))]
        twin = self.twin.state.events[self.twin_read_to :]
        assert [told(event) for event in real] == [told(event) for event in twin]
        for event in real:
            seen = self.seen[event.job_id]
            assert event.token >= seen.token, "tokens only grow"
            assert event.kind != "claimed" or event.token > seen.token
            seen.token = event.token
            seen.came_back |= event.kind == "returned"
            if event.state in TERMINAL:
                assert seen.settled is None, "visible twice"
                seen.settled = event.state
            elif seen.settled is JobState.FAILED and event.kind == "submitted":
                seen.settled = None
            else:
                assert seen.settled is None, "alive after its end"
        if real:
            self.read_to = f"({real[-1].entry_id}"
        self.twin_read_to += len(twin)

    def remember(self, order: Submission) -> None:
        self.sequence += 1
        old = self.seen.get(order.id)
        token, settled = (old.token, old.settled) if old else (0, None)
        self.seen[order.id] = Seen(order, self.sequence, token=token, settled=settled)

    def now_ms(self) -> int:
        seconds, micros = self.wait(self.redis.time())
        return int(seconds) * 1_000 + int(micros) // 1_000

    def teardown(self) -> None:
        self.wait(self.redis.aclose())


def timeless(value: Claimed | JobView | None) -> Any:
    """A claim or a view without the times that two clocks cannot agree on."""
    if value is None:
        return None
    if isinstance(value, Claimed):
        return replace(value, submitted_ms=0, claimed_ms=0)
    claimed_ms = value.claimed_ms and 0
    return replace(value, submitted_ms=0, claimed_ms=claimed_ms, retry_at_ms=value.retry_at_ms and 1)


def told(event: QueueEvent) -> Any:
    data = {name: value for name, value in event.data.items() if name not in ("wait_ms", "due_ms")}
    return event.kind, event.job_id, event.token, event.state, data


def group(seen: Seen) -> Any:
    order = seen.order
    return order.high, order.engine, order.batch_key, order.may_degrade, order.rank


def drive(url: str, *, examples: int) -> None:
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: QueueMachine(runner, url),
            settings=settings(
                max_examples=examples,
                stateful_step_count=60,
                phases=[Phase.generate],
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_lua_and_twin_agree_and_keep_the_laws_whatever_happens(redis_url):
    drive(redis_url, examples=10)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(
    "examples",
    [pytest.param(40, marks=pytest.mark.slow), pytest.param(200, marks=[pytest.mark.slow, pytest.mark.long])],
)
def test_lua_and_twin_agree_for_as_long_as_one_likes(redis_url, examples):
    drive(redis_url, examples=examples)
