"""Deliveries of webhooks: the outbox, written with the event, and the log of every attempt.

A delivery is leased to one gateway at a time. `lease` names who holds it: an outcome counts only from the holder, so a
gateway that came back from a long pause changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    delete,
    func,
    insert,
    null,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements, oldest_gone
from gateway.ledger.webhook_statements import BACKLOG, CLAIM, WRITE
from proteus.jobs import UserId

_PENDING: Final = text("state = 'pending'")

webhook_deliveries = Table(
    "webhook_deliveries",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("job_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("url", Text),
    Column("lane", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("lease", Text),
    Column("leased_until", DateTime(timezone=True)),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("finished_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
    Index("ix_webhook_deliveries_due", "lane", "next_at", "seq", postgresql_where=_PENDING),
    # Those on their way, which every claim counts: few, however many wait.
    Index("ix_webhook_deliveries_leased", "leased_until", postgresql_where=text("leased_until IS NOT NULL")),
    Index("ix_webhook_deliveries_order", "webhook_id", "job_id", "seq", postgresql_where=_PENDING),
    Index("ix_webhook_deliveries_webhook_id_created_at_id", "webhook_id", "created_at", "id"),
    Index("ix_webhook_deliveries_user_id", "user_id"),
    Index("ix_webhook_deliveries_job_id", "job_id"),
    Index("ix_webhook_deliveries_by_age", "created_at"),
)
"""`url`: the try-on's own address; null: the endpoint's. `lane`: deliveries of one lane share its concurrency."""

webhook_attempts = Table(
    "webhook_attempts",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("delivery_id", Text, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("seconds", Double, nullable=False),
    Column("request", JSONB, nullable=False),
    Column("status", Integer),
    Column("answer", Text, nullable=False, server_default=text("''")),
    Column("error", Text),
    Index("ix_webhook_attempts_delivery_id", "delivery_id", "id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRow:
    """One event for one endpoint."""

    id: str
    webhook_id: str
    tenant: str
    user_id: UserId
    job_id: str
    seq: int
    type: str
    url: str | None
    lane: str
    payload: dict[str, Any]
    state: str
    attempts: int
    next_at: datetime
    lease: str | None
    leased_until: datetime | None
    last_status: int | None
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptRow:
    """One request, and its answer or what kept it from one."""

    id: int
    delivery_id: str
    at: datetime
    seconds: float
    request: dict[str, Any]
    status: int | None
    answer: str
    error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedDelivery:
    """A delivery to be sent now, with what its endpoint says.

    Attributes:
        attempts: Those made before.
        secrets: Those that sign it, the newest first.
    """

    id: str
    webhook_id: str
    tenant: str
    type: str
    url: str
    payload: dict[str, Any]
    attempts: int
    secrets: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What waits: how many deliveries, and for how long the most overdue one could have been sent."""

    pending: int
    overdue_seconds: float


class WebhookDeliveryReads(Statements):
    """Reads of deliveries."""

    async def find(self, delivery_id: str, *, webhook_id: str) -> DeliveryRow | None:
        own = webhook_deliveries.c.id == delivery_id, webhook_deliveries.c.webhook_id == webhook_id
        return await self._one(DeliveryRow, select(webhook_deliveries).where(*own))

    async def attempts(self, delivery_id: str) -> list[AttemptRow]:
        """A delivery's attempts, in order."""
        own = webhook_attempts.c.delivery_id == delivery_id
        return await self._all(AttemptRow, select(webhook_attempts).where(own).order_by(webhook_attempts.c.id))

    async def page(
        self, webhook_id: str, before: tuple[datetime, str] | None, *, state: str | None, limit: int
    ) -> list[DeliveryRow]:
        """An endpoint's deliveries, newest first."""
        table = webhook_deliveries
        statement = select(table).where(table.c.webhook_id == webhook_id).limit(limit)
        if state is not None:
            statement = statement.where(table.c.state == state)
        if before:
            statement = statement.where(tuple_(table.c.created_at, table.c.id) < before)
        return await self._all(DeliveryRow, statement.order_by(table.c.created_at.desc(), table.c.id.desc()))

    async def backlog(self) -> Backlog:
        """What of all deliveries waits; one behind an earlier one of its try-on is not overdue."""
        row = (await self._connection.execute(BACKLOG)).one()
        return Backlog(pending=row.pending, overdue_seconds=float(row.overdue_seconds))


