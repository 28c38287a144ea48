"""Photos: declared when an upload is signed, described once it was ingested. No column holds a signed address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA, NOW, owner
from gateway.ledger.statements import Statements, among, newest_first
from proteus import object_keys
from proteus.artefacts import IngestedImage
from proteus.jobs import ImageId, JobId, UserId

TICKET_LIFE_MOST: Final = timedelta(minutes=20)
"""Longer than any signed upload can be used."""

MADE_TYPE: Final = "application/octet-stream"
"""Declared of a picture of a try-on; what it is, its bytes say."""

images = Table(
    "images",
    METADATA,
    Column("id", Text, primary_key=True),
    owner(),
    Column("kind", Text, nullable=False),
    Column("declared_type", Text, nullable=False),
    Column("declared_bytes", BigInteger, nullable=False),
    Column("key", Text),
    Column("sha256", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("content_type", Text),
    Column("size_bytes", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("sweep_at", DateTime(timezone=True)),
    Column("category", Text),
    Column("made_by", Text),
    CheckConstraint("kind IN ('person', 'garment', 'mask')", name="kind"),
    Index(None, "user_id", "created_at"),
    Index(None, "user_id", "key"),
    Index("uq_images_made_by", "made_by", unique=True, postgresql_where=text("made_by IS NOT NULL")),
    Index("ix_images_sweep_at", "sweep_at", postgresql_where=text("sweep_at IS NOT NULL")),
)
"""`sweep_at`: when the sweep checks the upload under `incoming/`; null: never. `category`: what the user says it is.
`made_by`: the picture of a try-on that this photo is; the gateway copies it to where uploads lie before its ingest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRow:
    """A photo: declared when its upload was signed, described once it was ingested (`key` is set then).

    Attributes:
        category: Of a garment, as its user corrected it; None: the tailor's guess counts.
        made_by: The job that makes this photo, if it is the picture of a try-on.
    """

    id: ImageId
    user_id: UserId
    kind: str
    declared_type: str
    declared_bytes: int
    key: str | None
    sha256: str | None
    width: int | None
    height: int | None
    content_type: str | None
    size_bytes: int | None
    created_at: datetime
    sweep_at: datetime | None = None
    category: str | None = None
    made_by: JobId | None = None

    @property
    def incoming_key(self) -> str:
        """The key that the client PUTs."""
        return object_keys.upload_key(self.user_id, self.id)


