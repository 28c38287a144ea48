"""Users: who owns rows, objects and events. `last_seq` numbers a user's events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Table,
    Text,
    delete,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements, among
from gateway.ledger.tenants import tenants
from gateway.rules.preferences import Preferences
from gateway.rules.rights import Rights
from proteus.jobs import UserId

SEEN_EVERY: Final = timedelta(hours=1)
"""How often a user's presence is stored."""

PEOPLE: Final = ("guest", "member")
"""Kinds of users that are one person each: a person's limits hold for them, beside those of the tenant."""

users = Table(
    "users",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("display_name", Text),
    Column("last_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("origin", Text),
    Column("subject", Text),
    Column("preferences", JSONB(none_as_null=True)),
    CheckConstraint("kind IN ('guest', 'member', 'account', 'foreign')", name="kind"),
    Index("ix_users_idle_guests", "last_seen_at", postgresql_where=text("kind = 'guest'")),
    Index("ix_users_origins", "created_at", postgresql_where=text("origin IS NOT NULL")),
    Index("ix_users_subjects", "tenant", "subject", unique=True, postgresql_where=text("subject IS NOT NULL")),
)
"""`origin`: of a guest, the address from which it was made as a keyed hash; emptied after a day. `subject`: the
tenant's own name of its shopper. `preferences`: `rules.preferences.Preferences`; NULL: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserRow:
    """An owner of rows, objects and events."""

    id: UserId
    kind: str
    tenant: str
    display_name: str | None
    last_seq: int
    created_at: datetime
    last_seen_at: datetime
    origin: str | None
    subject: str | None
    preferences: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveUserRow:
    """A user who exists: what its tenant may use, and what it prefers."""

    rights: Rights
    preferences: Preferences


class UserReads(Statements):
    """Reads of users."""

    async def find(self, user_id: UserId) -> UserRow | None:
        return await self._one(UserRow, select(users).where(users.c.id == user_id))

    async def existing(self, ids: Iterable[UserId]) -> dict[UserId, LiveUserRow]:
        """Which of these users exist, with what their tenants may use and what they prefer."""
        of_tenant = (tenants.c[name] for name in ("engines", "samples_most", "limits", "qualities", "priorities"))
        statement = (
            select(users.c.id, users.c.preferences, *of_tenant)
            .outerjoin(tenants, tenants.c.id == users.c.tenant)
            .where(among(users.c.id, ids))
        )
        rows = await self._connection.execute(statement)
        return {
            row.id: LiveUserRow(
                rights=Rights.of(
                    row.engines, row.samples_most, row.limits, qualities=row.qualities, priorities=row.priorities
                ),
                preferences=Preferences.read(row.preferences),
            )
            for row in rows
        }

    async def page(self, after: tuple[datetime, str] | None, *, limit: int) -> list[UserRow]:
        """Users, oldest first (operators only)."""
        statement = select(users).order_by(users.c.created_at, users.c.id).limit(limit)
        if after:
            statement = statement.where(tuple_(users.c.created_at, users.c.id) > after)
        return await self._all(UserRow, statement)

    async def last_seqs(self, user_ids: Iterable[UserId]) -> dict[UserId, int]:
        """Each user's newest event number."""
        statement = select(users.c.id, users.c.last_seq).where(among(users.c.id, user_ids))
        return {row.id: row.last_seq for row in await self._connection.execute(statement)}

    async def idle_guests(self, *, seen_before: datetime, limit: int) -> list[UserId]:
        """Guests not seen since this time, the longest absent first."""
        statement = (
            select(users.c.id)
            .where(users.c.kind == "guest", users.c.last_seen_at < seen_before)
            .order_by(users.c.last_seen_at)
            .limit(limit)
        )
        return list((await self._connection.execute(statement)).scalars())

    async def guests_seen(self) -> tuple[int, datetime | None]:
        """How many guests there are, and when the longest absent was last seen."""
        statement = select(func.count().label("many"), func.min(users.c.last_seen_at).label("first"))
        row = (await self._connection.execute(statement.where(users.c.kind == "guest"))).one()
        return row.many, row.first


class UserWrites(UserReads):
    """Changes of users."""

    async def add(
        self, user_id: UserId, *, kind: str, tenant: str, display_name: str | None = None, origin: str | None = None
    ) -> UserRow:
        """Make a user; an existing one keeps its kind and name and changes its tenant."""
        statement = (
            upsert(users)
            .values(id=user_id, kind=kind, tenant=tenant, display_name=display_name, origin=origin)
            .on_conflict_do_update(index_elements=[users.c.id], set_={"tenant": tenant})
            .returning(users)
        )
        return UserRow(**(await self._connection.execute(statement)).mappings().one())

    async def shopper(self, user_id: UserId, *, tenant: str, subject: str) -> UserRow:
        """Return the tenant's shopper with this name; a new one gets the id."""
        statement = (
            upsert(users)
            .values(id=user_id, kind="guest", tenant=tenant, subject=subject)
            .on_conflict_do_update(
                index_elements=[users.c.tenant, users.c.subject],
                index_where=users.c.subject.is_not(None),
                set_={"last_seen_at": func.now()},
            )
            .returning(users)
        )
        return UserRow(**(await self._connection.execute(statement)).mappings().one())

    async def become_member(self, user_id: UserId) -> UserRow | None:
        """Turn a guest into a person who registered; None: there is no such guest."""
        statement = (
            update(users)
            .where(users.c.id == user_id, users.c.kind == "guest")
            .values(kind="member", origin=None)
            .returning(users)
        )
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else UserRow(**found)

    async def rename(self, user_id: UserId, display_name: str | None) -> UserRow | None:
        return await self.change(user_id, display_name=display_name)

    async def change(self, user_id: UserId, **values: Any) -> UserRow | None:
        """Change a user's name or preferences."""
        statement = update(users).where(users.c.id == user_id).values(**values).returning(users)
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else UserRow(**found)

    async def take_seqs(self, counts: Mapping[UserId, int]) -> dict[UserId, int]:
        """Advance each user's counter by its count; return the new values. Commit order is number order."""
        taken = {}
        for user_id in sorted(counts):
            statement = (
                update(users)
                .where(users.c.id == user_id)
                .values(last_seq=users.c.last_seq + counts[user_id])
                .returning(users.c.last_seq)
            )
            taken[user_id] = int((await self._connection.execute(statement)).scalar_one())
        return taken

    async def note_seen(self, user_ids: Collection[UserId]) -> None:
        """Store that these users are here; one stored within the hour is not stored again."""
        await self._connection.execute(
            update(users)
            .where(among(users.c.id, sorted(user_ids)), users.c.last_seen_at < func.now() - SEEN_EVERY)
            .values(last_seen_at=func.now())
        )

    async def forget_origins(self, *, created_before: datetime, limit: int) -> int:
        """Empty the addresses of guests made before this time, so many at most; return how many."""
        old = (
            select(users.c.id)
            .where(users.c.origin.is_not(None), users.c.created_at < created_before)
            .order_by(users.c.created_at)
            .limit(limit)
        )
        statement = update(users).where(users.c.id.in_(old)).values(origin=None)
        return (await self._connection.execute(statement)).rowcount

    async def delete(self, user_id: UserId) -> bool:
        return (await self._connection.execute(delete(users).where(users.c.id == user_id))).rowcount == 1
