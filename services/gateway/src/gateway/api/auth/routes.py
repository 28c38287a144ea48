"""Authentication: guest tokens, and accounts with passwords."""

from __future__ import annotations

from fastapi import Request, Response

from gateway.accounts.logins import Session
from gateway.api.auth.models import (
    Credentials,
    GuestToken,
    LoginRequest,
    PasswordRequest,
    RefreshRequest,
    SessionBody,
)
from gateway.api.dependencies import CallerDep, HostDep, ServicesDep, TraceDep, note
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


@router.post("/v1/auth/register", status_code=201, summary="Make an account of yours")
async def register(
    request: Request, response: Response, services: ServicesDep, host: HostDep, trace: TraceDep, given: Credentials
) -> SessionBody:
    """Register with an email address and a password; a guest's token makes it the guest's account, pictures included.

    Where strangers are not welcome (error `registration_closed`), administrators make accounts.
    """
    await _count_attempt(services, request, given.email)
    session = await services.logins.register(host, email=given.email, password=given.password, request_id=trace)
    return _answer(response, session)


@router.post("/v1/auth/login", summary="Log in")
async def login(
    request: Request, response: Response, services: ServicesDep, trace: TraceDep, given: LoginRequest
) -> SessionBody:
    """Begin a session: an access token for minutes, and a refresh token for the next one."""
    await _count_attempt(services, request, given.email)
    session = await services.logins.login(email=given.email, password=given.password, request_id=trace)
    return _answer(response, session)


@router.post("/v1/auth/refresh", summary="Go on with a session")
async def refresh(response: Response, services: ServicesDep, trace: TraceDep, given: RefreshRequest) -> SessionBody:
    """Exchange a refresh token for new tokens. It works once: a second use ends the session (`refresh_reused`)."""
    return _answer(response, await services.logins.refresh(given.refresh_token, request_id=trace))


@router.post("/v1/auth/logout", status_code=204, summary="Log out")
async def logout(services: ServicesDep, caller: CallerDep) -> Response:
    """End the session of this access token: within a second it opens nothing more, on every replica."""
    await services.logins.logout(caller)
    return Response(status_code=204)


@router.post("/v1/auth/password", summary="Change your password")
async def password(
    request: Request,
    response: Response,
    services: ServicesDep,
    caller: CallerDep,
    trace: TraceDep,
    given: PasswordRequest,
) -> SessionBody:
    """Change the password. Every session ends, this one too; the answer begins a new one."""
    await _count_attempt(services, request, caller.user_id)
    session = await services.logins.change_password(
        caller, current=given.current_password, new=given.new_password, request_id=trace
    )
    return _answer(response, session)


async def _count_attempt(services: Services, request: Request, account: str) -> None:
    """Count an attempt for the account that it names and for the address it comes from, before any work."""
    demands = [services.limiter.demand("logins", account)]
    if (address := request.state.address) is not None:
        demands.append(services.limiter.demand("address_logins", address))
    note(request, await services.limiter.take(*demands))


def _answer(response: Response, session: Session) -> SessionBody:
    response.headers["Cache-Control"] = "no-store"
    return SessionBody.of(session)


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
    demand = services.limiter.demand
    of_host = demand("guests", host.user_id if host else "strangers")
    await services.limiter.take(of_host if origin is None else demand("address_guests", origin))
    seconds = services.settings.tokens.guest_token_seconds
    made = await services.shoppers.guest(host, origin=origin, seconds=seconds, request_id=request_id)
    response.headers["Cache-Control"] = "no-store"
    return GuestToken(access_token=made.text, expires_in=made.seconds, user_id=made.user_id)
