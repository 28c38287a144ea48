"""Accounts: people who log in with an email address and a password.

    register ─▶ a guest becomes a member and keeps its pictures
    login ─▶ a session: an access token of minutes, and a refresh token that works once
    refresh ─▶ the next pair; a refresh token that comes twice ends the session, because one of two holders stole it
    logout, a new password, a reset ─▶ sessions end, their access tokens within a second

An unknown address and a wrong password get one answer in one time. Attempts are limited per address and account.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import structlog

from gateway.access_settings import AuthSettings, TokenSettings
from gateway.accounts import passwords
from gateway.accounts.deeds import Actor
from gateway.accounts.keys import KeyMakesNoKeys, refuse_tenant_of_guests
from gateway.accounts.passwords import Passwords
from gateway.ledger.accounts import AccountRow
from gateway.ledger.engine import Ledger
from gateway.ledger.session import Writes
from gateway.rules.tokens import GUESTS, SCOPES, Bounds, Caller, Kind, Tokens
from proteus.errors import Conflict, Forbidden, InvalidRequest, NotFound, RateLimited, Unauthorized
from proteus.jobs import UserId, new_id

log = structlog.get_logger()

Role = Literal["user", "owner", "admin"]

SCOPES_OF: Final[dict[str, frozenset[str]]] = {
    "user": frozenset(),
    "owner": frozenset({"keys", "tokens"}),
    "admin": SCOPES,
}

SESSIONS_MOST: Final = 20
"""Of one account: a person's devices. A further login ends the oldest."""

REFRESHES_AN_HOUR: Final = 60
"""Of one session: an honest client needs four, and each is a row for as long as a refresh token lives."""

STAFF: Final = frozenset({"owner", "admin"})
"""Roles whose logins the audit log keeps."""


class InvalidCredentials(Unauthorized):
    """The email address or the password is wrong."""

    code = "invalid_credentials"
    hint = "Check both. After some attempts there is a pause of a minute."


class RefreshReused(Unauthorized):
    """This refresh token was used before, so its login has ended: somebody else may have it."""

    code = "refresh_reused"
    hint = "Log in again."


class EmailTaken(Conflict):
    """This email address has an account already."""

    code = "email_taken"
    hint = "Log in instead: POST /v1/auth/login."


class RegistrationClosed(Forbidden):
    """Nobody registers here by himself."""

    code = "registration_closed"
    hint = "An administrator makes accounts (POST /v1/accounts); a shop's own shoppers need none (POST /v1/tokens)."


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """What a login gives: the only place where the tokens' texts are."""

    account: AccountRow
    access_token: str
    access_seconds: int
    refresh_token: str
    refresh_seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeAccount:
    """A new account, or one with a new password. The password is shown once."""

    account: AccountRow
    password: str


