"""What each tenant may use of the fleet."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Depends, Path

from gateway.accounts.deeds import Actor
from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, TraceDep, administrator, cursor_behind
from gateway.api.guarding import GuardedRouter
from gateway.api.keys.models import rights_of
from gateway.api.tenants.models import KeepRequest, RightsRequest, TenantBody, TenantList
from gateway.ledger.tenants import TenantTerms
from gateway.rules.rights import names
from gateway.rules.text import TenantName

router = GuardedRouter(prefix="/v1/tenants", tags=["tenants"], dependencies=[Depends(administrator)])


@router.get("", summary="List tenants")
async def list_tenants(services: ServicesDep, page: PageDep) -> TenantList:
    """Return the tenants, the oldest first, with what each may use."""
    async with services.ledger.read() as reads:
        rows = await reads.tenants.page(page.cursor, limit=page.limit)
    return TenantList(items=[TenantBody.of(row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.put("/{tenant}", summary="Say what a tenant may use")
async def restrict(
    services: ServicesDep,
    caller: CallerDep,
    trace: TraceDep,
    tenant: Annotated[TenantName, Path()],
    wish: RightsRequest,
) -> TenantBody:
    """Restrict a tenant's engines, samples, qualities, priorities and units; say what pictures show and carry.

    It holds within seconds, for the tenant's keys and shoppers too.
    """
    rights = rights_of(wish.engines, wish.samples_most, qualities=wish.qualities, priorities=wish.priorities)
    terms = TenantTerms(
        engines=names(rights.engines),
        samples_most=rights.samples_most,
        qualities=names(rights.qualities),
        priorities=names(rights.priorities),
        limits={str(kind): most for kind, most in wish.limits.items()},
        safety=wish.safety,
        label=wish.label,
    )
    async with services.ledger.write() as writes:
        row = await writes.tenants.restrict(tenant, terms)
        await Actor.of(caller, trace).did(writes, "tenant.restrict", tenant, tenant=tenant, **asdict(terms))
    return TenantBody.of(row)


@router.put("/{tenant}/retention", summary="Say how long a tenant's work is kept")
async def keep(
    services: ServicesDep,
    caller: CallerDep,
    trace: TraceDep,
    tenant: Annotated[TenantName, Path()],
    wish: KeepRequest,
) -> TenantBody:
    """Delete a tenant's try-ons, and photos that none uses, so many days after they were made. Holds from now on."""
    async with services.ledger.write() as writes:
        row = await writes.tenants.keep(tenant, days=wish.days)
        await Actor.of(caller, trace).did(writes, "tenant.retention", tenant, tenant=tenant, days=wish.days)
    await services.keeping.refresh()
    return TenantBody.of(row)
