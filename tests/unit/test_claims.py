"""What a worker holds: kept, dropped, settled once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.exceptions import BusyLoadingError, NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from proteus.clock import ManualClock
from proteus.errors import NoPersonDetected, OutOfMemory
from proteus.jobs import JobId, JobState, WorkerId
from proteus.queue import Claim, Claimed, Completion, Failure, MemoryJobQueue, QueuePolicy, Submission, Verdict, wire
from proteus.worker.claims import Claims, Gone, failure_of, failure_of_gone

LEASE_SECONDS = 30.0
WRONG = ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")


class Bench:
    """A queue and two workers on one clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        policy = QueuePolicy(lease_ms=int(LEASE_SECONDS * 1000))
        self.queue = MemoryJobQueue(policy=policy, clock=self.clock, jitter=random.Random(1))
        self.claims = Claims(self.queue, WorkerId("w1"), now=self.clock.now)
        self.other = Claims(self.queue, WorkerId("w2"), now=self.clock.now)

    async def submit(self, *names: str, deadline_seconds: float | None = None) -> None:
        deadline_ms = None if deadline_seconds is None else int((self.clock.now() + deadline_seconds) * 1000)
        await self.queue.submit(
            *[
                Submission(
                    id=JobId(name),
                    epoch=1,
                    payload={"id": name},
                    body={"job_type": "tryon", "user_id": "u", "vton_id": None, "result_url": "/r", "trace_id": "t"},
                    engine="timed",
                    batch_key="k",
                    deadline_ms=deadline_ms,
                )
                for name in names
            ]
        )

    async def take(self, free: int = 8) -> list[Claimed]:
        return await self.claims.take(free, engines=["timed"])

    async def state(self, job: Claimed) -> JobState:
        (view,) = await self.queue.look(job.id)
        assert view is not None
        return view.state


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_job_in_hand_is_nobody_elses_until_it_is_settled(bench: Bench) -> None:
    await bench.submit("a", "b")
    first, second = await bench.take()
    assert bench.claims.count == 2
    assert [bench.claims.gone(job) for job in (first, second)] == [None, None]
    done = [Completion(id=job.id, token=job.token, result={}) for job in (first, second)]
    assert await bench.claims.complete(done) == [Verdict.DONE, Verdict.DONE]
    assert bench.claims.count == 0


async def test_a_lost_job_is_dropped_and_its_completion_refused(bench: Bench) -> None:
    await bench.submit("a")
    (job,) = await bench.take()
    bench.clock.advance(LEASE_SECONDS + 1)
    (again,) = await bench.other.take(1, engines=["timed"])
    bench.claims.hears_gone([job.id], [])
    assert bench.claims.gone(job) is Gone.LOST
    assert await bench.claims.complete([Completion(id=job.id, token=job.token, result={})]) == [Verdict.REFUSED]
    assert bench.other.gone(again) is None


async def test_a_job_that_came_back_under_a_new_token_is_not_the_old_claim(bench: Bench) -> None:
    await bench.submit("a")
    (old,) = await bench.take()
    bench.clock.advance(LEASE_SECONDS + 1)
    (new,) = await bench.take()
    assert (bench.claims.gone(old), bench.claims.gone(new)) == (Gone.LOST, None)


async def test_a_cancelled_job_becomes_canceled_when_its_abort_is_told(bench: Bench) -> None:
    await bench.submit("a")
    (job,) = await bench.take()
    await bench.queue.cancel(job.id)
    bench.claims.hears_gone([], [job.id, JobId("of somebody else")])
    assert bench.claims.gone(job) is Gone.CANCELED
    await bench.claims.fail([failure_of_gone(job, Gone.CANCELED)])
    assert await bench.state(job) is JobState.CANCELED


async def test_a_job_past_its_deadline_expires_by_the_servers_clock(bench: Bench) -> None:
    await bench.submit("a", deadline_seconds=10)
    (job,) = await bench.take()
    bench.clock.advance(9)
    assert bench.claims.gone(job) is None
    bench.clock.advance(2)
    assert bench.claims.gone(job) is Gone.EXPIRED
    await bench.claims.fail([failure_of_gone(job, Gone.EXPIRED)])
    assert await bench.state(job) is JobState.EXPIRED


