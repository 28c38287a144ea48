"""Takes due deliveries out of the outbox and sends them; every gateway runs one, and they share the work.

    claim (SKIP LOCKED leases, a few of each lane) ─▶ send ─▶ one transaction: attempt, outcome, the endpoint's health

A delivery is sent at least once: a gateway that ends between sending and recording leaves a lease, after which another
one sends it again under the same id. It is never sent before its event: both stand in one transaction.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog

from gateway import metrics
from gateway.ledger.engine import Ledger
from gateway.ledger.session import Writes
from gateway.ledger.webhook_deliveries import ClaimedDelivery
from gateway.ledger.webhooks import WebhookRow
from gateway.rules.webhooks import GIVE_UP_DAYS, LANE_MOST, PING, TENANT_MOST, Outcome, outcome_of, pause_before
from gateway.webhooks.sender import Answer, Sender
from gateway.webhooks.signing import signed_headers
from proteus.errors import DependencyUnavailable
from proteus.service.lifecycle import cancel
from proteus.service.supervision import Pulse

log = structlog.get_logger()

AT_ONCE: Final = 256
"""Deliveries that one gateway sends at the same time: each is a connection that mostly waits."""

LOOK_SECONDS: Final = 1.0
"""How often the outbox is read without a call: for retries, and for what other gateways left."""

MEASURE_SECONDS: Final = 15.0
CONTENT_TYPE: Final = "application/json"
USER_AGENT: Final = "Proteus-Webhooks/1"
GATEWAY: Final = "gateway"
"""The actor of what the gateway does by itself, in the audit log."""

RECORDING_AT_ONCE: Final = 2
"""Outcomes that are stored at the same time: the loops' few connections are the recorder's, too."""


class Dispatcher:
    """Sends what the outbox holds.

    Args:
        ledger: The outbox.
        sender: Sends one request.
        chance: A random number from 0 to 1, for the jitter.
    """

    def __init__(self, ledger: Ledger, sender: Sender, *, chance: Callable[[], float] = random.random) -> None:
        self._ledger = ledger
        self._sender = sender
        self._chance = chance
        self._lease = uuid4().hex
        self._sending: set[asyncio.Task[None]] = set()
        self._recording = asyncio.Semaphore(RECORDING_AT_ONCE)
        self._news = asyncio.Event()

    def close(self) -> None:
        """Let go of what sending holds."""
        self._sender.close()

    def wake(self) -> None:
        """Look at once: something was committed."""
        self._news.set()

    async def run(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Send until `stop`; what is on its way then is cut off, and comes again after its lease."""
        measured_at = float("-inf")
        try:
            while not stop.is_set():
                pulse.turn()
                self._news.clear()
                if time.monotonic() - measured_at >= MEASURE_SECONDS:
                    measured_at = time.monotonic()
                    await self.measure()
                if not await self.send_due():
                    await _any(self._news, stop, seconds=LOOK_SECONDS)
        finally:
            if stop.is_set():  # After an error the loop starts again, and what is on its way goes on.
                await cancel(*self._sending)

    async def send_due(self) -> int:
        """Claim what is due and begin to send it; return how many deliveries that is."""
        free = AT_ONCE - len(self._sending)
        if free <= 0:
            return 0
        async with self._ledger.write() as writes:
            claimed = await writes.webhook_deliveries.claim(
                self._lease, limit=free, per_lane=LANE_MOST, per_tenant=TENANT_MOST
            )
        for one in claimed:
            task = asyncio.create_task(self._delivered(one), name=f"webhook-{one.id}")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(claimed)

    async def idle(self) -> None:
        """Wait until all that was begun is recorded."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def measure(self) -> None:
        """Publish what waits."""
        async with self._ledger.read() as reads:
            backlog = await reads.webhook_deliveries.backlog()
        metrics.WEBHOOKS_PENDING.set(backlog.pending)
        metrics.WEBHOOKS_OVERDUE.set(backlog.overdue_seconds)

    async def _delivered(self, one: ClaimedDelivery) -> None:
        try:
            await self._deliver(one)
        except Exception as error:  # The edge of a task that nobody awaits; the delivery comes again after its lease.
            metrics.LOOP_ERRORS.labels("webhook").inc()
            log.error("webhook_crashed", delivery_id=one.id, exc_info=error)

    async def _deliver(self, one: ClaimedDelivery) -> None:
        at, started = datetime.now(UTC), time.monotonic()
        body = json.dumps({"id": one.id, **one.payload}, separators=(",", ":"), ensure_ascii=False)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "User-Agent": USER_AGENT,
            **signed_headers(one.id, body, at=at, keys=one.secrets),
        }
        answer = await self._sender.post(one.url, headers, body.encode())
        request: dict[str, object] = {"url": one.url, "headers": headers}
        seconds = time.monotonic() - started
        try:
            async with self._recording:
                await self._record(one, answer, at=at, seconds=seconds, request=request)
        except DependencyUnavailable as error:  # The lease ends, and the delivery comes again.
            log.warning("webhook_not_recorded", delivery_id=one.id, error=error.message)
        self.wake()  # The next one of its try-on, or of its lane, may be due.

    async def _record(
        self, one: ClaimedDelivery, answer: Answer, *, at: datetime, seconds: float, request: dict[str, object]
    ) -> None:
        outcome = outcome_of(answer.status)
        metrics.WEBHOOK_ATTEMPTS.labels(outcome).inc()
        error = answer.error or (None if outcome is Outcome.DELIVERED else f"answered {answer.status}")
        pause = None
        if outcome is Outcome.FAILED and one.type != PING:
            pause = pause_before(one.attempts + 2, chance=self._chance())
        state = "delivered" if outcome is Outcome.DELIVERED else "failed" if pause is None else "pending"
        async with self._ledger.write() as writes:
            ours = await writes.webhook_deliveries.settle(
                one.id,
                lease=self._lease,
                state=state,
                pause_seconds=pause or 0.0,
                status=answer.status,
                error=error,
            )
            if not ours:
                return  # Replayed, ended or leased to another gateway meanwhile: that one records.
            await writes.webhook_deliveries.note_attempt(
                delivery_id=one.id,
                at=at,
                seconds=round(seconds, 4),
                request=request,
                status=answer.status,
                answer=answer.body,
                error=error,
            )
            await self._note_health(writes, one, outcome)
        if state == "failed":
            log.warning("webhook_given_up", delivery_id=one.id, webhook_id=one.webhook_id, error=error)

    async def _note_health(self, writes: Writes, one: ClaimedDelivery, outcome: Outcome) -> None:
        if outcome is Outcome.DELIVERED:
            await writes.webhooks.note_success(one.webhook_id)
            return
        gone = outcome is Outcome.GONE
        ended = await writes.webhooks.note_failure(
            one.webhook_id, give_up_after=timedelta(days=GIVE_UP_DAYS), gone=gone
        )
        if ended is not None:
            await _disabled(writes, ended)
        elif gone:
            await writes.webhook_deliveries.fail_pending(one.webhook_id, error="answered 410", url=one.url)


async def _disabled(writes: Writes, row: WebhookRow) -> None:
    """Give notice of an endpoint that was just switched off: in the log, the audit log and the metrics."""
    reason = str(row.disabled_reason)
    lost = await writes.webhook_deliveries.fail_pending(row.id, error=f"the endpoint was switched off: {reason}")
    await writes.audit_log.add(
        "webhook.disable",
        actor=GATEWAY,
        tenant=row.tenant,
        target=row.id,
        request_id=GATEWAY,
        details={"reason": reason, "deliveries": lost},
    )
    metrics.WEBHOOKS_DISABLED.labels(reason).inc()
    log.warning("webhook_disabled", webhook_id=row.id, tenant=row.tenant, reason=reason, deliveries=lost)


async def _any(*events: asyncio.Event, seconds: float) -> None:
    """Wait until any of the events is set, at most so long."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
