"""Access tokens: the caller, its tenant, its scopes and its rights. HS256, signed with the deployment's first key.

A deployment may have two keys: the first one signs, both are accepted. A token names its key by `kid`, a name that is
made from the key itself; one without `kid` comes from a version that had a single key, and each key is tried.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import jwt

from gateway.access_settings import TokenSettings
from gateway.rules.preferences import NONE, Preferences
from gateway.rules.rights import ALL, Rights
from proteus.clock import Clock
from proteus.errors import Forbidden, Unauthorized
from proteus.jobs import UserId

ISSUER: Final = "proteus"
ALGORITHM: Final = "HS256"
GUESTS: Final = "guests"
"""The tenant of guests that no account brought: they came without a token."""

Kind = Literal["guest", "member", "account"]
"""`guest`: a person without a password. `member`: a person who registered. `account`: a tenant's server or staff."""

KNOWN_MOST: Final = 10_000
"""Good tokens remembered, so that a busy caller's signature is checked once, not with every request."""

LIFE_SECONDS_MOST: Final = 10 * 366 * 86_400
"""A token that expires later than this from now is refused: it must be a mistake."""

TOKEN_CHARACTERS_MOST: Final = 4_096
"""The longest token that we mint is far shorter; of a longer one not even the signature is computed."""

SCOPES: Final = frozenset({"admin", "keys", "priority:high", "tokens", "usage"})
"""`admin`: operate the deployment. `keys`: manage the API keys of the own tenant. `tokens`: mint shoppers' tokens.
`usage`: see what the own tenant used."""

KEY_SCOPES: Final = frozenset({"admin", "priority:high", "tokens", "usage", "webhooks"})
"""What an API key may have; `webhooks` is for keys alone. Not `keys`: a key that made keys would
outlive its own revocation."""


_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""Python's decoder skips what is no base64: one token would have endless spellings."""


class TokenExpired(Unauthorized):
    """The access token has expired."""

    code = "token_expired"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The holder of a valid token.

    Attributes:
        origin: Of a guest: the address from which it was made, as a keyed hash; None where it is unknown.
        key_id: The API key that this caller presents, or that made its token; both end together.
        session_id: The login that made the token; both end together.
        rights: What it may use.
        sites: Of a browser token: the web origins that may use it; empty: it is not bound to any.
        region: Of a browser token: the shopper's country, as its shop says.
        limits: Requests a minute, by kind, beside those of the deployment.
        key_limits: The same for all callers of its key together.
        preferences: What its user prefers.
    """

    user_id: UserId
    tenant: str
    scopes: frozenset[str]
    expires_at: float
    kind: Kind = "account"
    origin: str | None = None
    key_id: str | None = None
    session_id: str | None = None
    rights: Rights = ALL
    sites: frozenset[str] = frozenset()
    region: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    key_limits: Mapping[str, int] = field(default_factory=dict)
    preferences: Preferences = NONE

    @property
    def is_anonymous(self) -> bool:
        """Whether this is a guest that no account has brought."""
        return self.kind == "guest" and self.tenant == GUESTS

    @property
    def is_person(self) -> bool:
        """Whether a person's browser holds the token: one person's limits hold, and those of the address."""
        return self.kind != "account"

    def require(self, *scopes: str) -> None:
        """Raise `Forbidden` unless the caller has one of the scopes."""
        if self.scopes.isdisjoint(scopes):
            raise Forbidden(f"This needs a token with the scope {' or '.join(map(repr, scopes))}.")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a token depends on, and what it is bound to: attributes of the same names of `Caller`."""

    key_id: str | None = None
    session_id: str | None = None
    rights: Rights = ALL
    sites: frozenset[str] = frozenset()
    region: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


