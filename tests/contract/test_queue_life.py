"""What becomes of jobs that crash, fail, are handed back, cancelled or forgotten. For both implementations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proteus.jobs import JobState, Stage
from proteus.queue import Completion, Failure, QueuePolicy, Verdict


def done(job: Any) -> Completion:
    return Completion(id=job.id, token=job.token, result={"result_key": "results/x.png"})


def failure(job: Any, *, retryable: bool = True, message: str = "it broke") -> Failure:
    return Failure(id=job.id, token=job.token, code="engine_failed", message=message, retryable=retryable)


def tokens(jobs: Any) -> dict[Any, int]:
    return {job.id: job.token for job in jobs}


async def waiting_ids(rig: Any) -> list[str]:
    return [json.loads(element)["id"] for element in await rig.waiting()]


async def test_a_lost_lease_returns_to_the_head_of_the_queue(rig, hands, other_hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(4)))
    batch = await hands.claim(free=2)
    await hands.crash(*batch)
    assert await rig.queue.reap() == 2
    assert await waiting_ids(rig) == ["job_0", "job_1", "job_2", "job_3"]
    assert (await rig.queue.stats()).busy_workers == 0


async def test_a_claim_reaps_first(rig, hands, other_hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await hands.crash(job)
    (again,) = await other_hands.claim()
    assert (again.id, again.crashes, again.solo) == ("job_a", 1, True)


async def test_reaping_moves_no_more_than_its_limit(rig, hands, make_order, policy):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(policy.reap_limit + 20)))
    jobs = await hands.claim(free=policy.reap_limit + 20)
    await hands.crash(*jobs)
    assert await rig.queue.reap() == policy.reap_limit
    assert await rig.queue.reap() == 20
    assert await rig.queue.reap() == 0


async def test_a_lease_lives_three_expected_steps_if_those_are_longer(rig, hands, make_order, policy):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    idle_ms = policy.lease_ms + 5_000
    await rig.queue.renew(hands.worker, tokens([job]), idle_ms=idle_ms, step_ms=policy.lease_ms)
    assert await rig.queue.reap() == 0
    await rig.queue.renew(hands.worker, tokens([job]), idle_ms=idle_ms, step_ms=1_000)
    assert await rig.queue.reap() == 1


async def test_one_poison_and_seven_good_in_one_batch_leave_exactly_one_dead(rig, hands, make_order):
    poison = "job_3"
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(8)))
    rounds = 0
    while batch := await hands.claim(free=8):
        rounds += 1
        if poison in tokens(batch):
            await hands.crash(*batch)
        else:
            await rig.queue.complete(hands.worker, [done(job) for job in batch])
        assert rounds < 20
    assert await rig.queue.dead_letters() == [poison]
    views = await rig.queue.look(*(f"job_{n}" for n in range(8)))
    assert [view.state for view in views if view.id != poison] == [JobState.COMPLETED] * 7
    (dead,) = (view for view in views if view.id == poison)
    assert (dead.state, dead.code, dead.crashes, dead.solo_crashes) == (JobState.FAILED, "worker_lost", 4, 3)


async def test_a_crashed_job_is_given_only_to_a_worker_that_holds_nothing(rig, hands, other_hands, make_order):
    await rig.queue.submit(make_order("job_poison"))
    await hands.crash(*await hands.claim())
    await rig.queue.reap()
    await rig.queue.submit(make_order("job_a"), make_order("job_b"), make_order("job_c"))
    assert list(tokens(await hands.claim(free=2, key="puppet/1"))) == ["job_a", "job_b"]
    assert list(tokens(await hands.claim(free=2))) == ["job_c"]
    (poison,) = await other_hands.claim(free=4)
    assert (poison.id, poison.solo) == ("job_poison", True)


@pytest.mark.parametrize("policy", [QueuePolicy(solo_patience_ms=1)])
async def test_a_crashed_job_that_waits_too_long_is_waited_for(rig, hands, other_hands, make_order, policy):
    await rig.queue.submit(make_order("job_poison"))
    poison = await hands.claim()
    await rig.queue.submit(*(make_order(f"job_{n}", key="other") for n in range(4)))
    (busy,) = await other_hands.claim(free=1)
    await hands.crash(*poison)
    await rig.queue.reap()
    since = await rig.now_ms()
    while await rig.now_ms() <= since + 1:
        advance(rig)
    assert await other_hands.claim(free=3) == []
    assert await other_hands.claim(free=3, key="other") == []
    await rig.queue.complete(other_hands.worker, [done(busy)])
    assert list(tokens(await other_hands.claim(free=3))) == ["job_poison"]


async def test_nothing_joins_a_worker_that_runs_a_crashed_job(rig, hands, make_order):
    await rig.queue.submit(make_order("job_poison"))
    await hands.crash(*await hands.claim())
    await rig.queue.submit(make_order("job_a"))
    (poison,) = await hands.claim(free=4)
    assert await hands.claim(free=3) == []
    await rig.queue.complete(hands.worker, [done(poison)])
    assert list(tokens(await hands.claim(free=3))) == ["job_a"]


async def test_crashes_beside_others_do_not_add_up_to_a_death(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a", crashes=50))
    (job,) = await hands.claim()
    await hands.crash(job)
    (job,) = await hands.claim()
    assert (job.crashes, job.solo) == (51, True)


async def test_a_retryable_failure_comes_back_until_its_attempts_are_used_up(rig, hands, make_order, policy):
    await rig.queue.submit(make_order("job_a"))
    for attempt in range(policy.max_attempts):
        (job,) = await hands.claim()
        assert job.attempts == attempt
        last = attempt == policy.max_attempts - 1
        assert await rig.queue.fail(hands.worker, [failure(job)]) == [Verdict.DEAD if last else Verdict.RETRY]
    assert await hands.claim() == []
    (view,) = await rig.queue.look("job_a")
    assert (view.state, view.code, view.message, view.attempts) == (JobState.FAILED, "engine_failed", "it broke", 4)
    assert await rig.queue.dead_letters() == ["job_a"]


@pytest.mark.parametrize("policy", [QueuePolicy(backoff_base_ms=10**9, backoff_cap_ms=2 * 10**9)])
async def test_a_retry_waits_for_its_backoff(rig, hands, make_order, policy):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(8)))
    jobs = await hands.claim()
    await rig.queue.fail(hands.worker, [failure(job) for job in jobs])
    before = await rig.now_ms()
    views = await rig.queue.look(*tokens(jobs))
    delays = [view.retry_at_ms - before for view in views]
    assert all(delay <= policy.backoff_base_ms for delay in delays)
    assert len(set(delays)) > 1
    assert [view.state for view in views] == [JobState.QUEUED] * 8
    stats = await rig.queue.stats()
    assert (stats.waiting, stats.retrying, stats.running, stats.busy_workers) == (0, 8, 0, 0)


@pytest.mark.parametrize("policy", [QueuePolicy(backoff_base_ms=1_000, backoff_cap_ms=2_000, max_attempts=100)])
async def test_a_backoff_stays_below_its_cap_however_many_attempts_there_were(rig, hands, make_order, policy):
    await rig.queue.submit(*(make_order(f"job_{n}", attempts=30) for n in range(8)))
    jobs = await hands.claim()
    await rig.queue.fail(hands.worker, [failure(job) for job in jobs])
    delays = [view.retry_at_ms - await rig.now_ms() for view in await rig.queue.look(*tokens(jobs))]
    assert all(delay <= policy.backoff_cap_ms for delay in delays)


async def test_a_due_retry_returns_to_the_head(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    (job,) = await hands.claim(free=1)
    await rig.queue.fail(hands.worker, [failure(job)])
    assert await waiting_ids(rig) == ["job_b"]
    assert await rig.queue.reap() == 1
    assert await waiting_ids(rig) == ["job_a", "job_b"]


async def test_a_failure_that_is_final_is_a_dead_letter_at_once(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    assert await rig.queue.fail(hands.worker, [failure(job, retryable=False, message="x" * 9_000)]) == [Verdict.DEAD]
    (view,) = await rig.queue.look("job_a")
    assert (view.state, view.message) == (JobState.FAILED, "x" * 500)


async def test_what_a_user_sent_wrong_fails_his_job_and_is_no_dead_letter(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    jobs = await hands.claim()
    rejected, broken = (
        Failure(id=job.id, token=job.token, code="c", message="m", retryable=False, of_input=job.id == "job_a")
        for job in jobs
    )
    assert await rig.queue.fail(hands.worker, [rejected, broken]) == [Verdict.DEAD, Verdict.DEAD]
    assert await rig.queue.fail(hands.worker, [rejected]) == [Verdict.DEAD], "asked again: the same answer"
    assert await rig.queue.dead_letters() == ["job_b"]
    assert (await rig.queue.stats()).dead == 1
    views = await rig.queue.look("job_a", "job_b")
    assert [(view.state, view.code) for view in views] == [(JobState.FAILED, "c")] * 2


async def test_a_users_mistake_that_is_told_as_one_to_try_again_is_tried_again(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    odd = Failure(id=job.id, token=job.token, code="c", message="m", retryable=True, of_input=True)
    assert await rig.queue.fail(hands.worker, [odd]) == [Verdict.RETRY]


async def test_a_retryable_failure_past_the_deadline_expires(rig, hands, make_order):
    now = await rig.now_ms()
    await rig.queue.submit(make_order("job_a", deadline_ms=now + 30))
    (job,) = await hands.claim()
    while await rig.now_ms() <= now + 30:
        advance(rig)
    assert await rig.queue.fail(hands.worker, [failure(job)]) == [Verdict.DONE]
    assert (await rig.queue.look("job_a"))[0].state is JobState.EXPIRED


async def test_a_job_that_comes_back_past_its_deadline_expires(rig, hands, make_order):
    now = await rig.now_ms()
    await rig.queue.submit(*(make_order(f"job_{n}", deadline_ms=now + 30) for n in range(2)))
    crashed, given_back = await hands.claim()
    while await rig.now_ms() <= now + 30:
        advance(rig)
    await hands.crash(crashed)
    await rig.queue.hand_back(hands.worker, tokens([given_back]))
    await rig.queue.reap()
    assert [view.state for view in await rig.queue.look("job_0", "job_1")] == [JobState.EXPIRED] * 2
    assert await rig.waiting() == []


def advance(rig: Any) -> None:
    """Let time pass where a test owns it."""
    if hasattr(rig, "clock"):
        rig.clock.advance(0.01)


async def test_what_is_handed_back_is_next_in_its_order_and_counts_for_nothing(rig, hands, other_hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(5)))
    batch = await hands.claim(free=3)
    assert await rig.queue.hand_back(hands.worker, tokens(batch)) == 3
    assert await rig.queue.hand_back(hands.worker, tokens(batch)) == 0
    assert await waiting_ids(rig) == [f"job_{n}" for n in range(5)]
    again = await other_hands.claim(free=5)
    assert [(job.id, job.crashes, job.attempts, job.solo) for job in again[:3]] == [
        (f"job_{n}", 0, 0, False) for n in range(3)
    ]


async def test_a_cancelled_waiting_job_is_gone_at_once(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    assert await rig.queue.cancel("job_a") == [Verdict.DONE]
    assert await rig.queue.cancel("job_a", "job_unknown") == [Verdict.DONE, Verdict.REFUSED]
    assert await waiting_ids(rig) == ["job_b"]
    assert (await rig.queue.look("job_a"))[0].state is JobState.CANCELED


async def test_a_cancelled_retry_is_gone_at_once(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await rig.queue.fail(hands.worker, [failure(job)])
    assert await rig.queue.cancel("job_a") == [Verdict.DONE]
    assert await rig.queue.reap() == 0
    assert (await rig.queue.stats()).retrying == 0


async def test_a_cancelled_running_job_stops_when_its_worker_says_so(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    assert await rig.queue.cancel("job_a") == [Verdict.FLAGGED]
    renewal = await rig.queue.renew(hands.worker, tokens([job]))
    assert (renewal.lost, renewal.canceled) == ((), ("job_a",))
    assert (await rig.queue.look("job_a"))[0].cancel_requested
    assert await rig.queue.fail(hands.worker, [failure(job)]) == [Verdict.DONE]
    assert (await rig.queue.look("job_a"))[0].state is JobState.CANCELED


@pytest.mark.parametrize("way", ["crash", "hand_back"])
async def test_a_cancelled_job_that_comes_back_is_canceled(rig, hands, make_order, way):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await rig.queue.cancel("job_a")
    if way == "crash":
        await hands.crash(job)
        await rig.queue.reap()
    else:
        await rig.queue.hand_back(hands.worker, tokens([job]))
    assert (await rig.queue.look("job_a"))[0].state is JobState.CANCELED
    assert await hands.claim() == []


async def test_what_finished_before_its_cancel_stays_completed(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await rig.queue.complete(hands.worker, [done(job)])
    assert await rig.queue.cancel("job_a") == [Verdict.REFUSED]


async def test_forgetting_leaves_no_trace_of_waiting_running_and_settled_jobs(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(4)))
    running, completed = await hands.claim(free=2)
    await rig.queue.complete(hands.worker, [done(completed)])
    assert await rig.queue.forget(*(f"job_{n}" for n in range(3)), "job_unknown") == 3
    assert await rig.queue.look("job_0", "job_1", "job_2") == [None, None, None]
    assert await waiting_ids(rig) == ["job_3"]
    assert (await rig.queue.renew(hands.worker, tokens([running]))).lost == (running.id,)
    assert await rig.queue.complete(hands.worker, [done(running)]) == [Verdict.REFUSED]
    stats = await rig.queue.stats()
    assert (stats.waiting, stats.running, stats.busy_workers) == (1, 0, 0)


async def test_only_workers_that_hold_jobs_are_busy(rig, hands, other_hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    (a,) = await hands.claim(free=1)
    (b,) = await other_hands.claim(free=1)
    assert (await rig.queue.stats()).busy_workers == 2
    await rig.queue.complete(hands.worker, [done(a)])
    assert (await rig.queue.stats()).busy_workers == 1
    await rig.queue.fail(other_hands.worker, [failure(b)])
    assert (await rig.queue.stats()).busy_workers == 0


async def test_progress_is_heard_only_from_the_owner(rig, hands, other_hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    assert await rig.queue.report_progress(job.id, job.token, stage=Stage.DENOISING, step=3, steps=20)
    assert not await rig.queue.report_progress(job.id, job.token - 1, stage=Stage.STORING, step=9, steps=20)
    (view,) = await rig.queue.look("job_a")
    assert (view.state, view.stage, view.step, view.steps) == (JobState.RUNNING, Stage.DENOISING, 3, 20)
    await rig.queue.hand_back(hands.worker, tokens([job]))
    (view,) = await rig.queue.look("job_a")
    assert (view.state, view.stage, view.step, view.position) == (JobState.QUEUED, None, 0, 0)
