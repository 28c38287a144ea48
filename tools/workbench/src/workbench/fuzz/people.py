"""Who sends the requests: owners of pictures, a shop with its key and a shopper, an operator, thieves and nobody.

A thief has a token that was good once: it expired, or its user or key is gone. Whoever loses a token during the run
becomes a thief, and somebody new comes in his place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import requests

from gateway.rules.tokens import Tokens
from proteus.clock import SystemClock
from proteus.jobs import UserId
from workbench.fuzz.target import Target

SECONDS: Final = 3_600
THIEVES_MOST: Final = 12
GRACE_SECONDS: Final = 3.0
"""A credential that ends is refused everywhere within a second; an answer that was under way may take longer."""


@dataclass(frozen=True)
class Person:
    """A sender.

    Attributes:
        role: What kind of sender, for findings.
        group: Whose things this sender may see: guests are alone, a shop's people share; `*` sees all, `` nothing.
        token: What it sends as its credential; None: nothing.
        valid: Whether the credential is good.
        ended_at: When it was found to be good no more, by `time.monotonic`; it may be in use for a moment longer.
    """

    role: str
    group: str
    token: str | None
    valid: bool = True
    ended_at: float = 0.0

    @property
    def refused(self) -> bool:
        """Whether every gateway must refuse the credential by now."""
        return not self.valid and time.monotonic() > self.ended_at + GRACE_SECONDS


@dataclass
class People:
    """All senders of a run, and the secrets among them."""

    target: Target
    session: requests.Session
    remember: Callable[[str, str], None]
    """Called with each user's id and group."""

    valid: dict[str, Person] = field(default_factory=dict)
    thieves: list[Person] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    """Token -> group, of every token ever handed out."""

    _turn: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arrive(self) -> None:
        """Make one sender of every role."""
        for role in ("guest", "other guest", "shop", "other shop", "operator"):
            self.renew(role)
        self.expire()
        self.delete()
        self.thieves += [
            Person("nobody", "", None, valid=False),
            Person("garbage", "", "e30.e30.", valid=False),
            Person("garbage", "", "pk_aaaaaaaa_" + "a" * 43, valid=False),
        ]

    def renew(self, role: str) -> None:
        """Put somebody new in a role."""
        with self._lock:
            self._turn += 1
            group = f"{role} {self._turn}"
        user_id, token = self._guest(group)
        if role in ("guest", "other guest"):
            self._enter(Person(role, group, token))
            return
        tenant = "ops" if role == "operator" else f"shop-{self._turn}"
        scopes = ["admin", "priority:high"] if role == "operator" else ["keys", "tokens"]
        minted = self._tokens().mint(UserId(user_id), tenant=tenant, scopes=scopes, seconds=SECONDS)
        person = Person(role, "*" if role == "operator" else group, minted)
        self._enter(person)
        if role != "operator":
            key = self._made(person, "/v1/keys", {"name": "fuzz", "scopes": ["tokens"]}, "key")
            self._enter(Person(f"{role}'s key", group, key))
            shopper = self._made(self.valid[f"{role}'s key"], "/v1/tokens", {"subject": "one"}, "access_token")
            # A shopper is a user of its own: what it may see is less than what its shop sees.
            self._enter(Person(f"{role}'s shopper", f"{group} shopper", shopper))

    def expire(self) -> None:
        """Add a thief with an expired token."""
        user_id, _ = self._guest("expired")
        token = self._tokens().mint(UserId(user_id), tenant="guests", seconds=-60, kind="guest")
        self.thieves.append(Person("expired", "", token, valid=False))

    def delete(self) -> None:
        """Add a thief whose user is deleted, and one whose key is revoked."""
        _, token = self._guest("deleted")
        self.session.delete(f"{self.target.url}/users/me", headers=bearer(token), timeout=30).raise_for_status()
        self.thieves.append(Person("deleted", "", token, valid=False))
        shop = self.valid["shop"]
        made = self._post(shop, "/v1/keys", {"name": "gone", "scopes": ["tokens"]}).json()
        self._post(shop, f"/v1/keys/{made['key_id']}/revoke", None)
        self.thieves.append(Person("revoked", "", made["key"], valid=False))

    def look_after(self, person: Person) -> None:
        """Turn somebody whose credential has ended into a thief; somebody else takes the role."""
        me = self.session.get(f"{self.target.url}/users/me", headers=bearer(person.token), timeout=30)
        if me.status_code != HTTPStatus.UNAUTHORIZED:
            return  # Another secret was wrong: a password, a refresh token.
        with self._lock:
            if self.valid.get(person.role) is not person:
                return
            del self.valid[person.role]
            if len(self.thieves) < THIEVES_MOST:
                ended = Person(f"was {person.role}", person.group, person.token, valid=False, ended_at=time.monotonic())
                self.thieves.append(ended)
        self.renew(person.role.partition("'")[0])

    def _tokens(self) -> Tokens:
        return Tokens(self.target.signing_key, clock=SystemClock())

    def _guest(self, group: str) -> tuple[str, str]:
        answer = self.session.post(f"{self.target.url}/v1/auth/guest", timeout=30)
        answer.raise_for_status()
        made = answer.json()
        self.remember(made["user_id"], group)
        self.tokens[made["access_token"]] = group
        return made["user_id"], made["access_token"]

    def _enter(self, person: Person) -> None:
        assert person.token is not None, "nobody is in no role"
        self.valid[person.role] = person
        self.tokens[person.token] = person.group

    def _made(self, person: Person, path: str, body: Any, name: str) -> str:
        return str(self._post(person, path, body).json()[name])

    def _post(self, person: Person, path: str, body: Any) -> requests.Response:
        answer = self.session.post(f"{self.target.url}{path}", json=body, headers=bearer(person.token), timeout=30)
        answer.raise_for_status()
        return answer


def bearer(token: str | None) -> dict[str, str]:
    """Return the header that carries a credential."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}
