"""Refresh tokens: each works once and makes its successor. All that came from one login are a session.

A used token that comes again was stolen, from the client or by it: the whole session ends.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, delete, func, insert, select, update

from gateway.ledger.schema import METADATA, NOW, owner
from gateway.ledger.statements import Statements, among, oldest_gone
from proteus.jobs import UserId

refresh_tokens = Table(
    "refresh_tokens",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("session_id", Text, nullable=False),
    owner(),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Index("ix_refresh_tokens_session_id", "session_id"),
    Index("ix_refresh_tokens_user_id", "user_id"),
    Index("ix_refresh_tokens_expires_at", "expires_at"),
)
"""`digest`: SHA-256 of the token's text, which is 32 random bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshTokenRow:
    """A refresh token, without its text."""

    digest: bytes
    session_id: str
    user_id: UserId
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class RefreshTokenReads(Statements):
    """Reads of refresh tokens."""

    async def live_sessions(self, ids: Collection[str]) -> set[str]:
        """Those of these sessions that have not ended."""
        statement = select(refresh_tokens.c.session_id).where(
            among(refresh_tokens.c.session_id, ids),
            refresh_tokens.c.revoked_at.is_(None),
            refresh_tokens.c.expires_at > func.clock_timestamp(),
        )
        return set((await self._connection.execute(statement.distinct())).scalars())

    async def count_of_session(self, session_id: str, *, since: datetime) -> int:
        """How many tokens of a session were made since this time."""
        made = refresh_tokens.c.session_id == session_id, refresh_tokens.c.created_at > since
        statement = select(func.count()).select_from(refresh_tokens).where(*made)
        return int((await self._connection.execute(statement)).scalar_one())


class RefreshTokenWrites(RefreshTokenReads):
    """Changes of refresh tokens."""

    async def add(self, digest: bytes, *, session_id: str, user_id: UserId, expires_at: datetime) -> None:
        values = {"digest": digest, "session_id": session_id, "user_id": user_id, "expires_at": expires_at}
        await self._connection.execute(insert(refresh_tokens).values(**values))

    async def lock(self, digest: bytes) -> RefreshTokenRow | None:
        """Find a token and keep others from using it until this transaction ends."""
        statement = select(refresh_tokens).where(refresh_tokens.c.digest == digest).with_for_update()
        return await self._one(RefreshTokenRow, statement)

    async def use(self, digest: bytes) -> None:
        statement = update(refresh_tokens).where(refresh_tokens.c.digest == digest)
        await self._connection.execute(statement.values(used_at=func.clock_timestamp()))

    async def end_session(self, session_id: str) -> None:
        """Revoke every token of a session."""
        statement = update(refresh_tokens).where(
            refresh_tokens.c.session_id == session_id, refresh_tokens.c.revoked_at.is_(None)
        )
        await self._connection.execute(statement.values(revoked_at=func.clock_timestamp()))

    async def end_all_of(self, user_id: UserId) -> None:
        """Revoke every token of a user."""
        statement = update(refresh_tokens).where(
            refresh_tokens.c.user_id == user_id, refresh_tokens.c.revoked_at.is_(None)
        )
        await self._connection.execute(statement.values(revoked_at=func.clock_timestamp()))

    async def keep_newest_sessions(self, user_id: UserId, *, many: int) -> None:
        """Delete all but the newest sessions of a user."""
        began = func.min(refresh_tokens.c.created_at)
        newest = (
            select(refresh_tokens.c.session_id)
            .where(refresh_tokens.c.user_id == user_id)
            .group_by(refresh_tokens.c.session_id)
            .order_by(began.desc())
            .limit(many)
        )
        statement = delete(refresh_tokens).where(
            refresh_tokens.c.user_id == user_id, refresh_tokens.c.session_id.not_in(newest)
        )
        await self._connection.execute(statement)

    async def forget(self, *, expired_before: datetime, limit: int) -> int:
        """Delete tokens that ended long ago, so many at most; return how many."""
        at = refresh_tokens.c.expires_at
        statement = oldest_gone(refresh_tokens, at < expired_before, by=at, limit=limit)
        return (await self._connection.execute(statement)).rowcount
