"""Authentication: guest tokens."""

from __future__ import annotations

from fastapi import Request, Response

from gateway.api.auth.models import GuestToken
from gateway.api.dependencies import HostDep, ServicesDep, TraceDep
from gateway.api.guarding import GuardedRouter
from gateway.rules.tokens import Caller
from gateway.services import Services

router = GuardedRouter(tags=["auth"])


@router.post("/v1/auth/guest", status_code=201, summary="Become a guest")
async def guest(
    request: Request, response: Response, services: ServicesDep, host: HostDep, trace: TraceDep
) -> GuestToken:
    """Make a new guest and return its token. Send it as `Authorization: Bearer …` and as the socket's `auth.token`.

    Where guests need a host (error `guests_disabled`), call this with an API key or an account's
    token: the guest joins its tenant.
    """
    return await new_guest(services, host, origin=request.state.address, request_id=trace, response=response)


async def new_guest(
    services: Services, host: Caller | None, *, origin: str | None, request_id: str, response: Response
) -> GuestToken:
    """Make a guest; the answer carries its token and must not be cached.

    Args:
        host: The account that brings the guest. Its server sends the requests of all its guests, so their address
            identifies none of them.
        origin: The client's address, as a keyed hash; None: it is unknown.
        request_id: Of the request.
        response: Gets the header that forbids caching.
    """
    services.callers.tenant_for_guest(host)  # A refusal counts against no allowance.
    if host is not None and host.kind == "account":
        origin = None
    if origin is not None:
        services.rates.take("address_guests", origin)
    else:
        services.rates.take("guests", host.user_id if host else "strangers")
    seconds = services.settings.tokens.guest_token_seconds
    made = await services.shoppers.guest(host, origin=origin, seconds=seconds, request_id=request_id)
    response.headers["Cache-Control"] = "no-store"
    return GuestToken(access_token=made.text, expires_in=made.seconds, user_id=made.user_id)
