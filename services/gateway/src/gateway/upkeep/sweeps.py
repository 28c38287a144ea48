"""Sweeps leftovers: stray uploads, pictures of jobs that were done twice, try-ons past their expiry, old keys.

The records of signed uploads lead to the stray ones; the sweep checks each record only when there is something to
decide, so its work grows with new uploads, not with stored ones. Once a day it lists all uploads, for those without a
record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import structlog

from gateway.ledger.engine import Ledger
from gateway.ledger.idempotency import IDEMPOTENCY_LIFE
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.settings import UploadSettings
from gateway.upkeep.erasure import Eraser
from gateway.upkeep.in_batches import in_batches
from proteus import object_keys
from proteus.jobs import ImageId, JobState
from proteus.object_keys import Area
from proteus.stages import JobKind
from proteus.storage import ObjectInfo, ObjectStore

log = structlog.get_logger()

PAGE: Final = 500
ORPHANS_AFTER: Final = timedelta(minutes=10)
"""No lease of that time is alive any more: any picture of a fenced-off worker is stored by now."""

ORPHANS_UNTIL: Final = timedelta(minutes=40)

LOOK_AGAIN: Final = timedelta(hours=1)
"""When the sweep checks an upload again that a job is reading now."""

CHECK_EVERY: Final = timedelta(days=1)
CHECKED: Final = "incoming_checked_at"
CHECK_LOCK: Final = "proteus:check-incoming"


class Sweeper:
    """Deletes leftovers that no client or job will read."""

    def __init__(self, ledger: Ledger, store: ObjectStore, eraser: Eraser, uploads: UploadSettings) -> None:
        self._ledger = ledger
        self._store = store
        self._eraser = eraser
        self._uploads = uploads

    async def incoming(self, now: datetime) -> int:
        """Delete uploads that were ingested, were refused, or were never used; return how many."""
        deleted = 0
        while True:
            async with self._ledger.read() as reads:
                images = await reads.images.to_sweep(now, limit=PAGE)
                jobs = await reads.jobs.of_images([image.id for image in images])
            by_image = _by_image(jobs)
            again: dict[str, datetime | None] = {}
            unused: list[str] = []
            for image in images:
                again[image.id] = self._next_look(image, by_image.get(image.id, []), now)
                if again[image.id] is None and image.key is None:
                    unused.append(image.id)
            stray = [image.incoming_key for image in images if again[image.id] is None]
            if stray:
                await asyncio.to_thread(self._store.delete, *stray)
            if again:
                async with self._ledger.write() as writes:
                    await writes.images.sweep_again(again)
                    await writes.retention.forget_unused_images(unused)
            deleted += len(stray)
            if len(images) < PAGE:
                break
        if deleted:
            log.info("incoming_swept", uploads=deleted)
        return deleted

    async def check_incoming(self, now: datetime) -> int:
        """Once a day, on one gateway: list all uploads, and delete those that no record justifies."""
        if not await self._is_ours_to_check(now):
            return 0
        deleted = 0
        async for found in self._pages(Area.INCOMING.prefix):
            deleted += await self._delete_strays(found, now)
        if deleted:
            log.info("incoming_checked", objects=deleted)
        return deleted

    async def orphans(self, now: datetime) -> int:
        """Delete pictures under a try-on that are not its results: those of workers that had lost their lease."""
        async with self._ledger.read() as reads:
            suspects = await reads.jobs.done_more_than_once(
                since=now - ORPHANS_UNTIL, until=now - ORPHANS_AFTER, limit=PAGE
            )
            units = await reads.jobs.units_of({row.tryon_id for row in suspects if row.tryon_id})
        deleted = 0
        for tryon_id, rows in units.items():
            kept = {row.result_key for row in rows}
            there = await asyncio.to_thread(
                lambda prefix: [info.key for info in self._store.list(prefix)],
                object_keys.result_prefix(rows[0].user_id, tryon_id),
            )
            if orphans := [key for key in there if key not in kept]:
                await asyncio.to_thread(self._store.delete, *orphans)
                deleted += len(orphans)
        return deleted

    async def expired(self, now: datetime) -> int:
        """Delete try-ons whose `expires_at` has passed; return how many."""
        async with self._ledger.read() as reads:
            entries = await reads.tryons.expired(now, limit=PAGE)
        for entry in entries:
            await self._eraser.tryon(entry)
        return len(entries)

    async def old_keys(self, now: datetime) -> None:
        """Forget Idempotency-Keys of the day before."""
        before = now - IDEMPOTENCY_LIFE
        await in_batches(
            self._ledger, lambda writes, limit: writes.idempotency.forget(created_before=before, limit=limit)
        )

    async def _is_ours_to_check(self, now: datetime) -> bool:
        """Tell whether a day has passed since the last check; if so, the next one is a day away for every gateway."""
        async with self._ledger.lock(CHECK_LOCK) as ours:
            if not ours:
                return False
            async with self._ledger.read() as reads:
                checked = await reads.deployment.fact(CHECKED)
            if checked is not None and datetime.fromisoformat(checked) > now - CHECK_EVERY:
                return False
            async with self._ledger.write() as writes:
                await writes.deployment.set_fact(CHECKED, now.isoformat())
            return True

    def _next_look(self, image: ImageRow, jobs: Sequence[JobRow], now: datetime) -> datetime | None:
        """Return when the sweep checks an upload again; None: it can be deleted now."""
        if any(not job.terminal for job in jobs):
            return now + LOOK_AGAIN
        if image.key is not None or any(job.state is JobState.FAILED and job.kind is JobKind.INGEST for job in jobs):
            return None
        end = image.created_at + timedelta(seconds=self._uploads.incoming_max_age_seconds)
        return end if end > now else None

    async def _delete_strays(self, found: Sequence[ObjectInfo], now: datetime) -> int:
        ids = [ImageId(object_keys.split(info.key).name) for info in found]
        async with self._ledger.read() as reads:
            images = await reads.images.by_ids(ids)
            jobs = _by_image(await reads.jobs.of_images(ids))
        stray = [
            info.key
            for info, image_id in zip(found, ids, strict=True)
            if self._is_stray(info, images.get(image_id), jobs.get(image_id, []), now)
        ]
        if stray:
            await asyncio.to_thread(self._store.delete, *stray)
        return len(stray)

    def _is_stray(self, info: ObjectInfo, image: ImageRow | None, jobs: Sequence[JobRow], now: datetime) -> bool:
        if image is None:
            return now - info.modified > timedelta(seconds=self._uploads.put_expires_seconds)
        # `incoming` handles a record that has a `sweep_at`.
        return image.sweep_at is None and self._next_look(image, jobs, now) is None

    async def _pages(self, prefix: str) -> AsyncIterator[list[ObjectInfo]]:
        found = self._store.list(prefix)
        while page := await asyncio.to_thread(lambda: list(islice(found, PAGE))):
            yield page


def _by_image(jobs: Sequence[JobRow]) -> dict[str, list[JobRow]]:
    found: dict[str, list[JobRow]] = {}
    for job in jobs:
        found.setdefault(job.image_id or "", []).append(job)
    return found
