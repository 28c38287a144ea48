"""Users: yourself, and for operators everyone."""

from __future__ import annotations

from fastapi import Request, Response

from gateway.api.auth.models import GuestToken
from gateway.api.auth.routes import new_guest
from gateway.api.dependencies import CallerDep, HostDep, PageDep, ServicesDep, TraceDep, cursor_behind
from gateway.api.guarding import GuardedRouter, write_down
from gateway.api.users.models import UserBody, UserChange, UserList
from gateway.rules.text import PathId
from gateway.rules.tokens import Caller
from proteus.errors import Forbidden, NotFound
from proteus.jobs import UserId

router = GuardedRouter(tags=["users"])


@router.post("/users", status_code=201, summary="Make a user")
async def create(
    request: Request, response: Response, services: ServicesDep, host: HostDep, trace: TraceDep
) -> GuestToken:
    """Make a guest, like POST /v1/auth/guest."""
    return await new_guest(services, host, origin=request.state.address, request_id=trace, response=response)


@router.get("/users", summary="List users")
async def list_users(services: ServicesDep, caller: CallerDep, page: PageDep) -> UserList:
    """Return the users you may see: yourself; with the scope `admin` all, oldest first."""
    async with services.ledger.read() as reads:
        if "admin" not in caller.scopes:
            own = await reads.users.find(caller.user_id)
            return UserList(items=[UserBody.of(own, services.settings.retention)] if own else [])
        rows = await reads.users.page(page.cursor, limit=page.limit)
    return UserList(
        items=[UserBody.of(row, services.settings.retention) for row in rows], next_cursor=cursor_behind(rows, page)
    )


@router.get("/users/{user_id}", summary="Look at a user")
async def get_user(services: ServicesDep, caller: CallerDep, user_id: PathId) -> UserBody:
    """Return a user; `me` is yourself."""
    async with services.ledger.read() as reads:
        found = await reads.users.find(_allowed(caller, user_id))
    if found is None:
        raise NotFound("There is no such user.")
    return UserBody.of(found, services.settings.retention)


@router.patch("/users/{user_id}", summary="Change a user")
async def change(
    request: Request, services: ServicesDep, caller: CallerDep, user_id: PathId, asked: UserChange
) -> UserBody:
    """Change the display name."""
    async with services.ledger.write() as writes:
        found = await writes.users.rename(_allowed(caller, user_id), asked.display_name)
    if found is None:
        raise NotFound("There is no such user.")
    if found.id != caller.user_id:
        await write_down(request, caller, "user.change", found.id, tenant=found.tenant)
    return UserBody.of(found, services.settings.retention)


@router.delete("/users/{user_id}", status_code=204, summary="Delete a user")
async def delete(request: Request, services: ServicesDep, caller: CallerDep, user_id: PathId) -> Response:
    """Delete the user with all photos, try-ons and events. The user's tokens and keys stop working."""
    found = _allowed(caller, user_id)
    if found == caller.user_id and caller.key_id and caller.kind == "account":
        raise Forbidden("An API key does not delete its tenant's account: it would end all keys of the tenant.")
    if not await services.eraser.user(found):
        raise NotFound("There is no such user.")
    if found != caller.user_id:
        await write_down(request, caller, "user.delete", found)
    return Response(status_code=204)


def _allowed(caller: Caller, user_id: str) -> UserId:
    if user_id in ("me", caller.user_id):
        return caller.user_id
    if "admin" in caller.scopes:
        return UserId(user_id)
    raise NotFound("There is no such user.")
