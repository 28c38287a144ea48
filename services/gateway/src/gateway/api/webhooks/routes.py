"""Webhook endpoints: made, listed, changed, rotated, tested; their deliveries: listed, looked at, sent again."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response

from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, TraceDep, cursor_behind, needs
from gateway.api.guarding import GuardedRouter
from gateway.api.webhooks.models import (
    BatchMessage,
    DeliveryBody,
    DeliveryDetail,
    DeliveryList,
    DeliveryState,
    NewWebhookBody,
    ReplayBody,
    ReplayRequest,
    SecretRotation,
    WebhookBody,
    WebhookChange,
    WebhookList,
    WebhookMessage,
    WebhookRequest,
)
from gateway.rules.text import PathId
from gateway.rules.tokens import Caller
from gateway.rules.webhooks import BATCH_ENDED, SCOPE, TRYON_EVENTS
from gateway.webhooks.endpoints import require_key

router = GuardedRouter(prefix="/v1/webhooks", tags=["webhooks"], dependencies=[Depends(needs(SCOPE))])

_ONE_DAY: Final = SecretRotation()


async def key_of(caller: CallerDep) -> Caller:
    """The caller, an API key of the scope `webhooks`."""
    require_key(caller)
    return caller


KeyDep = Annotated[Caller, Depends(key_of)]


@cache
def sent() -> APIRouter:
    """Return what is sent, for the API's description: a route for each event, which nothing serves."""
    described = APIRouter()
    for name in TRYON_EVENTS:

        @described.post(name, summary=f"A try-on: {name.partition('.')[2]}")
        async def receive(message: WebhookMessage) -> None:
            """Answer 2xx within 10 s. Anything else is tried again for a day; 410 switches the endpoint off."""

    @described.post(BATCH_ENDED, summary="A batch: ended")
    async def receive_batch(message: BatchMessage) -> None:
        """Answer as for a try-on."""

    return described


@router.post("", status_code=201, summary="Make a webhook endpoint")
async def create(
    services: ServicesDep, caller: KeyDep, trace: TraceDep, wish: WebhookRequest, response: Response
) -> NewWebhookBody:
    """Make an endpoint for the events of all try-ons of your tenant; its secret is shown this once."""
    response.headers["Cache-Control"] = "no-store"
    made = await services.endpoints.make(
        caller, url=wish.url, events=wish.events, description=wish.description, request_id=trace
    )
    return NewWebhookBody.made(made)


@router.get("", summary="List webhook endpoints")
async def list_webhooks(services: ServicesDep, caller: KeyDep, page: PageDep) -> WebhookList:
    """Return your tenant's endpoints, the newest first, with their state."""
    rows = await services.endpoints.page(caller, page.cursor, limit=page.limit)
    return WebhookList(items=[WebhookBody.of(row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.get("/{webhook_id}", summary="Look at a webhook endpoint")
async def get_webhook(services: ServicesDep, caller: KeyDep, webhook_id: PathId) -> WebhookBody:
    """Return an endpoint; its secret is never shown again."""
    return WebhookBody.of(await services.endpoints.find(caller, webhook_id))


@router.patch("/{webhook_id}", summary="Change a webhook endpoint")
async def change(
    services: ServicesDep, caller: KeyDep, trace: TraceDep, webhook_id: PathId, wish: WebhookChange
) -> WebhookBody:
    """Change address, events or description, or switch the endpoint off or on; what is left out stays."""
    values: dict[str, Any] = wish.model_dump(exclude_unset=True, exclude={"enabled"})
    values = {name: value for name, value in values.items() if name == "url" or value is not None}
    return WebhookBody.of(
        await services.endpoints.change(caller, webhook_id, enabled=wish.enabled, request_id=trace, **values)
    )


@router.delete("/{webhook_id}", status_code=204, summary="Delete a webhook endpoint")
async def delete(services: ServicesDep, caller: KeyDep, trace: TraceDep, webhook_id: PathId) -> Response:
    """Delete the endpoint with its deliveries; what is pending is not sent."""
    await services.endpoints.delete(caller, webhook_id, request_id=trace)
    return Response(status_code=204)


@router.post("/{webhook_id}/rotate", summary="Replace the secret of a webhook endpoint")
async def rotate(
    services: ServicesDep,
    caller: KeyDep,
    trace: TraceDep,
    webhook_id: PathId,
    response: Response,
    wish: SecretRotation = _ONE_DAY,
) -> NewWebhookBody:
    """Return a new secret, this once. Until `grace_seconds` are over both secrets sign every message."""
    response.headers["Cache-Control"] = "no-store"
    row = await services.endpoints.rotate(caller, webhook_id, grace_seconds=wish.grace_seconds, request_id=trace)
    return NewWebhookBody.made(row)


@router.post("/{webhook_id}/ping", status_code=202, summary="Test a webhook endpoint")
async def ping(services: ServicesDep, caller: KeyDep, webhook_id: PathId) -> DeliveryBody:
    """Send a message of the type `ping`, once; look at its delivery for the answer."""
    return DeliveryBody.of(await services.endpoints.ping(caller, webhook_id))


@router.get("/{webhook_id}/deliveries", summary="List deliveries")
async def list_deliveries(
    services: ServicesDep,
    caller: KeyDep,
    page: PageDep,
    webhook_id: PathId,
    state: Annotated[DeliveryState | None, Query(description="Only those of this state.")] = None,
) -> DeliveryList:
    """Return what was sent to an endpoint or waits for it, the newest first."""
    rows = await services.endpoints.deliveries(caller, webhook_id, page.cursor, state=state, limit=page.limit)
    return DeliveryList(items=[DeliveryBody.of(row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.get("/{webhook_id}/deliveries/{delivery_id}", summary="Look at a delivery")
async def get_delivery(
    services: ServicesDep, caller: KeyDep, webhook_id: PathId, delivery_id: PathId
) -> DeliveryDetail:
    """Return a delivery with its payload, and each attempt with request and answer."""
    row, attempts = await services.endpoints.delivery(caller, webhook_id, delivery_id)
    return DeliveryDetail.with_log(row, attempts)


@router.post("/{webhook_id}/replay", status_code=202, summary="Send deliveries again")
async def replay(
    services: ServicesDep, caller: KeyDep, trace: TraceDep, webhook_id: PathId, wish: ReplayRequest
) -> ReplayBody:
    """Send one ended delivery again, or all since a moment, with the ids they had."""
    many = await services.endpoints.replay(
        caller,
        webhook_id,
        delivery_id=wish.delivery_id,
        since=wish.since,
        failed_only=wish.failed_only,
        request_id=trace,
    )
    return ReplayBody(replayed=many)
