"""A tenant's webhook endpoints and their deliveries: what the routes of `/v1/webhooks` do.

Every change is a deed of the audit log, in the transaction that does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from gateway.accounts.deeds import Actor
from gateway.ledger.engine import Ledger
from gateway.ledger.session import Reads, Writes
from gateway.ledger.webhook_deliveries import AttemptRow, DeliveryRow
from gateway.ledger.webhooks import WebhookRow
from gateway.rules.tokens import Caller
from gateway.rules.webhook_targets import TargetRules
from gateway.rules.webhooks import ENDPOINTS_MOST, PING, SCOPE, EndpointDisabled, JobsEndpointMissing
from gateway.status.views import iso
from gateway.webhooks.signing import new_secret
from proteus.errors import Conflict, Forbidden, NotFound
from proteus.jobs import new_id

NO_ADDRESS: Final = "This endpoint signs for the addresses of try-ons and has none of its own."


class KeyNeeded(Forbidden):
    """Webhooks are for API keys with the scope `webhooks`."""

    hint = 'Make one: POST /v1/keys with {"scopes": ["webhooks"]}.'


class Endpoints:
    """The endpoints of all tenants.

    Args:
        ledger: Where they stand.
        targets: Which addresses they may have.
        wake: Called after a commit that wrote deliveries.
    """

    def __init__(self, ledger: Ledger, targets: TargetRules, *, wake: Callable[[], None]) -> None:
        self._ledger = ledger
        self._targets = targets
        self._wake = wake

    async def check_url_of_job(self, caller: Caller, url: str) -> None:
        """Refuse the `webhook_url` of a try-on that nothing could be sent to.

        Raises:
            KeyNeeded: The caller is no API key with the scope.
            TargetRefused: It is no address that webhooks are sent to.
            JobsEndpointMissing: The tenant has no secret that would sign it.
        """
        require_key(caller)
        self._targets.read(url)
        async with self._ledger.read() as reads:
            if await reads.webhooks.of_jobs(caller.tenant) is None:
                raise JobsEndpointMissing

    async def make(
        self, caller: Caller, *, url: str | None, events: Sequence[str], description: str, request_id: str
    ) -> WebhookRow:
        """Make an endpoint; without an address it signs for the `webhook_url` of try-ons.

        Raises:
            TargetRefused: Webhooks are not sent to this address.
            Conflict: The tenant has as many as it may have, or has the one without an address already.
        """
        if url is not None:
            self._targets.read(url)
        async with self._ledger.write() as writes:
            await writes.tenants.ensure(caller.tenant)
            if await writes.webhooks.count(caller.tenant) >= ENDPOINTS_MOST:
                raise Conflict(f"{caller.tenant!r} has {ENDPOINTS_MOST} endpoints: delete one first.")
            if url is None and (there := await writes.webhooks.of_jobs(caller.tenant)):
                raise Conflict(f"{there.id} signs for the addresses of try-ons already: rotate its secret instead.")
            made = await writes.webhooks.add(
                id=new_id("wh"),
                tenant=caller.tenant,
                user_id=caller.user_id,
                url=url,
                description=description,
                events=list(dict.fromkeys(events)),
                secret=new_secret(),
                created_by=caller.key_id or caller.user_id,
            )
            await Actor.of(caller, request_id).did(writes, "webhook.create", made.id, events=made.events)
        return made

    async def find(self, caller: Caller, webhook_id: str) -> WebhookRow:
        """Return an endpoint of the caller's tenant; raise `NotFound` if there is none with this id."""
        async with self._ledger.read() as reads:
            return await _own(reads, caller, webhook_id)

    async def page(self, caller: Caller, before: tuple[datetime, str] | None, *, limit: int) -> list[WebhookRow]:
        """Return the endpoints of the caller's tenant, newest first."""
        async with self._ledger.read() as reads:
            return await reads.webhooks.page(caller.tenant, before, limit=limit)

    async def change(
        self, caller: Caller, webhook_id: str, *, enabled: bool | None, request_id: str, **values: Any
    ) -> WebhookRow:
        """Change an endpoint; switching it off ends what it has still to get.

        Args:
            caller: A key of its tenant.
            webhook_id: The endpoint.
            enabled: Whether it gets deliveries; None: as before.
            request_id: For the audit log.
            **values: Its new url, events and description, as far as they change.

        Raises:
            Conflict: It would gain or lose its address.
        """
        if values.get("url") is not None:
            self._targets.read(values["url"])
        async with self._ledger.write() as writes:
            row = await _own(writes, caller, webhook_id)
            if "url" in values and (values["url"] is None) != (row.url is None):
                raise Conflict("An endpoint keeps having an address, or none: make another one instead.")
            if enabled is True:
                values |= {"disabled_at": None, "disabled_reason": None, "failing_since": None}
            elif enabled is False and row.disabled_at is None:
                values |= {"disabled_at": datetime.now(UTC), "disabled_reason": "by_client"}
                await writes.webhook_deliveries.fail_pending(row.id, error="the endpoint was switched off")
            changed = await writes.webhooks.change(row.id, **values) if values else row
            fields = sorted(values.keys() & {"url", "events", "description"})
            await Actor.of(caller, request_id).did(writes, "webhook.change", row.id, fields=fields, enabled=enabled)
        return changed

    async def rotate(self, caller: Caller, webhook_id: str, *, grace_seconds: int, request_id: str) -> WebhookRow:
        """Give an endpoint a new secret; messages are signed with both until the grace is over."""
        async with self._ledger.write() as writes:
            row = await _own(writes, caller, webhook_id)
            changed = await writes.webhooks.rotate(row.id, secret=new_secret(), grace_seconds=grace_seconds)
            await Actor.of(caller, request_id).did(writes, "webhook.rotate", row.id, grace_seconds=grace_seconds)
        return changed

    async def delete(self, caller: Caller, webhook_id: str, *, request_id: str) -> None:
        """Delete an endpoint with its log."""
        async with self._ledger.write() as writes:
            row = await _own(writes, caller, webhook_id)
            await writes.webhooks.delete(row.id)
            await Actor.of(caller, request_id).did(writes, "webhook.delete", row.id)

    async def ping(self, caller: Caller, webhook_id: str) -> DeliveryRow:
        """Write a test delivery, which is tried once.

        Raises:
            Conflict: The endpoint is switched off, or has no address.
        """
        async with self._ledger.write() as writes:
            row = await _own(writes, caller, webhook_id)
            if row.url is None:
                raise Conflict(NO_ADDRESS)
            if row.disabled_at is not None:
                raise EndpointDisabled
            made = await writes.webhook_deliveries.add(
                id=f"msg_{uuid4().hex}",
                webhook_id=row.id,
                tenant=row.tenant,
                user_id=caller.user_id,
                job_id=f"ping_{uuid4().hex}",
                seq=0,
                type=PING,
                lane=row.id,
                payload={
                    "type": PING,
                    "timestamp": iso(datetime.now(UTC)),
                    "seq": 0,
                    "data": {"webhook_id": row.id},
                },
            )
        self._wake()
        return made

    async def deliveries(
        self,
        caller: Caller,
        webhook_id: str,
        before: tuple[datetime, str] | None,
        *,
        state: str | None,
        limit: int,
    ) -> list[DeliveryRow]:
        """Return an endpoint's deliveries, newest first."""
        async with self._ledger.read() as reads:
            row = await _own(reads, caller, webhook_id)
            return await reads.webhook_deliveries.page(row.id, before, state=state, limit=limit)

    async def delivery(self, caller: Caller, webhook_id: str, delivery_id: str) -> tuple[DeliveryRow, list[AttemptRow]]:
        """Return a delivery with its attempts."""
        async with self._ledger.read() as reads:
            row = await _own(reads, caller, webhook_id)
            found = await reads.webhook_deliveries.find(delivery_id, webhook_id=row.id)
            if found is None:
                raise NotFound("There is no such delivery.")
            return found, await reads.webhook_deliveries.attempts(found.id)

    async def replay(
        self,
        caller: Caller,
        webhook_id: str,
        *,
        delivery_id: str | None,
        since: datetime | None,
        failed_only: bool,
        request_id: str,
    ) -> int:
        """Send one ended delivery again, or all since a moment; return how many.

        Raises:
            EndpointDisabled: The endpoint is switched off.
            NotFound: There is no such delivery.
        """
        async with self._ledger.write() as writes:
            row = await _own(writes, caller, webhook_id)
            if row.disabled_at is not None:
                raise EndpointDisabled
            if delivery_id and await writes.webhook_deliveries.find(delivery_id, webhook_id=row.id) is None:
                raise NotFound("There is no such delivery.")
            many = await writes.webhook_deliveries.replay(
                row.id, delivery_id=delivery_id, since=since, failed_only=failed_only
            )
            await Actor.of(caller, request_id).did(writes, "webhook.replay", row.id, deliveries=many)
        self._wake()
        return many


def require_key(caller: Caller) -> None:
    """Refuse whoever is no API key with the scope `webhooks`."""
    if not caller.key_id or SCOPE not in caller.scopes:
        raise KeyNeeded


async def _own(session: Reads | Writes, caller: Caller, webhook_id: str) -> WebhookRow:
    row = await session.webhooks.find(webhook_id, tenant=caller.tenant)
    if row is None:
        raise NotFound("There is no such endpoint.")
    return row
