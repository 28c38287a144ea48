"""Connections. `Ledger.read()` lends autocommitting reads, `Ledger.write()` one transaction, committed at its end.

A session lasts as long as one call may (`proteus.deadlines`): waiting for a connection, statements and commit together.
One that is cut off gives its connection up, so that a Postgres that hangs blocks neither clients nor the pool. Requests
and background loops have a pool each: no flood of requests keeps the loops from recording.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import LRUCache

from gateway.ledger.session import Reads, Writes
from gateway.settings import DatabaseSettings
from proteus.deadlines import LOOP_CALL_SECONDS, call_seconds, in_loop
from proteus.errors import DependencyUnavailable, InvalidRequest, ReplyClass, class_of_sqlstate
from proteus.tracing import child

BAD_DATA_CLASS: Final = "22"
"""SQLSTATE class `data exception`: a NUL in a text, a number out of range."""

DEADLOCK: Final = "40P01"
"""SQLSTATE of a transaction that Postgres ended because it and another one waited for each other."""

LOOP_CONNECTIONS: Final = 6
"""Of the background loops, beside those of requests: four rounds may hold a lock each and need a second connection."""

GIVE_UP_SECONDS: Final = 0.4
"""What remains of a call's time for giving up its connection: the answer leaves within the deadline."""


class Ledger:
    """The database, as two kinds of session."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._pools = {False: _engine(settings, settings.pool_size), True: _engine(settings, LOOP_CONNECTIONS)}
        """Engine by whether background loops use it."""
        self._autocommit = {
            inside: engine.execution_options(isolation_level="AUTOCOMMIT") for inside, engine in self._pools.items()
        }

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reads]:
        """Lend a session for reading; every statement is its own snapshot."""
        with child("postgres read"):
            async with _within_deadline(), self._autocommit[in_loop()].connect() as connection:
                yield Reads(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Writes]:
        """Lend one transaction: committed when the block ends, rolled back when it raises."""
        with child("postgres transaction"):
            async with _within_deadline(), self._pools[in_loop()].begin() as connection:
                yield Writes(connection)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Writes]:
        """Lend a session whose every statement is a transaction of its own: for a write of a single statement."""
        with child("postgres statement"):
            async with _within_deadline(), self._autocommit[in_loop()].connect() as connection:
                yield Writes(connection)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        """Hold the deployment-wide advisory lock `name` if it is free; yields whether it is ours.

        The block may last longer than a call.
        """
        with translated():
            async with self._autocommit[in_loop()].connect() as connection:
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
        for engine in self._pools.values():
            await engine.dispose()


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Closes quickly, without waiting for a server that hangs."""

    async def close(self, *, timeout: float | None = None) -> None:
        await super().close(timeout=min(timeout or GIVE_UP_SECONDS / 2, GIVE_UP_SECONDS / 2))


class _Compiled(LRUCache[Any, Any]):
    """Statements compiled once in a process, whichever pool sends them.

    SQLAlchemy keeps them per dialect, the key's first part, and every engine has its own; ours are all alike.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


_COMPILED: Final = _Compiled(500)


def _engine(settings: DatabaseSettings, connections: int) -> AsyncEngine:
    made = create_async_engine(
        settings.url,
        pool_size=connections,
        max_overflow=0,  # Beyond the pool wait: opening a connection costs Postgres more than ten submits.
        pool_use_lifo=True,
        pool_timeout=LOOP_CALL_SECONDS,
        pool_recycle=1800,
        json_serializer=_dumps,
        hide_parameters=True,  # An error's text goes to the log; a statement's parameters are a client's.
        connect_args={
            "timeout": LOOP_CALL_SECONDS,
            "command_timeout": LOOP_CALL_SECONDS,
            "connection_class": _Connection,
            "server_settings": {"application_name": "gateway"},
        },
    )
    return made.execution_options(compiled_cache=_COMPILED)


async def _scalar(connection: AsyncConnection, statement: str, **values: Any) -> Any:
    return (await connection.execute(text(statement), values)).scalar_one()


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


@asynccontextmanager
async def _within_deadline() -> AsyncIterator[None]:
    """Cut the block off when the call's time is over; translate what it raises."""
    with translated():
        async with asyncio.timeout(call_seconds() - GIVE_UP_SECONDS):
            yield


class translated:  # noqa: N801 - reads as a verb: `with translated():`
    """Turn errors of Postgres into our own: not now (the edge answers 503, loops wait) or bad data.

    Only a statement's own fault (a violated constraint, wrong SQL) stays as it is: a bug.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, PoolTimeout):
            raise DependencyUnavailable("All connections to the database are in use.") from error
        if isinstance(error, (OSError, TimeoutError)):
            raise DependencyUnavailable("The database does not answer.") from error
        if isinstance(error, asyncpg.PostgresError):  # On connecting SQLAlchemy lets the driver's own errors pass.
            raise DependencyUnavailable(f"The database refuses the connection ({error.sqlstate}).") from error
        if isinstance(error, DBAPIError):
            state = getattr(error.orig, "sqlstate", None) or ""
            refused_by_driver = isinstance(error.orig.__cause__ if error.orig else None, ValueError)
            if state[:2] == BAD_DATA_CLASS or refused_by_driver:
                raise InvalidRequest("A value cannot be stored: the database refuses this text or number.") from error
            if error.connection_invalidated or class_of_sqlstate(state) is ReplyClass.AWAY:
                raise DependencyUnavailable(
                    f"The database cannot do it now ({state or 'no connection'}).",
                    reason="deadlock" if state == DEADLOCK else "away",
                ) from error
