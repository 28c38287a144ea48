"""Garments of outfits: what each picture of the chain is made from. The n-th picture's person is the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, Table, Text, insert, select

from gateway.ledger.schema import METADATA
from gateway.ledger.statements import Statements
from proteus.jobs import ImageId, JobId, TryonId

outfit_garments = Table(
    "outfit_garments",
    METADATA,
    Column("tryon_id", Text, ForeignKey("tryons.id", ondelete="CASCADE"), primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("category", Text, nullable=False),
    Column("person_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("garment_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("cut_id", Text, nullable=False),
    Column("parse_id", Text),
    Index(None, "person_image_id"),
    Index(None, "garment_image_id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutfitGarmentRow:
    """What the n-th picture of an outfit is made from."""

    tryon_id: TryonId
    n: int
    category: str
    person_image_id: ImageId
    garment_image_id: ImageId
    cut_id: JobId
    parse_id: JobId | None


class OutfitReads(Statements):
    """Reads of outfits."""

    async def of(self, tryon_ids: Iterable[str]) -> dict[tuple[str, int], OutfitGarmentRow]:
        """The garments of these try-ons, by try-on and picture."""
        statement = select(outfit_garments).where(outfit_garments.c.tryon_id.in_(list(tryon_ids)))
        return {(row.tryon_id, row.n): row for row in await self._all(OutfitGarmentRow, statement)}


class OutfitWrites(OutfitReads):
    """Changes of outfits."""

    async def add(self, rows: Sequence[OutfitGarmentRow]) -> None:
        await self._connection.execute(insert(outfit_garments), [asdict(row) for row in rows])
