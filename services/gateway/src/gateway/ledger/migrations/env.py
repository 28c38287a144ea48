"""Runs migrations over asyncpg, each in a transaction of its own; called by `gateway.ledger.migrate`."""

import asyncio
import time
from typing import Final

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from gateway.ledger.session import METADATA
from proteus.deadlines import LOOP_CALL_SECONDS

ASK_SECONDS: Final = 0.5


def run(connection: Connection) -> None:
    """Upgrade with the deployment-wide migration lock held, so that replicas starting together do it once.

    The session holds the lock, and not a transaction: a migration may commit in between. It goes with the connection.
    """
    # It asks again and again, and does not wait inside a statement: an index that is built beside writers waits for
    # every statement, also for one that waits for this lock.
    while not connection.execute(text("SELECT pg_try_advisory_lock(hashtext('proteus:migrate'))")).scalar():
        connection.commit()
        time.sleep(ASK_SECONDS)
    # Afterwards: a replica may wait for the migration lock for as long as another one migrates.
    connection.execute(text(f"SET lock_timeout = {int(context.config.attributes['lock_seconds'] * 1000)}"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    engine = create_async_engine(
        context.config.attributes["url"], poolclass=NullPool, connect_args={"timeout": LOOP_CALL_SECONDS}
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
