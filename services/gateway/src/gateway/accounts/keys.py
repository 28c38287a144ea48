"""API keys: made, listed, revoked and rotated by a tenant's owner or an administrator.

    POST /v1/keys ─▶ ApiKeys.make ─▶ row + deed in one transaction ─▶ the key's text, this once

A key acts as its tenant's own account, like a token of `gateway token`: keys of a tenant share its pictures.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.accounts.deeds import Actor
from gateway.ledger.api_keys import ApiKeyRow
from gateway.ledger.engine import Ledger
from gateway.ledger.session import Writes
from gateway.rules import api_keys
from gateway.rules.rights import Rights, names
from gateway.rules.tokens import GUESTS, Caller
from proteus.errors import Conflict, Forbidden, InvalidRequest, NotFound
from proteus.jobs import UserId

LIVE_KEYS_MOST: Final = 500
"""Keys of one tenant that are valid at the same time."""


class KeyMakesNoKeys(Forbidden):
    """An API key cannot make keys or accounts: a stolen one must not outlive its revocation."""

    code = "key_makes_no_keys"
    hint = "Log in as the tenant's owner or as an administrator."


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyWish:
    """What a new key is to be.

    Attributes:
        seconds: Its life; None: until it is revoked.
        limits: Requests a minute by kind.
    """

    name: str
    tenant: str
    scopes: frozenset[str]
    rights: Rights
    limits: Mapping[str, int]
    seconds: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeKey:
    """A new key. `text` exists nowhere else."""

    row: ApiKeyRow
    text: str


def account_of(tenant: str) -> UserId:
    """Return the id of a tenant's own account."""
    return UserId(f"user_{tenant}")


def refuse_tenant_of_guests(tenant: str) -> None:
    """Refuse the tenant of guests that no account brought: an account there would be taken for one of them.

    Raises:
        InvalidRequest: It is that tenant.
    """
    if tenant == GUESTS:
        raise InvalidRequest(f"{GUESTS!r} is the tenant of anonymous guests: choose another name.")


class ApiKeys:
    """The keys of all tenants."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def make(self, caller: Caller, wish: KeyWish, *, request_id: str) -> MadeKey:
        """Make a key, for the caller's tenant unless it is an administrator.

        Raises:
            Forbidden: The caller may not make this key.
            Conflict: The tenant has as many keys as it may have.
        """
        _require_person(caller)
        if wish.tenant != caller.tenant:
            caller.require("admin")
        refuse_tenant_of_guests(wish.tenant)
        if "admin" in wish.scopes:
            caller.require("admin")
        elif missing := sorted(wish.scopes - caller.scopes - {"tokens", "usage", "webhooks"}):
            caller.require("admin", missing[0])
        async with self._ledger.write() as writes:
            made = await self._add(writes, wish, created_by=caller.user_id)
            await Actor.of(caller, request_id).did(
                writes, "key.create", made.row.id, tenant=wish.tenant, name=wish.name, scopes=sorted(wish.scopes)
            )
        return made

    async def make_at_console(self, wish: KeyWish, actor: Actor) -> MadeKey:
        """Make a key for whoever runs a command beside the gateway."""
        async with self._ledger.write() as writes:
            made = await self._add(writes, wish, created_by=actor.user_id)
            await actor.did(writes, "key.create", made.row.id, tenant=wish.tenant, scopes=sorted(wish.scopes))
        return made

    async def find(self, caller: Caller, key_id: str) -> ApiKeyRow:
        """Return a key that the caller may see.

        Raises:
            NotFound: There is none with this id, or it is another tenant's.
        """
        async with self._ledger.read() as reads:
            return _visible(caller, await reads.api_keys.find(key_id))

    async def page(
        self, caller: Caller, tenant: str | None, before: tuple[datetime, str] | None, *, limit: int
    ) -> list[ApiKeyRow]:
        """Return the keys of the caller's tenant; an administrator's of any tenant, or of all."""
        if "admin" not in caller.scopes:
            if tenant not in (None, caller.tenant):
                raise NotFound("There is no such tenant.")
            tenant = caller.tenant
        async with self._ledger.read() as reads:
            return await reads.api_keys.page(tenant, before, limit=limit)

    async def revoke(self, caller: Caller, key_id: str, *, request_id: str) -> ApiKeyRow:
        """End a key, and every token that it made, within a second."""
        async with self._ledger.write() as writes:
            row = _visible(caller, await writes.api_keys.find(key_id))
            ended = _visible(caller, await writes.api_keys.revoke(row.id))
            if row.revoked_at is None:
                await Actor.of(caller, request_id).did(writes, "key.revoke", row.id, tenant=row.tenant)
        return ended

    async def rotate(self, caller: Caller, key_id: str, *, grace_seconds: int, request_id: str) -> MadeKey:
        """Make a successor with the same rights; the old key goes on for a while, so that nobody is cut off.

        Raises:
            Conflict: The key has ended.
        """
        _require_person(caller)
        now = datetime.now(UTC)
        async with self._ledger.write() as writes:
            old = _visible(caller, await writes.api_keys.find(key_id))
            if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
                raise Conflict(f"The key {old.id} has ended: make a new one.")
            life = old.expires_at - old.created_at if old.expires_at else None
            wish = KeyWish(
                name=old.name,
                tenant=old.tenant,
                scopes=frozenset(old.scopes),
                rights=Rights.of(old.engines, old.samples_most, qualities=old.qualities, priorities=old.priorities),
                limits=old.limits,
                seconds=max(1, int(life.total_seconds())) if life else None,
            )
            made = await self._add(writes, wish, created_by=caller.user_id)
            if grace_seconds:
                await writes.api_keys.expire(old.id, at=now + timedelta(seconds=grace_seconds))
            else:
                await writes.api_keys.revoke(old.id)
            await Actor.of(caller, request_id).did(
                writes, "key.rotate", old.id, tenant=old.tenant, successor=made.row.id, grace_seconds=grace_seconds
            )
        return made

    async def _add(self, writes: Writes, wish: KeyWish, *, created_by: str) -> MadeKey:
        await writes.tenants.ensure(wish.tenant)
        if await writes.api_keys.count_live(wish.tenant) >= LIVE_KEYS_MOST:
            raise Conflict(f"{wish.tenant!r} has {LIVE_KEYS_MOST} keys in use: revoke one first.")
        account = await writes.users.add(account_of(wish.tenant), kind="account", tenant=wish.tenant)
        prefix = "".join(secrets.choice(api_keys.ALPHABET) for _ in range(api_keys.PREFIX_CHARACTERS))
        text = api_keys.compose(prefix, secrets.token_bytes(api_keys.SECRET_BYTES))
        row = await writes.api_keys.add(
            id=api_keys.id_of(prefix),
            tenant=wish.tenant,
            user_id=account.id,
            name=wish.name,
            digest=api_keys.digest_of(text),
            scopes=sorted(wish.scopes),
            engines=names(wish.rights.engines),
            samples_most=wish.rights.samples_most,
            qualities=names(wish.rights.qualities),
            priorities=names(wish.rights.priorities),
            limits=dict(wish.limits),
            created_by=created_by,
            expires_at=datetime.now(UTC) + timedelta(seconds=wish.seconds) if wish.seconds else None,
        )
        return MadeKey(row=row, text=text)


def _require_person(caller: Caller) -> None:
    if caller.key_id:
        raise KeyMakesNoKeys


def _visible(caller: Caller, row: ApiKeyRow | None) -> ApiKeyRow:
    if row is None or (row.tenant != caller.tenant and "admin" not in caller.scopes):
        raise NotFound("There is no such key.")
    return row
