"""Every job ends: by age in a queue, by age outside it, whatever has become of its queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.recording.promoter import Promoter
from hands import until
from proteus.keys import JOBS, TAILOR, QueueKeys

HOUR = timedelta(hours=1)


@pytest.fixture
def aged(parts):
    """Changes a job's row as if so much time had passed for it."""

    async def age(job_id: str, **columns) -> None:
        async with parts.ledger.write() as writes:
            row = (await writes.jobs.lock([job_id]))[job_id]
            await writes.jobs.save([replace(row, **columns)])

    return age


async def row(parts, job_id):
    async with parts.ledger.read() as reads:
        return (await reads.jobs.by_ids([job_id]))[job_id]


def promoter(parts) -> Promoter:
    return parts.promoter


@pytest.mark.parametrize("where", ["waiting", "running"])
async def test_what_is_too_old_in_its_queue_is_expired_there(gateway_settings, serve, hands, prepare, where) -> None:
    limits = gateway_settings.limits.model_copy(update={"job_age_seconds": 3})
    async with serve(gateway_settings.model_copy(update={"limits": limits})) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        snap = await ready.snap()
        if where == "running":
            await hands.take()
        status = await ready.guest.wait(snap["job_id"])
        assert (status["status"], status["error"]["code"], status["error"]["retryable"]) == ("expired", "too_old", True)


async def test_what_a_queue_lost_is_expired_all_the_same(ready, hands, parts, redis, aged) -> None:
    """Its queue neither ends it nor knows it; a job that is merely an hour old is left to its queue."""
    old, young = (await ready.snap())["job_id"], (await ready.snap())["job_id"]
    now = datetime.now(UTC)
    await redis.delete(QueueKeys(JOBS).deadlines)
    await aged(old, waiting_since=now - HOUR - timedelta(seconds=31))
    await aged(young, waiting_since=now - HOUR - timedelta(seconds=20))
    await promoter(parts).expire_old()
    status = await ready.guest.wait(old)
    assert (status["status"], status["error"]["code"]) == ("expired", "too_old")
    assert (await hands.take()).id == young
    assert await hands.take_now(JOBS) is None


async def test_held_work_ends_after_its_own_age_and_not_before(ready, parts) -> None:
    """Being held does not age a job: it has its hour once it is in the queue."""
    limits = parts.settings.limits
    held = (await ready.snap(priority="low"))["job_id"]
    found = await row(parts, held)
    async with parts.ledger.write() as writes:
        await writes.jobs.save([replace(found, stage="held", state="queued", waiting_since=None)])
    now = (await row(parts, held)).updated_at
    async with parts.ledger.read() as reads:
        for later, ended in ((timedelta(hours=23), []), (timedelta(hours=25), [held])):
            old = await reads.backlog.too_old(
                waiting_before=now + later - timedelta(seconds=limits.job_age_seconds),
                held_before=now + later - timedelta(seconds=limits.held_age_seconds),
                limit=9,
            )
            assert [one.id for one in old] == ended


async def test_the_age_counts_from_the_first_time_in_the_queue(ready, hands, parts) -> None:
    """A try-on that waits for its parse, or is lost and submitted again, is as old as its waiting and running."""
    guest = ready.guest
    fresh = (await guest.snap(await guest.upload(), ready.garment))["job_id"]
    assert (await row(parts, fresh)).waiting_since is None

    async def released():
        found = await row(parts, fresh)
        return found if found.stage == "waiting" else None

    async with hands.working(TAILOR):
        found = await until(released)
    assert found.waiting_since > found.created_at
    job = await hands.take()
    assert job.deadline_ms == int(found.waiting_since.timestamp() * 1000) + 3_600_000
    await hands.queues[JOBS].forget(job.id)
    await parts.recorder.settle([])
    assert (await row(parts, fresh)).waiting_since == found.waiting_since
