"""What the queue says about its jobs: the stream for the recorder, channels for everyone. For both implementations."""

from __future__ import annotations

from typing import Any

import pytest

from proteus import keys
from proteus.jobs import JobState, Stage
from proteus.queue import Completion, Failure


def done(job: Any) -> Completion:
    return Completion(id=job.id, token=job.token, result={"result_key": "results/x.png", "width": 768})


async def test_a_life_is_told_in_order_with_tokens_and_counters(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await hands.crash(job)
    (job,) = await hands.claim()
    await rig.queue.fail(hands.worker, [Failure(id=job.id, token=job.token, code="c", message="m", retryable=True)])
    (job,) = await hands.claim()
    await rig.queue.hand_back(hands.worker, {job.id: job.token})
    (job,) = await hands.claim()
    await rig.queue.complete(hands.worker, [done(job)])
    events = await rig.events()
    queued, running = JobState.QUEUED, JobState.RUNNING
    assert [(event.kind, event.state, event.token - 1_000_000) for event in events] == [
        ("submitted", queued, 0),
        ("claimed", running, 1),
        ("returned", queued, 1),
        ("claimed", running, 2),
        ("retrying", queued, 2),
        ("returned", queued, 2),
        ("claimed", running, 3),
        ("returned", queued, 3),
        ("claimed", running, 4),
        ("completed", JobState.COMPLETED, 4),
    ]
    reasons = [event.data["reason"] for event in events if event.kind == "returned"]
    assert reasons == ["lease_lost", "retry_due", "hand_back"]
    assert (events[4].data["code"], events[4].data["message"], events[4].data["attempts"]) == ("c", "m", 1)
    assert events[2].data["crashes"] == 1
    last = events[-1].data
    assert last["result"] == {"result_key": "results/x.png", "width": 768}
    assert (last["worker"], last["attempts"], last["crashes"], last["solo_crashes"]) == (hands.worker, 1, 1, 0)
    assert all(event.job_id == "job_a" for event in events)


async def test_a_claim_tells_who_took_it_how_and_after_what_wait(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a", degraded_batch_key="small", may_degrade=True))
    await hands.claim(degraded_fraction=1.0)
    data = (await rig.events())[-1].data
    assert (data["worker"], data["degraded"]) == (hands.worker, True)
    assert 0 <= data["wait_ms"] < 60_000


async def test_a_completion_is_published_as_spec_3_says(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await rig.queue.complete(hands.worker, [done(job)])
    assert await rig.published(keys.JOB_DONE) == [
        {
            "job_id": "job_a",
            "job_type": "tryon",
            "status": "completed",
            "result_key": "results/x.png",
            "result_url": "/v1/results/job_a/1",
            "user_id": "user_1",
            "vton_id": "vton_1",
        }
    ]


@pytest.mark.parametrize("end", ["failed", "expired", "canceled", "dead"])
async def test_every_other_end_is_published_too(rig, hands, make_order, end):
    deadline_ms = await rig.now_ms() - 1 if end == "expired" else None
    crashes = {"crashes": 3, "solo_crashes": 2} if end == "dead" else {}
    await rig.queue.submit(make_order("job_a", deadline_ms=deadline_ms, **crashes))
    if end == "canceled":
        await rig.queue.cancel("job_a")
    jobs = await hands.claim()
    if end == "failed":
        failure = Failure(id=jobs[0].id, token=jobs[0].token, code="bad", message='say "ö"', retryable=False)
        await rig.queue.fail(hands.worker, [failure])
    if end == "dead":
        await hands.crash(*jobs)
        await rig.queue.reap()
    (message,) = await rig.published(keys.JOB_DONE)
    error = message.pop("error", None)
    assert message == {
        "job_id": "job_a",
        "job_type": "tryon",
        "status": "failed" if end == "dead" else end,
        "result_key": None,
        "result_url": None,
        "user_id": "user_1",
        "vton_id": "vton_1",
    }
    if end == "failed":
        assert error == {"code": "bad", "message": 'say "ö"'}
    else:
        codes = {"canceled": None, "expired": "deadline_exceeded", "dead": "worker_lost"}
        assert (error or {}).get("code") == codes[end]


async def test_progress_is_published_with_its_owner(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (job,) = await hands.claim()
    await rig.queue.report_progress(job.id, job.token, stage=Stage.DENOISING, step=3, steps=20)
    (message,) = await rig.published(keys.PROGRESS)
    assert message == {
        "job_id": "job_a",
        "job_type": "tryon",
        "user_id": "user_1",
        "vton_id": "vton_1",
        "stage": "denoising",
        "step": 3,
        "steps": 20,
    }


async def test_workers_are_woken_and_told_of_cancels(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    await rig.queue.submit(make_order("job_a"))
    await hands.claim(free=1)
    await rig.queue.cancel("job_a")
    control = rig.queue.keys.control
    assert await rig.published(control) == [{"kind": "work"}, {"kind": "cancel", "id": "job_a"}]
