"""A part of Redis is lost: what stood in it moves on within a lease and fifteen seconds, by itself and once."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import text

from gateway.recording.reconciler import Reconciler
from hands import until
from proteus.keys import EPOCH, JOBS, QueueKeys
from proteus.queue import Completion, Verdict

NAMES = QueueKeys(JOBS)
LEASE_SECONDS = 2
BAR_SECONDS = LEASE_SECONDS + 15


def reconciler(parts) -> Reconciler:
    return parts.reconciler


async def lose(redis, what: str, ids: list[str]) -> None:
    if what == "popped":
        for _ in ids[:2]:
            await redis.rpop(JOBS)
    elif what == "list":
        await redis.delete(JOBS)
    elif what == "list and index":
        await redis.delete(JOBS, NAMES.index("puppet"))
    elif what == "everything of one job":
        await redis.delete(NAMES.job(ids[0]))
    elif what == "leases":
        await redis.delete(NAMES.leases)


@pytest.mark.parametrize(
    "what",
    ["popped", "list", "list and index", pytest.param("everything of one job", marks=pytest.mark.long), "leases"],
)
async def test_a_partial_loss_heals_within_a_lease_and_fifteen_seconds(ready, hands, redis, what) -> None:
    ids = [(await ready.snap())["job_id"] for _ in range(4)]
    zombies = [await hands.take() for _ in range(2)] if what == "leases" else []
    await lose(redis, what, ids)
    lost_at = time.monotonic()
    async with asyncio.timeout(BAR_SECONDS):
        done = [(await hands.finish(await hands.take()))["result_key"] for _ in ids]
        for job_id in ids:
            assert (await ready.guest.wait(job_id))["status"] == "completed"
    assert time.monotonic() - lost_at < BAR_SECONDS
    late = [Completion(id=job.id, token=job.token, result={"result_key": "results/late.png"}) for job in zombies]
    assert await hands.queues[JOBS].complete(hands.worker, late) == [Verdict.REFUSED] * len(zombies)
    assert len(set(done)) == len(ids)
    async with ready.guest.listening(last_seq=0) as heard:
        await heard.until(lambda heard: {job["job_id"] for job in heard.jobs if job["status"] == "completed"} >= {*ids})
    completed = [job["job_id"] for job in heard.jobs if job["status"] == "completed"]
    assert [completed.count(job_id) for job_id in ids] == [1] * len(ids)


async def test_a_worker_that_lives_keeps_its_jobs_when_the_leases_are_lost(ready, hands, redis) -> None:
    snap = await ready.snap()
    job = await hands.take()
    await redis.delete(NAMES.leases)
    await until(lambda: redis.zscore(NAMES.leases, job.id))
    assert not (await hands.queues[JOBS].renew(hands.worker, {job.id: job.token})).lost
    await hands.finish(job)
    assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"


async def test_a_difference_that_is_gone_at_the_second_look_starts_nothing(
    gateway_settings, serve, prepare, hands, parts, redis
) -> None:
    """A job between its commit and its queue, or between its end and the record of it, is no loss."""
    mender = reconciler(parts)
    async with serve(gateway_settings) as gateway:
        shop = await prepare(gateway, await gateway.guest())
        snap = await shop.snap()
    # Nobody else looks from here on.
    payload = await redis.rpop(JOBS)
    await redis.zrem(NAMES.index("puppet"), snap["job_id"])
    assert not await mender.watch_counts()
    await redis.rpush(JOBS, payload)
    assert not await mender.watch_counts()
    assert not await mender.watch_counts()


async def test_a_deployments_first_epoch_leaves_alone_what_is_on_its_way(
    gateway_settings, serve, prepare, hands, parts, redis
) -> None:
    """An end that a repair records before its event comes would be told without what it used."""
    async with serve(gateway_settings) as gateway:
        shop = await prepare(gateway, await gateway.guest())
        snap = await shop.snap()
    await hands.finish(await hands.take())  # Nobody records it.
    await redis.delete(EPOCH)
    async with parts.ledger.write() as writes:
        await writes.users._connection.execute(text("DELETE FROM deployment"))
    assert await parts.reconciler.watch()
    async with parts.ledger.read() as reads:
        rows = await reads.users._connection.execute(
            text("SELECT state FROM jobs WHERE id = :id"), {"id": snap["job_id"]}
        )
    assert rows.scalar_one() != "completed"
