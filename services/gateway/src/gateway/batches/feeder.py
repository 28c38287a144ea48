"""The feeder: takes items while the window has room, and ends batches whose work or whose time is over.

    batch_items (rows) ─▶ feeder ─▶ a try-on of its own, held ─▶ promoter, when workers are idle ─▶ the queue

One gateway at a time feeds. It may die between any two lines: an item is taken in the transaction that makes its
try-on, under an id that it has had from the beginning, and everything else is found again by the next round.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from gateway.accounts.grants import LiveKey
from gateway.batches.ending import BatchEnder
from gateway.batches.values import options_of
from gateway.fleet.watch import FleetWatch
from gateway.ledger.batches import BatchItemRow, BatchRow
from gateway.ledger.engine import Ledger
from gateway.rules.batches import window
from gateway.rules.failures import described
from gateway.rules.rights import Rights
from gateway.rules.tokens import Caller
from gateway.submitting.accept import Acceptor, NoLongerWaiting
from gateway.submitting.context import SubmitContext
from proteus import errors
from proteus.registry import WorkerState

log = structlog.get_logger()

LOCK: Final = "proteus:batches"

PAUSE_SECONDS: Final = 5.0
"""How long a batch rests after an item was refused for now, at least."""

PAUSE_SECONDS_MOST: Final = 60.0

FOR_NOW: Final = (errors.Overloaded, errors.DependencyUnavailable, errors.EngineUnavailable, errors.NotReady)
"""Refusals that say nothing about the item: it goes on waiting."""


class BatchFeeder:
    """Feeds batches to the fleet.

    Args:
        acceptor: Accepts an item as it accepts any submit: rights, spend caps and quotas hold.
        fleet: Knows the ready workers.
        ender: Ends what is over.
        now: A monotonic clock in seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        acceptor: Acceptor,
        fleet: FleetWatch,
        ender: BatchEnder,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._acceptor = acceptor
        self._fleet = fleet
        self._ender = ender
        self._now = now
        self.resting: dict[str, float] = {}

    async def turn(self) -> int:
        """Do one round; return how many items became try-ons."""
        async with self._ledger.lock(LOCK) as ours:
            if not ours:
                return 0
            await self._ender.end(datetime.now(UTC))
            return await self._feed()

    async def _feed(self) -> int:
        view = self._fleet.view
        ready = sum(card.state is WorkerState.READY for card in view.weavers)
        if self._fleet.servable is None or not ready:
            return 0
        self.resting = {batch_id: until for batch_id, until in self.resting.items() if until > self._now()}
        async with self._ledger.read() as reads:
            taken = len(await reads.batches.unfinished_jobs())
            room = window(slots=ready * view.batch_limit, taken=taken)
            items = await reads.batches.next_items(limit=room, besides=self.resting) if room else []
            batches = await reads.batches.by_ids({item.batch_id for item in items})
        callers: dict[str, Caller | None] = {}
        fed = 0
        for item in items:
            batch = batches.get(item.batch_id)
            if batch is None or batch.id in self.resting:
                continue
            if batch.id not in callers:
                callers[batch.id] = await self._caller(batch)
            fed += await self._take(batch, item, callers[batch.id])
        return fed

    async def _take(self, batch: BatchRow, item: BatchItemRow, caller: Caller | None) -> bool:
        """Submit an item; one that is refused for good ends, one that is refused for now waits."""
        try:
            if caller is None:
                raise errors.Forbidden("The key that made this batch has ended.")
            options = options_of(batch.options, item.options, custom_id=item.custom_id)
            context = SubmitContext(caller=caller, trace_id=batch.trace_id, job_id=item.job_id, of_batch=True)
            await self._acceptor.submit(context, options, person_url=item.person_url, garment_url=item.garment_url)
        except NoLongerWaiting:
            return False
        except FOR_NOW as error:
            self._rest(batch, error)
            return False
        except errors.ProteusError as error:
            await self._refuse(item, described(error.code, error.message) | {"message": error.message})
            return False
        except ValueError as error:  # Options that another version stored, and that this one cannot read.
            await self._refuse(
                item, described(errors.InvalidRequest.code, f"Its options cannot be read: {error}"[:500])
            )
            return False
        return True

    def _rest(self, batch: BatchRow, error: errors.ProteusError) -> None:
        seconds = min(max(PAUSE_SECONDS, getattr(error, "retry_after_seconds", 0)), PAUSE_SECONDS_MOST)
        self.resting[batch.id] = self._now() + seconds
        log.info("batch_rests", batch_id=batch.id, code=error.code, reason=error.message, seconds=seconds)

    async def _refuse(self, item: BatchItemRow, error: dict[str, Any]) -> None:
        async with self._ledger.write() as writes:
            await writes.batches.refuse(item.job_id, error)

    async def _caller(self, batch: BatchRow) -> Caller | None:
        """Return who made a batch, with the rights that token, key and tenant grant today; None: the key has ended."""
        async with self._ledger.read() as reads:
            user = (await reads.users.existing([batch.user_id])).get(batch.user_id)
            keys = await reads.api_keys.live([batch.key_id]) if batch.key_id else {}
        if user is None or (batch.key_id and batch.key_id not in keys):
            return None
        key = LiveKey.of(keys[batch.key_id]).caller if batch.key_id else None
        rights = Rights.of(
            batch.rights.get("engines"),
            batch.rights.get("samples_most"),
            qualities=batch.rights.get("qualities"),
            priorities=batch.rights.get("priorities"),
        ).within(user.rights)
        return Caller(
            user_id=batch.user_id,
            tenant=batch.tenant,
            scopes=frozenset(),
            expires_at=float("inf"),
            key_id=batch.key_id,
            rights=rights.within(key.rights) if key else rights,
            key_limits=key.key_limits if key else {},
        )