async def test_what_has_not_started_goes_back_without_a_mark(bench: Bench) -> None:
    await bench.submit("a", "b", "c")
    jobs = await bench.take()
    await bench.claims.hand_back(jobs[1:])
    assert bench.claims.count == 1
    again = await bench.other.take(2, engines=["timed"])
    assert [job.id for job in again] == ["b", "c"]
    assert {(job.attempts, job.crashes) for job in again} == {(0, 0)}


class AwayFor(MemoryJobQueue):
    """The in-memory queue behind a line that breaks: before the call, or after it, when the answer is lost."""

    def __init__(self, *troubles: str) -> None:
        super().__init__()
        self.troubles = list(troubles)

    async def complete(self, worker: WorkerId, completions: Sequence[Completion]) -> list[Verdict]:
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble == "before":
            raise RedisConnectionError("away")
        verdicts = await super().complete(worker, completions)
        if trouble == "after":
            raise RedisConnectionError("away before the answer came")
        return verdicts


@pytest.mark.parametrize("troubles", [["before"], ["after"], ["before", "after", "before"]])
async def test_a_verdict_survives_a_redis_that_is_away_for_a_moment(troubles: list[str]) -> None:
    bench = Bench()
    bench.queue = AwayFor(*troubles)
    bench.claims = Claims(bench.queue, WorkerId("w1"))
    await bench.submit("a")
    (job,) = await bench.take()
    assert await bench.claims.complete([Completion(id=job.id, token=job.token, result={})]) == [Verdict.DONE]
    assert await bench.state(job) is JobState.COMPLETED


