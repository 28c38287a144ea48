"""Authentication: guest tokens."""

from __future__ import annotations

from fastapi import Request, Response

from gateway.api.auth.models import GuestToken
from gateway.api.dependencies import HostDep, ServicesDep
from gateway.api.guarding import GuardedRouter
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus.jobs import UserId, new_id

router = GuardedRouter(tags=["auth"])


@router.post("/v1/auth/guest", status_code=201, summary="Become a guest")
async def guest(request: Request, response: Response, services: ServicesDep, host: HostDep) -> GuestToken:
    """Make a new guest and return its token. Send it as `Authorization: Bearer …` and as the socket's `auth.token`.

    Where guests need a host (error `guests_disabled`), call this with an account's token: the guest joins its tenant.
    """
    return await new_guest(services, host, origin=request.state.address, response=response)


async def new_guest(services: Services, host: Caller | None, *, origin: str | None, response: Response) -> GuestToken:
    """Make a guest; the answer carries its token and must not be cached.

    Args:
        host: The account that brings the guest. Its server sends the requests of all its guests, so their address
            identifies none of them.
        origin: The client's address, as a keyed hash; None: it is unknown.
        response: Gets the header that forbids caching.
    """
    tenant = services.callers.tenant_for_guest(host)
    if host is not None and host.kind == "account":
        origin = None
    if origin is not None:
        services.rates.take("address_guests", origin)
    else:
        services.rates.take("guests", host.user_id if host else "strangers")
    seconds = services.settings.tokens.guest_token_seconds
    user_id = UserId(new_id("user"))
    async with services.ledger.write() as writes:
        await writes.users.add(user_id, kind="guest", tenant=tenant, origin=origin)
    response.headers["Cache-Control"] = "no-store"
    token = services.tokens.mint(user_id, tenant=tenant, seconds=seconds, kind="guest", origin=origin)
    return GuestToken(access_token=token, expires_in=seconds, user_id=user_id)
