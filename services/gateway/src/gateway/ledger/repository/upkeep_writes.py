"""What the keepers change in the ledger: who was here, what is forgotten, what is to be deleted once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, DateTime, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.repository.questions import SEEN_EVERY, Questions
from gateway.ledger.tables import deletions, events, idempotency, images, tryons, users


class UpkeepWrites(Questions):
    """Changes of the background loops."""

    async def seen(self, user_ids: Collection[str]) -> None:
        """Note that these users are here; who was noted within the hour is not noted again."""
        await self._connection.execute(
            update(users)
            .where(users.c.id.in_(sorted(user_ids)), users.c.last_seen_at < func.now() - SEEN_EVERY)
            .values(last_seen_at=func.now())
        )

    async def forget_origins(self, *, created_before: datetime) -> int:
        """Empty the addresses of guests that were made before."""
        statement = (
            update(users).where(users.c.origin.is_not(None), users.c.created_at < created_before).values(origin=None)
        )
        return (await self._connection.execute(statement)).rowcount

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

    async def forget_events(self, *, recorded_before: datetime) -> int:
        """Delete events that are too old to be asked for."""
        return (await self._connection.execute(delete(events).where(events.c.recorded_at < recorded_before))).rowcount

    async def forget_keys(self, *, created_before: datetime) -> int:
        """Drop Idempotency-Keys that are too old."""
        return (
            await self._connection.execute(delete(idempotency).where(idempotency.c.created_at < created_before))
        ).rowcount

    async def sweep_again(self, at: Mapping[str, datetime | None]) -> None:
        """Set when these uploads are looked at next; None: never."""
        when = (
            func.unnest(
                bindparam("ids", list(at), type_=ARRAY(Text)),
                bindparam("moments", list(at.values()), type_=ARRAY(DateTime(timezone=True))),
            )
            .table_valued("id", "moment", name="looked_at")
            .render_derived()
        )
        await self._connection.execute(update(images).where(images.c.id == when.c.id).values(sweep_at=when.c.moment))

    async def forget_unused_images(self, ids: Collection[str]) -> int:
        """Delete those of these records that were never ingested and that no try-on names; return how many."""
        named = select(tryons.c.id).where(
            (tryons.c.person_image_id == images.c.id) | (tryons.c.garment_image_id == images.c.id)
        )
        statement = delete(images).where(images.c.id.in_(list(ids)), images.c.key.is_(None), ~named.exists())
        return (await self._connection.execute(statement)).rowcount

    async def schedule_deletion(self, prefix: str, *, due_at: datetime) -> None:
        """Remember to empty a prefix later."""
        statement = upsert(deletions).values(prefix=prefix, due_at=due_at)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[deletions.c.prefix], set_={"due_at": due_at})
        )

    async def forget_deletions(self, prefixes: Sequence[str], *, due_before: datetime) -> None:
        """Take prefixes off the list; one that was scheduled anew meanwhile stays."""
        done = deletions.c.prefix.in_(prefixes), deletions.c.due_at <= due_before
        await self._connection.execute(delete(deletions).where(*done))
