"""Connections. `Ledger.read()` lends autocommitting reads, `Ledger.write()` one transaction, committed at its end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.ledger.repository import Reads, Writes
from gateway.settings import DatabaseSettings
from proteus.errors import DependencyUnavailable, InvalidRequest, ReplyClass, class_of_sqlstate

BAD_DATA_CLASS: Final = "22"
"""SQLSTATE class `data exception`: a NUL in a text, a number out of range."""


class Ledger:
    """The database, as two kinds of session."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._engine: AsyncEngine = create_async_engine(
            settings.url,
            pool_size=settings.pool_size,
            max_overflow=0,  # Beyond the pool wait: opening a connection costs Postgres more than ten submits.
            pool_use_lifo=True,
            pool_timeout=5,
            pool_recycle=1800,
            json_serializer=_dumps,
            connect_args={"timeout": 5, "command_timeout": 30, "server_settings": {"application_name": "gateway"}},
        )
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reads]:
        """Lend a session for reading; every statement is its own snapshot."""
        with _translated():
            async with self._autocommit.connect() as connection:
                yield Reads(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Writes]:
        """Lend one transaction: committed when the block ends, rolled back when it raises."""
        with _translated():
            async with self._engine.begin() as connection:
                yield Writes(connection)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Writes]:
        """Lend a session whose every statement is a transaction of its own: for one that writes all there is."""
        with _translated():
            async with self._autocommit.connect() as connection:
                yield Writes(connection)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        """Hold the deployment-wide advisory lock `name` if nobody else has it; yields whether it is ours."""
        with _translated():
            async with self._autocommit.connect() as connection:
                held = bool(await _scalar(connection, "SELECT pg_try_advisory_lock(hashtext(:name))", name=name))
                try:
                    yield held
                finally:
                    if held:
                        await _scalar(connection, "SELECT pg_advisory_unlock(hashtext(:name))", name=name)

    async def ping(self) -> None:
        """Raise `DependencyUnavailable` unless Postgres answers."""
        async with self.read() as reads:
            await reads.ping()

    async def close(self) -> None:
        await self._engine.dispose()


async def _scalar(connection: AsyncConnection, statement: str, **values: Any) -> Any:
    return (await connection.execute(text(statement), values)).scalar_one()


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


class _translated:  # noqa: N801 - reads as a verb: `with _translated():`
    """Turn what Postgres answers into our own errors: not now (the edge answers 503, loops wait) or bad data.

    Only what is a statement's own fault (a violated constraint, wrong SQL) stays as it is: a bug.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, PoolTimeout):
            raise DependencyUnavailable("All connections to the database are in use.") from error
        if isinstance(error, (OSError, TimeoutError)):
            raise DependencyUnavailable("The database does not answer.") from error
        if isinstance(error, DBAPIError):
            state = getattr(error.orig, "sqlstate", None) or ""
            refused_by_driver = isinstance(error.orig.__cause__ if error.orig else None, ValueError)
            if state[:2] == BAD_DATA_CLASS or refused_by_driver:
                raise InvalidRequest("A value cannot be stored: the database refuses this text or number.") from error
            if error.connection_invalidated or class_of_sqlstate(state) is ReplyClass.AWAY:
                raise DependencyUnavailable(f"The database cannot do it now ({state or 'no connection'}).") from error
