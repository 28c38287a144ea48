"""Accepting try-ons: rows and needs in one transaction, then one push to the queue.

    accept_ready: admit ─▶ new_rows ─▶ group_commit, which binds the key               all needs met: one statement
       └─▶ idempotency ─▶ accept: photos ─▶ admit ─▶ preparations ─▶ new_rows ─▶ commit  anything else: one transaction

A try-on needs the garment's cut-out and, for most engines, the person's parse; those need the photos' ingest.
`preparations` finds which of these jobs exist and makes the missing ones; the try-on waits for the unfinished ones.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gateway.ledger.engine import Ledger
from gateway.ledger.orders import Order, material_of
from gateway.ledger.session import Writes
from gateway.ledger.tryons import TryonRow
from gateway.outbox import Submitter
from gateway.rules.options import TryonOptions
from gateway.submitting.accept_ready import ReadyAcceptor
from gateway.submitting.admit import Admitter
from gateway.submitting.context import Accepted, Materials, SubmitContext
from gateway.submitting.idempotency import Idempotency, remember
from gateway.submitting.new_rows import entry_values, new_units
from gateway.submitting.photos import Photos
from gateway.submitting.preparations import needs_of, put_on
from proteus import errors
from proteus.jobs import Category, Stage


class NoLongerWaiting(errors.Conflict):
    """This item of a batch waits no longer: it was cancelled, deleted or taken meanwhile."""


class Acceptor:
    """Turns a client's submit into committed rows.

    Args:
        ledger: Where they are committed.
        idempotency: Keeps a repeated request from being accepted twice.
        admitter: Chooses the engine, and refuses submits that must not join the queue.
        ready: Accepts pictures whose needs are all met.
        photos: Finds the photos and cut-outs that a client names.
        submitter: Queues committed jobs.
        parser_version: Another parser's preparations are made anew.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        idempotency: Idempotency,
        admitter: Admitter,
        ready: ReadyAcceptor,
        photos: Photos,
        submitter: Submitter,
        parser_version: str,
    ) -> None:
        self._ledger = ledger
        self._idempotency = idempotency
        self._admitter = admitter
        self._ready = ready
        self._photos = photos
        self._submitter = submitter
        self._parser_version = parser_version

    async def check(self, context: SubmitContext, options: TryonOptions) -> None:
        """Refuse, before its photos are stored, a try-on that would be refused with any photos."""
        await self._admitter.check(context, options)

    async def submit(
        self, context: SubmitContext, options: TryonOptions, *, person_url: str, garment_url: str
    ) -> Accepted:
        """Accept a try-on of a person's photo and a garment (its cut-out or its photo), or refuse it before commit."""

        async def ahead() -> Accepted | None:
            # The statement inserts nothing for a key that is bound: a picture that it accepts needs no lookup before.
            if context.once is None or not await self._admitter.admits_at_no_charge(context, options):
                return None
            with suppress(errors.ForeignUrl):  # Refused below, if the key is new.
                return await self._ready.accept(context, options, person_url=person_url, garment_url=garment_url)
            return None

        async def accept() -> Accepted:
            nonlocal person_url
            # What the caller may not use, or has no seconds left for, is refused before its photos are read.
            async with self._admitter.reserved(context, options):
                person_url = await self._photos.own_address(context.caller, person_url)
                if not context.of_batch:
                    accepted = await self._ready.accept(
                        context, options, person_url=person_url, garment_url=garment_url
                    )
                    if accepted is not None:
                        return accepted
                materials = await self._photos.materials(context.caller, person_url, garment_url)
                return await self._commit(context, options, materials)

        return await self._idempotency.once(context, accept, ahead=ahead)

    async def draft(
        self, context: SubmitContext, options: TryonOptions, *, person_url: str, garment_url: str
    ) -> TryonRow:
        """Keep a VTON entry that is not submitted yet."""

        async def accept() -> TryonRow:
            card = self._admitter.card(context, options)
            own_url = await self._photos.own_address(context.caller, person_url)
            person, garment, cut = await self._photos.find_pair(context.caller, own_url, garment_url)
            values = entry_values(
                context, options, card, person_id=person.id, garment_id=garment.id, cut_id=cut.id if cut else None
            )
            async with self._ledger.write() as writes:
                entry = await writes.tryons.add(**values | {"status": None})
                await remember(writes, context, entry.vton_id)
            return entry

        return await self._idempotency.once(context, accept)

    async def transfer(
        self, context: SubmitContext, entry: TryonRow, *, change: Callable[[TryonOptions], TryonOptions]
    ) -> Accepted:
        """Submit a VTON entry that is still a draft; the try-on keeps its ids. `change` may change its options."""
        context = replace(context, job_id=entry.id)
        stored = {name: entry.options[name] for name in TryonOptions.model_fields if name in entry.options}
        options = TryonOptions.model_validate(
            stored | {"model": entry.options["engine"], "metadata": entry.metadata, "external_id": entry.external_id}
        )

        options = change(options)

        async def accept() -> Accepted:
            async with self._admitter.reserved(context, options):
                return await self._commit(context, options, await self._photos.materials_of(entry), draft=entry)

        return await self._idempotency.once(context, accept)

    async def _commit(
        self, context: SubmitContext, options: TryonOptions, materials: Materials, *, draft: TryonRow | None = None
    ) -> Accepted:
        """Commit a try-on and its missing preparations; push the jobs that can be queued."""
        mask_key = await self._photos.mask_key(context.caller, options.mask, person=materials.person)
        with self._admitter.admitting(context, put_on(materials, options)) as admitted:
            card = admitted.card
            async with self._ledger.write() as writes:
                needs = await needs_of(
                    writes,
                    context,
                    materials,
                    options,
                    card=card,
                    parser_version=self._parser_version,
                )
                values = entry_values(
                    context,
                    options,
                    card,
                    person_id=materials.person.id,
                    garment_id=materials.garment.id,
                    cut_id=needs.cut.id,
                    parse_id=needs.parse.id if needs.parse else None,
                )
                values["options"] |= {"mask_key": mask_key} if mask_key else {}
                if options.category is not Category.AUTO and options.category != materials.garment.category:
                    await writes.images.set_category(materials.garment.id, options.category.value)
                entry = await (_submit_draft(writes, draft, values) if draft else writes.tryons.add(**values))
                stage = Stage.PREPARING if needs.unfinished else Stage.HELD if admitted.hold else Stage.WAITING
                pictures = new_units(context, options, card, stage=stage, hold=admitted.hold)
                units = [await writes.jobs.add(picture) for picture in pictures]
                await writes.needs.add((unit.id, need_id) for unit in units for need_id in needs.unfinished)
                await remember(writes, context, entry.id)
                # Last: whoever deletes a photo locks its jobs before its items.
                if context.of_batch and not await writes.batches.take(context.job_id):
                    raise NoLongerWaiting
        if stage is Stage.WAITING:
            material = material_of(materials.person, needs.cut, needs.parse, garment=materials.garment)
            await self._submitter.push_orders([Order(job=unit, tryon=entry, material=material) for unit in units])
        await self._submitter.push(needs.waiting)
        return Accepted(tryon=entry, units=units, admission=admitted.admission, position=admitted.position)


async def _submit_draft(writes: Writes, draft: TryonRow, values: dict[str, Any]) -> TryonRow:
    """Turn a draft into the entry of a submitted try-on."""
    locked = (await writes.tryons.lock([draft.id])).get(draft.id)
    if locked is None or locked.status is not None:
        raise errors.Conflict("This VTON entry was submitted already.")
    return await writes.tryons.change(draft.id, **values | {"created_at": draft.created_at})
