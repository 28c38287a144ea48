"""What a client asks for -> rows -> queue. One transaction per submit, then one round trip to Redis.

A try-on needs the garment's cut-out and, for most engines, the person's parse; those need the photos' ingest. `Intake`
finds which of these jobs are there already, makes the missing ones, and lets the try-on wait for what is not done.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from gateway import metrics
from gateway.admission import Admission, Request, Verdict, decide
from gateway.fleet import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.ledger.repository import Reads, Writes
from gateway.ledger.rows import ImageRow, JobRow, Order, TryonRow
from gateway.options import PRIORITIES, SEED_LIMIT, TryonOptions, card_of
from gateway.settings import GatewaySettings
from gateway.settling import error_of
from gateway.submission import Submitter
from gateway.tokens import Caller
from proteus import errors
from proteus.engines import EngineCard
from proteus.jobs import Category, JobKind, JobState, Stage, new_id, unit_id
from proteus.storage import ObjectStore, PresignedPut

log = structlog.get_logger()

_SHEDS: Final[dict[str, type[errors.Overloaded]]] = {
    known.code: known for known in (errors.Overloaded, errors.DeadlineUnreachable, errors.TenantCap, errors.NoCapacity)
}


@dataclass(frozen=True, kw_only=True)
class Once:
    """An Idempotency-Key and what it was sent with."""

    key: str
    request_hash: str


class AlreadyAccepted(Exception):
    """The same request with the same key was accepted before; `job_id` says as what."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A signed upload of one photo."""

    image_id: str
    image_url: str
    put: PresignedPut
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A committed try-on, and what was promised at the door."""

    tryon: TryonRow
    units: Sequence[JobRow]
    admission: Admission
    position: int
    """How many were before it when it came."""


class Intake:
    """Turns requests into committed work."""

    def __init__(
        self,
        ledger: Ledger,
        store: ObjectStore,
        submitter: Submitter,
        fleet: FleetWatch,
        settings: GatewaySettings,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._submitter = submitter
        self._fleet = fleet
        self._settings = settings

    async def sign_upload(self, caller: Caller, *, kind: str, content_type: str, size_bytes: int) -> Upload:
        """Make an image and sign its upload: exactly this type, exactly this many bytes."""
        self.check_upload(content_type, size_bytes)
        limits = self._settings.uploads
        image_id = new_id("img")
        async with self._ledger.write() as writes:
            if await writes.user(caller.user_id) is None:
                raise errors.Unauthorized("The user of this token does not exist any more.")
            await writes.add_image(
                image_id,
                user_id=caller.user_id,
                kind=kind,
                declared_type=content_type,
                declared_bytes=size_bytes,
            )
        key = f"incoming/{caller.user_id}/{image_id}"
        expires_seconds = limits.put_expires_seconds
        put = await asyncio.to_thread(
            self._store.presign_put,
            key,
            content_type=content_type,
            size_bytes=size_bytes,
            expires_seconds=expires_seconds,
        )
        return Upload(
            image_id=image_id,
            image_url=self._store.url_of(key),
            put=put,
            expires_at=datetime.now(UTC) + timedelta(seconds=expires_seconds),
        )

    def check_upload(self, content_type: str, size_bytes: int) -> None:
        """Refuse a type or size that this deployment does not take."""
        limits = self._settings.uploads
        if content_type not in limits.content_types:
            raise errors.UnsupportedMedia(f"{content_type!r} is not one of {sorted(limits.content_types)}.")
        if size_bytes > limits.max_bytes:
            raise errors.ImageTooLarge(
                f"{size_bytes} bytes are more than the {limits.max_bytes} this deployment takes."
            )
        if size_bytes < limits.min_bytes:
            raise errors.InvalidRequest(f"{size_bytes} bytes cannot be a picture.")

    async def replay(self, caller: Caller, once: Once | None) -> None:
        """Raise `AlreadyAccepted` if this very request was accepted before, `IdempotencyConflict` for another one."""
        if once is None:
            return
        async with self._ledger.read() as reads:
            found = await reads.remembered(once.key, user_id=caller.user_id)
        if found is None:
            return
        if found[0] != once.request_hash:
            raise errors.IdempotencyConflict
        raise AlreadyAccepted(found[1])

    async def cut(
        self, caller: Caller, image_url: str, *, category: Category, trace_id: str, once: Once | None = None
    ) -> JobRow:
        """Have the garment in a stored photo cut out; asked twice it is the same job."""
        await self.replay(caller, once)
        async with self._ledger.read() as reads:
            image = await self._photo(reads, caller, image_url)
            known = await reads.jobs_of_images([image.id])
        await self._check_there(image, known)
        async with self._ledger.write() as writes:
            plan = _Plan(writes, caller, trace_id, known)
            cut = await plan.cut(image, category)
            await self._remember(writes, caller, once, cut.id)
        await self._submitter.push(plan.waiting)
        return cut

    async def ingest(self, caller: Caller, image: ImageRow, *, trace_id: str) -> None:
        """Have a photo ingested that nothing needed yet."""
        async with self._ledger.read() as reads:
            known = await reads.jobs_of_images([image.id])
        await self._check_there(image, known)
        async with self._ledger.write() as writes:
            plan = _Plan(writes, caller, trace_id, known)
            await plan.ingest(image)
        await self._submitter.push(plan.waiting)

    async def draft(
        self, caller: Caller, options: TryonOptions, *, person_url: str, garment_url: str, trace_id: str
    ) -> TryonRow:
        """Keep a VTON entry that is not submitted yet."""
        card = self._card(options)
        self._check_scope(caller, options)
        async with self._ledger.read() as reads:
            person = await self._photo(reads, caller, person_url)
            garment, cut = await self._garment(reads, caller, garment_url)
        async with self._ledger.write() as writes:
            return await writes.add_tryon(
                **_entry(caller, options, card, person=person, garment=garment, cut_id=cut.id if cut else None),
                trace_id=trace_id,
            )

    async def tryon(
        self,
        caller: Caller,
        options: TryonOptions,
        *,
        person_url: str,
        garment_url: str,
        trace_id: str,
        once: Once | None = None,
        job_id: str | None = None,
    ) -> Accepted:
        """Accept a try-on of a person's photo and a garment (its cut-out or its photo), or refuse it before commit.

        Args:
            caller: Whose it will be.
            options: What is asked for.
            person_url: Address of his photo in our storage.
            garment_url: Address of his cut-out, or of a garment photo.
            trace_id: Follows the work through every log line.
            once: The Idempotency-Key.
            job_id: The id it has already; None: a fresh one.
        """
        await self.replay(caller, once)
        async with self._ledger.read() as reads:
            person = await self._photo(reads, caller, person_url)
            garment, cut = await self._garment(reads, caller, garment_url)
        return await self._accept(
            caller, options, person, garment, cut, trace_id=trace_id, once=once, draft=None, job_id=job_id
        )

    async def transfer(self, caller: Caller, entry: TryonRow, *, trace_id: str, once: Once | None = None) -> Accepted:
        """Submit a VTON entry that is still a draft."""
        await self.replay(caller, once)
        async with self._ledger.read() as reads:
            photos = await reads.images({entry.person_image_id, entry.garment_image_id})
            cuts = await reads.jobs([entry.cut_id] if entry.cut_id else [])
        stored = {name: entry.options[name] for name in TryonOptions.model_fields if name in entry.options}
        options = TryonOptions.model_validate(stored | {"model": entry.options["engine"], "metadata": entry.metadata})
        return await self._accept(
            caller,
            options,
            photos[entry.person_image_id],
            photos[entry.garment_image_id],
            cuts.get(entry.cut_id or ""),
            trace_id=trace_id,
            once=once,
            draft=entry,
        )

    async def _accept(
        self,
        caller: Caller,
        options: TryonOptions,
        person: ImageRow,
        garment: ImageRow,
        cut: JobRow | None,
        *,
        trace_id: str,
        once: Once | None,
        draft: TryonRow | None,
        job_id: str | None = None,
    ) -> Accepted:
        card = self._card(options)
        self._check_scope(caller, options)
        async with self._ledger.read() as reads:
            known = await reads.jobs_of_images({person.id, garment.id})
        await self._check_there(person, known)
        if cut is None:
            await self._check_there(garment, known)
        position = self._fleet.queue_view(caller.tenant).waiting
        admission = self._admit(caller, options, card)
        now = datetime.now(UTC)
        async with self._ledger.write() as writes:
            plan = _Plan(writes, caller, trace_id, known)
            await plan.pin()
            cut = cut if cut is not None else await plan.cut(garment, options.category)
            parse = await plan.parse(person, self._settings.parser_version) if card.needs_parse else None
            needed = [cut, parse if parse is not None else await plan.ingest(person)]
            entry_id = draft.id if draft else ""
            values = _entry(caller, options, card, person=person, garment=garment, cut_id=cut.id)
            values |= {"status": "queued", "parse_id": parse.id if parse else None, "trace_id": trace_id}
            if job_id:
                values |= {"id": job_id, "vton_id": f"vton_{job_id.removeprefix('job_')}"}
            if draft:
                values |= {"id": entry_id, "vton_id": draft.vton_id, "options": draft.options | values["options"]}
                locked = (await writes.lock_tryons([entry_id])).get(entry_id)
                if locked is None or locked.status is not None:
                    raise errors.Conflict("This VTON entry was submitted already.")
                tryon = await writes.change_tryon(entry_id, **{k: v for k, v in values.items() if k != "id"})
            else:
                tryon = await writes.add_tryon(**values)
            open_needs = [need.id for need in needed if need is not None and need.state != JobState.COMPLETED]
            hold = admission.verdict is Verdict.HOLD
            units = [
                await writes.add_job(
                    **_unit(caller, options, card, tryon, n, trace_id=trace_id, now=now),
                    hold=hold,
                    stage=Stage.PREPARING if open_needs else Stage.HELD if hold else Stage.WAITING,
                )
                for n in range(1, options.num_samples + 1)
            ]
            await writes.add_needs((unit.id, need_id) for unit in units for need_id in open_needs)
            await self._remember(writes, caller, once, tryon.id)
        self._fleet.admitted(caller.tenant, len(units))
        metrics.SUBMITS.labels(admission.verdict.value).inc(len(units))
        ready = [
            Order(job=unit, tryon=tryon, person=person, cut=cut, parse=parse)
            for unit in units
            if unit.stage == Stage.WAITING
        ]
        await self._submitter.push_orders(ready)
        await self._submitter.push(plan.waiting)
        return Accepted(tryon=tryon, units=units, admission=admission, position=position)

    def _admit(self, caller: Caller, options: TryonOptions, card: EngineCard) -> Admission:
        now = datetime.now(UTC).timestamp()
        admission = decide(
            Request(
                pictures=options.num_samples,
                priority=options.priority,
                deadline_at=now + options.deadline_ms / 1000 if options.deadline_ms else None,
            ),
            self._fleet.queue_view(caller.tenant),
            self._fleet.fleet(card.name, options.quality),
            self._fleet.limits,
            now,
        )
        if admission.verdict is Verdict.SHED:
            metrics.SUBMITS.labels(admission.code or "shed").inc(options.num_samples)
            raise _SHEDS.get(admission.code, errors.Overloaded)(
                admission.reason, retry_after_seconds=admission.retry_after_seconds
            )
        return admission

    def _card(self, options: TryonOptions) -> EngineCard:
        return card_of(
            options.model or self._settings.default_engine,
            commercial_only=self._settings.licence_policy == "commercial",
        )

    def _check_scope(self, caller: Caller, options: TryonOptions) -> None:
        if options.priority == "high":
            caller.require("priority:high")

    async def _photo(self, reads: Reads, caller: Caller, url: str) -> ImageRow:
        """Return the caller's photo at one of our addresses; anybody else's is not there."""
        room, owner, rest = _split(self._store.key_of(url))
        found = None
        if owner == caller.user_id and room == "incoming":
            found = await reads.image(rest, user_id=caller.user_id)
        elif owner == caller.user_id and room == "images":
            found = await reads.image_by_key(f"{room}/{owner}/{rest}", user_id=caller.user_id)
        if found is None:
            raise errors.NotFound("There is no photo of yours at this address.")
        return found

    async def _garment(self, reads: Reads, caller: Caller, url: str) -> tuple[ImageRow, JobRow | None]:
        """Return the garment's photo, and its cut if the address names one."""
        key = self._store.key_of(url)
        if not key.startswith("derived/"):
            return await self._photo(reads, caller, url), None
        cut = await reads.cut_by_key(key, user_id=caller.user_id)
        image = await reads.image(cut.image_id or "", user_id=caller.user_id) if cut else None
        if cut is None or image is None:
            raise errors.NotFound("There is no cut-out of yours at this address.")
        return image, cut

    async def _check_there(self, image: ImageRow, known: Sequence[JobRow]) -> None:
        """Refuse a photo that was never uploaded, or whose ingest found it bad."""
        if image.key is not None:
            return
        ingests = [job for job in known if job.image_id == image.id and job.kind == JobKind.INGEST]
        if ingests and (ingests[-1].state in ("queued", "running") or _final(ingests[-1])):
            if ingests[-1].error:
                raise error_of(ingests[-1].error)
            return
        info = await asyncio.to_thread(self._store.head, image.incoming_key)
        if info.size_bytes > self._settings.uploads.max_bytes:
            await asyncio.to_thread(self._store.delete, image.incoming_key)
            raise errors.ImageTooLarge

    async def _remember(self, writes: Writes, caller: Caller, once: Once | None, job_id: str) -> None:
        if once and not await writes.remember(
            once.key, user_id=caller.user_id, request_hash=once.request_hash, job_id=job_id
        ):
            # Another request with this key commits at the same time: the client repeats and gets that one's answer.
            raise errors.NotReady("A request with this Idempotency-Key is being accepted right now.")


