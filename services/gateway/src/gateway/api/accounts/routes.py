"""The accounts of people: made, listed, and given a new password by administrators."""

from __future__ import annotations

from fastapi import Depends, Response

from gateway.api.accounts.models import AccountBody, AccountList, AccountRequest, NewAccountBody
from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, TraceDep, administrator, cursor_behind
from gateway.api.guarding import GuardedRouter
from gateway.rules.text import PathId
from proteus.jobs import UserId

router = GuardedRouter(prefix="/v1/accounts", tags=["accounts"], dependencies=[Depends(administrator)])


@router.post("", status_code=201, summary="Make an account")
async def create(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, wish: AccountRequest, response: Response
) -> NewAccountBody:
    """Make an account with a password that is returned this once; its owner changes it at the first login."""
    response.headers["Cache-Control"] = "no-store"
    made = await services.logins.make(caller, email=wish.email, tenant=wish.tenant, role=wish.role, request_id=trace)
    return NewAccountBody.made(made)


@router.get("", summary="List accounts")
async def list_accounts(services: ServicesDep, page: PageDep) -> AccountList:
    """Return the accounts, the oldest first. `DELETE /users/{user_id}` deletes one with all its data."""
    async with services.ledger.read() as reads:
        rows = await reads.accounts.page(page.cursor, limit=page.limit)
    return AccountList(items=[AccountBody.of(row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.post("/{user_id}/reset", summary="Give an account a new password")
async def reset(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, user_id: PathId, response: Response
) -> NewAccountBody:
    """Make a new password, returned this once, and end the account's sessions."""
    response.headers["Cache-Control"] = "no-store"
    return NewAccountBody.made(await services.logins.reset(caller, UserId(user_id), request_id=trace))
