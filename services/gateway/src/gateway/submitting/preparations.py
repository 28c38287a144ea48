"""Which tailor jobs a request needs: those that are there already, and those it makes. One plan per transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.session import Writes
from gateway.rules.failures import error_of
from gateway.rules.variants import cut_variant
from gateway.submitting.context import Materials, SubmitContext
from gateway.submitting.idempotency import Raced
from proteus.jobs import WITHOUT_RESULT, Category, JobKind, JobState, Stage, new_id


@dataclass(frozen=True, kw_only=True)
class TryonNeeds:
    """The preparations of one try-on.

    Attributes:
        cut: The garment's cut-out.
        parse: The person's parse; None: the engine needs none.
        unfinished: Those that its pictures wait for.
        waiting: Those of them that were made here and can be queued as soon as this commits.
    """

    cut: JobRow
    parse: JobRow | None
    unfinished: Sequence[str]
    waiting: Sequence[str]


class Preparations:
    """The tailor's jobs that a request needs: those that are there, and those it makes.

    Args:
        writes: The transaction.
        context: Who asks.
        known: The jobs of the request's photos.
        parser_version: What another parser made is made anew.
    """

    def __init__(self, writes: Writes, context: SubmitContext, known: Sequence[JobRow], *, parser_version: str) -> None:
        self._parser_version = parser_version
        self._writes = writes
        self._context = context
        self._known = {(job.image_id, job.kind, job.variant): job for job in known}
        self.waiting: list[str] = []
        """Jobs made here that can be queued as soon as this commits."""

    async def pin(self) -> None:
        """See the unfinished ones as they are, and keep them so until commit."""
        unfinished = [job.id for job in self._known.values() if not job.terminal]
        if unfinished:
            pinned = await self._writes.jobs.pin(unfinished)
            self._known = {place: pinned.get(job.id, job) for place, job in self._known.items()}

    async def ingest(self, image: ImageRow) -> JobRow | None:
        """Return the ingest of a photo; None: it is done (and its job's row is gone)."""
        if image.key is not None and (image.id, JobKind.INGEST, "") not in self._known:
            return None
        return await self._ensure(image, JobKind.INGEST, "", None)

    async def cut(self, image: ImageRow, category: Category) -> JobRow:
        """Return the cut-out of a garment's photo."""
        return await self._ensure(
            image, JobKind.CUT, cut_variant(category, self._parser_version), await self.ingest(image)
        )

    async def parse(self, image: ImageRow) -> JobRow:
        """Return the parse of a person's photo."""
        return await self._ensure(image, JobKind.PARSE, self._parser_version, await self.ingest(image))

    async def _ensure(self, image: ImageRow, kind: JobKind, variant: str, need: JobRow | None) -> JobRow:
        known = self._known.get((image.id, kind, variant))
        if known is not None:
            if is_final(known):
                raise error_of(known.error or {})
            if known.state not in WITHOUT_RESULT:
                return known
        blocked = need is not None and need.state != JobState.COMPLETED
        made = await self._writes.jobs.add_tailor_job(
            id=new_id("seg"),
            kind=kind,
            user_id=self._context.caller.user_id,
            tenant=self._context.caller.tenant,
            image_id=image.id,
            variant=variant,
            state=JobState.QUEUED,
            stage=Stage.PREPARING if blocked else Stage.WAITING,
            waiting_since=None if blocked else datetime.now(UTC),
            engine=kind.value,
            batch_key=kind.value,
            trace_id=self._context.trace_id,
        )
        if made is None:
            raise Raced
        if blocked and need is not None:
            await self._writes.needs.add([(made.id, need.id)])
        else:
            self.waiting.append(made.id)
        self._known[(image.id, kind, variant)] = made
        return made


async def needs_of(
    writes: Writes,
    context: SubmitContext,
    materials: Materials,
    category: Category,
    *,
    needs_parse: bool,
    parser_version: str,
) -> TryonNeeds:
    """Return what a try-on needs: the cut-out, which the client may have named, and the person's parse or ingest."""
    plan = Preparations(writes, context, materials.known, parser_version=parser_version)
    await plan.pin()
    cut = materials.cut if materials.cut is not None else await plan.cut(materials.garment, category)
    parse = await plan.parse(materials.person) if needs_parse else None
    needed = [cut, parse if parse is not None else await plan.ingest(materials.person)]
    unfinished = [need.id for need in needed if need is not None and need.state != JobState.COMPLETED]
    return TryonNeeds(cut=cut, parse=parse, unfinished=unfinished, waiting=plan.waiting)


def is_final(job: JobRow) -> bool:
    """It failed in a way that trying again cannot mend."""
    return job.state == JobState.FAILED and not (job.error or {}).get("retryable", False)