class Answering(MemoryJobQueue):
    """The in-memory queue behind a server that answers errors, where and for as long as a test says."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock=clock, jitter=random.Random(1))
        self.error: Exception | None = None
        self.broken: set[JobId] = set()
        self.lose_answers = False

    def _answer(self, ids: Iterable[JobId]) -> None:
        if self.error and (not self.broken or self.broken & set(ids)):
            raise self.error

    async def claim(self, worker: WorkerId, **options: Any) -> Claim:
        self._answer([])
        claim = await super().claim(worker, **options)
        if self.lose_answers:
            raise RedisConnectionError("away before the answer came")
        return claim

    async def complete(self, worker: WorkerId, completions: Sequence[Completion]) -> list[Verdict]:
        self._answer(one.id for one in completions)
        wire.complete_args(completions)
        return await super().complete(worker, completions)

    async def fail(self, worker: WorkerId, failures: Sequence[Failure]) -> list[Verdict]:
        self._answer(one.id for one in failures)
        return await super().fail(worker, failures)

    async def hand_back(self, worker: WorkerId, held: Mapping[JobId, int], **more: Any) -> int:
        self._answer(held)
        return await super().hand_back(worker, held, **more)


class Hands(Bench):
    """A worker before an `Answering` queue; waiting moves the clock."""

    queue: Answering

    def __init__(self) -> None:
        super().__init__()
        self.queue = Answering(self.clock)
        self.waited = 0
        self.claims = Claims(self.queue, WorkerId("w1"), now=self.clock.now, sleep=self.sleep)
        self.claims.on_wait = self.turn
        self.mended_at = float("inf")

    def turn(self) -> None:
        self.waited += 1

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        if self.clock.now() >= self.mended_at:
            self.queue.error = None

    async def views(self, *names: str) -> list[tuple[JobState, int, int]]:
        views = await self.queue.look(*[JobId(name) for name in names])
        return [(view.state, view.attempts, view.crashes) for view in views if view]


AWAY = [
    OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
    ReadOnlyError("You can't write against a read only replica."),
    BusyLoadingError("Redis is loading the dataset in memory"),
    ResponseError("MISCONF Redis is configured to save RDB snapshots"),
    ResponseError("NOREPLICAS Not enough good replicas to write."),
    ResponseError("BUSY Redis is busy running a script."),
    RedisConnectionError("max number of clients reached"),
    NoScriptError("No matching script."),
    RedisTimeoutError("Timeout reading from socket"),
]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: str(error).split()[0])
async def test_an_error_reply_is_waited_out_and_the_loop_turns_meanwhile(error: Exception) -> None:
    hands = Hands()
    await hands.submit("a", "b")
    jobs = await hands.take()
    hands.queue.error, hands.mended_at = error, hands.clock.now() + 20
    done = [Completion(id=job.id, token=job.token, result={}) for job in jobs]
    assert await hands.claims.complete(done) == [Verdict.DONE, Verdict.DONE]
    assert hands.waited > 5


@pytest.mark.parametrize("error", [AWAY[0], WRONG], ids=["away", "wrong"])
@pytest.mark.parametrize("verb", ["complete", "fail", "hand_back"])
async def test_what_cannot_be_told_is_let_go_and_handed_back_before_the_next_claim(error: Exception, verb: str) -> None:
    hands = Hands()
    await hands.submit("a")
    (job,) = await hands.take()
    hands.queue.error = error
    if verb == "hand_back":
        await hands.claims.hand_back([job])
    elif verb == "fail":
        assert await hands.claims.fail([failure_of(job, OutOfMemory())]) == [None]
    else:
        assert await hands.claims.complete([Completion(id=job.id, token=job.token, result={})]) == [None]
    assert hands.claims.count == 0
    hands.queue.error = None
    (again,) = await hands.take()
    assert (again.id, again.attempts, again.crashes) == ("a", 0, 0)
    assert again.token > job.token


async def test_a_job_with_a_broken_key_takes_no_other_verdict_along() -> None:
    hands = Hands()
    await hands.submit("a", "b", "c")
    jobs = await hands.take()
    hands.queue.error, hands.queue.broken = WRONG, {JobId("b")}
    before = REGISTRY.get_sample_value("proteus_worker_verdicts_set_aside_total") or 0
    done = [Completion(id=job.id, token=job.token, result={}) for job in jobs]
    assert await hands.claims.complete(done) == [Verdict.DONE, None, Verdict.DONE]
    assert REGISTRY.get_sample_value("proteus_worker_verdicts_set_aside_total") == before + 1


async def test_a_claim_whose_answer_was_lost_is_handed_back_and_counts_no_crash() -> None:
    hands = Hands()
    await hands.submit("a", "b")
    (first,) = await hands.take(1)
    hands.queue.lose_answers = True
    with pytest.raises(RedisConnectionError):
        await hands.take()
    assert await hands.views("a", "b") == [(JobState.RUNNING, 0, 0), (JobState.RUNNING, 0, 0)]
    hands.queue.lose_answers = False
    (second,) = await hands.take()
    assert (second.id, second.crashes) == ("b", 0)
    assert hands.claims.gone(first) is None, "what is in hand stays there"


async def test_a_result_that_cannot_be_told_is_the_engines_failure() -> None:
    hands = Hands()
    await hands.submit("a")
    (job,) = await hands.take()
    await hands.claims.complete([Completion(id=job.id, token=job.token, result={"notes": object()})])
    assert await hands.views("a") == [(JobState.QUEUED, 1, 0)]


async def test_a_loop_that_broke_leaves_nothing_in_hand() -> None:
    hands = Hands()
    await hands.submit("a", "b")
    await hands.take()
    await hands.claims.give_up(KeyError("a bug"))
    assert hands.claims.count == 0
    assert await hands.views("a", "b") == [(JobState.QUEUED, 1, 0), (JobState.QUEUED, 1, 0)]


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (NoPersonDetected(), "no_person_detected", False),
        (OutOfMemory(), "gpu_out_of_memory", True),
        (ValueError("tensor of the wrong size"), "engine_failed", True),
    ],
)
async def test_an_error_becomes_a_failure_with_its_code(
    bench: Bench, error: Exception, code: str, retryable: bool
) -> None:
    await bench.submit("a")
    (job,) = await bench.take()
    failure = failure_of(job, error)
    assert (failure.code, failure.retryable, failure.token) == (code, retryable, job.token)
    assert failure.message
