"""A user who has used everything, and the words by which anything kept of it is found: its ids and its texts."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from access import made_key
from gateway.ledger.session import METADATA
from gateway.services import Services
from hands import png
from proteus.jobs import UserId
from proteus.keys import JOBS
from proteus.queue import Completion
from proteus.usage import Usage
from receiver import receiving
from webhooks_of_a_shop import in_state, made

USED = Usage(engine="puppet", device="cpu", gpu_seconds=2.0, engine_seconds=4.0, queue_seconds=0.5, store_seconds=0.1)
OWN_TEXTS = ("ada@example.com", "Ada Lovelace", "order-4711", "my-own-key-1", "argon2-of-ada", "2026-ada")


@dataclass
class Everything:
    """The user, its clients, and the words that name it."""

    shop: Any
    owner: Any
    person: str
    garment: str
    words: set[str] = field(default_factory=set)


async def everything_of(gateway, owner, parts, hands):
    """Let a tenant's own account use every part of the API, and leave a picture waiting."""
    key = await made_key(owner, scopes=["webhooks", "tokens"], limits={"submits": 600, "pictures_in_30_days": 10_000})
    shop = gateway.bearer(key["key"], owner.user_id)
    await _belongings(parts, owner.user_id)
    async with receiving() as receiver:
        hook = await made(shop, receiver.url)
        person, garment = await shop.upload(), await shop.upload(png((80, 80)), kind="garment")
        upper = await shop.upload(png((81, 80)), kind="garment")
        async with hands.working():
            first = await shop.snap(person, garment, metadata={"order": "order-4711"}, external_id="order-4711")
            assert (await shop.wait(first["job_id"]))["status"] == "completed"
            worn = [{"image": garment, "category": "lower"}, {"image": upper, "category": "upper"}]
            outfit = await shop.http.post("/v1/tryons", json={"user_photo_url": person, "garments": worn})
            assert outfit.status_code == 202, outfit.text
            assert (await shop.wait(outfit.json()["job_id"]))["status"] == "completed"
            cut = await shop.http.post("/v1/segmentations", json={"image_url": garment})
            assert (await shop.wait(cut.json()["job_id"]))["status"] == "completed"
        used = await shop.snap(person, garment)
        job = await hands.take(JOBS)
        result = (await asyncio.to_thread(hands._do, job)).write()
        await hands.queues[JOBS].complete(
            hands.worker, [Completion(id=job.id, token=job.token, result=result, usage=USED)]
        )
        assert (await shop.wait(used["job_id"]))["status"] == "completed"
        await in_state(shop, hook, "delivered", many=3)
    items = [{"custom_id": "order-4711", "person": person, "garment": garment}]
    batch = await shop.http.post("/v1/batches", json={"items": items})
    assert batch.status_code == 201, batch.text
    async with parts.ledger.write() as writes:
        await writes.spend.set_cap("tenant:acme", per_day=100_000.0, per_month=None)
    gateway.services.spend.forget()
    waiting = await shop.http.post(
        "/v1/tryons",
        json={"user_photo_url": person, "cloth_clean_url": upper, "quality": "best"},
        headers={"Idempotency-Key": "my-own-key-1"},
    )
    assert waiting.status_code == 202, waiting.text
    found = Everything(shop=shop, owner=owner, person=person, garment=garment, words={owner.user_id, *OWN_TEXTS})
    async with parts.ledger.read() as reads:
        for table in ("images", "jobs", "tryons", "webhook_deliveries", "batches"):
            ids = await reads.users._connection.execute(text(f"SELECT id FROM {table}"))
            found.words |= set(ids.scalars())
    return found


async def _belongings(parts: Services, user_id: str) -> None:
    """Give the account what a person has: a name, an address, a login, a consent."""
    ada = UserId(user_id)
    async with parts.ledger.write() as writes:
        await writes.users.rename(ada, "Ada Lovelace")
        await writes.accounts.add(
            ada, email="ada@example.com", password_hash="argon2-of-ada", role="owner", tenant="acme"
        )
        expires_at = datetime.now(UTC) + timedelta(days=30)
        await writes.refresh_tokens.add(b"digest", session_id="ses_1", user_id=ada, expires_at=expires_at)
        await writes.consents.give(ada, version="2026-ada", scope=["photos"], region="DE", age_confirmed=True)


async def rows_that_name(parts: Services, words: set[str]) -> Counter[str]:
    """Count the rows of every table that hold any of these words anywhere."""
    found: Counter[str] = Counter()
    async with parts.ledger.read() as reads:
        for name in METADATA.tables:
            rows = await reads.users._connection.execute(text(f"SELECT row_to_json(one)::text FROM {name} AS one"))
            found[name] = sum(any(word in row for word in words) for row in rows.scalars())
    return +found


async def keys_that_name(redis, words):
    """Return every Redis key that holds any of these words, in its name or anywhere in its value."""
    named = []
    for found in await redis.keys("*"):
        key = str(found)
        kind = str(await redis.type(key))
        value: Any = {
            "string": lambda key=key: redis.get(key),
            "list": lambda key=key: redis.lrange(key, 0, -1),
            "hash": lambda key=key: redis.hgetall(key),
            "set": lambda key=key: redis.smembers(key),
            "zset": lambda key=key: redis.zrange(key, 0, -1, withscores=True),
            "stream": lambda key=key: redis.xrange(key),
        }[kind]()
        told = f"{key} {await value}"
        if any(word in told for word in words):
            named.append(key)
    return sorted(named)
