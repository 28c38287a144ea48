"""Rows past their retention: statements over several nouns, for the upkeep."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Float,
    Interval,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
)

from gateway.ledger.batches import batch_items, batches
from gateway.ledger.images import ImageRow, images
from gateway.ledger.jobs import jobs
from gateway.ledger.outfits import outfit_garments
from gateway.ledger.statements import Statements
from gateway.ledger.tenants import tenants
from gateway.ledger.tryons import TryonRow, tryons
from gateway.ledger.users import users
from gateway.rules.batches import ItemState
from proteus.jobs import ALIVE

WITHOUT_RULE: Final = ("guests", "foreign")
"""Tenants whose users' work goes by other rules: idle guests, external payloads."""


class Whose(Protocol):
    """Whose rows, and how old they must be."""

    def condition(self, made_at: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Return the condition on users, tenants and the row's time."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class OfTenants:
    """Work of tenants' users that their tenant keeps no longer.

    Attributes:
        now: The present time.
        shortest_days: The shortest time that any tenant keeps its work: no younger row is looked at.
        default_days: How long tenants without a rule keep it; None: for ever.
    """

    now: datetime
    shortest_days: float
    default_days: float | None

    def condition(self, made_at: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Return the condition."""
        default = case((users.c.tenant.not_in(WITHOUT_RULE), literal(self.default_days, Float)))
        days = func.coalesce(tenants.c.retention_days, default)
        return and_(
            made_at < self.now - timedelta(days=self.shortest_days),
            made_at < literal(self.now, DateTime(timezone=True)) - days * literal(timedelta(days=1), Interval),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OfKind:
    """Work of users of a kind that was made before a time."""

    kind: str
    made_before: datetime

    def condition(self, made_at: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Return the condition."""
        return and_(users.c.kind == self.kind, made_at < self.made_before)


class RetentionReads(Statements):
    """Reads of rows that users of a kind have had for too long."""

    async def old_tryons(self, whose: Whose, *, limit: int) -> list[TryonRow]:
        """Ended try-ons that are too old."""
        statement = (
            _joined(select(tryons), tryons)
            .where(whose.condition(tryons.c.created_at), tryons.c.status.not_in(ALIVE))
            .order_by(tryons.c.created_at)
            .limit(limit)
        )
        return await self._all(TryonRow, statement)

    async def old_batches(self, whose: Whose, *, limit: int) -> list[str]:
        """Batches that ended too long ago: their try-ons are older still."""
        statement = (
            _joined(select(batches.c.id), batches)
            .where(whose.condition(batches.c.finished_at), batches.c.deleted_at.is_(None))
            .order_by(batches.c.finished_at)
            .limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())

    async def unused_images(self, whose: Whose, *, limit: int) -> list[ImageRow]:
        """Photos that are too old and that no try-on, no waiting item of a batch and no unfinished job needs."""
        needed = select(jobs.c.id).where(jobs.c.image_id == images.c.id, jobs.c.state.in_(ALIVE))
        statement = (
            _joined(select(images), images)
            .where(whose.condition(images.c.created_at), ~_named(), ~needed.exists())
            .order_by(images.c.created_at)
            .limit(limit)
        )
        return await self._all(ImageRow, statement)


class RetentionWrites(RetentionReads):
    """Deletions of rows that nothing needs any more."""

    async def forget_empty_guests(self, *, seen_before: datetime, limit: int) -> int:
        """Delete idle guests who never uploaded anything; return how many."""
        has_photos = select(images.c.id).where(images.c.user_id == users.c.id).exists()
        idle = (
            select(users.c.id)
            .where(users.c.kind == "guest", users.c.last_seen_at < seen_before, ~has_photos)
            .order_by(users.c.last_seen_at)
            .limit(limit)
        )
        return (await self._connection.execute(delete(users).where(users.c.id.in_(idle)))).rowcount

    async def forget_unused_images(self, ids: Collection[str]) -> int:
        """Delete those of these records that were never ingested and that no try-on names; return their number."""
        statement = delete(images).where(images.c.id.in_(list(ids)), images.c.key.is_(None), ~_named())
        return (await self._connection.execute(statement)).rowcount


def _joined(statement: Select[Any], table: Table) -> Select[Any]:
    owned = statement.join(users, users.c.id == table.c.user_id)
    return owned.outerjoin(tenants, tenants.c.id == users.c.tenant)


def _named() -> ColumnElement[bool]:
    """Return the condition that a try-on names the photo, or an item of a batch that waits to become one."""

    def names(table: Table) -> Select[Any]:
        return select(table).where(or_(table.c.person_image_id == images.c.id, table.c.garment_image_id == images.c.id))

    waits = names(batch_items).where(batch_items.c.state == ItemState.WAITING)
    return or_(names(tryons).exists(), names(outfit_garments).exists(), waits.exists())
