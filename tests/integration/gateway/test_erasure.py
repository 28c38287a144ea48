"""A deleted user leaves nothing: every table, the object store and Redis, after using everything that there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from everything_of_a_user import everything_of, keys_that_name, rows_that_name
from gateway.background import RECORDED_LIFE, _trim_streams
from gateway.ledger.session import METADATA
from gateway.settings import WebhookSettings
from gateway.upkeep.erasure import AGAIN_AFTER
from proteus.keys import JOBS, TAILOR, QueueKeys
from waiting import until

NOBODYS = "names nobody"
TENANTS = (
    "id",
    "label",
    "engines",
    "samples_most",
    "qualities",
    "priorities",
    "limits",
    "consent",
    "retention_days",
    "safety",
    "created_at",
)
DELETED = "deleted with the user"
EMPTIED = "its user's id is taken out"

FATES = {
    "audit_log": {
        "id": NOBODYS, "created_at": NOBODYS, "action": NOBODYS, "tenant": NOBODYS, "request_id": NOBODYS,
        "actor": "kept: proves who did what, for RETENTION_AUDIT_DAYS", "key_id": "kept: the same",
        "target": "kept: proves a consent and its end", "details": "kept: holds versions, scopes, counts",
    },
    "deletions": {"prefix": "kept: the prefixes to empty once more, for 20 minutes", "due_at": NOBODYS},
    "deployment": {"name": NOBODYS, "value": NOBODYS},
    "engine_offers": {"engine": NOBODYS, "offered_at": NOBODYS},
    "spend_caps": {"subject": "kept: a tenant's or a key's cap", "per_day": NOBODYS, "per_month": NOBODYS},
    "spend_days": {"subject": "kept: a tenant's or a key's sum", "day": NOBODYS, "gpu_seconds": NOBODYS},
    "spend_reservations": {
        "job_id": DELETED, "subject": DELETED, "gpu_seconds": DELETED, "made_at": DELETED,
    },
    "tenants": dict.fromkeys(TENANTS, NOBODYS),
    "usage_records": {
        "user_id": EMPTIED, "job_id": "kept: tells attempts apart; no row has the job any more",
        "key_id": "kept: a tenant's key", "tenant": NOBODYS,
        **dict.fromkeys(
            ("token", "ended_at", "kind", "engine", "device", "outcome", "known", "billed", "gpu_seconds",
             "engine_seconds", "queue_seconds", "store_seconds", "cost", "currency"), NOBODYS,
        ),
    },
}  # fmt: skip
"""Tables whose rows do not go with their user by themselves: what becomes of each column."""

OTHERS = {"api_keys": {"created_by"}, "webhooks": {"created_by"}}
"""Columns of somebody's rows that name another user: his id is taken out when he goes."""

KEPT = {"audit_log", "usage_records"}
"""Tables in which ids of the user and of its jobs are found afterwards."""


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(update={"webhooks": WebhookSettings(allowed_networks="127.0.0.0/8")})


def goes_with_its_user(table) -> bool:
    """Tell whether deleting a user deletes its rows of this table: by keys that are never empty."""
    for column in table.columns:
        for key in column.foreign_keys:
            there = key.column.table
            owns = key.ondelete == "CASCADE" and not column.nullable and there.name != table.name
            if owns and goes_with_its_user(there):
                return True
    return table.name == "users"


def test_every_column_is_deleted_kept_for_a_reason_or_nobodys() -> None:
    unclassified = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        if not goes_with_its_user(table)
        for column in table.columns
        if column.name not in FATES.get(table.name, {})
    }
    assert unclassified == set(), "say in FATES what becomes of it when a user is deleted"
    assert FATES.keys() == {name for name, table in METADATA.tables.items() if not goes_with_its_user(table)}


def test_a_column_that_names_another_user_is_known() -> None:
    naming = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        if goes_with_its_user(table)
        for column in table.columns
        if not column.foreign_keys and (column.name.endswith("_by") or column.name in ("actor", "target", "subject"))
    }
    assert naming - {("images", "made_by"), ("users", "subject")} == {
        (table, column) for table, columns in OTHERS.items() for column in columns
    }


async def test_a_deleted_user_leaves_nothing_in_tables_in_the_store_and_in_redis(
    gateway, owner, account, parts, hands, redis, store
) -> None:
    used = await everything_of(gateway, owner, parts, hands)
    rival = await account(gateway, "rival")
    kept = await rival.upload()
    async with parts.ledger.write() as writes:
        await writes.api_keys.add(
            id="key_of_rival", tenant="rival", user_id=rival.user_id, name="k", digest=b"1", scopes=[], engines=None,
            samples_most=None, limits={}, created_by=owner.user_id, expires_at=None,
        )  # fmt: skip
    nobodys = {"deletions", "deployment", "engine_offers", "tenants", "spend_caps", "spend_days"}
    assert set(await rows_that_name(parts, used.words)) == METADATA.tables.keys() - nobodys, "it used everything"
    before = await keys_that_name(redis, used.words)
    assert {QueueKeys(JOBS).events, QueueKeys(TAILOR).events} < set(before)
    assert any("limits" in key for key in before)
    assert len([key for key in before if key.startswith(QueueKeys(JOBS).job_prefix)]) >= 4

    assert (await owner.http.delete("/users/me")).status_code == 204

    await until(lambda: _streams_alone(redis, used.words), what="an end of all but the streams in Redis")
    now = datetime.now(UTC)
    await until(lambda: _recorded(parts, now), what="the trimming of what is recorded")
    assert await keys_that_name(redis, used.words) == []
    left = [found.key for found in store.list("") if any(word in found.key for word in used.words)]
    assert left == []
    assert set(await rows_that_name(parts, used.words)) == {*KEPT, "deletions"}
    await parts.eraser.run_due(now + 2 * AGAIN_AFTER)
    assert set(await rows_that_name(parts, used.words)) == KEPT
    async with parts.ledger.read() as reads:
        users = await reads.users._connection.execute(text("SELECT DISTINCT user_id FROM usage_records"))
        assert list(users.scalars()) == [""]
        key = await reads.api_keys.find("key_of_rival")
        deeds = await reads.users._connection.execute(text("SELECT details::text FROM audit_log"))
        told = " ".join(deeds.scalars())
    assert key.created_by == ""
    assert not [word for word in used.words - {owner.user_id} if word in told], "deeds hold no content of a user"
    assert (await rival.http.get("/v1/images")).json()["items"][0]["image_url"] == kept


async def _streams_alone(redis, words: set[str]) -> bool:
    """What other gateways and the recorder write last ends within moments; the streams keep ids for an hour."""
    streams = {QueueKeys(name).events for name in (JOBS, TAILOR)}
    return set(await keys_that_name(redis, words)) <= streams


async def _recorded(parts, now: datetime) -> bool:
    """Trim as an hour later; what the recorder has not read yet stays."""
    await _trim_streams(parts, now + RECORDED_LIFE + timedelta(minutes=1))
    return sum([await parts.redis.xlen(QueueKeys(name).events) for name in (JOBS, TAILOR)]) == 0
