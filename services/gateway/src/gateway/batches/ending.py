"""The ends of batches: cancelled, out of time, done; and what a deleted one leaves to be erased."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from gateway.ledger.batches import BatchRow, Counts
from gateway.ledger.engine import Ledger
from gateway.recording import halving
from gateway.recording.cancel import cancel
from gateway.recording.recorder import Recorder
from gateway.recording.transitions import fact
from gateway.rules.webhooks import BATCH_ENDED
from gateway.status.views import iso
from gateway.upkeep.erasure import Eraser
from proteus.errors import TooOld
from proteus.jobs import EventKind, JobId
from proteus.keys import JOBS
from proteus.queue import AnyQueue

log = structlog.get_logger()

ERASED_AT_ONCE: Final = 20
"""Try-ons of a deleted batch that one round erases: each asks the object store."""

ENDED_AT_ONCE: Final = 50


class BatchEnder:
    """Ends batches and their pictures.

    Args:
        recorder: Records the ends of pictures.
        eraser: Erases the try-ons of deleted batches.
        on_messages: Called after a commit that wrote webhooks' messages.
    """

    def __init__(
        self,
        ledger: Ledger,
        queues: Mapping[str, AnyQueue],
        recorder: Recorder,
        eraser: Eraser,
        *,
        on_messages: Callable[[], None],
    ) -> None:
        self._ledger = ledger
        self._queues = queues
        self._recorder = recorder
        self._eraser = eraser
        self._on_messages = on_messages

    async def cancel(self, batch_id: str) -> None:
        """End a batch's waiting items, and stop its pictures. Cancelling again changes nothing."""
        async with self._ledger.write() as writes:
            await writes.batches.cancel(batch_id)
        async with self._ledger.read() as reads:
            units = await reads.jobs.by_ids(await reads.batches.unfinished_jobs(batch_id))
        await cancel(list(units.values()), ledger=self._ledger, queues=self._queues, recorder=self._recorder)

    async def delete(self, batch_id: str) -> None:
        """Hide a batch, cancel it, and leave its pictures to be erased."""
        async with self._ledger.write() as writes:
            await writes.batches.hide(batch_id)
        await self.cancel(batch_id)

    async def end(self, now: datetime) -> None:
        """End what is out of time or done; erase some of what was deleted."""
        async with self._ledger.write() as writes:
            await writes.batches.expire(now)
        async with self._ledger.read() as reads:
            late = await reads.batches.overdue_jobs(now)
        if late:
            await self._expire(late, now)
        async with self._ledger.read() as reads:
            over = await reads.batches.over(limit=ENDED_AT_ONCE)
        for batch_id in over:
            await self._finish(batch_id)
        await self._erase()

    async def _expire(self, job_ids: Sequence[JobId], now: datetime) -> None:
        async with self._ledger.read() as reads:
            rows = await reads.jobs.by_ids(job_ids)
        facts = [fact(row, EventKind.EXPIRED, now=now, code=TooOld.code) for row in rows.values()]
        await halving.each(self._recorder.settle, facts)
        await self._queues[JOBS].cancel(*(row.id for row in rows.values()))

    async def _finish(self, batch_id: str) -> None:
        """End a batch, and tell the webhooks in the same transaction."""
        async with self._ledger.write() as writes:
            batch = await writes.batches.finish(batch_id)
            if batch is None:
                return
            counts = await writes.batches.counts(batch_id)
            told = 0
            if batch.deleted_at is None:
                told = await writes.webhook_deliveries.write([_message(batch, counts)])
        log.info("batch_ended", batch_id=batch_id, status=batch.status.value, counts=counts.by_status)
        if told:
            self._on_messages()

    async def _erase(self) -> None:
        async with self._ledger.read() as reads:
            deleted = await reads.batches.deleted(limit=ERASED_AT_ONCE)
        for batch_id, job_ids in deleted:
            async with self._ledger.read() as reads:
                entries = await reads.tryons.by_ids(job_ids)
            for entry in entries.values():
                await self._eraser.tryon(entry)
            async with self._ledger.write() as writes:
                if job_ids:
                    await writes.batches.forget_items(job_ids)
                else:
                    await writes.batches.delete(batch_id)


def _message(batch: BatchRow, counts: Counts) -> dict[str, Any]:
    at = iso(batch.finished_at or datetime.now(UTC))
    return {
        "tenant": batch.tenant,
        "user_id": batch.user_id,
        "job_id": batch.id,
        "seq": 1,
        "type": BATCH_ENDED,
        "url": None,
        "lane": "",
        "payload": {
            "type": BATCH_ENDED,
            "timestamp": at,
            "data": {
                "batch_id": batch.id,
                "user_id": batch.user_id,
                "status": batch.status.value,
                "at": at,
                "total": batch.total,
                "counts": counts.by_status,
                "metadata": batch.metadata or {},
            },
        },
    }
