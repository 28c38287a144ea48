"""A submit that Postgres ends, because it and another transaction wait for each other, starts over by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from waiting import until

LOCK = "SELECT 1 FROM images WHERE id = $1 FOR UPDATE"


async def test_a_submit_that_loses_a_deadlock_is_accepted_once(ready: Any, parts: Any) -> None:
    snap = await ready.snap()
    other = await asyncpg.connect(parts.ledger._pools[False].url.set(drivername="postgresql").render_as_string(False))
    pair = "SELECT person_image_id, garment_image_id FROM tryons WHERE id = $1"
    person_id, garment_id = await other.fetchrow(pair, snap["job_id"])
    before = await other.fetchval("SELECT count(*) FROM tryons")

    async def blocked() -> bool:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        return bool(await other.fetchval(waits))

    async with other.transaction():
        await other.execute(LOCK, person_id)
        submit = asyncio.create_task(ready.snap())
        await until(blocked, what="the submit waits for the person")
        ended = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        await other.execute(LOCK, garment_id)  # The submit holds it, has waited for longer and is ended.
    assert (await submit)["status"] in ("queued", "preparing")
    assert await other.fetchval("SELECT count(*) FROM tryons") == before + 1

    async def counted() -> bool:
        return await other.fetchval(ended) == 1

    await until(counted, what="Postgres counts the deadlock")
    await other.close()
