"""Keys of another type than theirs, jobs that cannot be read, a stream at its last id: set aside, and work goes on."""

from __future__ import annotations

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from proteus import keys
from proteus.bus import EventReader, list_bad_events
from proteus.jobs import JobId, JobState, WorkerId
from proteus.queue import Completion, Failure, JobQueue, LeaseKeeper, QueuePolicy

NAMES = keys.QueueKeys(keys.JOBS)
WORKER = WorkerId("weaver-1")
LAST_ID = "18446744073709551615-18446744073709551615"
STRUCTURES = {
    "list": keys.JOBS,
    "leases": NAMES.leases,
    "busy": NAMES.busy,
    "retry": NAMES.retry,
    "dead": NAMES.dead,
    "events": NAMES.events,
    "bad_events": NAMES.bad_events,
    "foreign": NAMES.foreign,
    "waits": NAMES.waits,
    "deadlines": NAMES.deadlines,
    "order": NAMES.order,
    "engines": NAMES.engines,
    "sweep": NAMES.sweep,
    "parked": NAMES.parked,
    "workers": NAMES.workers,
    "index": NAMES.index("puppet"),
    "held": NAMES.held(WORKER),
}
POLICY = QueuePolicy(backoff_base_ms=1, backoff_cap_ms=1)


async def spoil(redis: Redis, key: str) -> None:
    """Put something of another type in the key's place, whatever is there."""
    found = await redis.type(key)
    await redis.delete(key)
    if found == "string" or key in (NAMES.order, NAMES.sweep):
        await redis.rpush(key, "strange")
    else:
        await redis.set(key, "strange")


async def heal(queue: JobQueue, ids: list[JobId]) -> None:
    """What a gateway does again and again; leases that were lost run out."""
    await queue.inspect()
    await queue.reap()
    await queue.restore(*[view.id for view in await queue.look(*ids) if view is not None and view.stranded])


