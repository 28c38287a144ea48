"""Accounts: users who log in with an email address and a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements
from proteus.jobs import UserId

accounts = Table(
    "accounts",
    METADATA,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("email", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("password_changed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    CheckConstraint("role IN ('user', 'owner', 'admin')", name="role"),
    UniqueConstraint("email"),
)
"""`role`: `user` uses the API, `owner` manages its tenant's keys, `admin` operates the deployment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRow:
    """An account."""

    user_id: UserId
    email: str
    password_hash: str
    role: str
    tenant: str
    created_at: datetime
    password_changed_at: datetime

    @property
    def id(self) -> str:
        """The order of lists: their cursor names it."""
        return self.user_id


class AccountReads(Statements):
    """Reads of accounts."""

    async def by_email(self, email: str) -> AccountRow | None:
        return await self._one(AccountRow, select(accounts).where(accounts.c.email == email))

    async def find(self, user_id: UserId) -> AccountRow | None:
        return await self._one(AccountRow, select(accounts).where(accounts.c.user_id == user_id))

    async def page(self, after: tuple[datetime, str] | None, *, limit: int) -> list[AccountRow]:
        """Accounts, oldest first."""
        statement = select(accounts).order_by(accounts.c.created_at, accounts.c.user_id).limit(limit)
        if after:
            statement = statement.where(tuple_(accounts.c.created_at, accounts.c.user_id) > after)
        return await self._all(AccountRow, statement)

    async def admins(self) -> int:
        """How many administrators there are."""
        statement = select(func.count()).select_from(accounts).where(accounts.c.role == "admin")
        return int((await self._connection.execute(statement)).scalar_one())


class AccountWrites(AccountReads):
    """Changes of accounts."""

    async def add(
        self, user_id: UserId, *, email: str, password_hash: str, role: str, tenant: str
    ) -> AccountRow | None:
        """Make a user's account; None: the email has one, or the user has."""
        statement = (
            upsert(accounts)
            .values(user_id=user_id, email=email, password_hash=password_hash, role=role, tenant=tenant)
            .on_conflict_do_nothing()
            .returning(accounts)
        )
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else AccountRow(**found)

    async def set_password(self, user_id: UserId, password_hash: str) -> None:
        statement = update(accounts).where(accounts.c.user_id == user_id)
        await self._connection.execute(
            statement.values(password_hash=password_hash, password_changed_at=func.clock_timestamp())
        )
