"""Variants of results: finds the one that a client asks for, and has the tailor make those that are missing.

    GET ─▶ in the store? ── yes ─▶ its hourly address
                └─ no ─▶ a job on the tailor's list, a short wait ─▶ its address, or a stand-in that no cache keeps

A variant has no row: its job is named by the object it makes, so that requests which come together share one, and a
lost job is only asked for again. While the tailor's list is long, none is queued: cut-outs and parses go first.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import Final

import structlog
from redis.exceptions import RedisError

from gateway.submitting.short_list import ShortList
from proteus import object_keys
from proteus.jobs import JobId
from proteus.payloads import VariantWork
from proteus.queue import AnyQueue, Submission
from proteus.rowless import JOB_PREFIX, VARIANT
from proteus.storage import ObjectStore
from proteus.variants import VariantFormat, VariantQuality, VariantWidth

log = structlog.get_logger()

LOOKS_AFTER_SECONDS: Final = (0.1, 0.2, 0.4, 0.8)
"""Pauses before looking for a variant that is being made: 1.5 s in all. A free tailor needs a tenth of a second."""

LIFE_SECONDS: Final = 600
"""After this long a job that nobody did is dropped, and the next request makes a new one. Erasure empties prefixes once
more after a longer time, so a variant that comes late goes as well."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A variant that a client asks for."""

    width: VariantWidth
    format: VariantFormat
    quality: VariantQuality


@dataclass(frozen=True, kw_only=True)
class Found:
    """The object to answer with.

    Attributes:
        key: A variant's, or the result's own.
        is_variant: It is a variant.
        as_wanted: It is the very one; otherwise a stand-in, which may be another one in a second.
    """

    key: str
    is_variant: bool
    as_wanted: bool


class Variants:
    """Finds variants, and has them made.

    Args:
        store: Where they are.
        queue: The tailor's.
        short_list: Whether the queue has room for them.
    """

    def __init__(self, store: ObjectStore, queue: AnyQueue, short_list: ShortList) -> None:
        self._store = store
        self._queue = queue
        self._short_list = short_list

    async def find(self, source_key: str, wanted: Wanted, *, trace_id: str) -> Found:
        """Return the variant of a result, or what stands in for it while it is not made.

        An AVIF takes four times as long as a WebP: nobody waits for it, WebP stands in.

        Raises:
            DependencyUnavailable: The store does not answer.
        """
        if await self._is_there(source_key, wanted):
            return Found(key=_key(source_key, wanted), is_variant=True, as_wanted=True)
        if wanted.format != "avif":
            return await self._made(source_key, wanted, trace_id=trace_id)
        await self._order(source_key, wanted, trace_id=trace_id)
        webp = Wanted(width=wanted.width, format="webp", quality=wanted.quality)
        found = await self._made(source_key, webp, trace_id=trace_id)
        return Found(key=found.key, is_variant=found.is_variant, as_wanted=False)

    async def _made(self, source_key: str, wanted: Wanted, *, trace_id: str) -> Found:
        """Wait a little for a variant; the result itself stands in for one that does not come."""
        ordered = False
        for seconds in (0.0, *LOOKS_AFTER_SECONDS):
            await asyncio.sleep(seconds)
            if await self._is_there(source_key, wanted):
                return Found(key=_key(source_key, wanted), is_variant=True, as_wanted=True)
            ordered = ordered or await self._order(source_key, wanted, trace_id=trace_id)
        return Found(key=source_key, is_variant=False, as_wanted=False)

    async def _is_there(self, source_key: str, wanted: Wanted) -> bool:
        return await asyncio.to_thread(self._store.exists, _key(source_key, wanted))

    async def _order(self, source_key: str, wanted: Wanted, *, trace_id: str) -> bool:
        """Put a variant's job on the tailor's list, unless it is long; return whether it is there."""
        if not self._short_list.is_short:
            return False
        try:
            (taken,) = await self._queue.submit(_submission(source_key, wanted, now=time.time(), trace_id=trace_id))
        except (RedisError, OSError) as error:
            log.warning("variant_not_queued", error=str(error))
            return False
        self._short_list.pushed(taken)
        return True


def _key(source_key: str, wanted: Wanted) -> str:
    return object_keys.variant_key(source_key, width=wanted.width, quality=wanted.quality, format=wanted.format)


def _submission(source_key: str, wanted: Wanted, *, now: float, trace_id: str) -> Submission:
    """Return a variant's job: the same one to everybody who asks in the same ten minutes."""
    named = f"{_key(source_key, wanted)} {int(now) // LIFE_SECONDS}"
    job_id = JobId(f"{JOB_PREFIX}{hashlib.sha256(named.encode()).hexdigest()[:32]}")
    work = VariantWork(
        user_id=object_keys.split(source_key).user_id,
        trace_id=trace_id,
        source_key=source_key,
        width=wanted.width,
        format=wanted.format,
        quality=wanted.quality,
    )
    return Submission(
        id=job_id,
        epoch=1,
        payload={"id": job_id},
        body=work.write(),
        engine=VARIANT,
        batch_key=VARIANT,
        age_end_ms=int((now + LIFE_SECONDS) * 1_000),
    )
