"""The tailor jobs that a request needs: those that exist already, and those it makes. One plan per transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.session import Writes
from gateway.rules.failures import error_of
from gateway.rules.options import TryonOptions
from gateway.submitting.context import Materials, SubmitContext
from gateway.submitting.idempotency import Raced
from proteus.engines import EngineCard
from proteus.jobs import WITHOUT_RESULT, Category, JobState, Stage, new_id
from proteus.payloads import CutResult
from proteus.stages import STAGES, JobKind, Photo


@dataclass(frozen=True, kw_only=True)
class TryonNeeds:
    """The preparations of one try-on.

    Attributes:
        cut: The garment's cut-out.
        parse: The person's parse; None: the engine needs none.
        unfinished: Those that its pictures wait for.
        waiting: Those of them made here that can be queued as soon as this commits.
    """

    cut: JobRow
    parse: JobRow | None
    unfinished: Sequence[str]
    waiting: Sequence[str]


@dataclass(frozen=True, slots=True)
class Variation:
    """What tells the preparations of one photo apart, beside the category.

    Attributes:
        parser_version: Another parser's preparations are made anew.
        person_index: The person of the photo that the client chose; None: the tailor chooses.
    """

    parser_version: str
    person_index: int | None = None


class Preparations:
    """The tailor's jobs that a request needs: those that exist, and those it makes.

    Args:
        writes: The transaction.
        context: Who submits.
        known: The jobs of the request's photos.
        variation: What tells the jobs of a photo apart, beside the category.
        named: The cut-out that the client named: it counts whichever parser made it.
        low: Nobody waits for these jobs yet: they are held while the list is not `short`.
        short: Whether fewer than `SHORT_LIST` jobs wait on the tailor's list.
    """

    def __init__(
        self,
        writes: Writes,
        context: SubmitContext,
        known: Sequence[JobRow],
        *,
        variation: Variation,
        named: JobRow | None = None,
        low: bool = False,
        short: bool = True,
    ) -> None:
        self._variation = variation
        self._maker: JobRow | None = None
        self._writes = writes
        self._context = context
        self._low = low
        self._hold = low and not short
        self._known = {(job.image_id, job.kind, job.variant): job for job in known}
        self._jobs: dict[tuple[str | None, JobKind], JobRow] = {(named.image_id, named.kind): named} if named else {}
        self.waiting: list[str] = []
        """Jobs made here that can be queued as soon as this commits."""

    def follow(self, maker: JobRow) -> None:
        """Let the ingest of the photo that this job makes wait for it."""
        self._maker = maker

    async def pin(self) -> None:
        """Read the unfinished ones anew, and lock them until commit; those that are held need to wait no longer."""
        unfinished = [job.id for job in self._known.values() if not job.terminal]
        if not unfinished:
            return
        if self._low or not any(job.stage is Stage.HELD for job in self._known.values()):
            pinned = await self._writes.jobs.pin(unfinished)
        else:
            pinned = await self._writes.jobs.lock(unfinished)
            now = datetime.now(UTC)
            wanted = [
                replace(job, stage=Stage.WAITING, hold=False, waiting_since=now)
                for job in pinned.values()
                if job.stage is Stage.HELD
            ]
            await self._writes.jobs.save(wanted)
            pinned |= {job.id: job for job in wanted}
            self.waiting += [job.id for job in wanted]
        self._known = {place: pinned.get(job.id, job) for place, job in self._known.items()}

    async def ensure(self, kind: JobKind, image: ImageRow, category: Category = Category.AUTO) -> JobRow | None:
        """Return the job of a stage on a photo; make it, and first those that the stage needs, if there is none.

        None: the photo is ingested, and its job's row is gone.

        Args:
            kind: The stage.
            image: The photo.
            category: The garment's, for a stage that tells its jobs apart by it; `auto`: what its user said before.

        Raises:
            ProteusError: It failed before, and a retry cannot succeed.
            Raced: Another request made the same job first.
        """
        if (image.id, kind) not in self._jobs:
            category = category_for(image, category)
            needs = [await self.ensure(need.kind, image, category) for need in STAGES[kind].needs]
            there = [need for need in needs if need is not None]
            variant = STAGES[kind].variant(
                (need.variant for need in there),
                category=category,
                parser_version=self._variation.parser_version,
                person_index=self._variation.person_index,
            )
            if kind is JobKind.INGEST and self._maker is not None and image.made_by == self._maker.id:
                there.append(self._maker)
            if kind is JobKind.INGEST and image.key is not None and (image.id, kind, variant) not in self._known:
                return None
            self._jobs[image.id, kind] = self._alive(image, kind, variant) or await self._make(
                image, kind, variant, there
            )
        return self._jobs[image.id, kind]

    def take_any_flat_cut(self, image: ImageRow, category: Category) -> None:
        """Let a cut-out for another category do where there is none for this one: only a worn garment's differs."""
        wanted = STAGES[JobKind.CUT].variant(
            (), category=category_for(image, category), parser_version=self._variation.parser_version
        )
        if (image.id, JobKind.CUT, wanted) in self._known:
            return
        for (image_id, kind, variant), job in self._known.items():
            same = (
                image_id == image.id and kind is JobKind.CUT and variant.partition("/")[2] == wanted.partition("/")[2]
            )
            made = CutResult.read_if_readable(job.result) if same and job.state is JobState.COMPLETED else None
            if made is not None and not made.cut.worn:
                self._jobs.setdefault((image.id, kind), job)

    def job(self, kind: JobKind, image: ImageRow) -> JobRow | None:
        """Return the job of a stage on a photo that this plan came across."""
        return self._jobs.get((image.id, kind))

    def _alive(self, image: ImageRow, kind: JobKind, variant: str) -> JobRow | None:
        known = self._known.get((image.id, kind, variant))
        if known is None:
            return None
        if is_final(known):
            raise error_of(known.error or {})
        return None if known.state in WITHOUT_RESULT else known

    async def _make(self, image: ImageRow, kind: JobKind, variant: str, needs: Sequence[JobRow]) -> JobRow:
        blocked = any(need.state is not JobState.COMPLETED for need in needs)
        stage = Stage.PREPARING if blocked else Stage.HELD if self._hold else Stage.WAITING
        made = await self._writes.jobs.add_tailor_job(
            id=new_id("seg"),
            kind=kind,
            user_id=self._context.caller.user_id,
            tenant=self._context.caller.tenant,
            key_id=self._context.caller.key_id,
            image_id=image.id,
            variant=variant,
            state=JobState.QUEUED,
            stage=stage,
            hold=stage is Stage.HELD,
            priority=0 if self._low else 1,
            waiting_since=datetime.now(UTC) if stage is Stage.WAITING else None,
            engine=kind.value,
            batch_key=kind.value,
            trace_id=self._context.trace_id,
        )
        if made is None:
            raise Raced
        # Completed needs are stored as well where the job's body names their outputs.
        noted = [need.id for need in needs if need.state is not JobState.COMPLETED or need.kind in STAGES[kind].inputs]
        await self._writes.needs.add((made.id, need_id) for need_id in noted)
        if stage is Stage.WAITING:
            self.waiting.append(made.id)
        return made


