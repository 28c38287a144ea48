"""Lua and twin driven side by side by random interleavings of everything that can happen to a queue.

After every step both must look the same from outside, and the laws of the queue must hold: nothing is lost, nothing is
visible twice, tokens only grow, and jobs that never came back are claimed in order within their priority and key. Time
needs no sleeping: a renewal with a huge age ends a lease at once, retries are due at once, deadlines lie far away on
either side. The machine plays the gateway's part too: after the server was emptied it submits again, with the next
epoch, what it has not seen settled; and it asks for what stands nowhere to be given its place again.
Any call may meet a server that refuses it (read-only, full, busy with a script that does not end, without replicas or
master, loading its data, unable to save them) or that forgot our scripts, or lose its answer after the script ran; its
caller asks again.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

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

from both_queues import ENGINES, HOUR_MS, LONG_AGO_MS, POLICY, WORKERS, BothQueues, Seen, timeless
from proteus import keys
from proteus.jobs import JobId, JobState
from proteus.queue import (
    Completion,
    Failure,
    Instead,
    Submission,
    wire,
)
from refusing import PROXIED, REFUSALS

FAULTS = ["lost", *PROXIED, *(() if "PROTEUS_TEST_REDIS_URL" in os.environ else REFUSALS)]
"""What the next call meets; a server that others use, too, is brought to refuse nothing."""

DEEDS = ["complete", "retry", "replace", "fail", "reject", "crash", "crash", "renew"]

OTHER = Instead(engine=ENGINES[1], batch_key=f"{ENGINES[1]}/key-a", canvas_key=ENGINES[1])


class QueueMachine(BothQueues, RuleBasedStateMachine):
    """Everything that can happen to the queues, in any order."""

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
        spare=st.sampled_from([False, False, True]),
        canvas=st.booleans(),
    )
    def submit(
        self,
        engine,
        key,
        high=False,
        may=False,
        rank=0.0,
        deadline=None,
        age=None,
        crashes=0,
        spare=False,
        canvas=False,
    ):
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
            canvas_key=engine if canvas else "",
            degraded_canvas_key=engine if canvas and may else "",
            may_degrade=may,
            rank=rank,
            high=high and not spare,
            spare=spare,
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
        key=st.sampled_from([None, None, "puppet/a", "puppet"]),
        fraction=st.sampled_from([0.0, 0.5, 1.0]),
        estimate_ms=st.sampled_from([0, 0, 2 * HOUR_MS]),
        scan_cap=st.sampled_from([2, 200]),
        spare=st.booleans(),
        waited_ms=st.sampled_from([0, 0, 0, LONG_AGO_MS]),
        overtake_ms=st.sampled_from([LONG_AGO_MS, 0]),
    )
    def claim(self, worker, free, engines, key=None, fraction=0.0, estimate_ms=0, scan_cap=200, spare=True, **more):
        options = {"free": free, "engines": engines, "key": key, "estimate_ms": estimate_ms, "scan_cap": scan_cap}
        options |= {"spare": spare, **more}
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
            self.refused_first(fault, lambda queue: queue.claim(worker, degraded_fraction=fraction, **options))
        )
        twin = self.wait(self.twin.claim(worker, degraded_fraction=fraction, **options))
        assert [timeless(job) for job in real.jobs] == [timeless(job) for job in twin.jobs]
        assert real.expired == twin.expired
        assert len({job.shared_key for job in real.jobs}) <= 1
        assert not any(job.solo for job in real.jobs) or len(real.jobs) == 1
        assert len({job.spare for job in real.jobs}) <= 1
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
        elif deed in ("retry", "replace", "fail", "reject"):
            failure = Failure(
                id=job.id,
                token=job.token,
                code="c",
                message="m",
                retryable=deed in ("retry", "replace"),
                of_input=deed == "reject",
                instead=OTHER if deed == "replace" else None,
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

    @rule(what=st.sampled_from(["head", "list", "index", "leases", "retries", "order", "engines", "spare", "due"]))
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
        elif what in ("leases", "due"):
            for job_id in [one for one in twin.leases if twin.jobs[one].submission.spare == (what == "due")]:
                del twin.leases[job_id]
        elif what == "spare":
            twin.spare.clear()
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
            "spare": names.spare,
            "due": names.spare_due,
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
        job = twin.take(entry, worker, degraded=False)
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

    def teardown(self) -> None:
        self.wait(self.redis.aclose())


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


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_lua_and_twin_agree_for_as_long_as_one_likes(redis_url):
    drive(redis_url, examples=200)
