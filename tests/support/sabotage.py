"""A Postgres that refuses one change with an SQLSTATE of the test's choice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from workbench.stack.postgres import psql


@asynccontextmanager
async def trigger(url: str, when: str, state: str) -> AsyncIterator[None]:
    """Have Postgres answer with an SQLSTATE for a `with` block.

    In threads: the statement waits for the gateway's transactions, and those for this event loop.
    """
    body = f"BEGIN RAISE EXCEPTION 'for a test' USING ERRCODE = '{state}'; END"
    await asyncio.to_thread(
        psql,
        url,
        f"CREATE FUNCTION answer() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER answers {when} EXECUTE FUNCTION answer()",
    )
    try:
        yield
    finally:
        await asyncio.to_thread(psql, url, "DROP FUNCTION answer CASCADE")
