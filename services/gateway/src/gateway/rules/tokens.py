"""Access tokens: the caller, its tenant and its scopes. HS256, signed with the deployment's key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import jwt

from proteus.clock import Clock
from proteus.errors import Forbidden, Unauthorized
from proteus.jobs import UserId

ISSUER: Final = "proteus"
ALGORITHM: Final = "HS256"
GUESTS: Final = "guests"
"""The tenant of guests that no account brought: they came without a token."""

Kind = Literal["guest", "account"]

KNOWN_MOST: Final = 10_000
"""Good tokens remembered, so that a busy caller's signature is checked once, not with every request."""

LIFE_SECONDS_MOST: Final = 10 * 366 * 86_400
"""A token that expires later than this from now is refused: it must be a mistake."""

SCOPES: Final = frozenset({"admin", "priority:high"})


class TokenExpired(Unauthorized):
    """The access token has expired."""

    code = "token_expired"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The holder of a valid token.

    Attributes:
        origin: Of a guest: the address from which it was made, as a keyed hash; None where it is unknown.
    """

    user_id: UserId
    tenant: str
    scopes: frozenset[str]
    expires_at: float
    kind: Kind = "account"
    origin: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether this is a guest that no account has brought."""
        return self.kind == "guest" and self.tenant == GUESTS

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

    def mint(
        self,
        user_id: UserId,
        *,
        tenant: str,
        scopes: Iterable[str] = (),
        seconds: int,
        kind: Kind = "account",
        origin: str | None = None,
    ) -> str:
        """Return a token for the user, valid for this many seconds."""
        unknown = set(scopes) - SCOPES
        if unknown:
            raise ValueError(f"unknown scopes {sorted(unknown)}; there are {sorted(SCOPES)}")
        if seconds > LIFE_SECONDS_MOST:
            raise ValueError(f"a token cannot live {seconds} s: {LIFE_SECONDS_MOST} (ten years) at most")
        now = int(self._clock.now())
        claims = {
            "iss": ISSUER,
            "sub": user_id,
            "tenant": tenant,
            "kind": kind,
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": now + seconds,
        }
        if origin:
            claims["origin"] = origin
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def verify(self, token: str) -> Caller:
        """Return the caller that the token names.

        Raises:
            TokenExpired: We signed it, and it has expired.
            Unauthorized: It is malformed, or signed with another key.
        """
        caller = self._known.get(token) or self._decoded(token)
        if caller.expires_at <= self._clock.now():
            self._known.pop(token, None)
            raise TokenExpired
        return caller

    def look(self, token: str) -> Caller | None:
        """Return the caller that a token names; None if the token is not valid."""
        try:
            return self.verify(token)
        except Unauthorized:
            return None

    def _decoded(self, token: str) -> Caller:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "sub", "iss"], "verify_exp": False, "verify_iat": False},
            )
            caller = _caller(claims, now=self._clock.now())
        except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError) as error:
            raise Unauthorized("The access token is not valid.") from error
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[token] = caller
        return caller


def _caller(claims: dict[str, Any], *, now: float) -> Caller:
    tenant = str(claims.get("tenant") or GUESTS)
    # Tokens of earlier versions name no kind: a user in the guests' tenant was a guest.
    kind: Kind = "guest" if claims.get("kind", "guest" if tenant == GUESTS else "account") == "guest" else "account"
    expires_at = _expiry(claims["exp"], now=now)
    scopes = frozenset(str(claims.get("scope") or "").split())
    return Caller(
        user_id=UserId(str(claims["sub"])),
        tenant=tenant,
        scopes=scopes,
        expires_at=expires_at,
        kind=kind,
        origin=str(claims["origin"]) if claims.get("origin") else None,
    )


def _expiry(claim: object, *, now: float) -> float:
    """Return when a token expires.

    Raises:
        ValueError: It is no time, or one that never comes: Python's JSON accepts NaN and Infinity.
    """
    if isinstance(claim, bool) or not isinstance(claim, (int, float)) or not claim <= now + LIFE_SECONDS_MOST:
        raise ValueError(f"exp must be a time within ten years, not {claim!r}")
    return float(claim)
