"""Short-lived tokens for shoppers' browsers."""

from __future__ import annotations

from fastapi import Depends, Response

from gateway.accounts.shoppers import TokenWish
from gateway.api.dependencies import CallerDep, ServicesDep, TraceDep, needs
from gateway.api.guarding import GuardedRouter
from gateway.api.keys.models import rights_of
from gateway.api.tokens.models import TokenBody, TokenRequest

router = GuardedRouter(prefix="/v1/tokens", tags=["keys"], dependencies=[Depends(needs("tokens"))])


@router.post("", status_code=201, summary="Mint a token for a browser")
async def mint(
    services: ServicesDep, caller: CallerDep, trace: TraceDep, wish: TokenRequest, response: Response
) -> TokenBody:
    """Mint a token for a shopper, inside your tenant. Call this from your server, with its API key.

    The token ends with the key, and has no right that the key lacks.
    """
    response.headers["Cache-Control"] = "no-store"
    made = await services.shoppers.token(
        caller,
        TokenWish(
            subject=wish.subject,
            scopes=frozenset(wish.scopes),
            rights=rights_of(wish.engines, wish.samples_most),
            sites=frozenset(wish.allowed_origins),
            region=wish.region,
            limits={str(kind): most for kind, most in wish.limits.items()},
            seconds=wish.expires_in,
        ),
        request_id=trace,
    )
    return TokenBody(access_token=made.text, expires_in=made.seconds, user_id=made.user_id)
