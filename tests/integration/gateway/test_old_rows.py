"""Rows past their retention: they go in small transactions, and an index finds them among many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.dialects.postgresql import dialect

from gateway.ledger.audit_log import audit_log
from gateway.ledger.events import events
from gateway.ledger.idempotency import idempotency
from gateway.ledger.statements import oldest_gone
from gateway.ledger.usage import usage
from gateway.upkeep.in_batches import ROWS

NOW = datetime.now(UTC)

MANY = {
    events: (
        events.c.recorded_at,
        """INSERT INTO events (user_id, seq, job_id, data, recorded_at)
        SELECT 'user_1', n, 'job_' || n, '{}', {at} FROM {n}""",
    ),
    idempotency: (
        idempotency.c.created_at,
        """INSERT INTO idempotency (user_id, key, request_hash, job_id, created_at)
        SELECT 'user_1', n, 'h', 'j', {at} FROM {n}""",
    ),
    audit_log: (
        audit_log.c.created_at,
        """INSERT INTO audit_log (id, actor, tenant, action, target, request_id, details, created_at)
        SELECT n, 'a', 't', 'key.create', 'k', 'r', '{}', {at} FROM {n}""",
    ),
    usage: (
        usage.c.ended_at,
        """INSERT INTO usage_records (job_id, token, ended_at, tenant, user_id, kind, engine, device, outcome, known,
                                      billed, gpu_seconds, engine_seconds, queue_seconds, store_seconds)
        SELECT 'job_' || n, 1, {at}, 't', '', 'tryon', 'puppet', 'cpu', 'completed', true, true, 1, 1, 1, 1 FROM {n}""",
    ),
}
"""Tables that grow with every picture or deed, and what fills them with a row each second."""


async def filled(writes, table, *, rows: range) -> None:
    """Insert rows, one a second from NOW on."""
    numbers = f"generate_series({rows.start}, {rows.stop - 1}) AS n"
    statement = MANY[table][1].replace("{n}", numbers).replace("{at}", "CAST(:now AS timestamptz) + n * interval '1 s'")
    await writes.users._connection.execute(text(statement), {"now": NOW})


async def test_old_rows_go_in_batches_of_a_transaction_each(parts) -> None:
    async with parts.ledger.write() as writes:
        await writes.users.add("user_1", kind="account", tenant="shop")
        for table in MANY:
            await filled(writes, table, rows=range(2 * ROWS + 1))
    deleted: dict[str, list[int]] = {}

    def note(_connection, cursor, statement: str, *_more) -> None:
        if statement.startswith("DELETE FROM"):
            deleted.setdefault(statement.split()[2], []).append(cursor.rowcount)

    for pool in parts.ledger._pools.values():
        event.listen(pool.sync_engine, "after_cursor_execute", note)
    later = NOW + timedelta(days=401)
    await parts.retention.usage(NOW)  # It says what it will do.
    await parts.retention.usage(later)
    await parts.retention.traces(later)
    await parts.sweeper.old_keys(later)
    assert {table.name: deleted[table.name] for table in MANY} == {table.name: [ROWS, ROWS, 1] for table in MANY}


@pytest.mark.long
@pytest.mark.parametrize("table", MANY, ids=str)
async def test_among_many_rows_the_old_ones_are_found_by_an_index_also_where_others_went_before(parts, table) -> None:
    """Rows that went leave room, which younger ones take: neighbours in a page then have different ages."""
    many, old = 60_000, 15_000
    at = MANY[table][0]
    async with parts.ledger.write() as writes:
        await writes.users.add("user_1", kind="account", tenant="shop")
        await filled(writes, table, rows=range(many))

    async def run(statement: str) -> list[str]:
        async with parts.ledger.statement() as writes:
            found = await writes.users._connection.execute(text(statement))
            return list(found.scalars()) if found.returns_rows else []

    for turn in range(2):
        before = NOW + timedelta(seconds=old * (turn + 1))
        await run(f"DELETE FROM {table} WHERE {at.name} < '{before.isoformat()}'")
        await run(f"VACUUM ANALYZE {table}")
        async with parts.ledger.write() as writes:
            await filled(writes, table, rows=range(many + old * turn, many + old * (turn + 1)))
    await run(f"VACUUM ANALYZE {table}")
    for due, pages in ((2 * old, 10), (3 * old, 12 * ROWS)):
        until = NOW + timedelta(seconds=due)
        statement = oldest_gone(table, at < until, by=at, limit=ROWS).compile(
            dialect=dialect(), compile_kwargs={"literal_binds": True}
        )
        plan = await run(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {statement}")
        assert not [line for line in plan if "Seq Scan" in line]
        buffers = next(line for line in plan if "Buffers" in line)
        assert sum(int(part.split("=")[1]) for part in buffers.split() if "=" in part and "dirtied" not in part) < pages
