"""Migrations beside gateways that work: none waits long for a lock, and one that would deadlock is tried again."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from alembic import command

from gateway.ledger import migrate
from gateway.settings import DatabaseSettings
from proteus.errors import DependencyUnavailable
from waiting import until

UPGRADE = """from gateway.ledger.migrate import upgrade
from gateway.settings import DatabaseSettings
upgrade(DatabaseSettings())"""

BEFORE = "0008"
"""0009 makes tables that refer to `users`, then adds a column to it: it takes two locks of the same table."""


@asynccontextmanager
async def connected(settings: DatabaseSettings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def old(database_url: str) -> AsyncIterator[DatabaseSettings]:
    """A database of the version before, and of this one afterwards."""
    settings = DatabaseSettings(url=database_url)
    await asyncio.to_thread(command.downgrade, migrate.config(settings), BEFORE)
    yield settings
    await asyncio.to_thread(migrate.upgrade, settings)


async def revision(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("SELECT version_num FROM alembic_version"))


async def waits_for_a_lock(connection: asyncpg.Connection) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass"
    return bool(await connection.fetchval(waiting))


async def test_a_transaction_that_reads_for_long_holds_up_the_migration_and_nobody_else(old) -> None:
    async with connected(old) as backup, connected(old) as gateway:
        reading = backup.transaction()
        await reading.start()
        await backup.fetch("SELECT * FROM users")
        upgrade = asyncio.create_task(asyncio.to_thread(migrate.upgrade, old))
        await until(lambda: waits_for_a_lock(gateway), what="the migration waits for a lock")
        # Behind the migration that waits; it gives way before a request gives up.
        async with asyncio.timeout(5):
            await gateway.execute("INSERT INTO users (id, kind, tenant) VALUES ('user_1', 'guest', 'guests')")
        assert await revision(gateway) == BEFORE
        await reading.rollback()
        await upgrade
        assert await revision(gateway) > BEFORE
        assert await gateway.fetchval("SELECT count(*) FROM users") == 1


@pytest.mark.long
async def test_a_gateway_that_reads_and_then_writes_is_no_deadlock_for_the_migration(old) -> None:
    async with connected(old) as gateway:
        await gateway.execute("INSERT INTO users (id, kind, tenant) VALUES ('user_1', 'guest', 'guests')")
        upgrade = asyncio.create_task(asyncio.to_thread(migrate.upgrade, old))
        deadline = time.monotonic() + 30
        while not upgrade.done() and time.monotonic() < deadline:
            try:
                async with gateway.transaction():
                    await gateway.fetch("SELECT * FROM users FOR KEY SHARE")
                    await gateway.execute("UPDATE users SET last_seq = last_seq + 1")
            except asyncpg.DeadlockDetectedError:
                continue  # Postgres chooses which of two it breaks off; a gateway tries again, too.
        await upgrade
        assert await revision(gateway) > BEFORE


async def test_a_lock_that_never_comes_ends_in_one_sentence(old, monkeypatch) -> None:
    monkeypatch.setattr(migrate, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.1)
    async with connected(old) as backup, backup.transaction():
        await backup.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DependencyUnavailable, match="cannot do it now \\(55P03\\)"):
            await asyncio.to_thread(migrate.upgrade, old)


@pytest.mark.long
async def test_gateways_that_start_together_build_an_index_once_and_one_that_broke_off_anew(old) -> None:
    async with connected(old) as gateway:
        await gateway.execute("CREATE INDEX ix_events_by_age ON events (seq)")  # as if it had been left behind
        migrations = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", UPGRADE, env={**os.environ, "DATABASE_URL": old.url}
            )
            for _ in range(3)
        ]
        assert [await one.wait() for one in migrations] == [0, 0, 0]
        found = await gateway.fetch(
            """SELECT pg_get_indexdef(indexrelid) AS made FROM pg_index
            WHERE indrelid = 'events'::regclass AND indisvalid ORDER BY made"""
        )
    of_age = [row["made"] for row in found if "recorded_at" in row["made"]]
    assert of_age == ["CREATE INDEX ix_events_by_age ON public.events USING btree (recorded_at)"]
