"""What a worker holds: kept, dropped, settled once."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from proteus.claims import Claims, Gone, failure_of, failure_of_gone
from proteus.clock import ManualClock
from proteus.errors import NoPersonDetected, OutOfMemory
from proteus.jobs import JobId, JobState, WorkerId
from proteus.queue import Claimed, Completion, MemoryJobQueue, QueuePolicy, Submission, Verdict

LEASE_SECONDS = 30.0


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