class _Plan:
    """The tailor's jobs that a request needs: those that are there, and those it makes."""

    def __init__(self, writes: Writes, caller: Caller, trace_id: str, known: Sequence[JobRow]) -> None:
        self._writes = writes
        self._caller = caller
        self._trace_id = trace_id
        self._known = {(job.image_id, job.kind, job.variant): job for job in known}
        self.waiting: list[str] = []
        """Jobs made here that can be queued as soon as this commits."""

    async def pin(self) -> None:
        """See the unfinished ones as they are, and keep them so until commit."""
        unfinished = [job.id for job in self._known.values() if not job.terminal]
        if unfinished:
            pinned = await self._writes.pin_jobs(unfinished)
            self._known = {place: pinned.get(job.id, job) for place, job in self._known.items()}

    async def ingest(self, image: ImageRow) -> JobRow | None:
        """None: the photo is ingested (and nobody knows by which job any more)."""
        if image.key is not None and (image.id, JobKind.INGEST, "") not in self._known:
            return None
        return await self._ensure(image, JobKind.INGEST, "", None)

    async def cut(self, image: ImageRow, category: Category) -> JobRow:
        return await self._ensure(image, JobKind.CUT, category.value, await self.ingest(image))

    async def parse(self, image: ImageRow, parser_version: str) -> JobRow:
        return await self._ensure(image, JobKind.PARSE, parser_version, await self.ingest(image))

    async def _ensure(self, image: ImageRow, kind: JobKind, variant: str, need: JobRow | None) -> JobRow:
        known = self._known.get((image.id, kind, variant))
        if known is not None:
            if _final(known):
                raise error_of(known.error or {})
            if known.state not in ("failed", "canceled", "expired"):
                return known
        blocked = need is not None and need.state != JobState.COMPLETED
        made = await self._writes.add_tailor_job(
            id=new_id("seg"),
            kind=kind.value,
            user_id=self._caller.user_id,
            tenant=self._caller.tenant,
            image_id=image.id,
            variant=variant,
            state=JobState.QUEUED,
            stage=Stage.PREPARING if blocked else Stage.WAITING,
            engine=kind.value,
            batch_key=kind.value,
            trace_id=self._trace_id,
        )
        if made is None:
            raise errors.NotReady("Another request is preparing the same photo right now.")
        if blocked and need is not None:
            await self._writes.add_needs([(made.id, need.id)])
        else:
            self.waiting.append(made.id)
        self._known[(image.id, kind, variant)] = made
        return made


