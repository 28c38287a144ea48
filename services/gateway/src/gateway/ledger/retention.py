"""Rows past their retention: statements over several nouns, for the upkeep."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select

from gateway.ledger.images import ImageRow, images
from gateway.ledger.jobs import jobs
from gateway.ledger.outfits import outfit_garments
from gateway.ledger.statements import Statements
from gateway.ledger.tryons import TryonRow, tryons
from gateway.ledger.users import users
from proteus.jobs import ALIVE


class RetentionReads(Statements):
    """Reads of rows that users of a kind have had for too long."""

    async def old_tryons(self, kind: str, *, created_before: datetime, limit: int) -> list[TryonRow]:
        """Ended try-ons of users of this kind that were made before this time."""
        statement = (
            select(tryons)
            .join(users, users.c.id == tryons.c.user_id)
            .where(users.c.kind == kind, tryons.c.created_at < created_before, tryons.c.status.not_in(ALIVE))
            .order_by(tryons.c.created_at)
            .limit(limit)
        )
        return await self._all(TryonRow, statement)

    async def unused_images(self, kind: str, *, created_before: datetime, limit: int) -> list[ImageRow]:
        """Photos of users of this kind made before this time that no try-on and no unfinished job needs."""
        needed = select(jobs.c.id).where(jobs.c.image_id == images.c.id, jobs.c.state.in_(ALIVE))
        statement = (
            select(images)
            .join(users, users.c.id == images.c.user_id)
            .where(users.c.kind == kind, images.c.created_at < created_before, ~_named(), ~needed.exists())
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


def _named() -> ColumnElement[bool]:
    """Return the condition that a try-on names the photo."""
    tables = (tryons, outfit_garments)
    return or_(
        *(
            select(one).where(or_(one.c.person_image_id == images.c.id, one.c.garment_image_id == images.c.id)).exists()
            for one in tables
        )
    )
