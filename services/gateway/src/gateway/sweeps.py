"""Nothing lies about: stray uploads, pictures of jobs that were done twice, try-ons past their expiry, old keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from gateway.erasure import Eraser
from gateway.ledger.engine import Ledger
from gateway.ledger.repository.questions import IDEMPOTENCY_LIFE
from gateway.ledger.rows import ImageRow, JobRow
from gateway.settings import UploadSettings
from proteus.jobs import JobKind, JobState
from proteus.storage import ObjectInfo, ObjectStore

log = structlog.get_logger()

PAGE: Final = 500
ORPHANS_AFTER: Final = timedelta(minutes=10)
"""No lease of then is alive any more: whatever a fenced-off worker stored is there by now."""

ORPHANS_UNTIL: Final = timedelta(minutes=40)


class Sweeper:
    """Removes what nobody will ask for."""

    def __init__(self, ledger: Ledger, store: ObjectStore, eraser: Eraser, uploads: UploadSettings) -> None:
        self._ledger = ledger
        self._store = store
        self._eraser = eraser
        self._uploads = uploads

    async def incoming(self) -> int:
        """Delete uploads that were ingested, found bad, never used, or have no record; return how many."""
        found = await asyncio.to_thread(lambda: list(self._store.list("incoming/")))
        deleted = 0
        for chunk in _batched(found):
            ids = [info.key.rpartition("/")[2] for info in chunk]
            async with self._ledger.read() as reads:
                images = await reads.images(ids)
                jobs = await reads.jobs_of_images(ids)
            stray = [
                info.key
                for info, image_id in zip(chunk, ids, strict=True)
                if self._is_stray(info, images.get(image_id), [job for job in jobs if job.image_id == image_id])
            ]
            if stray:
                await asyncio.to_thread(self._store.delete, *stray)
            deleted += len(stray)
        if deleted:
            log.info("incoming_swept", objects=deleted)
        return deleted

    async def orphans(self) -> int:
        """Delete pictures under a try-on that are not its results: those of workers that had lost their lease."""
        now = datetime.now(UTC)
        async with self._ledger.read() as reads:
            suspects = await reads.done_more_than_once(since=now - ORPHANS_UNTIL, until=now - ORPHANS_AFTER, limit=PAGE)
            units = await reads.units({row.public_id for row in suspects})
        deleted = 0
        for tryon_id, rows in units.items():
            kept = {row.result_key for row in rows}
            there = await asyncio.to_thread(
                lambda prefix: [info.key for info in self._store.list(prefix)], f"results/{rows[0].user_id}/{tryon_id}/"
            )
            if orphans := [key for key in there if key not in kept]:
                await asyncio.to_thread(self._store.delete, *orphans)
                deleted += len(orphans)
        return deleted

    async def expired(self) -> int:
        """Delete try-ons whose `expires_at` has passed; return how many."""
        async with self._ledger.read() as reads:
            entries = await reads.expired_tryons(datetime.now(UTC), limit=PAGE)
        for entry in entries:
            await self._eraser.tryon(entry)
        return len(entries)

    async def old_keys(self) -> None:
        """Forget Idempotency-Keys of the day before."""
        async with self._ledger.write() as writes:
            await writes.forget_keys(created_before=datetime.now(UTC) - IDEMPOTENCY_LIFE)

    def _is_stray(self, info: ObjectInfo, image: ImageRow | None, jobs: Sequence[JobRow]) -> bool:
        age = datetime.now(UTC) - info.modified
        if image is None:
            return age > timedelta(seconds=self._uploads.put_expires_seconds)
        ingests = [job for job in jobs if job.kind == JobKind.INGEST]
        if any(not job.terminal for job in ingests):
            return False
        if image.key is not None or any(job.state == JobState.FAILED for job in ingests):
            return True
        return age > timedelta(seconds=self._uploads.incoming_max_age_seconds)


def _batched(found: Sequence[ObjectInfo]) -> list[tuple[ObjectInfo, ...]]:
    return [tuple(found[start : start + PAGE]) for start in range(0, len(found), PAGE)]
