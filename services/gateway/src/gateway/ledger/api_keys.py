"""API keys of tenants. A key's text is shown once; what is stored proves it and cannot make it again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements, among
from gateway.ledger.tenants import tenants
from proteus.jobs import UserId

USED_EVERY: Final = timedelta(minutes=1)
"""How often the use of a key is stored."""

api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("engines", ARRAY(Text)),
    Column("samples_most", Integer),
    Column("qualities", ARRAY(Text)),
    Column("priorities", ARRAY(Text)),
    Column("limits", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Index("ix_api_keys_tenant_created_at_id", "tenant", "created_at", "id"),
    Index("ix_api_keys_user_id", "user_id"),
)
"""`user_id`: the user as whom the key acts; `digest`: SHA-256 of its text; `limits`: requests a minute by kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKeyRow:
    """An API key, without its text."""

    id: str
    tenant: str
    user_id: UserId
    name: str
    digest: bytes
    scopes: list[str]
    engines: list[str] | None
    samples_most: int | None
    qualities: list[str] | None
    priorities: list[str] | None
    limits: dict[str, int]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveKeyRow:
    """A key that is neither revoked nor expired, with what its tenant may use."""

    id: str
    tenant: str
    user_id: UserId
    digest: bytes
    scopes: list[str]
    engines: list[str] | None
    samples_most: int | None
    qualities: list[str] | None
    priorities: list[str] | None
    limits: dict[str, int]
    expires_at: datetime | None
    tenant_engines: list[str] | None
    tenant_samples_most: int | None
    tenant_qualities: list[str] | None
    tenant_priorities: list[str] | None
    tenant_limits: dict[str, int] | None


_IS_LIVE: Final = (
    api_keys.c.revoked_at.is_(None)
    & or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.clock_timestamp())
)  # fmt: skip


class ApiKeyReads(Statements):
    """Reads of keys."""

    async def find(self, key_id: str) -> ApiKeyRow | None:
        return await self._one(ApiKeyRow, select(api_keys).where(api_keys.c.id == key_id))

    async def live(self, ids: Collection[str]) -> dict[str, LiveKeyRow]:
        """Those of these keys that are valid now."""
        own = [column for column in api_keys.c if column.name in LiveKeyRow.__dataclass_fields__]
        statement = (
            select(
                *own,
                tenants.c.engines.label("tenant_engines"),
                tenants.c.samples_most.label("tenant_samples_most"),
                tenants.c.qualities.label("tenant_qualities"),
                tenants.c.priorities.label("tenant_priorities"),
                tenants.c.limits.label("tenant_limits"),
            )
            .outerjoin(tenants, tenants.c.id == api_keys.c.tenant)
            .where(among(api_keys.c.id, ids), _IS_LIVE)
        )
        return {row.id: row for row in await self._all(LiveKeyRow, statement)}

    async def page(self, tenant: str | None, before: tuple[datetime, str] | None, *, limit: int) -> list[ApiKeyRow]:
        """A tenant's keys, or all tenants', newest first."""
        statement = select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc()).limit(limit)
        if tenant is not None:
            statement = statement.where(api_keys.c.tenant == tenant)
        if before:
            statement = statement.where(tuple_(api_keys.c.created_at, api_keys.c.id) < before)
        return await self._all(ApiKeyRow, statement)

    async def ids_of_user(self, user_id: UserId) -> list[str]:
        """The keys that act as a user."""
        return list(
            (await self._connection.execute(select(api_keys.c.id).where(api_keys.c.user_id == user_id))).scalars()
        )

    async def count_live(self, tenant: str) -> int:
        """How many of a tenant's keys are valid now."""
        statement = select(func.count()).select_from(api_keys).where(api_keys.c.tenant == tenant, _IS_LIVE)
        return int((await self._connection.execute(statement)).scalar_one())


class ApiKeyWrites(ApiKeyReads):
    """Changes of keys."""

    async def add(self, **values: Any) -> ApiKeyRow:
        """Store a new key: every column without a default."""
        statement = insert(api_keys).values(**values).returning(api_keys)
        return ApiKeyRow(**(await self._connection.execute(statement)).mappings().one())

    async def revoke(self, key_id: str) -> ApiKeyRow | None:
        """End a key now; one that has ended keeps its moment."""
        statement = (
            update(api_keys)
            .where(api_keys.c.id == key_id)
            .values(revoked_at=func.coalesce(api_keys.c.revoked_at, func.clock_timestamp()))
            .returning(api_keys)
        )
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else ApiKeyRow(**found)

    async def expire(self, key_id: str, *, at: datetime) -> None:
        """Let a key end at a time, unless it ends before."""
        statement = update(api_keys).where(api_keys.c.id == key_id)
        await self._connection.execute(statement.values(expires_at=func.least(api_keys.c.expires_at, at)))

    async def forget_maker(self, user_id: UserId) -> None:
        """Take a deleted user's id out of the keys that it made for others."""
        await self._connection.execute(update(api_keys).where(api_keys.c.created_by == user_id).values(created_by=""))

    async def forget(self, *, ended_before: datetime) -> int:
        """Delete keys that ended long ago; return how many."""
        ended_at = func.least(api_keys.c.revoked_at, api_keys.c.expires_at)
        return (await self._connection.execute(delete(api_keys).where(ended_at < ended_before))).rowcount

    async def note_used(self, ids: Collection[str]) -> None:
        """Store that these keys are in use; a use stored within the minute is not stored again."""
        since = func.now() - USED_EVERY
        await self._connection.execute(
            update(api_keys)
            .where(
                among(api_keys.c.id, sorted(ids)),
                or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < since),
            )
            .values(last_used_at=func.now())
        )