def _final(job: JobRow) -> bool:
    """It failed in a way that trying again cannot mend."""
    return job.state == JobState.FAILED and not (job.error or {}).get("retryable", False)


def _split(key: str) -> tuple[str, str, str]:
    room, _, rest = key.partition("/")
    owner, _, rest = rest.partition("/")
    return room, owner, rest


def _entry(
    caller: Caller,
    options: TryonOptions,
    card: EngineCard,
    *,
    person: ImageRow,
    garment: ImageRow,
    cut_id: str | None,
) -> dict[str, Any]:
    now = datetime.now(UTC)
    uuid = new_id("x").removeprefix("x_")
    return {
        "id": f"job_{uuid}",
        "vton_id": f"vton_{uuid}",
        "user_id": caller.user_id,
        "person_image_id": person.id,
        "garment_image_id": garment.id,
        "cut_id": cut_id,
        "options": {
            "category": options.category.value,
            "engine": card.name,
            "quality": options.quality,
            "seed": options.seed if options.seed is not None else secrets.randbelow(SEED_LIMIT - 4),
            "num_samples": options.num_samples,
            "output_format": options.output_format or card.output_format,
            "priority": options.priority,
            "deadline_ms": options.deadline_ms,
            "expires_in": options.expires_in,
        },
        "metadata": options.metadata,
        "created_at": now,
        "expires_at": now + timedelta(seconds=options.expires_in) if options.expires_in else None,
    }


def _unit(
    caller: Caller,
    options: TryonOptions,
    card: EngineCard,
    tryon: TryonRow,
    n: int,
    *,
    trace_id: str,
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": unit_id(tryon.id, n),
        "kind": JobKind.TRYON.value,
        "user_id": caller.user_id,
        "tenant": caller.tenant,
        "tryon_id": tryon.id,
        "n": n,
        "state": JobState.QUEUED,
        "engine": card.name,
        "batch_key": card.batch_key(options.quality),
        "degraded_batch_key": card.batch_key(options.quality, degraded=True),
        "priority": PRIORITIES[options.priority],
        "deadline_at": now + timedelta(milliseconds=options.deadline_ms) if options.deadline_ms else None,
        "trace_id": trace_id,
        "created_at": now,
    }
