"""Batches and their items. An item is a row and no job until the feeder takes it: then it is a try-on of its own.

`batch_items.job_id` is the try-on's id, given before it exists: no item can become two. Its state changes in the
transaction that makes the try-on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from gateway.ledger.batch_statements import ADD_ITEMS, COUNTS, NEXT, OPEN_JOBS, OUT_OF_TIME, OVER, SEEN
from gateway.ledger.schema import METADATA, NOW, Document, Failure, Labels, Words, owner
from gateway.ledger.statements import Statements, newest_first
from gateway.rules.batches import BatchStatus, ItemState
from proteus.jobs import ImageId, JobId, TryonId, UserId

batches = Table(
    "batches",
    METADATA,
    Column("id", Text, primary_key=True),
    owner(),
    Column("tenant", Text, nullable=False),
    Column("key_id", Text),
    Column("trace_id", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("options", Document, nullable=False),
    Column("rights", Document, nullable=False),
    Column("metadata", Labels),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("canceled_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Index(None, "user_id", "created_at", "id"),
    Index("ix_batches_open", "created_at", postgresql_where=text("finished_at IS NULL")),
    Index("ix_batches_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
)
"""`rights`: those of the token that made it; those of its key and tenant are read when an item is taken. `deleted_at`:
its owner does not see it any more, and its pictures are being erased."""

batch_items = Table(
    "batch_items",
    METADATA,
    Column("batch_id", Text, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("custom_id", Text),
    Column("person_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("garment_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("person_url", Text, nullable=False),
    Column("garment_url", Text, nullable=False),
    Column("options", Document, nullable=False),
    Column("state", Words(ItemState), nullable=False, server_default=text("'waiting'")),
    Column("error", Failure),
    CheckConstraint("state IN ('waiting', 'taken', 'refused', 'canceled', 'expired')", name="state"),
    Index(None, "person_image_id"),
    Index(None, "garment_image_id"),
    Index("uq_batch_items_job_id", "job_id", unique=True),
    Index("ix_batch_items_waiting", "batch_id", "n", postgresql_where=text("state = 'waiting'")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchRow:
    """A batch."""

    id: str
    user_id: UserId
    tenant: str
    key_id: str | None
    trace_id: str
    total: int
    options: dict[str, Any]
    rights: dict[str, Any]
    metadata: dict[str, Any] | None
    created_at: datetime
    ends_at: datetime
    canceled_at: datetime | None = None
    deleted_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def status(self) -> BatchStatus:
        """What has become of it."""
        if self.finished_at is None:
            return BatchStatus.CANCELING if self.canceled_at else BatchStatus.RUNNING
        if self.canceled_at:
            return BatchStatus.CANCELED
        return BatchStatus.EXPIRED if self.finished_at >= self.ends_at else BatchStatus.COMPLETED


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchItemRow:
    """One picture of a batch."""

    batch_id: str
    n: int
    job_id: TryonId
    custom_id: str | None
    person_image_id: ImageId
    garment_image_id: ImageId
    person_url: str
    garment_url: str
    options: dict[str, Any]
    state: ItemState = ItemState.WAITING
    error: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenItem:
    """An item as its owner sees it.

    Attributes:
        status: Its try-on's; `waiting` before it has one, `deleted` if it has none any more.
        result_key: Of its picture.
    """

    n: int
    job_id: TryonId
    custom_id: str | None
    status: str
    error: dict[str, Any] | None
    result_key: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How far a batch is.

    Attributes:
        by_status: Items of each status of `SeenItem`; those of deleted photos are in none.
        gpu_seconds: Billed so far.
        cost: Of them; None: no price is known.
        unpriced: Attempts whose price is unknown.
    """

    by_status: dict[str, int]
    gpu_seconds: float
    cost: float | None
    unpriced: int


_OPEN: Final = batches.c.finished_at.is_(None)
_SHOWN: Final = batches.c.deleted_at.is_(None)


