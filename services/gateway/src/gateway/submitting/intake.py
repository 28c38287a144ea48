"""What a client asks for -> rows -> queue. One transaction per submit, then one round trip to Redis.

A try-on needs the garment's cut-out and, for most engines, the person's parse; those need the photos' ingest. `Intake`
finds which of these jobs are there already (`planning`), makes the missing ones, and lets the try-on wait for what is
not done. Whoever tries a second thing on has everything there: that submit is one read, one insert, one push.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from gateway import metrics
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.orders import Order, material_of
from gateway.ledger.session import Writes
from gateway.ledger.submit_ready import Ready
from gateway.ledger.tryons import TryonRow
from gateway.outbox import Submitter
from gateway.rules.admission import Admission, Request, Verdict, decide
from gateway.rules.options import TryonOptions, card_of, default_engine
from gateway.rules.tokens import Caller
from gateway.settings import GatewaySettings
from gateway.submitting.context import Accepted, AlreadyAccepted, SubmitContext
from gateway.submitting.group_commit import GroupCommit
from gateway.submitting.new_rows import entry_values, unit_values
from gateway.submitting.photos import Photos
from gateway.submitting.preparations import Preparations, Raced
from proteus import errors, object_keys
from proteus.engines import EngineCard
from proteus.jobs import Category, JobState, Stage
from proteus.object_keys import Area

T = TypeVar("T")

RACES_MOST: Final = 3
"""How often a submit starts over because another one made the same row first."""

_SHEDS: Final[dict[str, type[errors.Overloaded]]] = {
    known.code: known
    for known in (
        errors.Overloaded,
        errors.DeadlineUnreachable,
        errors.TenantCap,
        errors.UserCap,
        errors.NoCapacity,
    )
}


@dataclass(frozen=True, kw_only=True)
class _Materials:
    """What a client named: photos, and the cut-out if that is what he named."""

    person: ImageRow
    garment: ImageRow
    cut: JobRow | None


class Intake:
    """Turns requests into committed work."""

    def __init__(
        self, ledger: Ledger, photos: Photos, submitter: Submitter, fleet: FleetWatch, settings: GatewaySettings
    ) -> None:
        self._ledger = ledger
        self._photos = photos
        self._submitter = submitter
        self._fleet = fleet
        self._settings = settings
        self._ready = GroupCommit(self._commit_ready)

    async def cut(self, context: SubmitContext, image_url: str, *, category: Category) -> JobRow:
        """Have the garment in a stored photo cut out; asked twice it is the same job."""

        async def accept() -> tuple[JobRow, Preparations]:
            await self.replay(context)
            async with self._ledger.read() as reads:
                image = await self._photos.find(reads, context.caller, image_url)
                known = await reads.jobs.of_images([image.id])
            await self._photos.check_uploaded(image, known)
            async with self._ledger.write() as writes:
                plan = Preparations(
                    writes, context.caller, context.trace_id, known, parser_version=self._settings.parser_version
                )
                cut = await plan.cut(image, category)
                await _remember(writes, context, cut.id)
            return cut, plan

        cut, plan = await _racing(accept)
        await self._submitter.push(plan.waiting)
        return cut

    async def ingest(self, context: SubmitContext, image: ImageRow) -> None:
        """Have a photo ingested that nothing needed yet."""

        async def accept() -> Preparations:
            async with self._ledger.read() as reads:
                known = await reads.jobs.of_images([image.id])
            await self._photos.check_uploaded(image, known)
            async with self._ledger.write() as writes:
                plan = Preparations(
                    writes, context.caller, context.trace_id, known, parser_version=self._settings.parser_version
                )
                await plan.ingest(image)
            return plan

        await self._submitter.push((await _racing(accept)).waiting)

    async def draft(
        self, context: SubmitContext, options: TryonOptions, *, person_url: str, garment_url: str
    ) -> TryonRow:
        """Keep a VTON entry that is not submitted yet."""

        async def accept() -> TryonRow:
            await self.replay(context)
            card = self._card(context, options)
            found = await self._look_up(context, person_url, garment_url)
            async with self._ledger.write() as writes:
                entry = await writes.tryons.add(
                    **entry_values(
                        context.caller,
                        options,
                        card,
                        person_id=found.person.id,
                        garment_id=found.garment.id,
                        cut_id=found.cut.id if found.cut else None,
                        trace_id=context.trace_id,
                    )
                )
                await _remember(writes, context, entry.vton_id)
            return entry

        return await _racing(accept)

    async def tryon(
        self, context: SubmitContext, options: TryonOptions, *, person_url: str, garment_url: str
    ) -> Accepted:
        """Accept a try-on of a person's photo and a garment (its cut-out or its photo), or refuse it before commit."""

        async def accept() -> Accepted:
            await self.replay(context)
            plain = options.num_samples == 1 and context.once is None
            if plain and (accepted := await self._accept_ready(context, options, person_url, garment_url)):
                return accepted
            return await self._accept(context, options, await self._look_up(context, person_url, garment_url))

        return await _racing(accept)

    async def transfer(self, context: SubmitContext, entry: TryonRow) -> Accepted:
        """Submit a VTON entry that is still a draft."""
        stored = {name: entry.options[name] for name in TryonOptions.model_fields if name in entry.options}
        options = TryonOptions.model_validate(stored | {"model": entry.options["engine"], "metadata": entry.metadata})

        async def accept() -> Accepted:
            await self.replay(context)
            async with self._ledger.read() as reads:
                photos = await reads.images.by_ids({entry.person_image_id, entry.garment_image_id})
                cuts = await reads.jobs.by_ids([entry.cut_id] if entry.cut_id else [])
            found = _Materials(
                person=photos[entry.person_image_id],
                garment=photos[entry.garment_image_id],
                cut=cuts.get(entry.cut_id or ""),
            )
            return await self._accept(context, options, found, draft=entry)

        return await _racing(accept)

    async def replay(self, context: SubmitContext) -> None:
        """Let a fresh request pass.

        Raises:
            AlreadyAccepted: It was accepted before, with the same key.
            IdempotencyConflict: The key came with another request before.
        """
        if context.once is None:
            return
        async with self._ledger.read() as reads:
            found = await reads.idempotency.find(context.once.key, user_id=context.caller.user_id)
        if found is None:
            return
        if found[0] != context.once.request_hash:
            raise errors.IdempotencyConflict
        raise AlreadyAccepted(found[1])

    async def _look_up(self, context: SubmitContext, person_url: str, garment_url: str) -> _Materials:
        async with self._ledger.read() as reads:
            person = await self._photos.find(reads, context.caller, person_url)
            garment, cut = await self._photos.find_garment(reads, context.caller, garment_url)
        return _Materials(person=person, garment=garment, cut=cut)

    async def _accept_ready(
        self, context: SubmitContext, options: TryonOptions, person_url: str, garment_url: str
    ) -> Accepted | None:
        """Accept one picture of a parsed photo and a cut-out together with others; None if anything is missing."""
        person_key = self._photos.key_of(context.caller, person_url)
        cut_key = self._photos.key_of(context.caller, garment_url)
        if person_key is None or cut_key is None or object_keys.split(cut_key).area != Area.DERIVED:
            return None
        person_id = object_keys.split(person_key).image_id
        if person_id is None:
            return None
        card = self._card(context, options)
        position, admission = self._admit(context.caller, options, card)
        entry = _entry(context, options, card, person_id=person_id, garment_id="")
        unit = unit_values(context.caller, options, card, entry, 1, now=entry["created_at"])
        if admission.verdict is Verdict.HOLD:
            unit |= {"hold": True, "stage": Stage.HELD.value, "waiting_since": None}
        ready = Ready(
            entry=TryonRow(**entry),
            unit=JobRow(**unit),
            cut_key=cut_key,
            parser_version=self._settings.parser_version,
            needs_parse=card.needs_parse,
        )
        try:
            with self._fleet.admitting(context.caller, ready.entry.id, 1):
                if not await self._ready.do(ready):
                    raise _NotReady
        except _NotReady:
            return None
        return self._accepted(context, ready.entry, [ready.unit], admission=admission, position=position)

    async def _commit_ready(self, asked: Sequence[Ready]) -> list[bool]:
        """Commit and push pictures whose needs are all there; tell of each whether it was one."""
        async with self._ledger.statement() as writes:
            found = await writes.orders.submit_ready(asked)
        await self._submitter.push_orders(
            [
                Order(job=one.unit, tryon=one.entry, material=material)
                for one in asked
                if one.unit.stage == Stage.WAITING and (material := found.get(one.unit.id))
            ]
        )
        return [one.unit.id in found for one in asked]

    async def _accept(
        self, context: SubmitContext, options: TryonOptions, found: _Materials, *, draft: TryonRow | None = None
    ) -> Accepted:
        """Commit a try-on and whatever it needs that nobody has made yet."""
        card = self._card(context, options)
        async with self._ledger.read() as reads:
            known = await reads.jobs.of_images({found.person.id, found.garment.id})
        await self._photos.check_uploaded(found.person, known)
        if found.cut is None:
            await self._photos.check_uploaded(found.garment, known)
        position, admission = self._admit(context.caller, options, card)
        hold = admission.verdict is Verdict.HOLD
        values = _entry(context, options, card, person_id=found.person.id, garment_id=found.garment.id)
        tryon_id = draft.id if draft else values["id"]
        with self._fleet.admitting(context.caller, tryon_id, options.num_samples):
            async with self._ledger.write() as writes:
                plan = Preparations(
                    writes, context.caller, context.trace_id, known, parser_version=self._settings.parser_version
                )
                await plan.pin()
                cut = found.cut if found.cut is not None else await plan.cut(found.garment, options.category)
                parse = await plan.parse(found.person) if card.needs_parse else None
                needed = [cut, parse if parse is not None else await plan.ingest(found.person)]
                open_needs = [need.id for need in needed if need is not None and need.state != JobState.COMPLETED]
                values |= {"cut_id": cut.id, "parse_id": parse.id if parse else None}
                entry = await _save(writes, values, draft)
                now = datetime.now(UTC)
                stage = Stage.PREPARING if open_needs else Stage.HELD if hold else Stage.WAITING
                units = [
                    await writes.jobs.add(
                        **unit_values(context.caller, options, card, values, n, now=now)
                        | {"hold": hold, "stage": stage.value, "waiting_since": now if stage is Stage.WAITING else None}
                    )
                    for n in range(1, options.num_samples + 1)
                ]
                await writes.needs.add((unit.id, need_id) for unit in units for need_id in open_needs)
                await _remember(writes, context, entry.id)
        material = material_of(found.person, cut, parse)
        await self._submitter.push_orders(
            [Order(job=unit, tryon=entry, material=material) for unit in units if unit.stage == Stage.WAITING]
        )
        await self._submitter.push(plan.waiting)
        return self._accepted(context, entry, units, admission=admission, position=position)

    def _accepted(
        self, context: SubmitContext, entry: TryonRow, units: Sequence[JobRow], *, admission: Admission, position: int
    ) -> Accepted:
        """Count what was committed."""
        metrics.SUBMITS.labels(admission.verdict.value).inc(len(units))
        return Accepted(tryon=entry, units=units, admission=admission, position=position)

    def _admit(self, caller: Caller, options: TryonOptions, card: EngineCard) -> tuple[int, Admission]:
        """Return how many are before it and what is promised; raise what refuses it."""
        servable = self._fleet.servable
        if servable is not None and card.name not in servable:
            metrics.SUBMITS.labels(errors.EngineUnavailable.code).inc(options.num_samples)
            raise errors.EngineUnavailable(
                f"No worker offers {card.name}, and none can be started for it.", offered=tuple(sorted(servable))
            )
        now = datetime.now(UTC).timestamp()
        queue = self._fleet.queue_view(caller, card.name)
        asked = Request(
            pictures=options.num_samples,
            priority=options.priority,
            deadline_at=now + options.deadline_ms / 1000 if options.deadline_ms else None,
        )
        fleet = self._fleet.fleet(card.name, options.quality)
        admission = decide(asked, queue, fleet, self._fleet.limits, now)
        if admission.verdict is Verdict.SHED:
            metrics.SUBMITS.labels(admission.code or "shed").inc(options.num_samples)
            raise _SHEDS.get(admission.code, errors.Overloaded)(
                admission.reason, retry_after_seconds=admission.retry_after_seconds
            )
        return queue.waiting, admission

    def _card(self, context: SubmitContext, options: TryonOptions) -> EngineCard:
        """Return the engine; raise if the caller or the deployment may not have it like this."""
        if options.priority == "high":
            context.caller.require("priority:high")
        commercial_only = self._settings.licence_policy == "commercial"
        offered = self._fleet.offered or self._fleet.servable or ()
        default = default_engine(self._settings.default_engine, offered, commercial_only=commercial_only)
        return card_of(options.model or default, commercial_only=commercial_only)


