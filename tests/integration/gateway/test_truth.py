"""Rows and queue agree again, whatever Redis lost; the first terminal event wins."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from gateway.reconciler import Reconciler
from gateway.settling import fact
from proteus.jobs import JobId
from proteus.keys import JOBS, TAILOR
from proteus.queue import Completion, JobQueue, QueueEvent, Verdict


def reconciler(parts) -> Reconciler:
    return Reconciler(parts.ledger, parts.redis, parts.queues, parts.recorder, parts.submitter)


async def row(parts, job_id):
    async with parts.ledger.read() as reads:
        return (await reads.jobs([job_id]))[job_id]


async def test_an_emptied_redis_gets_everything_back_and_a_zombie_is_refused(gateway, ready, hands, redis) -> None:
    guest = ready.guest
    snaps = [await ready.snap() for _ in range(3)]
    fresh = await guest.snap(await guest.upload(), ready.garment)
    zombie = await hands.take()
    await redis.flushall()
    async with hands.working():
        for snap in [*snaps, fresh]:
            assert (await guest.wait(snap["job_id"]))["status"] == "completed"
    late = Completion(id=zombie.id, token=zombie.token, result={"result_key": "results/late.png"})
    assert await hands.queues[JOBS].complete(hands.worker, [late]) == [Verdict.REFUSED]


async def test_the_epoch_is_agreed_on_once(parts, redis) -> None:
    mender = reconciler(parts)
    assert await mender.watch() is True
    assert await mender.watch() is False
    await redis.flushall()
    assert sorted(await asyncio.gather(*[reconciler(parts).watch() for _ in range(3)])).count(True) == 1
    assert await mender.watch() is False


async def test_rows_that_missed_events_are_put_right(gateway, ready, hands, parts, redis) -> None:
    """The stream is cut while a job runs and ends: the ledger learns it from the job itself."""
    snap = await ready.snap()
    job_id = snap["job_id"]
    stream = JobQueue(redis, JOBS).keys.events
    job = await hands.take()
    await redis.delete(stream)
    await hands.finish(job)
    await redis.delete(stream)
    await reconciler(parts).compare(updated_before=datetime.now(UTC) + timedelta(seconds=5))
    found = await ready.guest.wait(job_id)
    assert found["status"] == "completed"
    assert found["results"][0]["url"] == f"/v1/results/{job_id}/1"


async def test_a_row_that_ended_without_its_queue_is_cancelled_there(gateway, ready, parts, redis) -> None:
    snap = await ready.snap()
    queued = await row(parts, snap["job_id"])
    await parts.recorder.settle([fact(queued, "canceled", now=datetime.now(UTC))])
    await reconciler(parts).compare(updated_before=datetime.now(UTC))
    assert await redis.llen(JOBS) == 0
    assert (await ready.guest.wait(snap["job_id"]))["status"] == "canceled"


async def test_the_first_terminal_event_wins_and_old_tokens_mean_nothing(gateway, ready, hands, parts) -> None:
    snap = await ready.snap()
    async with hands.working():
        await ready.guest.wait(snap["job_id"])
    done = await row(parts, snap["job_id"])
    for kind in ("failed", "canceled", "completed", "claimed", "returned"):
        event = QueueEvent(
            entry_id="", kind=kind, job_id=JobId(done.id), token=done.token + 5, state=done.job.state, at_ms=1, data={}
        )
        assert await parts.recorder.settle([event]) == []
    assert await row(parts, snap["job_id"]) == done


async def test_events_recorded_twice_are_recorded_once(gateway, ready, hands, parts, redis) -> None:
    snap = await ready.snap()
    async with hands.working():
        await ready.guest.wait(snap["job_id"])
    entries = await redis.xrange(JobQueue(redis, JOBS).keys.events)
    async with parts.ledger.read() as reads:
        before = await reads.last_seqs([ready.guest.user_id])
    group = JobQueue(redis, JOBS).keys.events
    await redis.xgroup_setid(group, "recorder", "0")
    async with asyncio.timeout(20):
        while True:
            found = (await redis.xinfo_groups(group))[0]
            if found["entries-read"] and not found["pending"] and not found["lag"]:
                break
            await asyncio.sleep(0.02)
    assert entries
    async with parts.ledger.read() as reads:
        assert await reads.last_seqs([ready.guest.user_id]) == before


async def test_a_failed_photo_fails_what_waits_for_it_with_the_same_code(gateway, ready, hands) -> None:
    guest = ready.guest
    bad = await guest.upload(b"no picture at all" * 20, content_type="image/jpeg")
    snap = await guest.snap(bad, ready.garment, num_samples=2)
    assert snap["stage"] == "preparing"
    async with hands.working(TAILOR):
        failed = await guest.wait(snap["job_id"])
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "unsupported_media"
    assert [result["status"] for result in failed["results"]] == ["failed", "failed"]


async def test_samples_are_units_and_results_are_a_list(gateway, ready, hands) -> None:
    snap = await ready.snap(num_samples=3, seed=10)
    async with hands.working():
        done = await ready.guest.wait(snap["job_id"])
    assert [(result["n"], result["seed"]) for result in done["results"]] == [(1, 10), (2, 11), (3, 12)]
    for n in (1, 2, 3):
        assert (await ready.guest.http.get(f"/v1/results/{snap['job_id']}/{n}")).status_code == 302
    assert (await ready.guest.http.get(f"/v1/results/{snap['job_id']}/4")).status_code == 404
