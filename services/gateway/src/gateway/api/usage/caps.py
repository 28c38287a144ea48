"""Spend caps: the GPU seconds that a tenant or a key may use in a day and in a month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path

from gateway.accounts.deeds import Actor
from gateway.api.dependencies import CallerDep, ServicesDep, TraceDep, administrator, needs
from gateway.api.guarding import GuardedRouter
from gateway.api.usage.models import CapBody, CapList, CapRequest
from gateway.ledger.session import Writes
from gateway.rules.spend import Spent, subject_of_key, subject_of_tenant
from gateway.rules.text import PathId, TenantName
from gateway.rules.tokens import Caller

router = GuardedRouter(prefix="/v1/spend-caps", tags=["usage"])


@router.get("", dependencies=[Depends(needs("keys", "usage", "admin"))], summary="List spend caps")
async def list_caps(services: ServicesDep, caller: CallerDep) -> CapList:
    """Return the caps of your tenant and its keys, with what is used of each; administrators see all."""
    async with services.ledger.read() as reads:
        if "admin" in caller.scopes:
            subjects = [cap.subject for cap in await reads.spend.caps()]
        else:
            subjects = [subject_of_tenant(caller.tenant), *await reads.spend.subjects_of_keys(caller.tenant)]
        found = await reads.spend.spent(subjects, today=datetime.now(UTC).date())
    return CapList(items=[CapBody.of(one) for one in found])


@router.put("/tenants/{tenant}", dependencies=[Depends(administrator)], summary="Cap a tenant's spend")
async def cap_tenant(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, tenant: Annotated[TenantName, Path()], wish: CapRequest
) -> CapBody:
    """Cap what a tenant uses, its keys and shoppers included. Holds within a second; without numbers it ends."""
    return await _cap(services, caller, trace, subject_of_tenant(tenant), wish, tenant=tenant)


@router.put("/keys/{key_id}", dependencies=[Depends(needs("keys", "admin"))], summary="Cap a key's spend")
async def cap_key(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, key_id: PathId, wish: CapRequest
) -> CapBody:
    """Cap what a key of your tenant uses, with the tokens that it made. Its tenant's cap holds beside it."""
    key = await services.api_keys.find(caller, key_id)
    return await _cap(services, caller, trace, subject_of_key(key.id), wish, tenant=key.tenant)


async def _cap(
    services: ServicesDep, caller: Caller, trace: str, subject: str, wish: CapRequest, *, tenant: str
) -> CapBody:
    async with services.ledger.write() as writes:
        await writes.spend.set_cap(subject, per_day=wish.per_day, per_month=wish.per_month)
        await Actor.of(caller, trace).did(
            writes, "spend.cap", subject, tenant=tenant, per_day=wish.per_day, per_month=wish.per_month
        )
        found = await _spent(writes, subject)
    services.spend.forget()
    return CapBody.of(found)


async def _spent(writes: Writes, subject: str) -> Spent:
    found = await writes.spend.spent([subject], today=datetime.now(UTC).date())
    nothing = Spent(subject=subject, per_day=None, per_month=None, today=0.0, this_month=0.0, reserved=0.0)
    return found[0] if found else nothing