class _NotReady(Exception):
    """Something that the picture needs is missing."""


def _entry(
    context: SubmitContext, options: TryonOptions, card: EngineCard, *, person_id: str, garment_id: str
) -> dict[str, Any]:
    values = entry_values(
        context.caller,
        options,
        card,
        person_id=person_id,
        garment_id=garment_id,
        cut_id=None,
        trace_id=context.trace_id,
    )
    if context.job_id:
        values |= {"id": context.job_id, "vton_id": f"vton_{context.job_id.removeprefix('job_')}"}
    return values | {"status": JobState.QUEUED.value}


async def _save(writes: Writes, values: dict[str, Any], draft: TryonRow | None) -> TryonRow:
    """Insert the entry, or turn the draft into it."""
    if draft is None:
        return await writes.tryons.add(**values)
    locked = (await writes.tryons.lock([draft.id])).get(draft.id)
    if locked is None or locked.status is not None:
        raise errors.Conflict("This VTON entry was submitted already.")
    values |= {"id": draft.id, "vton_id": draft.vton_id, "created_at": draft.created_at}
    return await writes.tryons.change(draft.id, **values)


async def _remember(writes: Writes, context: SubmitContext, job_id: str) -> None:
    if context.once and not await writes.idempotency.remember(
        context.once.key, user_id=context.caller.user_id, request_hash=context.once.request_hash, job_id=job_id
    ):
        raise Raced


async def _racing(accept: Callable[[], Awaitable[T]]) -> T:
    """Do it; if another request made the same row first, do it again and find that row."""
    for _ in range(RACES_MOST):
        try:
            return await accept()
        except Raced:
            continue
    raise errors.NotReady("Other requests are changing the same photo right now.")
