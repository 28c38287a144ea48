"""What administrators, tenants' staff and API keys did."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from gateway.api.audit.models import AuditPage, DeedBody
from gateway.api.dependencies import PageDep, ServicesDep, administrator, cursor_behind
from gateway.api.guarding import GuardedRouter
from gateway.rules.text import Id

router = GuardedRouter(prefix="/v1/audit", tags=["audit"], dependencies=[Depends(administrator)])


@router.get("", summary="Read the audit log")
async def audit(
    services: ServicesDep,
    page: PageDep,
    tenant: Annotated[Id | None, Query(description="Deeds that changed this tenant's things.")] = None,
    action: Annotated[Id | None, Query(description="`key.create`, `key.revoke`, …")] = None,
    key_id: Annotated[Id | None, Query(description="Deeds done with this API key.")] = None,
) -> AuditPage:
    """Return deeds, the newest first. They are kept for `RETENTION_AUDIT_DAYS`."""
    async with services.ledger.read() as reads:
        rows = await reads.audit_log.page(page.cursor, limit=page.limit, tenant=tenant, action=action, key_id=key_id)
    return AuditPage(items=[DeedBody.of(row) for row in rows], next_cursor=cursor_behind(rows, page))
