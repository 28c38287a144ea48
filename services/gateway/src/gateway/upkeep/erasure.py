"""Erases data on DELETE: rows first, then what Redis has, then the objects; and the objects once more later.

A worker that was weaving at that moment may still store its picture afterwards, so every emptied prefix is emptied
again when no lease of that time can be alive. Like the recorder it locks jobs before their try-ons and users: otherwise
the two wait for each other in a circle, and Postgres ends one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from redis.exceptions import RedisError

from gateway.ledger.engine import Ledger
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.session import Writes
from gateway.ledger.tryons import TryonRow
from gateway.limiting import Limiter
from proteus import object_keys
from proteus.jobs import JobId, UserId
from proteus.queue import AnyQueue
from proteus.storage import ObjectStore

log = structlog.get_logger()

AGAIN_AFTER: Final = timedelta(minutes=20)
"""Longer than any lease, any upload and any signed PUT a worker may still have in hand."""

DELETIONS_LIMIT: Final = 1_000


class Eraser:
    """Erases what a user deletes.

    Args:
        ledger: Has the rows.
        store: Has the pictures.
        queues: Have the jobs; an ended one stays readable there for a day.
        limiter: Counts what the user and its keys did lately.
    """

    def __init__(self, ledger: Ledger, store: ObjectStore, queues: Mapping[str, AnyQueue], limiter: Limiter) -> None:
        self._ledger = ledger
        self._store = store
        self._queues = queues
        self._limiter = limiter

    async def tryon(self, entry: TryonRow) -> None:
        """Delete a try-on: its rows, its place in the queue, its pictures."""
        await self._tryons([entry])

    async def image(self, image: ImageRow) -> None:
        """Delete a photo, everything derived from it, and every try-on made with it."""
        async with self._ledger.read() as reads:
            entries = await reads.tryons.of_image(image.id)
            jobs = await reads.jobs.of_images([image.id])
            twins = [
                other
                for other in await reads.images.of_content(image.sha256, user_id=image.user_id)
                if other.id != image.id
            ]
        await self._tryons(entries)
        prefixes = [image.incoming_key]
        if image.sha256 and image.key and not twins:
            prefixes += [image.key, object_keys.derived_prefix(image.user_id, image.sha256)]
            prefixes += _variants_of(jobs)
        async with self._ledger.write() as writes:
            await writes.jobs.lock(job.id for job in jobs)
            await writes.events.empty([job.id for job in jobs])
            await writes.images.delete(image.id)
            await self._schedule(writes, prefixes)
        await self._forget({job.id: job.kind.queue for job in jobs})
        await self.empty(prefixes)

    async def user(self, user_id: UserId) -> bool:
        """Delete a user and all the user's data."""
        async with self._ledger.read() as reads:
            jobs = await reads.jobs.alive_of_user(user_id)
        prefixes = object_keys.user_prefixes(user_id)
        async with self._ledger.write() as writes:
            await writes.jobs.lock(job.id for job in jobs)
            await writes.usage.forget_user(user_id)
            await writes.api_keys.forget_maker(user_id)
            await writes.webhooks.forget_maker(user_id)
            await writes.spend.release([job.id for job in jobs])
            queued = await writes.jobs.queues_of_user(user_id)
            keys = await writes.api_keys.ids_of_user(user_id)
            found = await writes.users.delete(user_id)
            await self._schedule(writes, prefixes)
        await self._forget(queued)
        await self._limiter.forget(user_id, *keys)
        await self.empty(prefixes)
        return found

    async def empty(self, prefixes: Iterable[str]) -> int:
        """Delete all objects under these prefixes; return how many there were."""

        def run() -> int:
            keys = [found.key for prefix in prefixes for found in self._store.list(prefix)]
            if keys:
                self._store.delete(*keys)
            return len(keys)

        return await asyncio.to_thread(run)

    async def run_due(self, now: datetime) -> int:
        """Empty the due prefixes again; return how many objects had come since."""
        async with self._ledger.read() as reads:
            prefixes = await reads.deletions.due(now, limit=DELETIONS_LIMIT)
        if not prefixes:
            return 0
        found = await self.empty(prefixes)  # If the store is away, the list stays for the next round.
        async with self._ledger.write() as writes:
            await writes.deletions.forget(prefixes, due_before=now)
        return found

    async def _tryons(self, entries: Iterable[TryonRow]) -> None:
        rows = list(entries)
        if not rows:
            return
        async with self._ledger.read() as reads:
            units = await reads.jobs.units_of([entry.id for entry in rows])
        prefixes = [object_keys.result_prefix(entry.user_id, entry.id) for entry in rows]
        prefixes += _variants_of(unit for found in units.values() for unit in found)
        async with self._ledger.write() as writes:
            await writes.jobs.lock(unit.id for found in units.values() for unit in found)
            for entry in rows:
                await writes.events.empty([entry.id])
                await writes.webhook_deliveries.empty([entry.id])
                await writes.tryons.delete(entry.id)
            await self._schedule(writes, prefixes)
        unit_ids = [unit.id for found in units.values() for unit in found]
        await self._forget({unit.id: unit.kind.queue for found in units.values() for unit in found})
        await self.empty(prefixes)
        await self._photos_of_pictures(unit_ids)

    async def _photos_of_pictures(self, unit_ids: Sequence[JobId]) -> None:
        """Delete what deleted pictures became as photos, unless another try-on is made with it."""
        async with self._ledger.read() as reads:
            made = await reads.images.made_by(unit_ids)
            unused = [image for image in made if not await reads.tryons.of_image(image.id)]
        for image in unused:
            await self.image(image)

    async def _schedule(self, writes: Writes, prefixes: Iterable[str]) -> None:
        due_at = datetime.now(UTC) + AGAIN_AFTER
        for prefix in prefixes:
            await writes.deletions.schedule(prefix, due_at=due_at)

    async def _forget(self, queued: Mapping[JobId, str]) -> None:
        """Take jobs out of their queues; a worker that runs one learns so, and its result is refused."""
        by_list: dict[str, list[JobId]] = {}
        for job_id, name in queued.items():
            by_list.setdefault(name, []).append(job_id)
        for name, ids in by_list.items():
            try:
                await self._queues[name].forget(*ids)
            except (RedisError, OSError) as error:
                # A job without a row does no harm: its completion is ignored and its picture is swept.
                log.warning("forget_failed", queue=name, jobs=len(ids), error=str(error))


def _variants_of(jobs: Iterable[JobRow]) -> list[str]:
    """Return the prefixes of the variants of these jobs' pictures."""
    return [object_keys.variants_prefix(job.result_key) for job in jobs if job.result_key]
