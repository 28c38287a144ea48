"""Preparations that a client requests directly: a garment's cut-out, and the ingest of a photo."""

from __future__ import annotations

from gateway.ledger.engine import Ledger
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.outbox import Submitter
from gateway.submitting.context import SubmitContext
from gateway.submitting.idempotency import Idempotency, remember
from gateway.submitting.photos import Photos
from gateway.submitting.preparations import Preparations
from proteus.jobs import Category
from proteus.stages import JobKind


class Preparer:
    """Commits and queues the tailor's jobs for a photo.

    Args:
        ledger: Where they are committed.
        idempotency: Keeps a repeated request from being accepted twice.
        photos: Finds the photos that a client names.
        submitter: Queues committed jobs.
        parser_version: Another parser's preparations are made anew.
    """

    def __init__(
        self, ledger: Ledger, *, idempotency: Idempotency, photos: Photos, submitter: Submitter, parser_version: str
    ) -> None:
        self._ledger = ledger
        self._idempotency = idempotency
        self._photos = photos
        self._submitter = submitter
        self._parser_version = parser_version

    async def cut(self, context: SubmitContext, image_url: str, *, category: Category) -> JobRow:
        """Cut out the garment in a stored photo; two requests share one job."""

        async def accept() -> tuple[JobRow, list[str]]:
            image, known = await self._photos.find_uploaded(context.caller, image_url)
            async with self._ledger.write() as writes:
                plan = Preparations(writes, context, known, parser_version=self._parser_version)
                cut = await plan.ensure(JobKind.CUT, image, category)
                assert cut is not None, "only an ingest may be gone"
                await remember(writes, context, cut.id)
            return cut, plan.waiting

        cut, waiting = await self._idempotency.once(context, accept)
        await self._submitter.push(waiting)
        return cut

    async def ingest(self, context: SubmitContext, image: ImageRow) -> None:
        """Ingest a photo that no job needed yet."""

        async def accept() -> list[str]:
            known = await self._photos.jobs_of_uploaded(image)
            async with self._ledger.write() as writes:
                plan = Preparations(writes, context, known, parser_version=self._parser_version)
                await plan.ensure(JobKind.INGEST, image)
            return plan.waiting

        await self._submitter.push(await self._idempotency.once(context, accept))
