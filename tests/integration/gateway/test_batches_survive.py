"""Batches and what ends in the middle: gateways, users, bodies; and how long an ended batch is kept."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from fleet_of_cards import weavers
from gateway.batches.feeder import LOCK, BatchFeeder
from gateway.settings import RetentionSettings
from gateway.upkeep.retention import Retention
from proteus.keys import JOBS, QueueKeys
from proteus.queue import Completion, JobQueue, Verdict
from waiting import until


@pytest.fixture
async def shop(gateway, account, prepare):
    """A tenant's server with a prepared photo and cut-out."""
    return await prepare(gateway, await account(gateway, "acme", scopes=["keys", "usage"]))


async def made(ready, many):
    body = {"persons": [ready.person], "garments": [ready.garment] * many}
    answer = await ready.guest.http.post("/v1/batches", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["batch_id"]


async def seen(ready, batch_id):
    return (await ready.guest.http.get(f"/v1/batches/{batch_id}")).raise_for_status().json()


async def ended(ready, batch_id):
    async def over():
        found = await seen(ready, batch_id)
        return found if found["finished_at"] else None

    return await until(over, what="the batch's end")


async def counted(parts, statement, **values):
    async with parts.ledger.read() as reads:
        return (await reads.users._connection.execute(text(statement), values)).scalar_one()


class Killed(BaseException):
    """The process is gone."""


class Dies:
    """An acceptor in a process that dies at its n-th submit, before it or when it has committed."""

    def __init__(self, acceptor, *, at, after) -> None:
        self._acceptor = acceptor
        self._at = at
        self._after = after
        self._n = 0

    async def submit(self, *args, **options):
        self._n += 1
        if self._n == self._at and not self._after:
            raise Killed
        answer = await self._acceptor.submit(*args, **options)
        if self._n == self._at:
            raise Killed
        return answer


async def test_feeders_that_die_at_any_submit_lose_no_item_and_double_none(gateway, shop, hands, redis, parts) -> None:
    batch_id = await made(shop, 9)
    feeder = parts.batches.feeder
    async with weavers(redis, 3):

        async def fleet_is_seen():
            await parts.fleet.refresh()
            return len(parts.fleet.view.weavers) == 3

        await until(fleet_is_seen, what="three workers")
        died = 0
        while not died:  # No other gateway feeds meanwhile.
            async with parts.ledger.lock(LOCK) as ours:
                if not ours:
                    continue
                for at, after in [(1, False), (1, True), (2, False), (2, True), (1, True)]:
                    dying = BatchFeeder(
                        parts.ledger, Dies(feeder._acceptor, at=at, after=after), parts.fleet, parts.batches.ender
                    )
                    with pytest.raises(Killed):
                        await dying._feed()
                    died += 1
                taken = await counted(parts, "SELECT count(*) FROM batch_items WHERE state = 'taken'")
        assert taken == 5
        async with hands.working():
            found = await ended(shop, batch_id)
    assert found["counts"] == {"completed": 9}
    assert await counted(parts, "SELECT count(*) FROM tryons WHERE id IN (SELECT job_id FROM batch_items)") == 9
    assert await counted(parts, "SELECT count(*) FROM jobs WHERE tryon_id IN (SELECT job_id FROM batch_items)") == 9


async def test_a_user_who_is_deleted_takes_the_open_batch_along_wherever_its_pictures_are(
    gateway, shop, hands, redis, parts, store
) -> None:
    queue = JobQueue(redis, JOBS)
    async with weavers(redis, 2):
        batch_id = await made(shop, 8)
        running = await hands.take()
        await until(lambda: redis.zcard(QueueKeys(JOBS).spare), what="the next ones in their line")
        assert await parts.eraser.user("user_acme")
        stats = await queue.stats()
        assert (stats.spare_waiting, stats.spare_running) == (0, 0)
        done = Completion(id=running.id, token=running.token, result={"result_key": "results/x"})
        assert await queue.complete(hands.worker, [done]) == [Verdict.REFUSED]
        for table in ("batches", "batch_items", "tryons", "jobs"):
            assert await counted(parts, f"SELECT count(*) FROM {table}") == 0
        await parts.fleet.refresh()
        for _ in range(3):
            await parts.batches.feeder.turn()
        assert await queue.count() == 0
        assert list(store.list(f"results/user_acme/{batch_id}")) == []


async def test_an_ended_batch_goes_when_its_tenant_keeps_it_no_longer_and_an_open_one_keeps_its_photos(
    gateway, shop, hands, redis, parts, store
) -> None:
    retention = Retention(parts.ledger, parts.eraser, RetentionSettings(tenant_days=30))
    async with weavers(redis, 1), hands.working():
        first = await made(shop, 2)
        await ended(shop, first)
    waiting = await made(shop, 2)
    await retention.work(datetime.now(UTC) + timedelta(days=29))
    assert (await seen(shop, first))["counts"] == {"completed": 2}
    await retention.work(datetime.now(UTC) + timedelta(days=31))
    assert (await shop.guest.http.get(f"/v1/batches/{first}")).status_code == 404
    assert (await seen(shop, waiting))["counts"] == {"waiting": 2}

    async def erased():
        return await counted(parts, "SELECT count(*) FROM batches WHERE id = :id", id=first) == 0

    await until(erased, what="the erasure")
    assert await counted(parts, "SELECT count(*) FROM batch_items WHERE batch_id = :id", id=first) == 0
    assert await counted(parts, "SELECT count(*) FROM tryons") == 0
    assert await counted(parts, "SELECT count(*) FROM images") == 2, "the waiting items need them"
    assert not list(store.list("results/"))


def lines_of(ready, many):
    return "\n".join(json.dumps({"person": ready.person, "garment": ready.garment}) for _ in range(many)).encode()


async def test_lines_that_are_cut_anywhere_are_refused_by_their_line_or_are_whole_lines(gateway, shop) -> None:
    body = lines_of(shop, 3)
    end = len(body) // 3
    for cut in (1, end // 2, end - 1, end + 2, 2 * end + 5, len(body) - 1):
        answer = await shop.guest.http.post(
            "/v1/batches", content=body[:cut], headers={"content-type": "application/jsonl"}
        )
        assert answer.status_code == 422, (cut, answer.text)
        error = answer.json()["errors"][0]
        assert f"line/{body[:cut].count(10) + 1}" in json.dumps(error).replace(", ", "/").replace('"', ""), error
    assert (await shop.guest.http.get("/v1/batches")).json()["items"] == []


async def test_a_body_that_ends_before_its_length_makes_no_batch_and_no_crash(gateway, shop, capsys) -> None:
    heard: list[str] = []

    def said() -> str:
        heard.append(capsys.readouterr().out)
        return "".join(heard)

    body = lines_of(shop, 3)
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    for key in ("", "Idempotency-Key: one\r\n"):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /v1/batches HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {shop.guest.token}\r\n{key}"
            f"Content-Type: application/jsonl\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body[: len(body) // 2]
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def refused():
        return said().count("status=400") == 2

    await until(refused, what="both refusals")
    assert "request_crashed" not in said()
    assert (await shop.guest.http.get("/v1/batches")).json()["items"] == []
    answer = await shop.guest.http.post("/v1/batches", content=body, headers={"content-type": "application/jsonl"})
    assert answer.status_code == 201, "nothing of the broken ones is in the way"
