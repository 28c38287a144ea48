"""Webhook endpoints: where a tenant wants its events. One without an address signs for the `webhook_url` of try-ons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements
from proteus.jobs import UserId

webhooks = Table(
    "webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text),
    Column("description", Text, nullable=False, server_default=text("''")),
    Column("events", ARRAY(Text), nullable=False),
    Column("secret", Text, nullable=False),
    Column("previous_secret", Text),
    Column("previous_until", DateTime(timezone=True)),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("disabled_at", DateTime(timezone=True)),
    Column("disabled_reason", Text),
    Column("failing_since", DateTime(timezone=True)),
    Column("last_success_at", DateTime(timezone=True)),
    Index("ix_webhooks_tenant_created_at_id", "tenant", "created_at", "id"),
    Index("ix_webhooks_user_id", "user_id"),
    Index("uq_webhooks_of_jobs", "tenant", unique=True, postgresql_where=text("url IS NULL")),
)
"""`user_id`: the account whose keys made it, and with which it goes. `previous_secret` signs as well until
`previous_until`. `failing_since`: the first failure after the last success."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRow:
    """An endpoint."""

    id: str
    tenant: str
    user_id: UserId
    url: str | None
    description: str
    events: list[str]
    secret: str
    previous_secret: str | None
    previous_until: datetime | None
    created_by: str
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    last_success_at: datetime | None


class WebhookReads(Statements):
    """Reads of endpoints."""

    async def find(self, webhook_id: str, *, tenant: str) -> WebhookRow | None:
        return await self._one(
            WebhookRow, select(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.tenant == tenant)
        )

    async def of_jobs(self, tenant: str) -> WebhookRow | None:
        """The endpoint that signs for the `webhook_url` of the tenant's try-ons."""
        return await self._one(
            WebhookRow, select(webhooks).where(webhooks.c.tenant == tenant, webhooks.c.url.is_(None))
        )

    async def page(self, tenant: str, before: tuple[datetime, str] | None, *, limit: int) -> list[WebhookRow]:
        """A tenant's endpoints, newest first."""
        statement = select(webhooks).where(webhooks.c.tenant == tenant).limit(limit)
        if before:
            statement = statement.where(tuple_(webhooks.c.created_at, webhooks.c.id) < before)
        return await self._all(WebhookRow, statement.order_by(webhooks.c.created_at.desc(), webhooks.c.id.desc()))

    async def count(self, tenant: str) -> int:
        """How many endpoints a tenant has."""
        statement = select(func.count()).select_from(webhooks).where(webhooks.c.tenant == tenant)
        return int((await self._connection.execute(statement)).scalar_one())


class WebhookWrites(WebhookReads):
    """Changes of endpoints."""

    async def add(self, **values: Any) -> WebhookRow:
        statement = insert(webhooks).values(**values).returning(webhooks)
        return WebhookRow(**(await self._connection.execute(statement)).mappings().one())

    async def change(self, webhook_id: str, **values: Any) -> WebhookRow:
        statement = update(webhooks).where(webhooks.c.id == webhook_id).values(**values).returning(webhooks)
        return WebhookRow(**(await self._connection.execute(statement)).mappings().one())

    async def rotate(self, webhook_id: str, *, secret: str, grace_seconds: int) -> WebhookRow:
        """Give an endpoint a new secret; the old one signs beside it for a while."""
        return await self.change(
            webhook_id,
            secret=secret,
            previous_secret=webhooks.c.secret,
            previous_until=func.now() + timedelta(seconds=grace_seconds),
        )

    async def note_success(self, webhook_id: str) -> None:
        """Store that a delivery arrived; once a second is enough."""
        seldom = or_(
            webhooks.c.failing_since.is_not(None),
            webhooks.c.last_success_at.is_(None),
            webhooks.c.last_success_at < func.now() - timedelta(seconds=1),
        )
        await self._connection.execute(
            update(webhooks)
            .where(webhooks.c.id == webhook_id, seldom)
            .values(failing_since=None, last_success_at=func.now())
        )

    async def note_failure(self, webhook_id: str, *, give_up_after: timedelta, gone: bool) -> WebhookRow | None:
        """Store that a delivery failed; return the endpoint if this switches it off.

        Args:
            webhook_id: The endpoint; one without an address is never switched off.
            give_up_after: How long it may be without a success.
            gone: The receiver wants no more.
        """
        since = func.coalesce(webhooks.c.failing_since, func.now())
        dead = or_(literal(gone), since <= func.now() - give_up_after)
        statement = (
            update(webhooks)
            .where(webhooks.c.id == webhook_id, webhooks.c.url.is_not(None), webhooks.c.disabled_at.is_(None))
            .values(
                failing_since=since,
                disabled_at=case((dead, func.now())),
                disabled_reason=case((dead, "gone" if gone else "failing")),
            )
            .returning(webhooks)
        )
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None or found["disabled_at"] is None else WebhookRow(**found)

    async def forget_maker(self, user_id: UserId) -> None:
        """Take a deleted user's id out of the endpoints that it made for others."""
        await self._connection.execute(update(webhooks).where(webhooks.c.created_by == user_id).values(created_by=""))

    async def delete(self, webhook_id: str) -> None:
        """Remove an endpoint with its deliveries."""
        await self._connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
