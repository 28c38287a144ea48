"""Orders: jobs with the inputs of their queue elements, collected from the rows of several nouns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.ledger.images import ImageReads, ImageRow
from gateway.ledger.jobs import JobReads, JobRow
from gateway.ledger.needs import NeedReads
from gateway.ledger.outfits import OutfitGarmentRow, OutfitReads
from gateway.ledger.statements import Statements
from gateway.ledger.submit_ready import STATEMENT, Ready, argument
from gateway.ledger.tryons import TryonReads, TryonRow
from gateway.rules.outfits import position_of
from proteus.jobs import ImageId, JobId
from proteus.payloads import CutFacts, CutResult
from proteus.stages import STAGES, JobKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What a picture is woven from: keys of the photo, the cut-out and the parse, and what is known of the cut-out."""

    person_key: str
    garment_key: str
    garment_category: str
    garment_worn: bool
    parse_key: str | None
    garment_confidence: float | None = None
    garment_warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A job with the inputs of its queue element: a try-on's material, or a tailor job's photo.

    Attributes:
        inputs: Of a tailor job whose work names outputs of earlier stages: their keys.
        category: Of a picture of an outfit: its garment's; None: the try-on's.
        source_key: Of the ingest of a photo that is the picture of a try-on: that picture's.
    """

    job: JobRow
    tryon: TryonRow | None = None
    material: Material | None = None
    image: ImageRow | None = None
    inputs: Mapping[JobKind, str] = field(default_factory=dict)
    category: str | None = None
    source_key: str | None = None


class OrderReads(Statements):
    """Reads of the outbox."""

    async def of(self, ids: Iterable[str]) -> list[Order]:
        """Jobs with the inputs of their queue elements (seven statements at most)."""
        jobs, tryons = JobReads(self._connection), TryonReads(self._connection)
        rows = await jobs.by_ids(ids)
        entries = await tryons.by_ids({row.tryon_id for row in rows.values() if row.tryon_id})
        parts = {row.tryon_id for row in rows.values() if row.tryon_id and position_of(row.variant)}
        outfits = await OutfitReads(self._connection).of(parts) if parts else {}
        named: list[TryonRow | OutfitGarmentRow] = [*entries.values(), *outfits.values()]
        made = await jobs.by_ids({i for one in named for i in (one.cut_id, one.parse_id) if i})
        photos = await ImageReads(self._connection).by_ids(
            {row.image_id for row in rows.values() if row.image_id}
            | {i for one in named for i in (one.person_image_id, one.garment_image_id)}
        )
        ingested = {row.image_id or "" for row in rows.values() if row.kind is JobKind.INGEST}
        makers = {photo.id: photo.made_by for photo in photos.values() if photo.made_by and photo.id in ingested}
        sources = await jobs.by_ids(makers.values()) if makers else {}
        takers = [row.id for row in rows.values() if STAGES[row.kind].inputs]
        needs = await NeedReads(self._connection).of(takers) if takers else {}
        found = []
        for row in rows.values():
            if row.tryon_id is None:
                inputs = {need.kind: need.result_key for need in needs.get(row.id, ()) if need.result_key}
                source = sources.get(makers.get(ImageId(row.image_id or ""), JobId("")))
                found.append(
                    Order(
                        job=row,
                        image=photos.get(row.image_id or ""),
                        inputs=inputs,
                        source_key=source.result_key if source else None,
                    )
                )
                continue
            entry = entries[row.tryon_id]
            part = outfits.get((row.tryon_id, row.n))
            woven = part or entry
            material = material_of(
                photos.get(woven.person_image_id),
                made.get(woven.cut_id or ""),
                made.get(woven.parse_id or ""),
                garment=photos.get(woven.garment_image_id),
            )
            category = part.category if part else None
            found.append(Order(job=row, tryon=entry, material=material, category=category))
        return found


class OrderWrites(OrderReads):
    """Submits of orders that are complete."""

    async def submit_ready(self, asked: Sequence[Ready]) -> dict[str, Material]:
        """Insert each try-on and its picture whose needs are all met; return their material, by unit."""
        found = await self._connection.exec_driver_sql(STATEMENT, (argument(asked),))
        cut_keys = {one.unit.id: one.cut_key for one in asked}
        return {
            row.unit_id: Material(
                person_key=row.person_key,
                garment_key=cut_keys[row.unit_id],
                garment_category=row.garment_category or "upper",
                garment_worn=bool(row.garment_worn),
                parse_key=row.parse_key,
                garment_confidence=row.garment_confidence,
                garment_warnings=tuple(row.garment_warnings or ()),
            )
            for row in found
        }


def material_of(
    person: ImageRow | None, cut: JobRow | None, parse: JobRow | None, *, garment: ImageRow | None = None
) -> Material | None:
    """Return what a picture is woven from; None while the photo is not ingested or the garment not cut."""
    if person is None or person.key is None or cut is None or cut.result_key is None:
        return None
    read = CutResult.read_if_readable(cut.result)  # Another version may describe it otherwise; the picture is there.
    made = read.cut if read else CutFacts()
    return Material(
        person_key=person.key,
        garment_key=cut.result_key,
        garment_category=(garment.category if garment else None) or made.category or "upper",
        garment_worn=bool(made.worn),
        parse_key=parse.result_key if parse else None,
        garment_confidence=made.confidence,
        garment_warnings=tuple(one.code.value for one in made.warnings),
    )