class WebhookDeliveryWrites(WebhookDeliveryReads):
    """Changes of deliveries."""

    async def write(self, messages: Sequence[Mapping[str, Any]]) -> int:
        """Write messages for every endpoint of their tenants that wants them; return how many deliveries that makes.

        Args:
            messages: Each has tenant, user_id, job_id, seq, type, url (a try-on's own, or null), lane and payload.
        """
        found = await self._connection.exec_driver_sql(WRITE, (to_json(list(messages)).decode(),))
        return found.rowcount

    async def add(self, **values: Any) -> DeliveryRow:
        """Write one delivery: every column without a default."""
        statement = insert(webhook_deliveries).values(**values).returning(webhook_deliveries)
        return DeliveryRow(**(await self._connection.execute(statement)).mappings().one())

    async def claim(self, lease: str, *, limit: int, per_lane: int, per_tenant: int) -> list[ClaimedDelivery]:
        """Lease deliveries that are due and that no earlier one of their try-on precedes."""
        found = await self._connection.execute(
            CLAIM, {"lease": lease, "most": limit, "per_lane": per_lane, "per_tenant": per_tenant}
        )
        return [ClaimedDelivery(**row) for row in found.mappings()]

    async def settle(
        self, delivery_id: str, *, lease: str, state: str, pause_seconds: float, status: int | None, error: str | None
    ) -> bool:
        """Store an attempt's outcome and give the lease back; False: the lease was another's by then.

        Later deliveries of the try-on wait at least as long, so that no claim has to look at them (two statements).
        """
        over = state != "pending"
        next_at = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause_seconds)
        statement = (
            update(webhook_deliveries)
            .where(webhook_deliveries.c.id == delivery_id, webhook_deliveries.c.lease == lease)
            .values(
                state=state,
                attempts=webhook_deliveries.c.attempts + 1,
                next_at=next_at,
                lease=None,
                leased_until=None,
                last_status=status,
                last_error=error,
                finished_at=func.now() if over else None,
            )
            .returning(webhook_deliveries.c.webhook_id, webhook_deliveries.c.job_id, webhook_deliveries.c.seq)
        )
        settled = (await self._connection.execute(statement)).first()
        if settled is not None and not over:
            later = webhook_deliveries
            await self._connection.execute(
                update(later)
                .where(
                    later.c.webhook_id == settled.webhook_id,
                    later.c.job_id == settled.job_id,
                    later.c.seq > settled.seq,
                    later.c.state == "pending",
                )
                .values(next_at=func.greatest(later.c.next_at, next_at))
            )
        return settled is not None

    async def note_attempt(self, **values: Any) -> None:
        """Write one attempt into the log."""
        await self._connection.execute(insert(webhook_attempts).values(**values))

    async def fail_pending(self, webhook_id: str, *, error: str, url: str | None = None) -> int:
        """End what an endpoint, or one address of a try-on, has still to get; return how many that are."""
        table = webhook_deliveries
        statement = update(table).where(table.c.webhook_id == webhook_id, table.c.state == "pending")
        if url is not None:
            statement = statement.where(table.c.url == url)
        values = {"state": "failed", "last_error": error, "finished_at": func.now(), "lease": None}
        return (await self._connection.execute(statement.values(**values, leased_until=None))).rowcount

    async def replay(
        self, webhook_id: str, *, delivery_id: str | None = None, since: datetime | None = None, failed_only: bool
    ) -> int:
        """Send ended deliveries again, each with its id; return how many."""
        table = webhook_deliveries
        ended = ("failed",) if failed_only else ("failed", "delivered")
        statement = update(table).where(table.c.webhook_id == webhook_id, table.c.state.in_(ended))
        if delivery_id is not None:
            statement = statement.where(table.c.id == delivery_id)
        if since is not None:
            statement = statement.where(table.c.created_at >= since)
        values = {"state": "pending", "attempts": 0, "next_at": func.now(), "finished_at": null()}
        return (await self._connection.execute(statement.values(**values))).rowcount

    async def empty(self, job_ids: Sequence[str]) -> None:
        """Clear what the deliveries of deleted try-ons say, and their attempts; that they ended stays."""
        table = webhook_deliveries
        of_jobs = table.c.job_id.in_(job_ids)
        kept = ("job_id", "vton_id", "user_id", "job_type", "status", "at")
        data = func.jsonb_build_object(*(part for name in kept for part in (name, table.c.payload["data"][name])))
        await self._connection.execute(
            update(table).where(of_jobs).values(payload=func.jsonb_set(table.c.payload, text("'{data}'"), data))
        )
        own = select(table.c.id).where(of_jobs)
        await self._connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(own)))

    async def forget(self, *, created_before: datetime, limit: int) -> int:
        """Delete ended deliveries of long ago, with their attempts, so many at most; return how many."""
        table, at = webhook_deliveries, webhook_deliveries.c.created_at
        statement = oldest_gone(table, at < created_before, table.c.state != "pending", by=at, limit=limit)
        return (await self._connection.execute(statement)).rowcount
