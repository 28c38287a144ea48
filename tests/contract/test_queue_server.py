"""What only a real server can show: keys, scripts, expiry, restarts, and the synchronous heart."""

from __future__ import annotations

from importlib.resources import files

import pytest
import redis as sync_redis
from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from proteus import keys
from proteus.jobs import JobId, WorkerId
from proteus.queue import Completion, Failure, JobQueue, LeaseKeeper, QueuePolicy
from proteus.queue.scripts import source

WORKER = WorkerId("weaver-1")
LUA = files("proteus.queue") / "lua"
VERBS = sorted(path.name.removesuffix(".lua") for path in LUA.iterdir() if path.is_file())
PARTS = sorted(path.name for path in (LUA / "lib").iterdir())


async def claimed(queue: JobQueue, *orders):
    await queue.submit(*orders)
    return list((await queue.claim(WORKER, free=100, engines=["puppet"])).jobs)


async def test_every_key_of_a_queue_shares_the_slot_of_its_list(redis, make_order):
    queue = JobQueue(redis, keys.TAILOR)
    a, b, _ = await claimed(queue, *(make_order(f"job_{n}", deadline_ms=10**13) for n in range(3)))
    await queue.complete(WORKER, [Completion(id=a.id, token=a.token, result={})])
    await queue.fail(WORKER, [Failure(id=b.id, token=b.token, code="c", message="m", retryable=False)])
    await redis.lpush(keys.TAILOR, "stranger")
    await queue.claim(WORKER, free=1, engines=["puppet"])
    await queue.submit(make_order("job_9"))
    found = set(await redis.keys("*"))
    assert {
        keys.TAILOR,
        *(f"{{tailorJob}}:{name}" for name in ("leases", "busy", "dead", "foreign", "events")),
    } <= found
    assert {key_slot(name.encode()) for name in found} == {key_slot(keys.TAILOR.encode())}


