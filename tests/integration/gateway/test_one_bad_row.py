"""One row that cannot be recorded, pushed or released keeps no other row of its round waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from proteus.keys import JOBS, QueueKeys
from sabotage import trigger
from waiting import until

LATER = timedelta(days=2)


async def changed(parts, statement: str, **values) -> None:
    async with parts.ledger.write() as writes:
        await writes.users._connection.execute(text(statement), values)


async def states(parts, *ids: str) -> list[str]:
    async with parts.ledger.read() as reads:
        rows = await reads.jobs.by_ids(ids)
    return [rows[one].state.value for one in ids]


async def test_a_row_that_cannot_expire_keeps_no_other_from_its_end(ready, parts, database_url) -> None:
    poison, *good = [(await ready.snap())["job_id"] for _ in range(3)]
    condition = f"WHEN (NEW.id = '{poison}' AND NEW.state = 'expired')"
    async with trigger(database_url, f"BEFORE UPDATE ON jobs FOR EACH ROW {condition}", "23514"):
        assert await parts.promoter.expire_old(now=datetime.now(UTC) + LATER) == len(good)
        assert await states(parts, poison, *good) == ["queued", "expired", "expired"]
    assert await parts.promoter.expire_old(now=datetime.now(UTC) + LATER) == 1


@pytest.mark.long
async def test_a_row_that_cannot_be_put_right_keeps_no_other_from_being_repaired(
    ready, parts, redis, database_url
) -> None:
    poison, *good = [(await ready.snap())["job_id"] for _ in range(3)]
    names = QueueKeys(JOBS)
    condition = f"WHEN (NEW.id = '{poison}' AND NEW.epoch = 2)"
    async with trigger(database_url, f"BEFORE UPDATE ON jobs FOR EACH ROW {condition}", "23514"):
        await redis.delete(*(names.job(one) for one in (poison, *good)), names.index("puppet"), JOBS)

        async def back() -> bool:
            return all([await redis.exists(names.job(one)) for one in good])

        await until(back, what="the other jobs are back", seconds=60)
        assert not await redis.exists(names.job(poison))
    await parts.reconciler.compare(updated_before=datetime.now(UTC) + LATER)
    assert await redis.exists(names.job(poison))


IMPOSSIBLE = (
    "UPDATE jobs SET epoch = 2000000000 WHERE id = :id",
    "UPDATE tryons SET options = options - 'seed' WHERE id = :id",
    """UPDATE tryons SET options = jsonb_set(options, '{seed}', '"odd"') WHERE id = :id""",
)


async def test_a_row_that_no_queue_can_carry_keeps_no_other_in_the_outbox(ready, parts, redis) -> None:
    *poisons, good = [(await ready.snap())["job_id"] for _ in range(4)]
    names = QueueKeys(JOBS)
    for poison, change in zip(poisons, IMPOSSIBLE, strict=True):
        await changed(parts, change, id=poison)
    await redis.delete(*(names.job(one) for one in (*poisons, good)), names.index("puppet"), JOBS)
    await changed(parts, "UPDATE jobs SET submitted_epoch = 0 WHERE id = ANY(:ids)", ids=[*poisons, good])
    await parts.submitter.push([*poisons, good])  # The running gateway may be faster.
    assert await redis.exists(names.job(good))
    assert await redis.exists(*(names.job(one) for one in poisons)) == 0


async def test_any_number_of_users_keys_and_logins_is_asked_about_at_once(parts) -> None:
    """Postgres' protocol counts a statement's parameters in 16 bits."""
    many = [f"user_{n}" for n in range(40_000)]
    async with parts.ledger.write() as writes:
        await writes.users.add(many[7], kind="guest", tenant="guests")
        assert set(await writes.users.existing(many)) == {many[7]}
        assert await writes.users.last_seqs(many) == {many[7]: 0}
        await writes.users.note_seen(many)
        assert await writes.api_keys.live(many) == {}
        await writes.api_keys.note_used(many)
        assert await writes.refresh_tokens.live_sessions(many) == set()
