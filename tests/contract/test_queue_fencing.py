"""Who may settle a job: tokens, epochs, and answers that were lost on their way. For both implementations."""

from __future__ import annotations

from typing import Any

from proteus.jobs import JobState
from proteus.queue import Completion, Failure, Verdict


def done(job: Any, token: int | None = None) -> Completion:
    result = {"result_key": f"results/u/{job.id}.png", "sizes": [], "seed": 2**53 - 1}
    return Completion(id=job.id, token=token or job.token, result=result)


def failure(job: Any, *, retryable: bool = True) -> Failure:
    return Failure(id=job.id, token=job.token, code="engine_failed", message="it broke", retryable=retryable)


async def test_the_first_token_is_seeded_with_the_epoch(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a", epoch=7))
    (job,) = await hands.claim()
    assert job.token == 7_000_001


async def test_submitting_the_same_epoch_again_changes_nothing(rig, hands, make_order):
    assert await rig.queue.submit(make_order("job_a"), make_order("job_b")) == [True, True]
    assert await rig.queue.submit(make_order("job_a"), make_order("job_c")) == [False, True]
    (job, *_) = await hands.claim(free=1)
    assert await rig.queue.submit(make_order("job_a")) == [False]
    await rig.queue.complete(hands.worker, [done(job)])
    assert await rig.queue.submit(make_order("job_a")) == [False]


async def test_a_later_epoch_replaces_a_waiting_job_without_doubling_it(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    assert await rig.queue.submit(make_order("job_a", epoch=2)) == [True]
    assert [(job.id, job.token) for job in await hands.claim()] == [("job_b", 1_000_001), ("job_a", 2_000_001)]


async def test_a_later_epoch_takes_a_running_job_from_its_worker(rig, hands, other_hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (old,) = await hands.claim()
    await rig.queue.submit(make_order("job_a", epoch=2))
    assert (await rig.queue.renew(hands.worker, {old.id: old.token})).lost == ("job_a",)
    assert await rig.queue.complete(hands.worker, [done(old)]) == [Verdict.REFUSED]
    (new,) = await other_hands.claim()
    assert await rig.queue.complete(other_hands.worker, [done(new)]) == [Verdict.DONE]
    assert (await rig.queue.stats()).busy_workers == 0


async def test_an_operator_revives_a_failed_job_with_the_next_epoch(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    assert await rig.queue.fail(hands.worker, [failure(job, retryable=False)]) == [Verdict.DEAD]
    assert await rig.queue.dead_letters() == ["job_a"]
    assert await rig.queue.submit(make_order("job_a", epoch=2)) == [True]
    assert await rig.queue.dead_letters() == []
    (again,) = await hands.claim()
    assert again.token == 2_000_001


async def test_what_is_completed_or_canceled_stays_so_whatever_the_epoch(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    (job,) = await hands.claim(free=1)
    await rig.queue.complete(hands.worker, [done(job)])
    await rig.queue.cancel("job_b")
    assert await rig.queue.submit(make_order("job_a", epoch=2), make_order("job_b", epoch=2)) == [False, False]


async def test_only_the_current_token_completes(rig, hands, other_hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (zombie,) = await hands.claim()
    await hands.crash(zombie)
    (owner,) = await other_hands.claim()
    assert owner.token == zombie.token + 1
    assert await rig.queue.complete(hands.worker, [done(zombie)]) == [Verdict.REFUSED]
    assert await rig.queue.fail(hands.worker, [failure(zombie)]) == [Verdict.REFUSED]
    assert await rig.queue.hand_back(hands.worker, {zombie.id: zombie.token}) == 0
    assert (await rig.queue.renew(hands.worker, {zombie.id: zombie.token})).lost == ("job_a",)
    assert await rig.queue.complete(other_hands.worker, [done(owner)]) == [Verdict.DONE]
    assert await rig.queue.complete(hands.worker, [done(zombie)]) == [Verdict.REFUSED]


async def test_a_worker_whose_lease_ran_out_unnoticed_still_owns_its_job(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await hands.crash(job)
    assert (await rig.queue.renew(hands.worker, {job.id: job.token})).lost == ()
    assert await rig.queue.reap() == 0
    assert await rig.queue.complete(hands.worker, [done(job)]) == [Verdict.DONE]


async def test_asking_again_after_a_lost_answer_gets_the_same_answer(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(3)))
    a, b, c = await hands.claim()
    for _ in range(2):
        assert await rig.queue.complete(hands.worker, [done(a)]) == [Verdict.DONE]
        assert await rig.queue.fail(hands.worker, [failure(b)]) == [Verdict.RETRY]
        assert await rig.queue.fail(hands.worker, [failure(c, retryable=False)]) == [Verdict.DEAD]
    kinds = [event.kind for event in await rig.events() if event.kind not in ("submitted", "claimed")]
    assert kinds == ["completed", "retrying", "failed"]


async def test_verdicts_come_in_the_order_of_the_jobs(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    a, b = await hands.claim()
    verdicts = await rig.queue.complete(hands.worker, [done(a, 5), done(b), done(a)])
    assert verdicts == [Verdict.REFUSED, Verdict.DONE, Verdict.DONE]


async def test_a_completion_keeps_its_result_to_the_letter(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await rig.queue.complete(hands.worker, [done(job)])
    (view,) = await rig.queue.look("job_a")
    assert (view.state, view.result) == (JobState.COMPLETED, done(job).result)
    assert (await rig.events())[-1].data["result"] == done(job).result


async def test_after_the_server_was_emptied_tokens_still_grow_and_zombies_are_refused(
    rig, hands, other_hands, make_order
):
    await rig.queue.submit(make_order("job_a"))
    (zombie,) = await hands.claim()
    await rig.empty()
    assert await rig.queue.complete(hands.worker, [done(zombie)]) == [Verdict.REFUSED]
    assert (await rig.queue.renew(hands.worker, {zombie.id: zombie.token})).lost == ("job_a",)
    assert await rig.queue.submit(make_order("job_a", epoch=2)) == [True]
    (owner,) = await other_hands.claim()
    assert owner.token > zombie.token
    assert await rig.queue.complete(hands.worker, [done(zombie)]) == [Verdict.REFUSED]
    assert await rig.queue.complete(other_hands.worker, [done(owner)]) == [Verdict.DONE]


async def test_counters_carried_over_from_the_ledger_still_count(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a", epoch=3, attempts=2, crashes=3, solo_crashes=2), make_order("job_b"))
    (job,) = await hands.claim()
    assert (job.id, job.solo, job.attempts, job.crashes) == ("job_a", True, 2, 3)
    await hands.crash(job)
    await rig.queue.reap()
    assert await rig.queue.dead_letters() == ["job_a"]
