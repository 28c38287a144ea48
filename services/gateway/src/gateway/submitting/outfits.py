"""Accepting outfits: one try-on whose pictures are a chain, each made from the one before it, in one transaction.

    picture 1 ─▶ ingest ─▶ parse ─▶ picture 2 ─▶ ingest ─▶ parse ─▶ picture 3 …        each with the cut of its garment

The whole chain is rows at once: a picture becomes a photo of its own before it exists, so every job waits for the
ones before it by `job_needs`, and the recorder releases or ends them as it does with any other job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.ledger.engine import Ledger
from gateway.ledger.jobs import JobRow
from gateway.ledger.orders import Order, material_of
from gateway.ledger.outfits import OutfitGarmentRow
from gateway.ledger.session import Writes
from gateway.outbox import Submitter
from gateway.rules.outfits import OutfitGarment, OutfitOptions, variant_of
from gateway.submitting.admit import Admitted, Admitter
from gateway.submitting.context import Accepted, Materials, SubmitContext
from gateway.submitting.idempotency import Idempotency, remember
from gateway.submitting.new_rows import entry_values, new_units
from gateway.submitting.photos import Photos
from gateway.submitting.preparations import TryonNeeds, needs_of
from proteus.errors import InvalidRequest
from proteus.jobs import Category, ImageId, Stage, TryonId, new_id


class OutfitAcceptor:
    """Turns an outfit into committed rows.

    Args:
        ledger: Where they are committed.
        idempotency: Keeps a repeated request from being accepted twice.
        admitter: Refuses submits that must not join the queue.
        photos: Finds the photos and cut-outs that a client names.
        submitter: Queues committed jobs.
        parser_version: Another parser's preparations are made anew.
    """

    def __init__(
        self,
        ledger: Ledger,
        idempotency: Idempotency,
        admitter: Admitter,
        photos: Photos,
        submitter: Submitter,
        *,
        parser_version: str,
    ) -> None:
        self._ledger = ledger
        self._idempotency = idempotency
        self._admitter = admitter
        self._photos = photos
        self._submitter = submitter
        self._parser_version = parser_version

    async def submit(
        self, context: SubmitContext, options: OutfitOptions, *, person_url: str, garments: Sequence[OutfitGarment]
    ) -> Accepted:
        """Accept an outfit, its garments in the order in which they are put on, or refuse it before commit."""

        async def accept() -> Accepted:
            async with self._admitter.reserved(context, options):
                own_url = await self._photos.own_address(context.caller, person_url)
                materials = [await self._photos.materials(context.caller, own_url, garment.url) for garment in garments]
                if len({one.garment.id for one in materials}) < len(materials):
                    raise InvalidRequest("Two garments of the outfit are the same photo.")
                return await self._commit(context, options, garments, materials)

        return await self._idempotency.once(context, accept)

    async def _commit(
        self,
        context: SubmitContext,
        options: OutfitOptions,
        garments: Sequence[OutfitGarment],
        materials: Sequence[Materials],
    ) -> Accepted:
        with self._admitter.admitting(context, options) as admitted:
            async with self._ledger.write() as writes:
                first = await self._needs(writes, context, options, _Part(garments[0], materials[0]), admitted)
                values = entry_values(
                    context,
                    options,
                    admitted.card,
                    person_id=materials[0].person.id,
                    garment_id=materials[0].garment.id,
                    cut_id=first.cut.id,
                    parse_id=first.parse.id if first.parse else None,
                )
                entry = await writes.tryons.add(**values)
                stage = Stage.PREPARING if first.unfinished else Stage.HELD if admitted.hold else Stage.WAITING
                planned = new_units(context, options, admitted.card, stage=stage, hold=admitted.hold)
                units: list[JobRow] = []
                rows: list[OutfitGarmentRow] = []
                waiting = [*first.waiting]
                for garment, named, planned_unit in zip(garments, materials, planned, strict=True):
                    part, needs, unit = _Part(garment, named), first, planned_unit
                    if units:
                        part = await self._following(writes, context, part, units[-1])
                        needs = await self._needs(writes, context, options, part, admitted)
                        waiting += needs.waiting
                        unit = replace(unit, stage=Stage.PREPARING, waiting_since=None)
                    unit = await writes.jobs.add(replace(unit, variant=variant_of(garment.position)))
                    await writes.needs.add((unit.id, need_id) for need_id in needs.unfinished)
                    units.append(unit)
                    rows.append(_row(entry.id, unit.n, part, needs))
                await writes.outfits.add(rows)
                await remember(writes, context, entry.id)
        if stage is Stage.WAITING:
            material = material_of(materials[0].person, first.cut, first.parse, garment=materials[0].garment)
            category = garments[0].category.value
            await self._submitter.push_orders([Order(job=units[0], tryon=entry, material=material, category=category)])
        await self._submitter.push(dict.fromkeys(waiting))
        return Accepted(tryon=entry, units=units, admission=admitted.admission, position=admitted.position)

    async def _needs(
        self, writes: Writes, context: SubmitContext, options: OutfitOptions, part: _Part, admitted: Admitted
    ) -> TryonNeeds:
        category, garment = part.garment.category, part.materials.garment
        if category is not Category.AUTO and category != garment.category:
            await writes.images.set_category(garment.id, category.value)
        return await needs_of(
            writes,
            context,
            part.materials,
            options.model_copy(update={"category": category}),
            card=admitted.card,
            parser_version=self._parser_version,
            maker=part.maker,
        )

    async def _following(self, writes: Writes, context: SubmitContext, part: _Part, before: JobRow) -> _Part:
        """Return a part whose person is the picture before it, which becomes a photo of its own."""
        await writes.images.add_made(
            ImageId(new_id("img")),
            user_id=context.caller.user_id,
            made_by=before.id,
            sweep_at=self._photos.sweep_at(before.created_at),
        )
        (person,) = await writes.images.made_by([before.id])
        garment_id = part.materials.garment.id
        known = [job for job in part.materials.known if job.image_id == garment_id]
        return replace(part, materials=replace(part.materials, person=person, known=known), maker=before)


@dataclass(frozen=True, slots=True)
class _Part:
    """One garment of the chain, and what it is put on.

    Attributes:
        maker: The picture that is the person's photo; None: the photo is the client's.
    """

    garment: OutfitGarment
    materials: Materials
    maker: JobRow | None = None


def _row(tryon_id: TryonId, n: int, part: _Part, needs: TryonNeeds) -> OutfitGarmentRow:
    return OutfitGarmentRow(
        tryon_id=tryon_id,
        n=n,
        category=part.garment.category.value,
        person_image_id=part.materials.person.id,
        garment_image_id=part.materials.garment.id,
        cut_id=needs.cut.id,
        parse_id=needs.parse.id if needs.parse else None,
    )
