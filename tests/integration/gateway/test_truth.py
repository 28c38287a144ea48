"""Rows and queue agree again, whatever Redis lost; the first terminal event wins."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from gateway.composition import build
from gateway.recording.reconciler import Reconciler
from gateway.recording.transitions import fact
from gateway.rules.options import TryonOptions
from gateway.rules.tokens import Caller
from gateway.submitting.context import SubmitContext
from proteus.jobs import EPOCH_TOKENS, EventKind, JobId
from proteus.keys import JOBS, TAILOR
from proteus.queue import Completion, JobQueue, QueueEvent, Verdict
from proteus.settings import RedisSettings
from waiting import PATIENCE_SECONDS
from workbench.stack.ports import free_port


def reconciler(parts) -> Reconciler:
    return parts.reconciler


async def row(parts, job_id):
    async with parts.ledger.read() as reads:
        return (await reads.jobs.by_ids([job_id]))[job_id]


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


async def test_a_lost_job_whose_claim_nobody_recorded_gets_tokens_beyond_the_lost_ones(
    ready, hands, parts, redis
) -> None:
    """Its arrival and its claim were in the stream that is gone: the row says that it never arrived."""
    snap = await ready.snap()
    zombie = await hands.take()
    await redis.flushall()
    await reconciler(parts).compare(updated_before=datetime.now(UTC), emptied=True)
    again = await hands.take()
    assert again.id == zombie.id == snap["job_id"]
    assert again.token >= 2 * EPOCH_TOKENS > zombie.token
    await hands.finish(again)
    assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"


async def test_a_redis_that_fell_back_loses_nothing_and_shows_nothing_twice(
    gateway, ready, hands, parts, redis_url
) -> None:
    """A failover to a replica that lags: a completion, a claim and a submit never happened, the epoch is the same."""
    done, claimed = [(await ready.snap())["job_id"] for _ in range(2)]
    async with Redis.from_url(redis_url) as raw:
        before = {key: await raw.dump(key) for key in await raw.keys("*")}
        await hands.finish(await hands.take())
        assert (await ready.guest.wait(done))["status"] == "completed"
        shown = await row(parts, done)
        zombie = await hands.take()
        assert zombie.id == claimed
        submitted = (await ready.snap())["job_id"]
        async with raw.pipeline() as pipeline:
            pipeline.flushdb()
            for key, value in before.items():
                pipeline.restore(key, 0, value)
            await pipeline.execute()
    await reconciler(parts).compare(updated_before=datetime.now(UTC) + timedelta(seconds=5))
    async with hands.working():
        for job_id in (claimed, submitted):
            assert (await ready.guest.wait(job_id))["status"] == "completed"
    late = Completion(id=zombie.id, token=zombie.token, result={"result_key": "results/late.png"})
    await hands.queues[JOBS].complete(hands.worker, [late])
    assert replace(await row(parts, done), updated_at=shown.updated_at) == shown
    assert (await row(parts, claimed)).result_key != "results/late.png"
    ids = {done, claimed, submitted}
    async with ready.guest.listening(last_seq=0) as heard:
        await heard.until(lambda heard: ids <= set(completed(heard)))
    assert [completed(heard).count(job_id) for job_id in ids] == [1, 1, 1]


def completed(heard):
    return [job["job_id"] for job in heard.jobs if job["status"] == "completed"]


async def test_what_an_older_epoch_completed_stays_completed(gateway, ready, hands, parts) -> None:
    """A job was thought lost while its push was on the way: Redis finished it, its row waits for the next epoch."""
    snap = await ready.snap()
    job = await hands.take()
    async with parts.ledger.write() as writes:
        found = (await writes.jobs.lock([job.id]))[job.id]
        await writes.jobs.save([replace(found, epoch=found.epoch + 1)])
    await hands.finish(job)
    await reconciler(parts).compare(updated_before=datetime.now(UTC) + timedelta(seconds=5))
    assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"
    assert await hands.take_now(JOBS) is None


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
    await parts.recorder.settle([fact(queued, EventKind.CANCELED, now=datetime.now(UTC))])
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
        before = await reads.users.last_seqs([ready.guest.user_id])
    group = JobQueue(redis, JOBS).keys.events
    await redis.xgroup_setid(group, "recorder", "0")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = (await redis.xinfo_groups(group))[0]
            if found["entries-read"] and not found["pending"] and not found["lag"]:
                break
            await asyncio.sleep(0.02)
    assert entries
    async with parts.ledger.read() as reads:
        assert await reads.users.last_seqs([ready.guest.user_id]) == before


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


async def test_a_new_row_is_stamped_by_the_databases_clock_not_by_a_gateways(ready, parts) -> None:
    """Rounds ask by this stamp what is new: of two gateways one may have a clock that is off by minutes."""
    snap = await ready.snap(num_samples=2)
    first = await row(parts, snap["job_id"])
    ahead = replace(first, id=f"{snap['job_id']}:9", n=9, updated_at=first.updated_at + timedelta(seconds=90))
    async with parts.ledger.write() as writes:
        made = await writes.jobs.add(ahead)
    async with parts.ledger.read() as reads:
        assert timedelta() <= await reads.now() - made.updated_at < timedelta(seconds=30)


async def test_what_redis_did_not_take_is_pushed_later(gateway, gateway_settings, ready, hands) -> None:
    """The submit commits while Redis is away; the outbox sweep of any gateway brings it there."""
    away = gateway_settings.model_copy(update={"redis": RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0")})
    lonely = build(away, asyncio.Event())
    caller = Caller(user_id=ready.guest.user_id, tenant="guests", scopes=frozenset(), expires_at=0)
    accepted = await lonely.acceptor.submit(
        SubmitContext(caller=caller, trace_id="t"), TryonOptions(), person_url=ready.person, garment_url=ready.garment
    )
    async with hands.working():
        assert (await ready.guest.wait(accepted.tryon.id))["status"] == "completed"
    await lonely.redis.aclose()
    await lonely.ledger.close()


async def test_nothing_that_nobody_will_ask_for_lies_about(gateway, ready, hands, parts, store) -> None:
    guest, now = ready.guest, datetime.now(UTC)
    snap, gone = await ready.snap(), await ready.snap()
    async with hands.working():
        await guest.wait(snap["job_id"])
        await guest.wait(gone["job_id"])
    folder = f"results/{guest.user_id}/{snap['job_id']}/"
    store.put(f"{folder}1-999.png", b"a zombie's picture", content_type="image/png")
    store.put(f"results/{guest.user_id}/deleted/1-1.png", b"stored after its deletion", content_type="image/png")
    done = await row(parts, snap["job_id"])
    async with parts.ledger.write() as writes:
        await writes.jobs.save([replace(done, epoch=2, finished_at=now - timedelta(minutes=20))])
        await writes.tryons.change(gone["job_id"], expires_at=now - timedelta(seconds=1))
        await writes.deletions.schedule(f"results/{guest.user_id}/deleted/", due_at=now - timedelta(seconds=1))
    sweeper = parts.sweeper
    assert await sweeper.orphans(datetime.now(UTC)) == 1
    assert [found.key for found in store.list(folder)] == [done.result_key]
    assert await sweeper.expired(now) + await parts.eraser.run_due(now) >= 1
    assert (await guest.http.get(f"/api/status/{gone['job_id']}")).status_code == 404
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:  # The gateway's own keeper may have taken the deletion first.
            if not any(store.list(f"results/{guest.user_id}/deleted/")):
                break
            await asyncio.sleep(0.1)
    await sweeper.old_keys(now)