class Tokens:
    """Mints and checks tokens.

    Args:
        signing_key: Signs, and is accepted.
        second_key: Accepted only: the next key before a rotation, the previous one after it. Empty: there is none.
        clock: The time by which tokens expire.
    """

    def __init__(self, signing_key: str, *, clock: Clock, second_key: str = "") -> None:
        self._key = signing_key
        self._kid = kid_of(signing_key)
        self._keys = {kid_of(key): key for key in (second_key, signing_key) if key}
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
        bounds: Bounds | None = None,
    ) -> str:
        """Return a token for the user, valid for this many seconds at most."""
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
        bounds = bounds or Bounds()
        engines = bounds.rights.engines
        more = {
            "origin": origin,
            "key_id": bounds.key_id,
            "sid": bounds.session_id,
            "engines": None if engines is None else sorted(engines),
            "samples": bounds.rights.samples_most,
            "sites": sorted(bounds.sites),
            "region": bounds.region,
            "limits": dict(bounds.limits),
        }
        # No engines at all is a restriction, not an absence.
        claims |= {name: value for name, value in more.items() if value or (name == "engines" and value is not None)}
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._kid})

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
        if len(token) > TOKEN_CHARACTERS_MOST or not _JWT.fullmatch(token):
            raise Unauthorized("The access token is not valid.")
        try:
            caller = _caller(self._claims(token), now=self._clock.now())
        except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as error:
            raise Unauthorized("The access token is not valid.") from error
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[token] = caller
        return caller

    def _claims(self, token: str) -> dict[str, Any]:
        """Return what a token says, if one of our keys signed it.

        Raises:
            jwt.InvalidTokenError: None did.
        """
        kid = jwt.get_unverified_header(token).get("kid")
        if kid is None:
            candidates = list(self._keys.values())
        elif isinstance(kid, str) and kid in self._keys:
            candidates = [self._keys[kid]]
        else:
            raise jwt.InvalidTokenError("no key of ours has this kid")
        for key in candidates:
            try:
                return jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    issuer=ISSUER,
                    options={"require": ["exp", "sub", "iss"], "verify_exp": False, "verify_iat": False},
                )
            except jwt.InvalidSignatureError:
                continue
        raise jwt.InvalidSignatureError("none of our keys signed it")


def tokens_of(settings: TokenSettings, *, clock: Clock) -> Tokens:
    """Return the deployment's tokens."""
    return Tokens(
        settings.signing_key.get_secret_value(),
        second_key=settings.second_signing_key.get_secret_value(),
        clock=clock,
    )


def kid_of(key: str) -> str:
    """Return the public name of a signing key."""
    return hashlib.sha256(b"kid\n" + key.encode()).hexdigest()[:8]


def _caller(claims: dict[str, Any], *, now: float) -> Caller:
    tenant = str(claims.get("tenant") or GUESTS)
    # Tokens of earlier versions name no kind: a user in the guests' tenant was a guest.
    named = claims.get("kind", "guest" if tenant == GUESTS else "account")
    kind: Kind = "guest" if named == "guest" else "member" if named == "member" else "account"
    expires_at = _expiry(claims["exp"], now=now)
    scopes = frozenset(str(claims.get("scope") or "").split())
    return Caller(
        user_id=UserId(str(claims["sub"])),
        tenant=tenant,
        scopes=scopes,
        expires_at=expires_at,
        kind=kind,
        origin=_text(claims, "origin"),
        key_id=_text(claims, "key_id"),
        session_id=_text(claims, "sid"),
        rights=Rights.of(_texts(claims.get("engines")), _count(claims.get("samples"))),
        sites=frozenset(_texts(claims.get("sites")) or ()),
        region=_text(claims, "region"),
        limits={kind: most for kind, each in dict(claims.get("limits") or {}).items() if (most := _count(each))},
    )


def _text(claims: dict[str, Any], name: str) -> str | None:
    return str(claims[name]) if claims.get(name) else None


def _texts(claim: object) -> list[str] | None:
    """Return a list of texts; None: the token has none.

    Raises:
        ValueError: It is something else: a token that restricts what we cannot read opens nothing.
    """
    if claim is None:
        return None
    if not isinstance(claim, list) or not all(isinstance(one, str) for one in claim):
        raise ValueError(f"must be a list of texts, not {claim!r}")
    return claim


def _count(claim: object) -> int | None:
    """Return a number from 1; None: the token has none.

    Raises:
        ValueError: It is something else.
    """
    if claim is None:
        return None
    if isinstance(claim, bool) or not isinstance(claim, int) or claim < 1:
        raise ValueError(f"must be a whole number from 1, not {claim!r}")
    return claim


def _expiry(claim: object, *, now: float) -> float:
    """Return when a token expires.

    Raises:
        ValueError: It is no time, or one that never comes: Python's JSON accepts NaN and Infinity.
    """
    if isinstance(claim, bool) or not isinstance(claim, (int, float)) or not claim <= now + LIFE_SECONDS_MOST:
        raise ValueError(f"exp must be a time within ten years, not {claim!r}")
    return float(claim)
