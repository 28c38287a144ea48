"""Tokens for people without an account: guests, and the shoppers of a shop whose server vouches for them.

POST /v1/auth/guest ─▶ Shoppers.guest     anybody where guests are open, else a tenant's account or key
POST /v1/tokens     ─▶ Shoppers.token     a key alone; the token ends with it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.access_settings import AuthSettings
from gateway.accounts.callers import Callers, GuestsDisabled
from gateway.accounts.deeds import Actor
from gateway.ledger.engine import Ledger
from gateway.rules.rights import Rights
from gateway.rules.tokens import Bounds, Caller, Tokens
from proteus.errors import Forbidden
from proteus.jobs import UserId, new_id

SHOPPER_SCOPES: Final = frozenset({"priority:high"})
"""What a shopper's browser may ever do beyond its own pictures."""


class KeyNeeded(Forbidden):
    """Only an API key mints tokens for browsers: they end with it."""

    code = "key_needed"
    hint = "Make a key with the scope `tokens` (POST /v1/keys); your server sends it as 'Authorization: Bearer …'."


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenWish:
    """What a browser token is to be.

    Attributes:
        subject: The shop's own name of the shopper, who is the same user each time; None: a new guest.
        sites: The web origins that may use it; empty: it is not bound to any.
        region: Where the shopper is, as the shop knows it; None: the shopper may say.
        limits: Requests a minute by kind.
    """

    subject: str | None
    scopes: frozenset[str]
    rights: Rights
    sites: frozenset[str]
    region: str | None
    limits: Mapping[str, int]
    seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeToken:
    """A token for a user."""

    text: str
    user_id: UserId
    seconds: int


class Shoppers:
    """Makes guests and shoppers."""

    def __init__(self, ledger: Ledger, tokens: Tokens, callers: Callers, auth: AuthSettings) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._callers = callers
        self._guests = auth.guests

    async def guest(self, host: Caller | None, *, origin: str | None, seconds: int, request_id: str) -> MadeToken:
        """Make a guest, in the host's tenant if there is a host.

        Args:
            host: The account or key that brings the guest.
            origin: The guest's address as a keyed hash; None: it is unknown.
            seconds: Life of the token.
            request_id: Of the request.
        """
        tenant = self._callers.tenant_for_guest(host)
        key_id = host.key_id if host else None
        user_id = UserId(new_id("user"))
        async with self._ledger.write() as writes:
            await writes.users.add(user_id, kind="guest", tenant=tenant, origin=origin)
            if host is not None and key_id:
                await Actor.of(host, request_id).did(writes, "token.create", user_id)
        seconds = self._within_key(host, seconds)
        text = self._tokens.mint(
            user_id, tenant=tenant, seconds=seconds, kind="guest", origin=origin, bounds=Bounds(key_id=key_id)
        )
        return MadeToken(text=text, user_id=user_id, seconds=seconds)

    async def token(self, host: Caller, wish: TokenWish, *, request_id: str) -> MadeToken:
        """Mint a token for a shopper's browser, inside the tenant of the host's key.

        Raises:
            KeyNeeded: The host is no API key.
            Forbidden: The key lacks the scope `tokens`, or one that the token is to have.
            GuestsDisabled: This deployment takes accounts and keys alone.
        """
        if self._guests == "off":
            raise GuestsDisabled
        if host.key_id is None or host.kind != "account":
            raise KeyNeeded
        host.require("tokens")
        for scope in sorted(wish.scopes):
            host.require(scope)
        async with self._ledger.write() as writes:
            user_id = UserId(new_id("user"))
            if wish.subject is None:
                await writes.users.add(user_id, kind="guest", tenant=host.tenant)
            else:
                user_id = (await writes.users.shopper(user_id, tenant=host.tenant, subject=wish.subject)).id
            await Actor.of(host, request_id).did(writes, "token.create", user_id, seconds=wish.seconds)
        seconds = self._within_key(host, wish.seconds)
        text = self._tokens.mint(
            user_id,
            tenant=host.tenant,
            scopes=wish.scopes,
            seconds=seconds,
            kind="guest",
            bounds=Bounds(
                key_id=host.key_id, rights=wish.rights, sites=wish.sites, region=wish.region, limits=wish.limits
            ),
        )
        return MadeToken(text=text, user_id=user_id, seconds=seconds)

    def _within_key(self, host: Caller | None, seconds: int) -> int:
        """Return a life that does not outlast the host's key."""
        if host is None or host.key_id is None:
            return seconds
        return int(max(1, min(seconds, host.expires_at - self._tokens.now())))