async def test_the_list_is_pushed_at_the_left_and_claimed_from_the_right(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    await queue.submit(make_order("job_a"), make_order("job_b"))
    assert '"job_b"' in await redis.lindex(keys.JOBS, 0)
    (job,) = (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs
    assert job.id == "job_a"


async def test_a_settled_hash_expires_and_keeps_no_body(redis, make_order):
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(settled_ttl_seconds=1_000))
    a, b = await claimed(queue, make_order("job_a"), make_order("job_b"))
    assert await redis.ttl(queue.keys.job("job_a")) == -1
    await queue.complete(WORKER, [Completion(id=a.id, token=a.token, result={})])
    await queue.cancel("job_b")
    await queue.hand_back(WORKER, {b.id: b.token})
    for job_id in ("job_a", "job_b"):
        assert 990 < await redis.ttl(queue.keys.job(job_id)) <= 1_000
        assert not {"payload", "body"} & set(await redis.hkeys(queue.keys.job(job_id)))


async def test_dead_letters_leave_with_their_hashes(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    await redis.zadd(queue.keys.dead, {"job_of_last_year": 1})
    (job,) = await claimed(queue, make_order("job_a"))
    await queue.fail(WORKER, [Failure(id=job.id, token=job.token, code="c", message="m", retryable=False)])
    assert await queue.dead_letters() == ["job_a"]


async def test_the_event_stream_is_capped(redis, make_order):
    queue = JobQueue(redis, keys.JOBS, policy=QueuePolicy(stream_cap=100))
    for start in range(0, 1_000, 100):
        await queue.submit(*(make_order(f"job_{start + n}") for n in range(100)))
    assert 100 <= await redis.xlen(queue.keys.events) < 300


async def test_a_server_that_lost_its_scripts_is_taught_again(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    await queue.submit(make_order("job_a"))
    await redis.script_flush()
    (job,) = (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs
    await redis.script_flush()
    assert await queue.complete(WORKER, [Completion(id=job.id, token=job.token, result={})]) == ["done"]


@pytest.mark.parametrize("decode", [True, False])
async def test_the_client_may_decode_or_not(redis_url, make_order, decode):
    async with Redis.from_url(redis_url, decode_responses=decode) as client:
        queue = JobQueue(client, keys.JOBS)
        (job,) = await claimed(queue, make_order("job_ö"))
        assert job.payload["id"] == "job_ö"
        assert (await queue.look(job.id))[0].worker == WORKER
        await client.lpush(keys.JOBS, b"\xff\xfe stranger")
        await queue.claim(WORKER, free=1, engines=["puppet"])
        (raw,) = await queue.peek_foreign(5)
        letter = await queue.bury_foreign(raw, code="invalid_request", message="not JSON")
        assert await queue.dead_letters() == [letter]


async def everything(redis) -> dict[str, bytes]:
    """The dumped value of every key."""
    return {name: await redis.dump(name) for name in sorted(await redis.keys("*"))}


async def test_a_full_server_refuses_a_script_before_its_first_command(redis_url, redis, make_order):
    """Otherwise a command that frees memory is done, and the next one, which needs some, is not: half a claim."""
    queue = JobQueue(redis, keys.JOBS)
    a, b = await claimed(queue, make_order("job_a"), make_order("job_b"))
    await queue.submit(make_order("job_c"), make_order("job_d"))
    async with Redis.from_url(redis_url) as raw:
        before = await everything(raw)
        await redis.config_set("maxmemory", "1")
        try:
            for refused in (
                queue.submit(make_order("job_e")),
                queue.claim(WORKER, free=2, engines=["puppet"]),
                queue.complete(WORKER, [Completion(id=a.id, token=a.token, result={})]),
                queue.fail(WORKER, [Failure(id=b.id, token=b.token, code="c", message="m", retryable=True)]),
                queue.hand_back(WORKER, {b.id: b.token}),
                queue.renew(WORKER, {b.id: b.token}),
                queue.cancel("job_c"),
                queue.reap(),
            ):
                with pytest.raises(RedisError, match=r"OOM|maxmemory"):
                    await refused
            assert (await queue.stats()).waiting == 2
            assert await everything(raw) == before
        finally:
            await redis.config_set("maxmemory", "0")
    assert len((await queue.claim(WORKER, free=9, engines=["puppet"])).jobs) == 2


async def test_the_heart_renews_and_reaps_without_asyncio(redis_url, redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    a, b = await claimed(queue, make_order("job_a"), make_order("job_b"))
    await queue.cancel("job_b")
    with sync_redis.Redis.from_url(redis_url) as client:
        keeper = LeaseKeeper(client, keys.JOBS)
        renewal = keeper.renew(WORKER, {a.id: a.token, b.id: b.token, JobId("job_c"): 1})
        assert (renewal.lost, renewal.canceled) == (("job_c",), ("job_b",))
        keeper.renew(WORKER, {a.id: a.token}, idle_ms=10**9)
        assert keeper.reap() == 1


async def test_eight_jobs_take_two_round_trips(redis, make_order):
    queue = JobQueue(redis, keys.JOBS)
    jobs = await claimed(queue, *(make_order(f"job_{n}") for n in range(8)))
    await queue.complete(WORKER, [Completion(id=job.id, token=job.token, result={}) for job in jobs[:1]])
    await queue.hand_back(WORKER, {job.id: job.token for job in jobs[1:]})
    await queue.submit(make_order("job_8"))
    await redis.config_resetstat()
    jobs = (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs
    await queue.complete(WORKER, [Completion(id=job.id, token=job.token, result={}) for job in jobs])
    assert (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] == 2


@pytest.mark.parametrize("verb", VERBS)
def test_every_script_says_what_it_promises(verb):
    text = source(verb).partition("\n")[2]
    assert text.startswith(f"-- {verb}: ")
    header = "\n".join(line for line in text.split("\n") if line.startswith("--"))
    assert all(word in header for word in ("Guarantee", "KEYS", "ARGV", "Returns:")) or "Changes nothing" in header
    assert "--- include" not in text


@pytest.mark.parametrize("name", [*(f"{verb}.lua" for verb in VERBS), *(f"lib/{name}" for name in PARTS)])
def test_every_script_is_shorter_than_sixty_lines(name):
    assert len((LUA / name).read_text().split("\n")) <= 60
