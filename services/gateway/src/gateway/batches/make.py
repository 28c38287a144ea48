"""Making a batch: every item is checked before the first one is stored; then all are, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.batches.estimate import Estimate, estimate
from gateway.batches.photos import photos_of
from gateway.batches.values import AskedBatch, BadItems, options_of
from gateway.fleet.watch import FleetWatch
from gateway.ledger.batches import BatchItemRow, BatchRow
from gateway.ledger.engine import Ledger
from gateway.rules.batches import OPEN_MOST, TooManyBatches
from gateway.rules.prices import PriceTable
from gateway.submitting.admit import Admitter
from gateway.submitting.context import SubmitContext
from gateway.submitting.idempotency import Idempotency, remember
from proteus.engines import Quality
from proteus.errors import Forbidden
from proteus.jobs import ImageId, TryonId, new_id
from proteus.storage import ObjectStore


class BatchMaker:
    """Turns what a client asks for into a batch's rows.

    Args:
        ledger: Where they are stored.
        idempotency: Keeps a repeated request from being accepted twice.
        admitter: Says which engine a picture needs, and whether the caller may use it.
        store: Whose addresses the photos have.
        fleet: Knows the pace.
        prices: The deployment's table.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        idempotency: Idempotency,
        admitter: Admitter,
        store: ObjectStore,
        fleet: FleetWatch,
        prices: PriceTable,
    ) -> None:
        self._ledger = ledger
        self._idempotency = idempotency
        self._admitter = admitter
        self._store = store
        self._fleet = fleet
        self._prices = prices

    async def estimate(self, context: SubmitContext, asked: AskedBatch) -> Estimate:
        """Check a batch as `make` does, store nothing, and return what it is expected to take."""
        await self._photos(context, asked)
        return estimate(self._kinds(context, asked), fleet=self._fleet, prices=self._prices)

    async def make(self, context: SubmitContext, asked: AskedBatch) -> BatchRow:
        """Store a batch, or refuse it whole.

        Raises:
            BadItems: Items name no photos of the caller's.
            TooManyBatches: The tenant has as many unfinished ones as it may have.
        """

        async def accept() -> BatchRow:
            photos = await self._photos(context, asked)
            for _ in self._kinds(context, asked):
                pass
            now = datetime.now(UTC)
            row = _row(context, asked, now=now)
            items = _items(row, asked, photos)
            async with self._ledger.write() as writes:
                has = await writes.batches.open_of_tenant(row.tenant)
                if has >= OPEN_MOST:
                    raise TooManyBatches(f"Your tenant has {has} unfinished batches, and {OPEN_MOST} are the most.")
                await writes.batches.add(row, items)
                await remember(writes, context, row.id)
            return row

        return await self._idempotency.once(context, accept)

    async def _photos(self, context: SubmitContext, asked: AskedBatch) -> dict[str, ImageId]:
        if context.caller.is_person:
            raise Forbidden("Batches are for a tenant's server: this token is one person's.")
        async with self._ledger.read() as reads:
            found, bad = await photos_of(reads, asked.items, user_id=context.caller.user_id, key_of=self._store.key_of)
        if bad:
            raise BadItems(bad)
        return found

    def _kinds(self, context: SubmitContext, asked: AskedBatch) -> Iterator[tuple[str, Quality]]:
        """Yield each item's engine and quality; raise where the caller may not use it, or batches."""
        context = replace(context, of_batch=True)
        known: dict[tuple[object, object, object], tuple[str, Quality]] = {}
        for item in asked.items:
            named: dict[str, object] = {**asked.options, **item.options}
            kind = named.get("model"), named.get("quality", "balanced"), named.get("category")
            if kind not in known:
                options = options_of(asked.options, item.options)
                known[kind] = (self._admitter.card(context, options).name, options.quality)
            yield known[kind]


def _row(context: SubmitContext, asked: AskedBatch, *, now: datetime) -> BatchRow:
    caller = context.caller
    return BatchRow(
        id=new_id("bat"),
        user_id=caller.user_id,
        tenant=caller.tenant,
        key_id=caller.key_id,
        trace_id=context.trace_id,
        total=len(asked.items),
        options=dict(asked.options),
        rights={
            "engines": sorted(caller.rights.engines) if caller.rights.engines is not None else None,
            "samples_most": caller.rights.samples_most,
            "qualities": sorted(caller.rights.qualities) if caller.rights.qualities is not None else None,
            "priorities": sorted(caller.rights.priorities) if caller.rights.priorities is not None else None,
        },
        metadata=asked.metadata,
        created_at=now,
        ends_at=now + timedelta(seconds=asked.seconds),
    )


def _items(row: BatchRow, asked: AskedBatch, photos: dict[str, ImageId]) -> Sequence[BatchItemRow]:
    return [
        BatchItemRow(
            batch_id=row.id,
            n=n,
            job_id=TryonId(new_id("job")),
            custom_id=item.custom_id,
            person_image_id=photos[item.person],
            garment_image_id=photos[item.garment],
            person_url=item.person,
            garment_url=item.garment,
            options=dict(item.options),
        )
        for n, item in enumerate(asked.items, start=1)
    ]
