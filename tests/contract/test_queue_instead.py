"""A job that comes back from a failure as another engine's. For both implementations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proteus.queue import Completion, Failure, Instead, Verdict

CATVTON = Instead(engine="catvton", batch_key="catvton/1/768x1024/20", canvas_key="catvton/1/768x1024")


def done(job: Any) -> Completion:
    return Completion(id=job.id, token=job.token, result={"result_key": "results/x.png"})


def gone(job: Any, *, of_input: bool = False) -> Failure:
    return Failure(
        id=job.id,
        token=job.token,
        code="quality_too_low",
        message="no",
        retryable=True,
        of_input=of_input,
        instead=CATVTON,
    )


async def test_a_job_that_fails_may_come_back_as_another_engines(rig, hands, other_hands, make_order):
    order = replace(make_order("job_a"), may_degrade=True, degraded_batch_key="puppet/small")
    await rig.queue.submit(order, make_order("job_b"))
    job, _ = await hands.claim()
    assert await rig.queue.fail(hands.worker, [gone(job)]) == [Verdict.RETRY]
    assert await rig.queue.fail(hands.worker, [gone(job)]) == [Verdict.RETRY], "an answer that was lost is given again"
    assert await hands.claim() == [], "it is not its first engine's any more"
    (again,) = await other_hands.claim(engines=["catvton"], degraded_fraction=1.0)
    assert (again.id, again.engine, again.attempts, again.token) == ("job_a", "catvton", 1, job.token + 1)
    assert (again.batch_key, again.shared_key, again.degraded) == (CATVTON.batch_key, CATVTON.canvas_key, False)
    assert again.body == job.body, "it still names the engine that was chosen"
    assert await rig.queue.complete(hands.worker, [done(job)]) == [Verdict.REFUSED], "the first one's worker is late"
    assert await rig.queue.complete(other_hands.worker, [done(again)]) == [Verdict.DONE]


async def test_a_cancelled_job_goes_to_no_other_engine(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    assert await rig.queue.cancel(job.id) == [Verdict.FLAGGED]
    assert await rig.queue.fail(hands.worker, [gone(job)]) == [Verdict.DONE]
    assert await hands.claim(engines=["catvton"]) == []


async def test_another_engine_is_named_in_vain_once_the_attempts_are_used_up(rig, hands, make_order, policy):
    await rig.queue.submit(replace(make_order("job_a"), attempts=policy.max_attempts - 1))
    (job,) = await hands.claim()
    assert await rig.queue.fail(hands.worker, [gone(job, of_input=True)]) == [Verdict.DEAD]
    assert await rig.queue.dead_letters() == [], "the user sees the reason; an operator could repair nothing"