class BatchReads(Statements):
    """Reads of batches."""

    async def find(self, batch_id: str, *, user_id: UserId) -> BatchRow | None:
        return await self._one(
            BatchRow, select(batches).where(batches.c.id == batch_id, batches.c.user_id == user_id, _SHOWN)
        )

    async def page(self, before: tuple[datetime, str] | None, *, user_id: UserId, limit: int) -> list[BatchRow]:
        """A page of a user's batches, newest first."""
        return await self._all(BatchRow, newest_first(batches, user_id, before, limit).where(_SHOWN))

    async def by_ids(self, ids: Collection[str]) -> dict[str, BatchRow]:
        found = await self._all(BatchRow, select(batches).where(batches.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    async def open_of_tenant(self, tenant: str) -> int:
        """How many batches of a tenant have not ended."""
        statement = select(func.count()).select_from(batches).where(_OPEN, batches.c.tenant == tenant)
        return int((await self._connection.execute(statement)).scalar_one())

    async def counts(self, batch_id: str) -> Counts:
        """How far a batch is (one statement over all its items)."""
        rows = (await self._connection.execute(COUNTS, {"batch_id": batch_id})).all()
        costs = [row.cost for row in rows if row.cost is not None]
        return Counts(
            by_status={row.status: row.many for row in rows},
            gpu_seconds=sum(row.gpu_seconds for row in rows),
            cost=sum(costs) if costs else None,
            unpriced=sum(row.unpriced for row in rows),
        )

    async def seen(self, batch_id: str, *, after: int, limit: int) -> list[SeenItem]:
        """A page of a batch's items in their order."""
        found = await self._connection.execute(SEEN, {"batch_id": batch_id, "after": after, "most": limit})
        return [SeenItem(**row) for row in found.mappings()]

    async def unfinished_jobs(self, batch_id: str | None = None) -> list[JobId]:
        """The unfinished pictures of a batch, or of all."""
        found = await self._connection.execute(OPEN_JOBS, {"batch_id": batch_id})
        return list(found.scalars())

    async def next_items(self, *, limit: int, besides: Collection[str]) -> list[BatchItemRow]:
        """Items to be taken next: each tenant's first, then each one's second, …; a tenant's oldest batch first."""
        found = await self._connection.execute(NEXT, {"most": limit, "besides": list(besides)})
        return [BatchItemRow(**(dict(row) | {"state": ItemState(row["state"])})) for row in found.mappings()]

    async def overdue_jobs(self, now: datetime) -> list[JobId]:
        """Unfinished pictures of batches whose time is over."""
        return list((await self._connection.execute(OUT_OF_TIME, {"now": now})).scalars())

    async def over(self, *, limit: int) -> list[str]:
        """Batches that have not ended and have nothing left to do."""
        return list((await self._connection.execute(OVER, {"most": limit})).scalars())

    async def deleted(self, *, limit: int) -> list[tuple[str, list[str]]]:
        """Deleted batches that have ended, each with the next of its try-ons."""
        statement = select(batches.c.id).where(~_SHOWN, ~_OPEN).order_by(batches.c.deleted_at).limit(limit)
        found = []
        for batch_id in (await self._connection.execute(statement)).scalars().all():
            own = batch_items.c.batch_id == batch_id, batch_items.c.state == ItemState.TAKEN
            ids = await self._connection.execute(select(batch_items.c.job_id).where(*own).limit(limit))
            found.append((batch_id, list(ids.scalars())))
        return found


class BatchWrites(BatchReads):
    """Changes of batches."""

    async def add(self, row: BatchRow, items: Sequence[BatchItemRow]) -> None:
        """Store a batch with its items (two statements)."""
        await self._connection.execute(insert(batches), [asdict(row)])
        await self._connection.exec_driver_sql(ADD_ITEMS, (to_json([asdict(item) for item in items]).decode(),))

    async def take(self, job_id: str) -> bool:
        """Let an item become the try-on that this transaction makes; False: it waits no longer."""
        statement = (
            update(batch_items)
            .where(batch_items.c.job_id == job_id, batch_items.c.state == ItemState.WAITING)
            .values(state=ItemState.TAKEN)
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def refuse(self, job_id: str, error: dict[str, Any]) -> None:
        """End a waiting item for good."""
        statement = update(batch_items).where(batch_items.c.job_id == job_id, batch_items.c.state == ItemState.WAITING)
        await self._connection.execute(statement.values(state=ItemState.REFUSED, error=error))

    async def cancel(self, batch_id: str) -> None:
        """End a batch's waiting items (two statements); an item that is just being taken is waited for."""
        own = batches.c.id == batch_id, _OPEN
        await self._connection.execute(
            update(batches).where(*own).values(canceled_at=func.coalesce(batches.c.canceled_at, func.now()))
        )
        waiting = batch_items.c.batch_id == batch_id, batch_items.c.state == ItemState.WAITING
        await self._connection.execute(update(batch_items).where(*waiting).values(state=ItemState.CANCELED))

    async def expire(self, now: datetime) -> int:
        """End the waiting items of batches whose time is over; return how many."""
        late = select(batches.c.id).where(_OPEN, batches.c.ends_at <= now)
        waiting = batch_items.c.batch_id.in_(late), batch_items.c.state == ItemState.WAITING
        return (
            await self._connection.execute(update(batch_items).where(*waiting).values(state=ItemState.EXPIRED))
        ).rowcount

    async def finish(self, batch_id: str) -> BatchRow | None:
        """End a batch; None: it had ended."""
        own = batches.c.id == batch_id, _OPEN
        statement = update(batches).where(*own).values(finished_at=func.now()).returning(batches)
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else BatchRow(**found)

    async def hide(self, batch_id: str) -> None:
        """Mark a batch as deleted by its owner."""
        await self._connection.execute(update(batches).where(batches.c.id == batch_id).values(deleted_at=func.now()))

    async def delete(self, batch_id: str) -> None:
        """Remove a batch with its items."""
        await self._connection.execute(delete(batches).where(batches.c.id == batch_id))

    async def forget_items(self, job_ids: Collection[str]) -> None:
        """Remove items whose try-ons are erased."""
        await self._connection.execute(delete(batch_items).where(batch_items.c.job_id.in_(list(job_ids))))
