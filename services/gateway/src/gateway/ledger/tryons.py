"""Try-ons: the VTON entry that a client sees. `status` is null while it is a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.ledger.outfits import outfit_garments
from gateway.ledger.schema import METADATA, NOW, Labels, Options, Words, owner
from gateway.ledger.statements import Statements, newest_first
from proteus.jobs import ImageId, JobId, JobState, TryonId, UserId, VtonId

tryons = Table(
    "tryons",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("vton_id", Text, nullable=False, unique=True),
    owner(),
    Column("status", Words(JobState)),
    Column("person_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("garment_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("cut_id", Text),
    Column("parse_id", Text),
    Column("options", Options, nullable=False),
    Column("metadata", Labels),
    Column("external_id", Text),
    Column("trace_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("finished_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Index(None, "user_id", "created_at", "id"),
    Index(None, "user_id", "external_id", postgresql_where=text("external_id IS NOT NULL")),
    Index(None, "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    Index(None, "person_image_id"),
    Index(None, "garment_image_id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TryonRow:
    """A VTON entry; `id` is the client's job_id, `status` is None while it is a draft."""

    id: TryonId
    vton_id: VtonId
    user_id: UserId
    status: JobState | None
    person_image_id: ImageId
    garment_image_id: ImageId
    cut_id: JobId | None
    parse_id: JobId | None
    options: dict[str, Any]
    metadata: dict[str, Any] | None
    external_id: str | None
    trace_id: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TryonFilter:
    """Which of a user's try-ons; what is None or empty does not count.

    Attributes:
        created_after: Made at this time or later.
        created_before: Made before this time.
        metadata: Labels that it has, each with this value.
    """

    status: JobState | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    external_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions that such a row meets."""
        if self.status is not None:
            yield tryons.c.status == self.status
        if self.created_after is not None:
            yield tryons.c.created_at >= self.created_after
        if self.created_before is not None:
            yield tryons.c.created_at < self.created_before
        if self.external_id is not None:
            yield tryons.c.external_id == self.external_id
        if self.metadata:
            yield tryons.c.metadata.op("@>")(bindparam(None, dict(self.metadata), type_=JSONB))


class TryonReads(Statements):
    """Reads of try-ons."""

    async def find(self, job_or_vton_id: str, *, user_id: UserId) -> TryonRow | None:
        column = tryons.c.vton_id if job_or_vton_id.startswith("vton_") else tryons.c.id
        return await self._one(TryonRow, select(tryons).where(column == job_or_vton_id, tryons.c.user_id == user_id))

    async def by_ids(self, ids: Iterable[str]) -> dict[str, TryonRow]:
        found = await self._all(TryonRow, select(tryons).where(tryons.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    async def page(
        self,
        before: tuple[datetime, str] | None,
        *,
        user_id: UserId,
        limit: int,
        drafts: bool,
        only: TryonFilter,
    ) -> list[TryonRow]:
        """A page of the user's try-ons, newest first."""
        statement = newest_first(tryons, user_id, before, limit).where(*only.conditions())
        if not drafts:
            statement = statement.where(tryons.c.status.is_not(None))
        return await self._all(TryonRow, statement)

    async def of_image(self, image_id: ImageId) -> list[TryonRow]:
        """Try-ons that are made with a photo, as a part of an outfit, too."""
        in_outfit = select(outfit_garments.c.tryon_id).where(
            or_(outfit_garments.c.person_image_id == image_id, outfit_garments.c.garment_image_id == image_id)
        )
        statement = select(tryons).where(
            or_(
                tryons.c.person_image_id == image_id,
                tryons.c.garment_image_id == image_id,
                tryons.c.id.in_(in_outfit),
            )
        )
        return await self._all(TryonRow, statement)

    async def expired(self, now: datetime, *, limit: int) -> list[TryonRow]:
        """Try-ons whose `expires_at` has passed: to be deleted."""
        return await self._all(TryonRow, select(tryons).where(tryons.c.expires_at < now).limit(limit))


class TryonWrites(TryonReads):
    """Changes of try-ons."""

    async def add(self, **values: Any) -> TryonRow:
        found = (await self._connection.execute(insert(tryons).values(**values).returning(tryons))).mappings().one()
        return TryonRow(**found)

    async def change(self, tryon_id: TryonId, **values: Any) -> TryonRow:
        statement = update(tryons).where(tryons.c.id == tryon_id).values(**values).returning(tryons)
        return TryonRow(**(await self._connection.execute(statement)).mappings().one())

    async def lock(self, ids: Iterable[str]) -> dict[str, TryonRow]:
        statement = select(tryons).where(tryons.c.id.in_(sorted(ids))).order_by(tryons.c.id).with_for_update()
        return {row.id: row for row in await self._all(TryonRow, statement)}

    async def save_states(self, rows: Sequence[TryonRow]) -> None:
        """Write status and end of these try-ons."""
        if not rows:
            return
        statement = (
            update(tryons)
            .where(tryons.c.id == bindparam("row_id"))
            .values(status=bindparam("new_status"), finished_at=bindparam("new_finished_at"))
        )
        await self._connection.execute(
            statement,
            [{"row_id": row.id, "new_status": row.status, "new_finished_at": row.finished_at} for row in rows],
        )

    async def delete(self, tryon_id: TryonId) -> None:
        """Remove a try-on and its pictures' rows."""
        await self._connection.execute(delete(tryons).where(tryons.c.id == tryon_id))
