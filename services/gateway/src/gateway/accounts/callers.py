"""Authentication: a caller needs an API key, or a token we signed of a user who still exists.

The signature alone proves a token. Whether its user exists is read from the ledger once, and then each second in one
statement for all recent users. So a deleted user's tokens end on every replica within about a second, and no request
waits for it. Whether a key or a login is valid `grants` remembers for a shorter time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gateway.access_settings import AuthSettings
from gateway.accounts.grants import LiveGrants
from gateway.ledger.engine import Ledger
from gateway.ledger.users import LiveUserRow
from gateway.rules import api_keys
from gateway.rules.rights import ALL, Rights
from gateway.rules.tokens import GUESTS, Caller, TokenExpired, Tokens
from proteus.errors import Forbidden, Unauthorized
from proteus.jobs import UserId

KNOWN_MOST: Final = 50_000
"""Users remembered; beyond it the least recently seen one is dropped, and looked up anew at their next request."""

ACTIVE_SECONDS: Final = 60.0
"""A user without a request for so long is forgotten."""

NOTE_SECONDS: Final = 30.0
"""How often `seen_at` of the recent users is written: before any of them is forgotten."""

FRESH_SECONDS: Final = 5.0
"""How long a look-up stays valid while the one of each second fails; afterwards every request makes its own."""


class GuestsDisabled(Forbidden):
    """This deployment takes no guests without an API key of a shop."""

    code = "guests_disabled"
    hint = (
        "Send an API key (POST /v1/keys makes one) or a token of an account as 'Authorization: Bearer …'. The operator "
        "makes a token: `proteus token --tenant NAME`, or `python -m gateway token --tenant NAME` where the gateway "
        "runs (docs/operations.md, Who may come)."
    )


class OriginNotAllowed(Forbidden):
    """This token is for pages of other web origins."""

    code = "origin_not_allowed"
    hint = "Use the token from a page of its `allowed_origins`, or mint one for this page's origin."


class UserGone(Unauthorized):
    """The user of this token does not exist any more."""


class Revoked(Unauthorized):
    """The key or the login behind this token has ended."""

    code = "revoked"
    hint = "Log in again, or ask the shop's server for a new token."


@dataclass(slots=True)
class _Known:
    asked_at: float
    used_at: float
    user: LiveUserRow


class Callers:
    """Authenticates callers.

    Args:
        now: A monotonic clock in seconds.
    """

    def __init__(
        self,
        tokens: Tokens,
        ledger: Ledger,
        auth: AuthSettings,
        *,
        grants: LiveGrants | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._ledger = ledger
        self._guests = auth.guests
        self._now = now
        self._known: OrderedDict[UserId, _Known] = OrderedDict()
        self._noted_at = -NOTE_SECONDS
        self.grants = grants or LiveGrants(ledger, now=now)

    async def admit(self, token: str | None, *, site: str | None = None) -> Caller:
        """Return the caller that an API key or a token names.

        Args:
            token: What came as bearer token.
            site: The web origin of the page that sent the request; None: it names none.

        Raises:
            Unauthorized: There is none, it is not ours, it has expired or was revoked, or its user was deleted.
            GuestsDisabled: It is a guest's, and this deployment does not accept such guests.
            OriginNotAllowed: It is bound to other web origins.
        """
        if token is None:
            raise Unauthorized
        if token.startswith(api_keys.MARK):
            return await self._by_key(token)
        caller = self._tokens.verify(token)
        if caller.kind == "guest" and (self._guests == "off" or (self._guests == "key" and caller.is_anonymous)):
            raise GuestsDisabled
        if caller.sites and site not in caller.sites:
            raise OriginNotAllowed
        if caller.session_id and await self.grants.sessions.find(caller.session_id) is None:
            raise Revoked
        if caller.key_id:
            key = await self.grants.keys.find(caller.key_id)
            if key is None:
                raise Revoked
            caller = _narrowed(caller, key.caller.rights)
            if key.caller.key_limits:
                caller = replace(caller, key_limits=key.caller.key_limits)
        return _of_user(caller, await self._user(caller.user_id))

    def look(self, token: str) -> Caller | None:
        """Return the caller of a valid token, or of a key in use; None: nobody that is known without a look-up."""
        if not token.startswith(api_keys.MARK):
            return self._tokens.look(token)
        key_id = api_keys.claimed_id(token)
        key = self.grants.keys.look(key_id) if key_id else None
        return key.caller if key and api_keys.proves(token, key.digest) else None

    def still(self, caller: Caller) -> bool:
        """Tell whether an open socket or stream may go on: token, key and login have not ended, the user is there."""
        if caller.expires_at <= self._tokens.now():
            return False
        if caller.key_id and not self.grants.keys.still(caller.key_id):
            return False
        if caller.session_id and not self.grants.sessions.still(caller.session_id):
            return False
        known = self._known.get(caller.user_id)
        if known is None:
            return False
        known.used_at = self._now()
        self._known.move_to_end(caller.user_id)
        return True

    def require_still(self, caller: Caller) -> None:
        """Refuse the rest of a request that waited: its token, key, login or user ended meanwhile."""
        if not self.still(caller):
            raise Revoked("The key, the login or the token of this request ended while it waited.")

    def tenant_for_guest(self, host: Caller | None) -> str:
        """Return the tenant in which a new guest is made; an account brings guests into its own.

        Raises:
            GuestsDisabled: This deployment takes no such guests.
            Forbidden: The host is a key without the scope `tokens`.
        """
        brought = host is not None and host.kind == "account"
        if self._guests == "off" or (self._guests == "key" and not brought):
            raise GuestsDisabled
        if host is None or not brought:
            return GUESTS
        if host.key_id:
            host.require("tokens")
        return host.tenant

    async def refresh(self) -> None:
        """Forget deleted and idle users; write when the others were last seen."""
        now = self._now()
        for user_id in [one for one, known in self._known.items() if now - known.used_at > ACTIVE_SECONDS]:
            del self._known[user_id]
        if not self._known:
            return
        asked = list(self._known)
        async with self._ledger.read() as reads:
            there = await reads.users.existing(asked)
        for user_id in asked:
            if user_id not in there:
                self._known.pop(user_id, None)
            elif known := self._known.get(user_id):
                known.asked_at, known.user = now, there[user_id]
        if there and now - self._noted_at >= NOTE_SECONDS:
            async with self._ledger.write() as writes:
                await writes.users.note_seen(there)
            self._noted_at = now

    async def _by_key(self, text: str) -> Caller:
        """Return the caller that a key is. Unknown, wrong and revoked keys get one answer, in one time."""
        key_id = api_keys.claimed_id(text)
        key = await self.grants.keys.find(key_id) if key_id else None
        if not api_keys.proves(text, key.digest if key else None) or key is None:
            raise Unauthorized("The API key is not valid.")
        if key.caller.expires_at <= self._tokens.now():
            raise TokenExpired
        # `still` knows the user from here on. What its tenant may use, the key's own rights heed.
        return _preferring(key.caller, await self._user(key.caller.user_id))

    def forget(self, user_id: UserId) -> None:
        """Look a user up anew at its next request: it has changed what it prefers."""
        if (known := self._known.get(user_id)) is not None:
            known.asked_at = -FRESH_SECONDS

    async def _user(self, user_id: UserId) -> LiveUserRow:
        """Return what a user's tenant may use, and what the user prefers.

        Raises:
            UserGone: There is no such user.
        """
        known = self._known.get(user_id)
        now = self._now()
        if known is not None and now - known.asked_at <= FRESH_SECONDS:
            known.used_at = now
            self._known.move_to_end(user_id)
            return known.user
        async with self._ledger.read() as reads:
            there = await reads.users.existing([user_id])
        if user_id not in there:
            self._known.pop(user_id, None)
            raise UserGone
        if len(self._known) >= KNOWN_MOST:
            self._known.popitem(last=False)
        self._known[user_id] = _Known(now, now, there[user_id])
        return there[user_id]


def _of_user(caller: Caller, user: LiveUserRow) -> Caller:
    return _narrowed(_preferring(caller, user), user.rights)


def _preferring(caller: Caller, user: LiveUserRow) -> Caller:
    """Return a caller with what its user prefers."""
    return caller if caller.preferences == user.preferences else replace(caller, preferences=user.preferences)


def _narrowed(caller: Caller, rights: Rights) -> Caller:
    """Return a caller with no more rights than these."""
    if rights is ALL or rights == caller.rights:
        return caller
    return replace(caller, rights=caller.rights.within(rights))
