"""Who are you: guest tokens."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from gateway.api.dependencies import ServicesDep
from gateway.api.schemas import GuestToken
from gateway.services import Services
from gateway.tokens import GUESTS
from proteus.jobs import new_id

router = APIRouter(tags=["auth"])


@router.post("/v1/auth/guest", response_model=GuestToken, status_code=201, summary="Become a guest")
async def guest(services: ServicesDep) -> JSONResponse:
    """Make a new guest and return his token. Send it as `Authorization: Bearer …` and as the socket's `auth.token`."""
    return await new_guest(services)


async def new_guest(services: Services) -> JSONResponse:
    """Make a guest; the answer carries his token and must not be cached."""
    services.rates.take("guests", "all")
    seconds = services.settings.tokens.guest_token_seconds
    user_id = new_id("user")
    async with services.ledger.write() as writes:
        await writes.add_user(user_id, kind="guest", tenant=GUESTS)
    body = {
        "access_token": services.tokens.mint(user_id, tenant=GUESTS, seconds=seconds),
        "token_type": "Bearer",
        "expires_in": seconds,
        "user_id": user_id,
    }
    return JSONResponse(body, status_code=201, headers={"Cache-Control": "no-store"})