class ImageReads(Statements):
    """Reads of photos."""

    async def find(self, image_id: ImageId, *, user_id: UserId) -> ImageRow | None:
        return await self._one(ImageRow, select(images).where(images.c.id == image_id, images.c.user_id == user_id))

    async def by_key(self, key: str, *, user_id: UserId) -> ImageRow | None:
        """The newest upload that was ingested as `key`."""
        return await self._one(
            ImageRow,
            select(images)
            .where(images.c.key == key, images.c.user_id == user_id)
            .order_by(images.c.created_at.desc())
            .limit(1),
        )

    async def by_ids(self, ids: Iterable[str]) -> dict[str, ImageRow]:
        found = await self._all(ImageRow, select(images).where(images.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    async def own(self, ids: Iterable[str], *, user_id: UserId) -> list[ImageId]:
        """Those of these ids that are photos of the user's."""
        statement = select(images.c.id).where(among(images.c.id, ids), images.c.user_id == user_id)
        return list((await self._connection.execute(statement)).scalars())

    async def ids_of_keys(self, keys: Iterable[str], *, user_id: UserId) -> dict[str, ImageId]:
        """The newest of the user's photos that was ingested as each of these keys."""
        statement = select(images.c.key, images.c.id).where(among(images.c.key, keys), images.c.user_id == user_id)
        found = await self._connection.execute(statement.order_by(images.c.created_at))
        return {row.key: row.id for row in found}

    async def page(self, before: tuple[datetime, str] | None, *, user_id: UserId, limit: int) -> list[ImageRow]:
        """A page of the user's own photos, newest first; pictures of try-ons are shown with those."""
        statement = newest_first(images, user_id, before, limit).where(images.c.made_by.is_(None))
        return await self._all(ImageRow, statement)

    async def made_by(self, job_ids: Iterable[str]) -> list[ImageRow]:
        """Photos that are the pictures of these jobs."""
        return await self._all(ImageRow, select(images).where(images.c.made_by.in_(list(job_ids))))

    async def of_content(self, sha256: str | None, *, user_id: UserId) -> list[ImageRow]:
        """The user's uploads of the very same picture."""
        return await self._all(ImageRow, select(images).where(images.c.user_id == user_id, images.c.sha256 == sha256))

    async def stored(self, user_id: UserId) -> tuple[int, int]:
        """(photos, bytes as declared) that a user has, pictures of try-ons apart."""
        statement = select(
            func.count().label("many"), func.coalesce(func.sum(images.c.declared_bytes), 0).label("size")
        )
        own = images.c.user_id == user_id, images.c.made_by.is_(None)
        row = (await self._connection.execute(statement.where(*own))).one()
        return row.many, int(row.size)

    async def to_sweep(self, now: datetime, *, limit: int) -> list[ImageRow]:
        """Photos whose upload the sweep has to check."""
        statement = select(images).where(images.c.sweep_at <= now).order_by(images.c.sweep_at).limit(limit)
        return await self._all(ImageRow, statement)


class ImageWrites(ImageReads):
    """Changes of photos."""

    async def add(
        self,
        image_id: ImageId,
        *,
        user_id: UserId,
        kind: str,
        declared_type: str,
        declared_bytes: int,
        sweep_at: datetime,
    ) -> None:
        """Make a photo's record; `sweep_at`: when to check whether its upload may be deleted."""
        await self._connection.execute(
            insert(images).values(
                id=image_id,
                user_id=user_id,
                kind=kind,
                declared_type=declared_type,
                declared_bytes=declared_bytes,
                sweep_at=sweep_at,
            )
        )

    async def add_made(self, image_id: ImageId, *, user_id: UserId, made_by: JobId, sweep_at: datetime) -> None:
        """Make the record of a photo that is the picture of a try-on, unless it has one."""
        await self._connection.execute(
            upsert(images)
            .values(
                id=image_id,
                user_id=user_id,
                kind="person",
                declared_type=MADE_TYPE,
                declared_bytes=0,
                made_by=made_by,
                sweep_at=sweep_at,
            )
            .on_conflict_do_nothing()
        )

    async def describe(self, image_id: ImageId, described: IngestedImage) -> None:
        """Store what ingest found; the upload is no longer needed, so the sweep checks it soon."""
        # LEAST ignores a null: where there is nothing to sweep that stays so.
        soon = case((images.c.sweep_at.is_not(None), func.least(images.c.sweep_at, func.now() + TICKET_LIFE_MOST)))
        values = described.model_dump() | {"sweep_at": soon}
        await self._connection.execute(update(images).where(images.c.id == image_id).values(values))

    async def sweep_again(self, at: Mapping[str, datetime | None]) -> None:
        """Set when the sweep checks these uploads next; None: never."""
        when = (
            func.unnest(
                bindparam("ids", list(at), type_=ARRAY(Text)),
                bindparam("moments", list(at.values()), type_=ARRAY(DateTime(timezone=True))),
            )
            .table_valued("id", "moment", name="looked_at")
            .render_derived()
        )
        await self._connection.execute(update(images).where(images.c.id == when.c.id).values(sweep_at=when.c.moment))

    async def pin(self, image_id: ImageId) -> ImageRow | None:
        """Read a photo and keep it from being deleted until we commit: its new jobs need it."""
        statement = select(images).where(images.c.id == image_id).with_for_update(read=True, key_share=True)
        return await self._one(ImageRow, statement)

    async def set_category(self, image_id: ImageId, category: str | None) -> None:
        """Keep what the user says the garment is; None: forget it."""
        differs = images.c.category.is_distinct_from(category)
        await self._connection.execute(update(images).where(images.c.id == image_id, differs).values(category=category))

    async def delete(self, image_id: ImageId) -> None:
        await self._connection.execute(delete(images).where(images.c.id == image_id))
