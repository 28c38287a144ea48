"""What Redis and Postgres answer, and what others write there, never ends the gateway's inside and loses no job."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from redis.asyncio import Redis

from gateway import metrics
from gateway.ledger.engine import Ledger
from gateway.settings import DatabaseSettings
from proteus import keys
from proteus.bus import list_bad_events
from proteus.errors import DependencyUnavailable
from proteus.jobs import WorkerId
from proteus.keys import JOBS, TAILOR, QueueKeys
from proteus.queue import Completion
from proteus.registry import WorkerCard, WorkerState, register
from sabotage import trigger
from waiting import until
from workbench.stack.postgres import psql

DEEP = "[" * 100_000
ODD_MESSAGES = (
    b"hello", b"[]", b"null", b'"words"', b"{}", b"1e999", b'{"kind":"ping","id":["x"]}', b'{"user_id":{}}',
    b"\xff\xfe", b'{"user_id":"\\ud800"}', DEEP.encode(),
)  # fmt: skip
ENDED = {"kind": "completed", "id": "job_a", "token": "1", "state": "completed"}
ODD_ENTRIES: dict[str, dict[Any, Any]] = {
    "no fields of ours": {"x": "y"},
    "a NUL in the id": ENDED | {"id": "job_\0"},
    "bytes that are no text": {b"kind": b"\xff", b"id": b"\xfe", b"token": b"1", b"state": b"completed"},
    "a kind of a later version": ENDED | {"kind": "melted"},
    "a state of a later version": ENDED | {"state": "resting"},
    "a token beyond 64 bits": ENDED | {"token": "9" * 30},
    "a count beyond 32 bits": ENDED | {"attempts": "9" * 12},
    "a result that is a list": ENDED | {"result": "[1]"},
    "half a result": ENDED | {"result": '{"a":'},
    "a result without end": ENDED | {"result": DEEP},
}


async def test_malformed_messages_are_dropped_and_live_events_go_on(ready, hands, redis) -> None:
    guest = ready.guest
    progress = [
        {"user_id": guest.user_id, "job_id": "job_a:b", "stage": "denoising", "step": 1, "steps": 2},
        {"user_id": guest.user_id, "job_id": "job_a", "stage": "resting", "step": 1, "steps": 2},
        {"user_id": guest.user_id, "job_id": "job_a", "stage": "denoising", "step": "one", "steps": None},
        {"user_id": guest.user_id},
    ]
    async with guest.listening() as heard:
        for message in (*ODD_MESSAGES, *(json.dumps(one).encode() for one in progress)):
            for channel in (keys.RECORDED, keys.PROGRESS):
                await redis.publish(channel, message)
        good = {"user_id": guest.user_id, "job_id": "job_a:2", "stage": "denoising", "step": 1, "steps": 2}
        await redis.publish(keys.PROGRESS, json.dumps(good))
        await heard.until(lambda one: bool(one.progress))
        snap = await ready.snap()
        await hands.finish(await hands.take())
        await heard.until(lambda one: any(event["job_id"] == snap["job_id"] for event in one.jobs))
    assert [one["n"] for one in heard.progress] == [2]
    assert (await guest.http.get("/readyz")).status_code == 200


async def test_entries_that_are_no_events_are_set_aside_and_shown_and_every_job_goes_on(
    gateway, ready, hands, redis, redis_url, tokens
) -> None:
    async with Redis.from_url(redis_url) as raw:
        for list_name in (JOBS, TAILOR):
            for fields in ODD_ENTRIES.values():
                await raw.xadd(QueueKeys(list_name).events, fields)
    snap = await ready.snap()
    await hands.finish(await hands.take())
    assert (await ready.guest.wait(snap["job_id"], 10))["status"] == "completed"
    for list_name in (JOBS, TAILOR):
        await until(partial(_is_aside, redis, list_name, len(ODD_ENTRIES)), what="all odd entries are aside")
    admin = gateway.bearer(tokens.mint(ready.guest.user_id, tenant="ops", scopes=["admin"], seconds=60))
    letters = (await admin.http.get("/v1/queue/dead")).raise_for_status().json()["items"]
    aside = [one for one in letters if one["code"] == "event_set_aside"]
    assert len(aside) == 2 * len(ODD_ENTRIES)
    assert all(one["message"] for one in aside)


async def test_a_failure_message_that_postgres_cannot_hold_fails_its_job_and_no_other(ready, hands) -> None:
    snap, other = await ready.snap(), await ready.snap()
    job = await hands.take()
    queue = hands.queues[JOBS]
    policy = queue.policy
    numbers = (policy.max_attempts, policy.backoff_base_ms, policy.backoff_cap_ms)
    await queue._run("fail", *numbers, job.id, job.token, "engine_failed", "a\0b", 0, 0, 0.5)  # as an older worker
    status = await ready.guest.wait(snap["job_id"], 10)
    assert (status["status"], status["error"]["code"]) == ("failed", "engine_failed")
    await hands.finish(await hands.take())
    assert (await ready.guest.wait(other["job_id"], 10))["status"] == "completed"


@pytest.mark.parametrize("result", [{}, {"image": "a.jpg"}, {"image": {"key": "a", "width": "wide"}}, {"photo": {}}])
async def test_an_ingest_of_another_version_fails_what_needs_it_and_nothing_else(gateway, ready, hands, result) -> None:
    guest = ready.guest
    snap = await guest.snap(await guest.upload(), ready.garment)
    ingest = await hands.take(TAILOR)
    await hands.queues[TAILOR].complete(hands.worker, [Completion(id=ingest.id, token=ingest.token, result=result)])
    status = await guest.wait(snap["job_id"], 10)
    assert (status["status"], status["error"]["code"]) == ("failed", "engine_failed")
    other = await ready.snap()
    await hands.finish(await hands.take())
    assert (await guest.wait(other["job_id"], 10))["status"] == "completed"


ODD_RESULTS: list[dict[str, Any]] = [
    {},
    {"result_key": 7},
    {"result_key": "results/x", "timings": {"weave_seconds": "fast"}},
    {"result_key": "results/x", "degraded": "no"},
    {"result_key": "results/x", "width": 2**40},
    {"pictures": [{"result_key": "results/x"}]},
]


async def test_a_result_that_cannot_be_read_fails_its_job_is_shown_and_one_of_a_later_version_is_kept(
    ready, hands, redis
) -> None:
    unread = metrics.RESULTS_UNREADABLE.labels("tryon")._value
    before = unread.get()
    bad = [(await ready.snap())["job_id"] for _ in ODD_RESULTS]
    good = (await ready.snap())["job_id"]
    queue = hands.queues[JOBS]
    unreadable = set()
    for result in ODD_RESULTS:
        job = await hands.take()
        unreadable.add(job.id)
        await queue.complete(hands.worker, [Completion(id=job.id, token=job.token, result=result)])
    result = await hands.finish(await hands.take(), later={"colour": "red", "layers": [{"a": None}]})
    assert result["later"]
    for job_id in bad:
        status = await ready.guest.wait(job_id, 10)
        assert (status["status"], status["error"]["code"]) == ("failed", "engine_failed")
    assert (await ready.guest.wait(good, 10))["status"] == "completed"
    assert unread.get() == before + len(ODD_RESULTS)
    await until(lambda: _is_aside(redis, JOBS, len(ODD_RESULTS)), what="the results are set aside")
    shown = {entry["id"]: entry["reason"] for entry in await list_bad_events(redis, QueueKeys(JOBS), limit=100)}
    assert shown.keys() == unreadable
    assert all(reason.startswith("the result cannot be read: ") for reason in shown.values())


async def test_a_read_only_database_is_waited_out_and_answers_503(gateway, ready, hands, database_url) -> None:
    guest = ready.guest
    before = [(await ready.snap())["job_id"] for _ in range(3)]
    async with _database_that(database_url, "SET default_transaction_read_only = on"):
        answer = await guest.http.post(
            "/api/snap", json={"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "dependency_unavailable")
        assert answer.json()["retryable"]
        for _ in before:
            await hands.finish(await hands.take())
    for job_id in before:
        assert (await guest.wait(job_id))["status"] == "completed"
    assert (await guest.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("change", [{"path": "/nowhere"}, {"netloc": "stranger:wrong@{host}"}])
async def test_a_database_that_lets_nobody_in_is_away_and_no_bug(database_url, change) -> None:
    given = urlsplit(database_url)
    change = {name: value.format(host=given.netloc.rpartition("@")[2]) for name, value in change.items()}
    ledger = Ledger(DatabaseSettings(url=given._replace(**change).geturl()))
    with pytest.raises(DependencyUnavailable, match="The database "):
        await ledger.ping()
    await ledger.close()


async def test_a_full_disk_is_waited_out_and_the_same_events_are_recorded_afterwards(
    gateway, ready, hands, database_url
) -> None:
    """The reconciler's round is a minute away: what failed to commit was not acknowledged."""
    jobs = [(await ready.snap())["job_id"] for _ in range(3)]
    async with trigger(database_url, "BEFORE INSERT ON events", "53100"):
        for _ in jobs:
            await hands.finish(await hands.take())
        answer = await ready.guest.http.get(f"/api/status/{jobs[0]}", params={"wait": 1})
        assert answer.json()["status"] != "completed"
    for job_id in jobs:
        assert (await ready.guest.wait(job_id, 10))["status"] == "completed"


