"""Bounds stored data: erases idle guests, old work where the settings say so, and old events.

Time is an argument everywhere, so that a test can run a thousand days in a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.ledger.engine import Ledger
from gateway.ledger.retention import OfKind, OfTenants, Whose
from gateway.settings import RetentionSettings
from gateway.upkeep.erasure import Eraser
from gateway.upkeep.in_batches import in_batches

log = structlog.get_logger()

EMPTY_LIMIT: Final = 1_000
LIMIT: Final = 50
"""Users, try-ons or photos that are erased one by one after one read."""

BATCHES: Final = 10
"""Reads of idle guests in one round; the rest come in the next one."""

USAGE_BEGINS: Final = "usage_forgotten_from"
UPGRADE_GRACE: Final = timedelta(days=7)

ORIGIN_LIFE: Final = timedelta(hours=24)
"""How long the hash of an address is kept."""


class Retention:
    """Deletes what has been kept long enough."""

    def __init__(self, ledger: Ledger, eraser: Eraser, settings: RetentionSettings) -> None:
        self._ledger = ledger
        self._eraser = eraser
        self._settings = settings

    async def announce(self, now: datetime) -> None:
        """Log what will be deleted, and when: an operator who upgrades reads it before the first deletion."""
        async with self._ledger.read() as reads:
            guests, seen_first = await reads.users.guests_seen()
        first = seen_first + self._idle if seen_first else None
        log.info(
            "retention",
            guests=guests,
            guest_idle_days=self._settings.guest_idle_days,
            first_guest_goes_at=max(first, now).isoformat() if first else None,
            tenant_days=self._settings.tenant_days,
            event_days=self._settings.event_days,
            usage_days=self._settings.usage_days,
        )

    async def guests(self, now: datetime) -> int:
        """Erase guests who have been idle for too long; return how many."""
        seen_before = now - self._idle
        async with self._ledger.write() as writes:
            gone = await writes.retention.forget_empty_guests(seen_before=seen_before, limit=EMPTY_LIMIT)
        for _ in range(BATCHES):
            async with self._ledger.read() as reads:
                idle = await reads.users.idle_guests(seen_before=seen_before, limit=LIMIT)
            for user_id in idle:
                gone += await self._eraser.user(user_id)
            if len(idle) < LIMIT:
                break
        if gone:
            log.info("idle_guests_erased", guests=gone)
        return gone

    async def work(self, now: datetime) -> int:
        """Erase old try-ons, batches and unused photos: of external payloads, and of tenants that keep theirs so long.

        Of a batch the try-ons and the items go with the next rounds of the batches' own loop.
        """
        erased = await self._old_work(OfKind(kind="foreign", made_before=now - self._idle))
        async with self._ledger.read() as reads:
            rules = await reads.tenants.kept_days()
        default = self._settings.tenant_days
        if kept := [*rules.values(), *([] if default is None else [default])]:
            erased += await self._old_work(OfTenants(now=now, shortest_days=min(kept), default_days=default))
        if erased:
            log.info("old_work_erased", entries=erased)
        return erased

    async def traces(self, now: datetime) -> None:
        """Forget events too old to be replayed, guests' addresses, old deeds, sent webhooks, ended logins and keys."""
        events, deeds, webhooks = (
            now - timedelta(days=days)
            for days in (self._settings.event_days, self._settings.audit_days, self._settings.webhook_days)
        )
        origins = now - ORIGIN_LIFE
        ledger = self._ledger
        await in_batches(ledger, lambda writes, limit: writes.events.forget(recorded_before=events, limit=limit))
        await in_batches(ledger, lambda writes, limit: writes.users.forget_origins(created_before=origins, limit=limit))
        await in_batches(ledger, lambda writes, limit: writes.audit_log.forget(done_before=deeds, limit=limit))
        await in_batches(
            ledger, lambda writes, limit: writes.webhook_deliveries.forget(created_before=webhooks, limit=limit)
        )
        await in_batches(ledger, lambda writes, limit: writes.refresh_tokens.forget(expired_before=now, limit=limit))
        async with ledger.write() as writes:
            await writes.api_keys.forget(ended_before=deeds)

    async def usage(self, now: datetime) -> int:
        """Forget what was used long ago, and the sums of those days; return how many rows went.

        A deployment that has never done so begins a week after it has said so: an upgrade deletes nothing at once.
        """
        if self._settings.usage_days is None:
            return 0
        before = now - timedelta(days=self._settings.usage_days)
        async with self._ledger.read() as reads:
            begins = await reads.deployment.fact(USAGE_BEGINS)
        if begins is None:
            begins = (now + UPGRADE_GRACE).isoformat()
            async with self._ledger.write() as writes:
                await writes.deployment.set_fact(USAGE_BEGINS, begins)
            log.info("old_usage_goes", from_then_on=begins, usage_days=self._settings.usage_days)
        if now < datetime.fromisoformat(begins):
            return 0
        gone = await in_batches(
            self._ledger, lambda writes, limit: writes.usage.forget(ended_before=before, limit=limit)
        )
        async with self._ledger.write() as writes:
            gone += await writes.spend.forget_days(before=before)
        if gone:
            log.info("old_usage_forgotten", rows=gone, before=before.isoformat())
        return gone

    async def _old_work(self, whose: Whose) -> int:
        async with self._ledger.read() as reads:
            entries = await reads.retention.old_tryons(whose, limit=LIMIT)
        for entry in entries:
            await self._eraser.tryon(entry)
        async with self._ledger.write() as writes:
            old = await writes.retention.old_batches(whose, limit=LIMIT)
            for batch_id in old:
                await writes.batches.hide(batch_id)
        async with self._ledger.read() as reads:
            images = await reads.retention.unused_images(whose, limit=LIMIT)
        for image in images:
            await self._eraser.image(image)
        return len(entries) + len(old) + len(images)

    @property
    def _idle(self) -> timedelta:
        return timedelta(days=self._settings.guest_idle_days)
