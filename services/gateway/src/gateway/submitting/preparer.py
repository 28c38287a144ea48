"""Preparations that a client requests directly: a garment's cut-out, a photo's ingest, and all of an upload's."""

from __future__ import annotations

from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.outbox import Submitter
from gateway.status.preparation import LAST
from gateway.submitting.context import SubmitContext
from gateway.submitting.idempotency import Idempotency, remember
from gateway.submitting.photos import Photos
from gateway.submitting.preparations import Preparations, Variation, is_final
from gateway.submitting.short_list import ShortList
from proteus.errors import NotFound
from proteus.jobs import Category
from proteus.stages import JobKind


class Preparer:
    """Commits and queues the tailor's jobs for a photo.

    Args:
        ledger: Where they are committed.
        idempotency: Keeps a repeated request from being accepted twice.
        photos: Finds the photos that a client names.
        submitter: Queues committed jobs.
        fleet: Knows whether new work is taken.
        short_list: Whether the tailor's list has room for work that nobody waits for.
        parser_version: Another parser's preparations are made anew.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        idempotency: Idempotency,
        photos: Photos,
        submitter: Submitter,
        fleet: FleetWatch,
        short_list: ShortList,
        parser_version: str,
    ) -> None:
        self._ledger = ledger
        self._idempotency = idempotency
        self._photos = photos
        self._submitter = submitter
        self._fleet = fleet
        self._short_list = short_list
        self._parser_version = parser_version

    async def cut(self, context: SubmitContext, image_url: str, *, category: Category) -> JobRow:
        """Cut out the garment in a stored photo; two requests share one job."""

        async def accept() -> tuple[JobRow, list[str]]:
            self._fleet.view.intake.require_open()
            image, known = await self._photos.find_uploaded(context.caller, image_url)
            async with self._ledger.write() as writes:
                plan = Preparations(writes, context, known, variation=Variation(self._parser_version))
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
                plan = Preparations(writes, context, known, variation=Variation(self._parser_version))
                await plan.ensure(JobKind.INGEST, image)
            return plan.waiting

        await self._submitter.push(await self._idempotency.once(context, accept))

    async def uploaded(self, context: SubmitContext, image: ImageRow, *, category: Category) -> None:
        """Prepare an uploaded photo before anybody submits it; twice is once, and a refused photo stays refused.

        Nobody waits for these jobs yet: while the tailor's list is long they are held, and a submit lets them in.

        Raises:
            UploadMissing: Nothing was PUT yet.
            NotFound: The photo was deleted meanwhile.
        """

        async def accept() -> list[str]:
            async with self._ledger.read() as reads:
                known = await reads.jobs.of_images([image.id])
            if any(is_final(job) for job in {(job.kind, job.variant): job for job in known}.values()):
                return []
            self._fleet.view.intake.require_open()
            await self._photos.check_uploaded(image, known)
            async with self._ledger.write() as writes:
                pinned = await writes.images.pin(image.id)
                if pinned is None:
                    raise NotFound("There is no photo of yours with this image_id.")
                if category is not Category.AUTO and image.kind == "garment":
                    await writes.images.set_category(image.id, category.value)
                plan = Preparations(
                    writes,
                    context,
                    known,
                    variation=Variation(self._parser_version),
                    low=True,
                    short=self._short_list.is_short,
                )
                await plan.pin()
                await plan.ensure(LAST[image.kind], pinned, category)
            return plan.waiting

        waiting = await self._idempotency.once(context, accept)
        self._short_list.pushed(len(waiting))
        await self._submitter.push(waiting)

    async def correct(self, image: ImageRow, category: Category) -> None:
        """Keep what the user says the garment is; `auto` returns to the tailor's guess."""
        async with self._ledger.write() as writes:
            await writes.images.set_category(image.id, None if category is Category.AUTO else category.value)