async def test_an_event_that_cannot_be_recorded_is_set_aside_and_its_job_ends_and_the_batch_goes_on(
    gateway, ready, hands, database_url, redis
) -> None:
    poison, *good = [(await ready.snap())["job_id"] for _ in range(4)]
    condition = f"WHEN (NEW.id = '{poison}' AND NEW.state = 'completed')"
    async with trigger(database_url, f"BEFORE UPDATE ON jobs FOR EACH ROW {condition}", "23514"):
        taken = [await hands.take() for _ in range(4)]
        await asyncio.gather(*(hands.finish(job) for job in taken))
        for job_id in good:
            assert (await ready.guest.wait(job_id, 5))["status"] == "completed"
        status = await ready.guest.wait(poison, 30)
    assert (status["status"], status["error"]["code"]) == ("failed", "engine_failed")
    await until(lambda: _is_aside(redis, JOBS, 1), what="the event is aside")
    ((_, entry),) = await redis.xrange(QueueKeys(JOBS).bad_events)
    assert entry["id"] == poison
    assert "23514" in entry["reason"] or "CheckViolation" in entry["reason"]


async def test_a_pool_that_is_used_up_answers_503_and_the_inside_goes_on(
    gateway_settings, hands, prepare, serve
) -> None:
    small = gateway_settings.model_copy(
        update={"database": DatabaseSettings(url=gateway_settings.database.url, pool_size=2)}
    )
    async with serve(small) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        stop = asyncio.Event()
        statuses: dict[int, int] = {}

        async def ask() -> None:
            while not stop.is_set():
                status = (await ready.guest.http.get("/v1/tryons", params={"limit": 100})).status_code
                statuses[status] = statuses.get(status, 0) + 1

        async with asyncio.TaskGroup() as tasks:
            for _ in range(60):
                tasks.create_task(ask())
            snap = await ready.guest.http.post(
                "/api/snap", json={"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
            )
            assert snap.status_code in (202, 503)
            await asyncio.sleep(6)  # Longer than a call may wait for a connection.
            stop.set()
        assert set(statuses) <= {200, 429, 503}
        snap = await ready.snap()
        async with hands.working():
            assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"
        assert (await ready.guest.http.get("/healthz")).status_code == 200


async def test_a_payload_that_cannot_be_adopted_is_buried_and_the_next_one_is_looked_at(
    gateway, redis, redis_url
) -> None:
    odd = [
        json.dumps({"id": "job_evil-1", "user_photo_url": "http://[", "cloth_clean_url": "http://["}),
        json.dumps({"id": "job_evil-2", "user_photo_url": "http://a/\0", "cloth_clean_url": "http://[::1/x"}),
        json.dumps({"id": "job_evil-3", "user_photo_url": "http://\u2100.com/x", "cloth_clean_url": "\ud800"}),
        DEEP,
        b"\xff",
        json.dumps({"id": "job_last", "user_photo_url": "http://elsewhere/x", "cloth_clean_url": "http://elsewhere/y"}),
    ]
    async with Redis.from_url(redis_url) as raw:
        await raw.lpush(QueueKeys(JOBS).foreign, *odd)

    async def buried() -> bool:
        return int(await redis.zcard(QueueKeys(JOBS).dead)) == len(odd)

    await until(buried, what="every payload is a dead letter")
    assert await redis.llen(QueueKeys(JOBS).foreign) == 0


async def test_a_card_that_cannot_be_read_hides_no_other_and_no_submit_suffers(gateway, ready, redis) -> None:
    names = QueueKeys(JOBS)
    await register(redis, names, WorkerCard(id=WorkerId("good"), state=WorkerState.READY, engines=("puppet",)))
    await register(redis, names, WorkerCard(id=WorkerId("odd"), state=WorkerState.READY, engines=("puppet",)))
    await redis.hset(
        names.worker("odd"), mapping={"engines": '[["a"]]', "seconds_per_batch": '{"puppet/1": {"1": NaN}}'}
    )
    await redis.zadd(names.workers, {"no-hash": 1})
    await redis.set(names.worker("no-hash"), "a string")

    async def seen() -> bool:
        async with httpx.AsyncClient(base_url=gateway.inner_url) as inner:
            health = (await inner.get("/health")).raise_for_status().json()
        return bool(health["workers"]["weaver"] == 1)

    await until(seen, what="the good card alone is counted")
    assert (await ready.snap())["status"] == "queued"


async def _is_aside(redis: Redis, list_name: str, many: int) -> bool:
    return int(await redis.xlen(QueueKeys(list_name).bad_events)) == many


@asynccontextmanager
async def _database_that(url: str, setting: str):
    """Give the database a setting for a `with` block; every connection is made anew before and after."""
    name = urlsplit(url).path.strip("/")
    server = urlsplit(url)._replace(path="/postgres").geturl()
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    await asyncio.to_thread(psql, server, f"ALTER DATABASE {name} {setting}", cut)
    try:
        yield
    finally:
        await asyncio.to_thread(psql, server, f"ALTER DATABASE {name} RESET ALL", cut)
