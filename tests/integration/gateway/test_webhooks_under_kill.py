"""Counted: gateways share the outbox, one of them is killed, receivers fail at random; nothing is lost or early."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict

import pytest
from sqlalchemy import text

from access import made_key
from gateway.settings import WebhookSettings
from receiver import answer, receiving
from waiting import until
from workbench.stack.ports import free_port

TRYONS = 24
ENDPOINTS = 3
FAILS = 0.3

pytestmark = pytest.mark.slow


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(update={"webhooks": WebhookSettings(allowed_networks="127.0.0.0/8")})


@pytest.fixture
def second_gateway(gateway_settings, tmp_path):
    """Another gateway on the same servers, as a process that can be killed."""
    storage = gateway_settings.storage
    environment = {
        **{name: value for name, value in os.environ.items() if "COV" not in name},
        "PROTEUS_SIGNING_KEY": gateway_settings.tokens.signing_key.get_secret_value(),
        "DATABASE_URL": gateway_settings.database.url,
        "REDIS_URL": gateway_settings.redis.url,
        "OBJECT_STORAGE_ENDPOINT": storage.endpoint,
        "OBJECT_STORAGE_BUCKET": storage.bucket,
        "OBJECT_STORAGE_ACCESS_KEY": storage.access_key,
        "OBJECT_STORAGE_SECRET_KEY": storage.secret_key.get_secret_value(),
        "GATEWAY_INNER_PORT": "0",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--host", "127.0.0.1", "--port", str(free_port())],
            env=environment,
            stdout=log,
            stderr=log,
        )
    yield process
    process.kill()
    process.wait()


async def rows(services, statement: str, **values):
    async with services.ledger.write() as writes:
        return (await writes.users._connection.execute(text(statement), values)).all()


async def test_every_end_is_delivered_at_least_once_and_none_before_its_commit(
    gateway, owner, hands, prepare, second_gateway, parts
) -> None:
    key = await made_key(owner, scopes=["webhooks"])
    shop = gateway.bearer(key["key"], "user_acme")
    ready = await prepare(gateway, shop)
    luck, early, delivered = random.Random(20), [], defaultdict(list)

    async def reply(got, writer):
        message = got.message
        known = await rows(
            parts, "SELECT 1 FROM events WHERE user_id = :user_id AND seq = :seq",
            user_id=message["data"]["user_id"], seq=message["seq"],
        )  # fmt: skip
        if not known:
            early.append(message)
        await asyncio.sleep(luck.uniform(0, 0.05))
        if luck.random() < FAILS:
            writer.write(answer(luck.choice([500, 503, 302])))
            return
        delivered[got.path, message["data"]["job_id"]].append((message["seq"], message["type"], got.id))
        writer.write(answer(200))

    async with receiving(reply) as receiver:
        for n in range(ENDPOINTS):
            wish = {"url": f"{receiver.url}/{n}", "events": ["tryon.started", "tryon.completed", "tryon.canceled"]}
            assert (await shop.http.post("/v1/webhooks", json=wish)).status_code == 201
        ours = gateway.services.dispatcher._lease

        async def its_leases():
            return await rows(
                parts, "SELECT id FROM webhook_deliveries WHERE lease <> :ours AND leased_until > now()", ours=ours
            )

        async def killed_in_flight():
            await until(its_leases, seconds=60, what="a delivery in the other gateway's hands")
            os.kill(second_gateway.pid, signal.SIGKILL)
            return await its_leases()

        kill = asyncio.create_task(killed_in_flight())
        jobs = []
        async with hands.working():
            while len(jobs) < TRYONS or not kill.done():
                job = await ready.snap()
                jobs.append(job["job_id"])
                if len(jobs) % 5 == 0:
                    await shop.http.post(f"/v1/tryons/{job['job_id']}/cancel")
                await asyncio.sleep(0.02)
            assert await kill, "it was killed with deliveries in its hands"
            statuses = [(await shop.wait(one))["status"] for one in jobs]

        async def all_arrived():
            await rows(
                parts,
                "UPDATE webhook_deliveries SET next_at = next_at - interval '1 day', "
                "leased_until = CASE WHEN lease = :ours THEN leased_until ELSE now() END WHERE id IN "
                "(SELECT id FROM webhook_deliveries WHERE state = 'pending' FOR UPDATE SKIP LOCKED) RETURNING 1",
                ours=ours,
            )
            gateway.services.dispatcher.wake()
            left = await rows(parts, "SELECT 1 FROM webhook_deliveries WHERE state = 'pending'")
            return not left

        await until(all_arrived, seconds=60, what="an empty outbox")
        written = await rows(parts, "SELECT url, job_id, seq, type, id FROM webhook_deliveries JOIN "
                                    "(SELECT id AS hook, webhooks.url AS address FROM webhooks) AS hooks "
                                    "ON hooks.hook = webhook_id")  # fmt: skip
    assert early == []
    assert set(statuses) <= {"completed", "canceled"}
    ends = {job_id: f"tryon.{status}" for job_id, status in zip(jobs, statuses, strict=True)}
    assert len(written) >= len(jobs) * ENDPOINTS
    for n in range(ENDPOINTS):
        for job_id, end in ends.items():
            seen = delivered[f"/hook/{n}", job_id]
            assert end in [kind for _, kind, _ in seen]
            first = list(dict.fromkeys(seq for seq, _, _ in seen))
            assert first == sorted(first), "a later event of a try-on arrived before an earlier one"
    ids = {one for seen in delivered.values() for _, _, one in seen}
    assert ids == {row.id for row in written}
