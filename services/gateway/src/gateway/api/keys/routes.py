"""A tenant's API keys: made, listed, revoked, rotated."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query, Response

from gateway.accounts.keys import KeyWish
from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, TraceDep, cursor_behind, needs
from gateway.api.guarding import GuardedRouter
from gateway.api.keys.models import KeyBody, KeyList, KeyRequest, NewKeyBody, RotateRequest, rights_of
from gateway.rules.text import Id, PathId

router = GuardedRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Depends(needs("keys", "admin"))])

_ONE_DAY: Final = RotateRequest()


@router.post("", status_code=201, summary="Make an API key")
async def create(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, wish: KeyRequest, response: Response
) -> NewKeyBody:
    """Make a key and return its text, this once. It acts as its tenant's own account."""
    response.headers["Cache-Control"] = "no-store"
    made = await services.api_keys.make(
        caller,
        KeyWish(
            name=wish.name,
            tenant=wish.tenant or caller.tenant,
            scopes=frozenset(wish.scopes),
            rights=rights_of(wish.engines, wish.samples_most, qualities=wish.qualities, priorities=wish.priorities),
            limits={str(kind): most for kind, most in wish.limits.items()},
            seconds=wish.expires_in,
        ),
        request_id=trace,
    )
    return NewKeyBody.made(made.row, made.text)


@router.get("", summary="List API keys")
async def list_keys(
    services: ServicesDep,
    caller: CallerDep,
    page: PageDep,
    tenant: Annotated[Id | None, Query(description="Administrators only; default: all tenants.")] = None,
) -> KeyList:
    """Return your tenant's keys, the newest first, those that have ended included; administrators see all."""
    rows = await services.api_keys.page(caller, tenant, page.cursor, limit=page.limit)
    return KeyList(items=[KeyBody.of(row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.get("/{key_id}", summary="Look at an API key")
async def get_key(services: ServicesDep, caller: CallerDep, key_id: PathId) -> KeyBody:
    """Return a key; its text is never shown again."""
    return KeyBody.of(await services.api_keys.find(caller, key_id))


@router.post("/{key_id}/revoke", summary="Revoke an API key")
async def revoke(services: ServicesDep, caller: CallerDep, trace: TraceDep, key_id: PathId) -> KeyBody:
    """End a key now. Within a second no replica takes it, its tokens, sockets or streams any more."""
    return KeyBody.of(await services.api_keys.revoke(caller, key_id, request_id=trace))


@router.post("/{key_id}/rotate", status_code=201, summary="Replace an API key")
async def rotate(
    services: ServicesDep,
    caller: CallerDep,
    trace: TraceDep,
    key_id: PathId,
    response: Response,
    wish: RotateRequest = _ONE_DAY,
) -> NewKeyBody:
    """Make a key with the same rights, and end the old one after `grace_seconds`."""
    response.headers["Cache-Control"] = "no-store"
    made = await services.api_keys.rotate(caller, key_id, grace_seconds=wish.grace_seconds, request_id=trace)
    return NewKeyBody.made(made.row, made.text)