@pytest.mark.parametrize("name", STRUCTURES)
async def test_a_structure_of_another_type_is_set_aside_and_every_job_ends_once(redis, make_order, name):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    ids = [JobId(f"job_{n}") for n in range(6)]
    await queue.submit(*(make_order(one, age_end_ms=10**13) for one in ids[:5]))
    running, failing, given_back, kept = (await queue.claim(WORKER, free=4, engines=["puppet"])).jobs
    await spoil(redis, STRUCTURES[name])

    assert await queue.submit(make_order(ids[5])) == [True]
    assert not (await queue.renew(WORKER, {running.id: running.token})).lost
    await queue.fail(WORKER, [Failure(id=failing.id, token=failing.token, code="c", message="m", retryable=True)])
    assert await queue.hand_back(WORKER, {given_back.id: given_back.token}) == 1
    await queue.park(["puppet"])
    await queue.stats()
    ended = [running.id]
    assert await queue.complete(WORKER, [Completion(id=running.id, token=running.token, result={})]) == ["done"]
    await heal(queue, ids)
    for _ in range(3):
        await queue.hand_back(WORKER, {kept.id: kept.token})
        jobs = (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs
        await queue.complete(WORKER, [Completion(id=job.id, token=job.token, result={}) for job in jobs])
        ended += [job.id for job in jobs]
        await heal(queue, ids)

    assert sorted(ended) == ids
    assert {view.state for view in await queue.look(*ids) if view} == {JobState.COMPLETED}
    assert await redis.type(f"{NAMES.tag}:set-aside:{STRUCTURES[name]}") != "none"
    assert 0 < await redis.ttl(f"{NAMES.tag}:set-aside:{STRUCTURES[name]}") <= POLICY.settled_ttl_seconds
    assert await queue.count() == 0
    assert await queue.dead_letters() == []


@pytest.mark.parametrize("verb", ["claim", "reap", "renew", "heart", "park", "look", "cancel", "forget", "complete"])
@pytest.mark.parametrize("state", ["waiting", "running", "retrying"])
async def test_a_job_whose_hash_is_of_another_type_stops_no_verb_for_the_others(
    redis, redis_url, make_order, state, verb
):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_bad"), make_order("job_good"))
    if state == "waiting":
        bad, good = (await queue.claim(WORKER, free=2, engines=["puppet"])).jobs
        await queue.hand_back(WORKER, {bad.id: bad.token, good.id: good.token})
    else:
        bad, good = (await queue.claim(WORKER, free=2, engines=["puppet"])).jobs
        if state == "retrying":
            failures = [
                Failure(id=one.id, token=one.token, code="c", message="m", retryable=True) for one in (bad, good)
            ]
            await queue.fail(WORKER, failures)
    await spoil(redis, NAMES.job("job_bad"))

    held = {JobId("job_bad"): bad.token, JobId("job_good"): good.token}
    match verb:
        case "renew":
            renewal = await queue.renew(WORKER, held)
            assert ("job_good" in renewal.lost) == (state != "running")
        case "heart":
            with SyncRedis.from_url(redis_url, decode_responses=True) as client:
                keeper = LeaseKeeper(client, keys.JOBS, policy=POLICY)
                assert "job_bad" in keeper.renew(WORKER, held).lost
                keeper.reap()
        case "park":
            await queue.park([])
            await queue.park(["puppet"])
        case "look":
            found = await queue.look(JobId("job_bad"), JobId("job_good"))
            assert [view is None for view in found] == [True, False]
        case "cancel":
            assert await queue.cancel(JobId("job_bad")) == ["refused"]
        case "forget":
            await queue.forget(JobId("job_bad"))
        case "complete":
            bad_end = Completion(id=bad.id, token=bad.token, result={})
            assert await queue.complete(WORKER, [bad_end]) == ["refused"]
        case _:
            await queue.reap()
    if state == "running":
        done = Completion(id=good.id, token=good.token, result={})
        assert await queue.complete(WORKER, [done]) == ["done"]
    else:
        await queue.reap()
        assert [job.id for job in (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs] == ["job_good"]


async def test_a_worker_whose_job_was_set_aside_holds_nothing_more(redis, make_order):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_bad"))
    (bad,) = (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs
    await spoil(redis, NAMES.job("job_bad"))
    assert (await queue.renew(WORKER, {bad.id: bad.token})).lost == ("job_bad",)
    await queue.submit(make_order("job_crashed", crashes=1))
    assert [job.id for job in (await queue.claim(WORKER, free=1, engines=["puppet"])).jobs] == ["job_crashed"]


async def test_a_claim_gives_every_good_job_when_one_in_the_middle_is_of_another_type(redis, make_order):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(*(make_order(f"job_{n}") for n in range(5)))
    await spoil(redis, NAMES.job("job_2"))
    jobs = (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs
    assert [(job.id, job.token) for job in jobs] == [(f"job_{n}", 1_000_001) for n in (0, 1, 3, 4)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token", "x"), ("crashes", "one"), ("deadline", "soon"), ("order", "first"), ("submitted", ""),
        ("queued", "?"), ("token", "nan"), ("token", "inf"), ("attempts", "-nan"), ("deadline", "nan"),
        ("order", "nan"), ("order", "1e300"), ("queued", "-inf"),
    ],
)  # fmt: skip
async def test_a_job_with_a_number_that_is_none_is_set_aside_and_its_row_can_bring_it_again(
    redis, make_order, name, value
):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_bad"), make_order("job_good"))
    await redis.hset(NAMES.job("job_bad"), name, value)
    assert [job.id for job in (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs] == ["job_good"]
    assert await queue.look(JobId("job_bad")) == [None]
    assert await queue.submit(make_order("job_bad", epoch=2)) == [True]
    assert [job.id for job in (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs] == ["job_bad"]


@pytest.mark.parametrize("field", ["payload", "body"])
@pytest.mark.parametrize("value", ["{", "[]", "[" * 5_000, "1"])
async def test_a_job_that_a_worker_cannot_read_is_a_dead_letter_with_its_reason(redis, make_order, field, value):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_bad"), make_order("job_good"))
    await redis.hset(NAMES.job("job_bad"), field, value)
    assert [job.id for job in (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs] == ["job_good"]
    assert await queue.dead_letters() == ["job_bad"]
    (letter,) = await queue.look(JobId("job_bad"))
    assert letter is not None
    assert letter.message.startswith("The job cannot be read: ")


@pytest.mark.parametrize(
    "fields",
    [{"state": "paused"}, {"state": "running", "claimed": "then"}, {"state": "completed", "result": "{"}],
)
async def test_a_job_of_another_version_is_seen_as_unreadable_and_left_alone(redis, make_order, fields):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_new"), make_order("job_old"))
    await redis.hset(NAMES.job("job_new"), mapping=fields)
    new, old = await queue.look(JobId("job_new"), JobId("job_old"))
    assert new is not None
    assert not new.readable
    assert not new.stranded
    assert old is not None
    assert old.readable
    assert [job.id for job in (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs] == ["job_old"]
    assert await redis.hget(NAMES.job("job_new"), "state") == fields["state"]


async def test_an_unknown_stage_and_unknown_fields_are_left_out(redis, make_order):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_new"))
    await redis.hset(NAMES.job("job_new"), mapping={"stage": "upscaling", "colour": "red"})
    (view,) = await queue.look(JobId("job_new"))
    assert view is not None
    assert (view.readable, view.stage, view.state) == (True, None, JobState.QUEUED)


@pytest.mark.parametrize("read_before", [True, False])
async def test_a_stream_at_its_last_id_goes_on_and_loses_no_event(redis, make_order, read_before):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    reader = EventReader(redis, NAMES, consumer="gateway-1")
    await reader.read(1, block_ms=1)
    await queue.submit(make_order("job_before"))
    await redis.xadd(NAMES.events, {"kind": "last"}, id=LAST_ID)
    seen: list[str] = []
    if read_before:
        first, *_ = await reader.read(10, block_ms=1)
        seen.append(first.job_id)
        await reader.ack(first.entry_id)
    with pytest.raises(ResponseError):
        await redis.xadd(NAMES.events, {"kind": "more"})
    assert await queue.submit(make_order("job_after")) == [True]
    for _ in range(3):  # One finds that its group is gone with the old stream.
        seen += [event.job_id for event in await reader.read(10, block_ms=1)]
    assert seen == ["job_before", "job_after"]
    assert any("its last id" in entry["reason"] for entry in await list_bad_events(redis, NAMES, limit=10))


@pytest.mark.parametrize("name", ["events", "bad_events"])
async def test_an_inspection_lets_a_stream_at_its_last_id_go_on(redis, make_order, name):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await redis.xadd(STRUCTURES[name], {"kind": "last"}, id=LAST_ID)
    assert await queue.inspect() == 1
    assert await redis.xadd(STRUCTURES[name], {"kind": "more"})
    assert await queue.inspect() == 0


async def test_what_was_set_aside_is_counted_and_shown_with_its_key(redis, make_order):
    counted: list[int] = []
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    reader = EventReader(redis, NAMES, consumer="gateway-1", on_bad=lambda: counted.append(1))
    await reader.read(1, block_ms=1)
    await queue.submit(make_order("job_bad"))
    await spoil(redis, NAMES.job("job_bad"))
    await queue.claim(WORKER, free=1, engines=["puppet"])
    assert [event.kind for event in await reader.read(10, block_ms=1)] == ["submitted"]
    (entry,) = await list_bad_events(redis, NAMES, limit=10)
    assert entry["reason"] == "the key '{queue:jobs}:job:job_bad' was set aside: it had another type"
    assert len(counted) == 1


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf", "1e308", "-1e308", "0x1p1000", "9" * 400])
async def test_no_odd_number_in_a_counter_stops_the_queue_or_disorders_it(redis, make_order, value):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_0"))
    for name in (NAMES.order, NAMES.sweep):
        await redis.set(name, value)
    await queue.submit(make_order("job_1"))
    payload = await redis.lpop(keys.JOBS)  # A stranger's hand: list and index differ, so the sweep has work.
    await queue.reap()
    await queue.submit(make_order("job_2"))
    jobs = (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs
    assert payload is not None
    assert [job.id for job in jobs] == ["job_0", "job_1", "job_2"]
    assert 0 < float(await redis.get(NAMES.order)) < 2**52


@pytest.mark.parametrize("score", ["inf", "-inf", "1e300"])
@pytest.mark.parametrize("name", ["index", "leases", "retry", "deadlines", "busy", "dead"])
async def test_no_odd_score_of_a_strangers_member_stops_the_queue(redis, make_order, name, score):
    queue = JobQueue(redis, keys.JOBS, policy=POLICY)
    await queue.submit(make_order("job_0"))
    await redis.zadd(STRUCTURES[name], {b"job_\xff\x00": score, "job_none": score})
    await queue.submit(make_order("job_1"))
    for _ in range(3):
        await queue.reap()
    assert await queue.inspect() == 0
    await queue.stats()
    await queue.park(["puppet"])
    assert [job.id for job in (await queue.claim(WORKER, free=8, engines=["puppet"])).jobs] == ["job_0", "job_1"]
