"""Bounds stored data: erases idle guests, old work where the settings say so, and old events.

Time is an argument everywhere, so that a test can run a thousand days in a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.ledger.engine import Ledger
from gateway.settings import RetentionSettings
from gateway.upkeep.erasure import Eraser

log = structlog.get_logger()

EMPTY_LIMIT: Final = 1_000
LIMIT: Final = 50
"""Users, try-ons or photos that are erased one by one after one read."""

BATCHES: Final = 10
"""Reads of idle guests in one round; the rest come in the next one."""

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
        """Erase old try-ons and unused photos: those of external payloads, and accounts' where they are not kept."""
        erased = await self._old_work("foreign", now - self._idle)
        if self._settings.tenant_days is not None:
            for kind in ("account", "member"):
                erased += await self._old_work(kind, now - timedelta(days=self._settings.tenant_days))
        if erased:
            log.info("old_work_erased", entries=erased)
        return erased

    async def traces(self, now: datetime) -> None:
        """Forget events too old to be replayed, guests' addresses, old deeds, sent webhooks, ended logins and keys."""
        async with self._ledger.write() as writes:
            await writes.events.forget(recorded_before=now - timedelta(days=self._settings.event_days))
            await writes.users.forget_origins(created_before=now - ORIGIN_LIFE)
            await writes.audit_log.forget(done_before=now - timedelta(days=self._settings.audit_days))
            await writes.webhook_deliveries.forget(created_before=now - timedelta(days=self._settings.webhook_days))
            await writes.refresh_tokens.forget(expired_before=now)
            await writes.api_keys.forget(ended_before=now - timedelta(days=self._settings.audit_days))

    async def _old_work(self, kind: str, created_before: datetime) -> int:
        async with self._ledger.read() as reads:
            entries = await reads.retention.old_tryons(kind, created_before=created_before, limit=LIMIT)
        for entry in entries:
            await self._eraser.tryon(entry)
        async with self._ledger.read() as reads:
            images = await reads.retention.unused_images(kind, created_before=created_before, limit=LIMIT)
        for image in images:
            await self._eraser.image(image)
        return len(entries) + len(images)

    @property
    def _idle(self) -> timedelta:
        return timedelta(days=self._settings.guest_idle_days)
