"""What attempts used: it comes with the event that ends them, from the worker or, of a lost one, from its heartbeat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proteus.queue import Completion, Failure
from proteus.usage import Usage

USED = Usage(engine="puppet", device="cpu", gpu_seconds=1.25, engine_seconds=2.5, queue_seconds=0.5, store_seconds=0.1)


async def used_in(rig) -> list[tuple[str, Usage | None]]:
    """Every end of an attempt, with what it says was used."""
    ends = ("completed", "retrying", "failed", "canceled", "returned")
    return [(one.kind.value, Usage.read(one.data.get("usage"))) for one in await rig.events() if one.kind in ends]


async def test_each_verdict_brings_its_usage_into_its_event(rig, hands, make_order) -> None:
    await rig.queue.submit(make_order("job_a"))
    failure = Failure(id="job_a", token=0, code="c", message="m", retryable=True)
    (job,) = await hands.claim()
    await rig.queue.fail(hands.worker, [replace(failure, token=job.token, usage=USED.plus(gpu=1))])
    (job,) = await hands.claim()
    await rig.queue.hand_back(hands.worker, {job.id: job.token}, usage={job.id: USED.plus(gpu=2)})
    (job,) = await hands.claim()
    await rig.queue.complete(hands.worker, [Completion(id=job.id, token=job.token, result={}, usage=USED)])
    assert await used_in(rig) == [
        ("retrying", USED.plus(gpu=1)),
        ("returned", None),  # Its retry was due: nobody worked on it meanwhile.
        ("returned", USED.plus(gpu=2)),
        ("completed", USED),
    ]


async def test_a_lost_worker_is_reported_by_its_last_heartbeat_for_that_attempt_alone(rig, hands, make_order) -> None:
    beaten = replace(USED, partial=True)
    await rig.queue.submit(make_order("job_a"), make_order("job_b"))
    job, other = await hands.claim()
    await rig.queue.renew(hands.worker, {job.id: job.token, other.id: other.token}, usage={job.id: beaten})
    await rig.queue.complete(hands.worker, [Completion(id=other.id, token=other.token, result={})])
    await hands.crash(job)
    (job,) = await hands.claim()
    await hands.crash(job)
    await rig.queue.reap()
    assert await used_in(rig) == [("completed", None), ("returned", beaten), ("returned", None)]


async def test_a_deleted_or_cancelled_running_job_brings_what_is_known_of_it(rig, hands, make_order) -> None:
    beaten = replace(USED, partial=True)
    await rig.queue.submit(make_order("job_a"), make_order("job_b"), make_order("job_c"))
    deleted, canceled = await hands.claim(2)
    await rig.queue.renew(hands.worker, {deleted.id: deleted.token}, usage={deleted.id: beaten})
    await rig.queue.forget(deleted.id, "job_c")
    await rig.queue.cancel(canceled.id)
    stopped = Failure(id=canceled.id, token=canceled.token, code="canceled", message="m", retryable=True, usage=USED)
    await rig.queue.fail(hands.worker, [stopped])
    assert await used_in(rig) == [("canceled", beaten), ("canceled", None), ("canceled", USED)]


async def test_a_refused_verdict_reports_nothing(rig, hands, make_order) -> None:
    await rig.queue.submit(make_order("job_a"))
    (zombie,) = await hands.claim()
    await hands.crash(zombie)
    (job,) = await hands.claim()
    late = Completion(id=job.id, token=zombie.token, result={}, usage=USED)
    assert await rig.queue.complete(hands.worker, [late]) == ["refused"]
    assert await used_in(rig) == [("returned", None)]


@pytest.mark.parametrize(
    "found",
    [None, 7, "x", [], {"gpu_seconds": "1"}, {"gpu_seconds": -1}, {"gpu_seconds": float("nan")}, {"gpu_seconds": True},
     {"gpu_seconds": 1e12}, {"queue_seconds": None}],
    ids=str,
)  # fmt: skip
def test_a_usage_that_cannot_be_read_is_unknown_and_no_error(found: object) -> None:
    assert Usage.read(found) is None


def test_usage_of_another_version_is_read_as_far_as_it_is_known() -> None:
    newer = {**USED.write(), "joules": 12, "engine": "x" * 500}
    assert Usage.read({}) == Usage()
    assert Usage.read(newer) == replace(USED, engine="x" * 120)
