"""Which tailor jobs a request needs: those that are there already, and those it makes. One plan per transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.session import Writes
from gateway.rules.failures import error_of
from gateway.rules.tokens import Caller
from gateway.rules.variants import cut_variant
from proteus.jobs import Category, JobKind, JobState, Stage, new_id


class Raced(Exception):
    """Another request made the same row first; it has committed, so asking once more finds it."""


class Preparations:
    """The tailor's jobs that a request needs: those that are there, and those it makes.

    Args:
        writes: The transaction.
        caller: Whose jobs they are.
        trace_id: Of the request.
        known: The jobs of the request's photos.
        parser_version: What another parser made is made anew.
    """

    def __init__(
        self, writes: Writes, caller: Caller, trace_id: str, known: Sequence[JobRow], *, parser_version: str
    ) -> None:
        self._parser_version = parser_version
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
            pinned = await self._writes.jobs.pin(unfinished)
            self._known = {place: pinned.get(job.id, job) for place, job in self._known.items()}

    async def ingest(self, image: ImageRow) -> JobRow | None:
        """None: the photo is ingested (and nobody knows by which job any more)."""
        if image.key is not None and (image.id, JobKind.INGEST, "") not in self._known:
            return None
        return await self._ensure(image, JobKind.INGEST, "", None)

    async def cut(self, image: ImageRow, category: Category) -> JobRow:
        return await self._ensure(
            image, JobKind.CUT, cut_variant(category, self._parser_version), await self.ingest(image)
        )

    async def parse(self, image: ImageRow) -> JobRow:
        return await self._ensure(image, JobKind.PARSE, self._parser_version, await self.ingest(image))

    async def _ensure(self, image: ImageRow, kind: JobKind, variant: str, need: JobRow | None) -> JobRow:
        known = self._known.get((image.id, kind, variant))
        if known is not None:
            if is_final(known):
                raise error_of(known.error or {})
            if known.state not in ("failed", "canceled", "expired"):
                return known
        blocked = need is not None and need.state != JobState.COMPLETED
        made = await self._writes.jobs.add_tailor_job(
            id=new_id("seg"),
            kind=kind.value,
            user_id=self._caller.user_id,
            tenant=self._caller.tenant,
            image_id=image.id,
            variant=variant,
            state=JobState.QUEUED,
            stage=Stage.PREPARING if blocked else Stage.WAITING,
            waiting_since=None if blocked else datetime.now(UTC),
            engine=kind.value,
            batch_key=kind.value,
            trace_id=self._trace_id,
        )
        if made is None:
            raise Raced
        if blocked and need is not None:
            await self._writes.needs.add([(made.id, need.id)])
        else:
            self.waiting.append(made.id)
        self._known[(image.id, kind, variant)] = made
        return made


def is_final(job: JobRow) -> bool:
    """It failed in a way that trying again cannot mend."""
    return job.state == JobState.FAILED and not (job.error or {}).get("retryable", False)
