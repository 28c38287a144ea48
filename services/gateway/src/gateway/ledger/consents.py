"""Consents: what a shopper agreed to before the first photo, where the tenant asks for it. The last one counts.

The audit log keeps every consent and withdrawal, also after the user is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Boolean, Column, DateTime, ForeignKey, Table, Text, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements
from proteus.jobs import UserId

consents = Table(
    "consents",
    METADATA,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Text, nullable=False),
    Column("scope", ARRAY(Text), nullable=False),
    Column("region", Text),
    Column("age_confirmed", Boolean, nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)
"""`version`: of the text that was shown; `scope`: what was agreed to; `region`: where the shopper says to be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentRow:
    """A consent."""

    user_id: UserId
    version: str
    scope: list[str]
    region: str | None
    age_confirmed: bool
    given_at: datetime


class ConsentReads(Statements):
    """Reads of consents."""

    async def of(self, user_id: UserId) -> ConsentRow | None:
        return await self._one(ConsentRow, select(consents).where(consents.c.user_id == user_id))


class ConsentWrites(ConsentReads):
    """Changes of consents."""

    async def give(
        self, user_id: UserId, *, version: str, scope: list[str], region: str | None, age_confirmed: bool
    ) -> ConsentRow:
        """Store a consent in the place of an earlier one."""
        values = {"version": version, "scope": scope, "region": region, "age_confirmed": age_confirmed}
        statement = (
            upsert(consents)
            .values(user_id=user_id, **values)
            .on_conflict_do_update(
                index_elements=[consents.c.user_id], set_={**values, "given_at": func.clock_timestamp()}
            )
            .returning(consents)
        )
        return ConsentRow(**(await self._connection.execute(statement)).mappings().one())