async def needs_of(
    writes: Writes,
    context: SubmitContext,
    materials: Materials,
    options: TryonOptions,
    *,
    card: EngineCard,
    parser_version: str,
    maker: JobRow | None = None,
) -> TryonNeeds:
    """Return what a try-on needs by `proteus.stages`; the client may have named the cut-out."""
    category = options.category
    plan = Preparations(
        writes,
        context,
        materials.known,
        variation=Variation(parser_version, options.person_index),
        named=materials.cut,
        low=context.of_batch,
        short=False,
    )
    if maker is not None:
        plan.follow(maker)
    await plan.pin()
    plan.take_any_flat_cut(materials.garment, category)
    photos = {Photo.PERSON: materials.person, Photo.GARMENT: materials.garment}
    needs = STAGES[JobKind.TRYON].needs_for(card)
    needed = [await plan.ensure(need.kind, photos[need.photo], category) for need in needs if need.photo]
    cut = plan.job(JobKind.CUT, materials.garment)
    assert cut is not None, "a picture cannot be woven without a cut-out"
    unfinished = [need.id for need in needed if need is not None and need.state is not JobState.COMPLETED]
    return TryonNeeds(
        cut=cut, parse=plan.job(JobKind.PARSE, materials.person), unfinished=unfinished, waiting=plan.waiting
    )


def variants_of_person(card: EngineCard, parser_version: str, person_index: int | None) -> dict[JobKind, str]:
    """Return the preparations that a picture needs of its person's photo: kind -> variant."""

    def variant(kind: JobKind) -> str:
        before = (variant(need.kind) for need in STAGES[kind].needs)
        return STAGES[kind].variant(
            before, category=Category.AUTO, parser_version=parser_version, person_index=person_index
        )

    needs = STAGES[JobKind.TRYON].needs_for(card)
    return {need.kind: variant(need.kind) for need in needs if need.photo is Photo.PERSON}


def category_for(image: ImageRow, asked: Category) -> Category:
    """Return the category that counts for a garment's photo: the requested one, else what its user said before."""
    return Category(image.category) if asked is Category.AUTO and image.category else asked


def put_on(materials: Materials, options: TryonOptions) -> TryonOptions:
    """Return the options with the garment's category where it is known, whoever said it: engines are chosen by it."""
    category = category_for(materials.garment, options.category)
    if category is Category.AUTO and materials.cut is not None:
        made = CutResult.read_if_readable(materials.cut.result)
        category = Category((made and made.cut.category) or category)
    return options.model_copy(update={"category": category})


def is_final(job: JobRow) -> bool:
    """Whether it failed and a retry cannot succeed."""
    return job.state == JobState.FAILED and not (job.error or {}).get("retryable", False)
