"""Authentication: a caller needs a token we signed, of a user who still exists, of a kind this deployment accepts.

The signature alone proves a token. Whether its user exists is read from the ledger once, and then each second in one
statement for all recent users. So a deleted user's tokens end on every replica within about a second, and no request
waits for it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.ledger.engine import Ledger
from gateway.rules.tokens import GUESTS, Caller, Tokens
from gateway.settings import AuthSettings
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
    """This deployment takes no guests without a token of an account."""

    code = "guests_disabled"
    hint = (
        "Send a token as 'Authorization: Bearer …'. The operator makes one: `proteus token --tenant NAME`, or "
        "`python -m gateway token --tenant NAME` where the gateway runs (docs/operations.md, Who may come)."
    )


class UserGone(Unauthorized):
    """The user of this token does not exist any more."""


@dataclass(slots=True)
class _Known:
    asked_at: float
    used_at: float


class Callers:
    """Authenticates callers.

    Args:
        now: A monotonic clock in seconds.
    """

    def __init__(
        self, tokens: Tokens, ledger: Ledger, auth: AuthSettings, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tokens = tokens
        self._ledger = ledger
        self._guests = auth.guests
        self._now = now
        self._known: OrderedDict[UserId, _Known] = OrderedDict()
        self._noted_at = -NOTE_SECONDS

    async def admit(self, token: str | None) -> Caller:
        """Return the caller that the token names.

        Raises:
            Unauthorized: There is no token, it is not ours, it has expired, or its user was deleted.
            GuestsDisabled: It is a guest's, and this deployment does not accept such guests.
        """
        if token is None:
            raise Unauthorized
        caller = self._tokens.verify(token)
        if caller.kind == "guest" and (self._guests == "off" or (self._guests == "key" and caller.is_anonymous)):
            raise GuestsDisabled
        known = self._known.get(caller.user_id)
        now = self._now()
        if known is not None and now - known.asked_at <= FRESH_SECONDS:
            known.used_at = now
            self._known.move_to_end(caller.user_id)
            return caller
        async with self._ledger.read() as reads:
            there = await reads.users.existing([caller.user_id])
        if not there:
            self._known.pop(caller.user_id, None)
            raise UserGone
        if len(self._known) >= KNOWN_MOST:
            self._known.popitem(last=False)
        self._known[caller.user_id] = _Known(now, now)
        return caller

    def still(self, caller: Caller) -> bool:
        """Tell whether an open socket or stream may go on: its token has not expired, its user is still there."""
        known = self._known.get(caller.user_id)
        if known is None or caller.expires_at <= self._tokens.now():
            return False
        known.used_at = self._now()
        self._known.move_to_end(caller.user_id)
        return True

    def tenant_for_guest(self, host: Caller | None) -> str:
        """Return the tenant in which a new guest is made; an account brings guests into its own.

        Raises:
            GuestsDisabled: This deployment takes no such guests.
        """
        brought = host is not None and host.kind == "account"
        if self._guests == "off" or (self._guests == "key" and not brought):
            raise GuestsDisabled
        return host.tenant if host is not None and brought else GUESTS

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
                known.asked_at = now
        if there and now - self._noted_at >= NOTE_SECONDS:
            async with self._ledger.write() as writes:
                await writes.users.note_seen(there)
            self._noted_at = now
