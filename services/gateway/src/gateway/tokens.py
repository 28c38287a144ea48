"""Access tokens: who is calling, for which tenant, with which scopes. HS256, signed with the deployment's key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import jwt

from proteus.clock import Clock
from proteus.errors import Forbidden, Unauthorized

ISSUER: Final = "proteus"
ALGORITHM: Final = "HS256"
GUESTS: Final = "guests"
"""The tenant that all guests share."""

KNOWN_MOST: Final = 10_000
"""Good tokens remembered, so that a busy caller's signature is checked once and not with every request."""

SCOPES: Final = frozenset({"admin", "priority:high"})


class TokenExpired(Unauthorized):
    """The access token has expired."""

    code = "token_expired"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whoever holds a valid token."""

    user_id: str
    tenant: str
    scopes: frozenset[str]
    expires_at: float

    def require(self, scope: str) -> None:
        """Raise `Forbidden` unless the token has the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"This needs a token with the scope {scope!r}.")


class Tokens:
    """Mints and checks tokens."""

    def __init__(self, signing_key: str, *, clock: Clock) -> None:
        self._key = signing_key
        self._clock = clock
        self._known: dict[str, Caller] = {}

    def now(self) -> float:
        """The time by which tokens expire, Unix seconds."""
        return self._clock.now()

    def mint(self, user_id: str, *, tenant: str, scopes: Iterable[str] = (), seconds: int) -> str:
        """Return a token for the user, valid for so many seconds."""
        unknown = set(scopes) - SCOPES
        if unknown:
            raise ValueError(f"unknown scopes {sorted(unknown)}; there are {sorted(SCOPES)}")
        now = int(self._clock.now())
        claims = {
            "iss": ISSUER,
            "sub": user_id,
            "tenant": tenant,
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": now + seconds,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def verify(self, token: str) -> Caller:
        """Return who the token speaks for.

        Raises:
            TokenExpired: It was ours, once.
            Unauthorized: It is malformed, or signed by somebody else.
        """
        caller = self._known.get(token) or self._decoded(token)
        if caller.expires_at <= self._clock.now():
            self._known.pop(token, None)
            raise TokenExpired
        return caller

    def _decoded(self, token: str) -> Caller:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "sub", "iss"], "verify_exp": False, "verify_iat": False},
            )
            caller = Caller(
                user_id=str(claims["sub"]),
                tenant=str(claims.get("tenant") or GUESTS),
                scopes=frozenset(str(claims.get("scope") or "").split()),
                expires_at=float(claims["exp"]),
            )
        except (jwt.InvalidTokenError, TypeError, ValueError) as error:
            raise Unauthorized("The access token is not valid.") from error
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[token] = caller
        return caller
