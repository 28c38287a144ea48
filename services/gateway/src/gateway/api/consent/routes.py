"""Consent of shoppers, the tenants' texts, and the retention policy."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Response

from gateway.api.consent.models import ConsentBody, ConsentRequest, ConsentRuleRequest, RetentionBody
from gateway.api.dependencies import CallerDep, HostDep, ServicesDep, TraceDep, needs
from gateway.api.guarding import GuardedRouter
from gateway.rules.consent import ConsentRule
from gateway.rules.text import TenantName
from proteus.errors import Forbidden

router = GuardedRouter(tags=["consent"])

_FOR_OWNERS = [Depends(needs("keys", "admin"))]


@router.get("/v1/retention", summary="How long data is kept")
async def retention(services: ServicesDep, caller: HostDep) -> RetentionBody:
    """Return the retention policy of this deployment, with a token that of your tenant; needs none."""
    default = services.settings.retention.tenant_days
    days = services.keeping.days(caller.tenant) if caller else default
    return RetentionBody.of(services.settings, tenant_days=days)


@router.get("/v1/consent", summary="What is asked of you")
async def consent(services: ServicesDep, caller: CallerDep) -> ConsentBody:
    """Return the text that your shop asks you to agree to before the first photo, and whether you did."""
    return ConsentBody.of(await services.consents.state(caller))


@router.post("/v1/consent", summary="Agree")
async def give(services: ServicesDep, caller: CallerDep, trace: TraceDep, given: ConsentRequest) -> ConsentBody:
    """Agree to the text of this version. Without it uploads get 403 `consent_required`."""
    await services.limiter.take(services.limiter.demand("consents", caller.user_id))
    state = await services.consents.give(
        caller,
        version=given.version,
        scope=[str(one) for one in given.scope],
        region=given.region,
        age_confirmed=given.age_confirmed,
        request_id=trace,
    )
    return ConsentBody.of(state)


@router.delete("/v1/consent", status_code=204, summary="Withdraw, and delete everything")
async def withdraw(services: ServicesDep, caller: CallerDep, trace: TraceDep) -> Response:
    """Withdraw the consent. All your photos, try-ons and events go, and you with them: your tokens stop working."""
    if not caller.is_person:
        raise Forbidden("A tenant's account agrees to nothing, so it withdraws nothing.")
    await services.consents.withdrawn(caller, request_id=trace)
    await services.eraser.user(caller.user_id)
    return Response(status_code=204)


@router.put("/v1/tenants/{tenant}/consent", status_code=204, dependencies=_FOR_OWNERS, summary="Ask for consent")
async def ask(
    services: ServicesDep,
    caller: CallerDep,
    trace: TraceDep,
    tenant: Annotated[TenantName, Path()],
    wish: ConsentRuleRequest,
) -> Response:
    """Ask this tenant's shoppers to agree before their first photo. For its owner and administrators."""
    rule = ConsentRule(
        version=wish.version,
        text=wish.text,
        minimum_age=wish.minimum_age,
        regions=None if wish.regions is None else tuple(wish.regions),
    )
    await services.consents.ask(caller, tenant, rule, request_id=trace)
    return Response(status_code=204)


@router.delete("/v1/tenants/{tenant}/consent", status_code=204, dependencies=_FOR_OWNERS, summary="Stop asking")
async def stop_asking(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, tenant: Annotated[TenantName, Path()]
) -> Response:
    """Take photos of this tenant's shoppers without asking."""
    await services.consents.ask(caller, tenant, None, request_id=trace)
    return Response(status_code=204)
