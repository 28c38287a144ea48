"""Users: yourself, and for operators everyone."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from gateway.api.answers import user_body
from gateway.api.auth import new_guest
from gateway.api.dependencies import CallerDep, HostDep, PageDep, ServicesDep, cursor_of
from gateway.api.guarding import GuardedRouter
from gateway.api.requests import UserChange
from gateway.api.schemas import GuestToken, UserBody, UserList
from gateway.rules.text import PathId
from gateway.rules.tokens import Caller
from proteus.errors import NotFound
from proteus.jobs import UserId

router = GuardedRouter(tags=["users"])


@router.post("/users", response_model=GuestToken, status_code=201, summary="Make a user")
async def create(request: Request, services: ServicesDep, host: HostDep) -> JSONResponse:
    """Make a guest, like POST /v1/auth/guest."""
    return await new_guest(services, host, origin=request.state.address)


@router.get("/users", response_model=UserList, summary="List users")
async def list_users(services: ServicesDep, caller: CallerDep, page: PageDep) -> JSONResponse:
    """Return the users you may see: yourself; with the scope `admin` all, oldest first."""
    async with services.ledger.read() as reads:
        if "admin" not in caller.scopes:
            own = await reads.users.find(caller.user_id)
            return JSONResponse({"items": [user_body(own)] if own else [], "next_cursor": None})
        rows = await reads.users.page(page.cursor, limit=page.limit)
    more = cursor_of(rows[-1].created_at, rows[-1].id) if len(rows) == page.limit else None
    return JSONResponse({"items": [user_body(row) for row in rows], "next_cursor": more})


@router.get("/users/{user_id}", response_model=UserBody, summary="Look at a user")
async def get_user(services: ServicesDep, caller: CallerDep, user_id: PathId) -> JSONResponse:
    """Return a user; `me` is yourself."""
    async with services.ledger.read() as reads:
        found = await reads.users.find(_allowed(caller, user_id))
    if found is None:
        raise NotFound("There is no such user.")
    return JSONResponse(user_body(found))


@router.patch("/users/{user_id}", response_model=UserBody, summary="Change a user")
async def change(services: ServicesDep, caller: CallerDep, user_id: PathId, asked: UserChange) -> JSONResponse:
    """Change the display name."""
    async with services.ledger.write() as writes:
        found = await writes.users.rename(_allowed(caller, user_id), asked.display_name)
    if found is None:
        raise NotFound("There is no such user.")
    return JSONResponse(user_body(found))


@router.delete("/users/{user_id}", status_code=204, summary="Delete a user")
async def delete(services: ServicesDep, caller: CallerDep, user_id: PathId) -> Response:
    """Delete the user with all photos, try-ons and events. His tokens open nothing any more."""
    if not await services.eraser.user(_allowed(caller, user_id)):
        raise NotFound("There is no such user.")
    return Response(status_code=204)


def _allowed(caller: Caller, user_id: str) -> UserId:
    if user_id in ("me", caller.user_id):
        return caller.user_id
    if "admin" in caller.scopes:
        return UserId(user_id)
    raise NotFound("There is no such user.")