class Logins:
    """The accounts of all tenants."""

    def __init__(self, ledger: Ledger, tokens: Tokens, settings: TokenSettings, auth: AuthSettings) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._settings = settings
        self._guests = auth.guests
        self._passwords = Passwords()

    async def register(self, host: Caller | None, *, email: str, password: str, request_id: str) -> Session:
        """Make an account: of a guest, who keeps its pictures, or of somebody new where strangers are welcome.

        Raises:
            RegistrationClosed: This caller makes no account here. A key's guests never do: what a stolen key made
                must end with it.
            EmailTaken: The address has an account.
        """
        if host.key_id is not None if host else self._guests != "open":
            raise RegistrationClosed
        if host is not None and host.kind != "guest":
            raise Conflict("You have an account already.")
        stored = await self._passwords.hash(password)
        async with self._ledger.write() as writes:
            user_id = host.user_id if host else UserId(new_id("user"))
            tenant = host.tenant if host else GUESTS
            if host is None:
                await writes.users.add(user_id, kind="member", tenant=tenant)
            elif await writes.users.become_member(user_id) is None:
                raise Conflict("You have an account already.")
            account = await writes.accounts.add(user_id, email=email, password_hash=stored, role="user", tenant=tenant)
            if account is None:
                raise EmailTaken
            return await self._begin(writes, account)

    async def login(self, *, email: str, password: str, request_id: str) -> Session:
        """Begin a session.

        Raises:
            InvalidCredentials: The address or the password is wrong; nobody learns which.
        """
        async with self._ledger.read() as reads:
            account = await reads.accounts.by_email(email)
        right = await self._passwords.verify(password, account.password_hash if account else None)
        if account is None or not right:
            # Written to the log alone: a row would take time, and the time would tell that there is an account.
            log.warning("login_failed", user_id=account.user_id if account else None)
            raise InvalidCredentials
        renewed = None
        if passwords.is_outdated(account.password_hash):
            renewed = await self._passwords.hash(password)
        async with self._ledger.write() as writes:
            if account.role in STAFF:
                await _actor(account, request_id).did(writes, "account.login", account.user_id)
            if renewed is not None:
                await writes.accounts.set_password(account.user_id, renewed)
            return await self._begin(writes, account)

    async def refresh(self, refresh_token: str, *, request_id: str) -> Session:
        """Go on with a session. The token works once; its successor comes back.

        Raises:
            RefreshReused: It was used before; the session has ended now.
            Unauthorized: It is none of ours, or its session has ended.
            RateLimited: The session was refreshed too often lately; the token stays valid.
        """
        digest = _digest_of(refresh_token)
        session = None
        async with self._ledger.write() as writes:
            found = await writes.refresh_tokens.lock(digest)
            account = await writes.accounts.find(found.user_id) if found else None
            if found is None or account is None or found.revoked_at is not None or found.expires_at <= _now():
                raise Unauthorized("The refresh token is not valid.")
            if found.used_at is None:
                since = _now() - timedelta(hours=1)
                if await writes.refresh_tokens.count_of_session(found.session_id, since=since) > REFRESHES_AN_HOUR:
                    raise RateLimited("This login was refreshed too often.", retry_after_seconds=60)
                await writes.refresh_tokens.use(digest)
                session = await self._begin(writes, account, session_id=found.session_id)
            else:  # Committed before the refusal: both holders are out.
                await writes.refresh_tokens.end_session(found.session_id)
                await _actor(account, request_id).did(writes, "account.refresh_reused", account.user_id)
        if session is None:
            raise RefreshReused
        return session

    async def logout(self, caller: Caller) -> None:
        """End the caller's session.

        Raises:
            InvalidRequest: Its token came from no login.
        """
        async with self._ledger.write() as writes:
            await writes.refresh_tokens.end_session(_session_of(caller))

    async def change_password(self, caller: Caller, *, current: str, new: str, request_id: str) -> Session:
        """Change the caller's password; every session ends, and a new one begins.

        Raises:
            InvalidCredentials: `current` is wrong.
            InvalidRequest: The caller's token came from no login.
        """
        _session_of(caller)
        async with self._ledger.read() as reads:
            account = await reads.accounts.find(caller.user_id)
        right = await self._passwords.verify(current, account.password_hash if account else None)
        if account is None or not right:
            raise InvalidCredentials
        stored = await self._passwords.hash(new)
        async with self._ledger.write() as writes:
            await writes.accounts.set_password(account.user_id, stored)
            await writes.refresh_tokens.end_all_of(account.user_id)
            if account.role in STAFF:
                await _actor(account, request_id).did(writes, "account.password", account.user_id)
            return await self._begin(writes, account)

    async def make(self, caller: Caller, *, email: str, tenant: str, role: Role, request_id: str) -> MadeAccount:
        """Make an account for somebody, with a password that is shown once. Administrators only.

        Raises:
            EmailTaken: The address has an account.
        """
        _require_admin_who_logged_in(caller)
        return await self.make_by(Actor.of(caller, request_id), email=email, tenant=tenant, role=role)

    async def make_by(self, actor: Actor, *, email: str, tenant: str, role: Role) -> MadeAccount:
        """Make an account in the name of an actor who may."""
        refuse_tenant_of_guests(tenant)
        password = passwords.made()
        stored = await self._passwords.hash(password)
        user_id = UserId(new_id("user"))
        async with self._ledger.write() as writes:
            await writes.tenants.ensure(tenant)
            await writes.users.add(user_id, kind="account" if role in STAFF else "member", tenant=tenant)
            account = await writes.accounts.add(user_id, email=email, password_hash=stored, role=role, tenant=tenant)
            if account is None:
                raise EmailTaken
            await actor.did(writes, "account.create", user_id, tenant=tenant, role=role)
        return MadeAccount(account=account, password=password)

    async def reset(self, caller: Caller, user_id: UserId, *, request_id: str) -> MadeAccount:
        """Give an account a new password, shown once, and end its sessions. Administrators only.

        Raises:
            NotFound: There is no such account.
        """
        _require_admin_who_logged_in(caller)
        password = passwords.made()
        stored = await self._passwords.hash(password)
        async with self._ledger.write() as writes:
            account = await writes.accounts.find(user_id)
            if account is None:
                raise NotFound("There is no such account.")
            await writes.accounts.set_password(user_id, stored)
            await writes.refresh_tokens.end_all_of(user_id)
            await Actor.of(caller, request_id).did(writes, "account.reset", user_id, tenant=account.tenant)
        return MadeAccount(account=account, password=password)

    async def _begin(self, writes: Writes, account: AccountRow, *, session_id: str | None = None) -> Session:
        """Store the next refresh token of a session, or the first of a new one, and mint the access token."""
        if session_id is None:
            session_id = new_id("ses")
            await writes.refresh_tokens.keep_newest_sessions(account.user_id, many=SESSIONS_MOST - 1)
        refresh_token = f"rt_{secrets.token_urlsafe(32)}"
        await writes.refresh_tokens.add(
            _digest_of(refresh_token),
            session_id=session_id,
            user_id=account.user_id,
            expires_at=_now() + timedelta(seconds=self._settings.refresh_token_seconds),
        )
        kind: Kind = "account" if account.role in STAFF else "member"
        access_token = self._tokens.mint(
            account.user_id,
            tenant=account.tenant,
            scopes=SCOPES_OF[account.role],
            seconds=self._settings.access_token_seconds,
            kind=kind,
            bounds=Bounds(session_id=session_id),
        )
        return Session(
            account=account,
            access_token=access_token,
            access_seconds=self._settings.access_token_seconds,
            refresh_token=refresh_token,
            refresh_seconds=self._settings.refresh_token_seconds,
        )


def _require_admin_who_logged_in(caller: Caller) -> None:
    caller.require("admin")
    if caller.key_id:
        raise KeyMakesNoKeys


def _session_of(caller: Caller) -> str:
    if caller.session_id is None:
        raise InvalidRequest("This token came from no login: there is no session and no password behind it.")
    return caller.session_id


def _actor(account: AccountRow, request_id: str) -> Actor:
    return Actor(user_id=account.user_id, tenant=account.tenant, request_id=request_id)


def _digest_of(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).digest()


def _now() -> datetime:
    return datetime.now(UTC)
