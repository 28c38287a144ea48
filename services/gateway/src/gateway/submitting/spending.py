"""Spend caps at the door: a submit of a holder with a cap is decided, and reserved, in a transaction of its own.

All submits of one holder take the same lock, so two gateways never both give away the last seconds. A caller whose
tenant and key have no cap pays nothing: which holders have one is remembered for a second.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import structlog

from gateway import metrics
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.rules.options import TryonOptions
from gateway.rules.spend import SpendCapReached, Spent, require_room, subject_of_key, subject_of_tenant
from gateway.rules.tokens import Caller
from gateway.submitting.context import SubmitContext
from proteus.engines import EngineCard
from proteus.errors import DependencyUnavailable
from proteus.jobs import unit_id

log = structlog.get_logger()

FRESH_SECONDS: Final = 1.0
"""For how long a reading of the caps serves."""


class SpendGuard:
    """Keeps tenants and keys within their caps.

    Args:
        fleet: Knows what a picture takes here.
        now: A monotonic clock in seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        fleet: FleetWatch,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._fleet = fleet
        self._now = now
        self._capped: frozenset[str] = frozenset()
        self._read_at = float("-inf")

    def estimate(self, card: EngineCard, options: TryonOptions) -> float:
        """Return the GPU seconds that one picture is expected to use: those of a picture woven alone."""
        return self._fleet.fleet(card.name, options.quality).pace.single_seconds

    async def check(self, context: SubmitContext, options: TryonOptions, card: EngineCard) -> None:
        """Refuse a try-on for which a cap has no room; reserve nothing.

        Raises:
            SpendCapReached: A holder's seconds of the day or the month are used up.
        """
        subjects = await self.caps(context.caller)
        if not subjects:
            return
        now = datetime.now(UTC)
        async with self._ledger.write() as writes:
            await writes.spend.drop_stale(subjects)
            spent = await writes.spend.spent(subjects, today=now.date())
        self._require(spent, options, card, now)

    @asynccontextmanager
    async def reserved(self, context: SubmitContext, options: TryonOptions, card: EngineCard) -> AsyncIterator[None]:
        """Reserve a try-on's seconds while the block commits it; a block that raises gives them back.

        Raises:
            SpendCapReached: A holder's seconds of the day or the month are used up.
        """
        subjects = await self.caps(context.caller)
        if not subjects:
            yield
            return
        now = datetime.now(UTC)
        pictures = [unit_id(context.job_id, n) for n in range(1, options.num_samples + 1)]
        async with self._ledger.write() as writes:
            await writes.spend.lock(subjects)
            await writes.spend.drop_stale(subjects)
            spent = await writes.spend.spent(subjects, today=now.date())
            self._require(spent, options, card, now)
            await writes.spend.reserve(pictures, subjects, gpu_seconds=self.estimate(card, options))
        try:
            yield
        except BaseException:
            try:
                async with self._ledger.write() as writes:
                    await writes.spend.release(pictures)
            except DependencyUnavailable:  # The reservation ends by its age.
                log.warning("reservation_left", job_id=context.job_id)
            raise

    def forget(self) -> None:
        """Read the caps anew: one has just been changed here."""
        self._read_at = float("-inf")

    def _require(self, spent: Sequence[Spent], options: TryonOptions, card: EngineCard, now: datetime) -> None:
        try:
            require_room(spent, seconds=options.num_samples * self.estimate(card, options), now=now)
        except SpendCapReached as error:
            metrics.SUBMITS.labels(error.code).inc(options.num_samples)
            self._fleet.minutes.refused(error.code, options.num_samples)
            raise

    async def caps(self, caller: Caller) -> list[str]:
        """Return the holders of caps that hold for a caller."""
        if self._now() - self._read_at > FRESH_SECONDS:
            async with self._ledger.read() as reads:
                self._capped = frozenset(cap.subject for cap in await reads.spend.caps())
            self._read_at = self._now()
        own = [subject_of_tenant(caller.tenant), *([subject_of_key(caller.key_id)] if caller.key_id else [])]
        return [subject for subject in own if subject in self._capped]
