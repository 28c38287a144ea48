"""Tenants: shops and teams that share a fleet. A tenant without a row has no restriction.

Users, jobs and keys name their tenant as text, so one may exist before anybody gave it a row.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Column, DateTime, Float, Integer, Table, Text, null, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements

tenants = Table(
    "tenants",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("engines", ARRAY(Text)),
    Column("samples_most", Integer),
    Column("qualities", ARRAY(Text)),
    Column("priorities", ARRAY(Text)),
    Column("limits", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("consent", JSONB),
    Column("retention_days", Float),
    Column("safety", Text),
    Column("label", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)
"""`engines`, `samples_most`, `qualities`, `priorities`: what the tenant may use; NULL: everything.
`retention_days`: how long its work is kept; NULL: as the deployment says. `limits`: units by kind, as a whole.
`consent`: what it asks of its shoppers. `safety`: its own level,
`label`: the text on its results, empty for none; NULL: the deployment's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantTerms:
    """What a tenant may use, and what it says of its pictures; None: no restriction, and as the deployment says."""

    engines: list[str] | None
    samples_most: int | None
    qualities: list[str] | None
    priorities: list[str] | None
    limits: dict[str, int]
    safety: str | None
    label: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantRow:
    """A tenant, and what it may use."""

    id: str
    engines: list[str] | None
    samples_most: int | None
    qualities: list[str] | None
    priorities: list[str] | None
    limits: dict[str, int]
    consent: dict[str, Any] | None
    retention_days: float | None
    safety: str | None
    label: str | None
    created_at: datetime


class TenantReads(Statements):
    """Reads of tenants."""

    async def find(self, tenant: str) -> TenantRow | None:
        return await self._one(TenantRow, select(tenants).where(tenants.c.id == tenant))

    async def kept_days(self) -> dict[str, float]:
        """How long the work of each tenant with such a rule is kept."""
        statement = select(tenants.c.id, tenants.c.retention_days).where(tenants.c.retention_days.is_not(None))
        return {row.id: row.retention_days for row in await self._connection.execute(statement)}

    async def page(self, after: tuple[datetime, str] | None, *, limit: int) -> list[TenantRow]:
        """Tenants, oldest first."""
        statement = select(tenants).order_by(tenants.c.created_at, tenants.c.id).limit(limit)
        if after:
            statement = statement.where(tuple_(tenants.c.created_at, tenants.c.id) > after)
        return await self._all(TenantRow, statement)

    async def of_pictures(self) -> list[tuple[str, str | None, str | None]]:
        """The tenants with a safety level or a label of their own, with both."""
        asked = or_(tenants.c.safety.is_not(None), tenants.c.label.is_not(None))
        found = await self._connection.execute(select(tenants.c.id, tenants.c.safety, tenants.c.label).where(asked))
        return [(row.id, row.safety, row.label) for row in found]


class TenantWrites(TenantReads):
    """Changes of tenants."""

    async def ensure(self, tenant: str) -> None:
        """Give a tenant its row, if it has none."""
        await self._connection.execute(upsert(tenants).values(id=tenant).on_conflict_do_nothing())

    async def restrict(self, tenant: str, terms: TenantTerms) -> TenantRow:
        """Say what a tenant may use, and what it says of its pictures."""
        return await self._set(tenant, **asdict(terms))

    async def keep(self, tenant: str, *, days: float | None) -> TenantRow:
        """Say how long a tenant's work is kept; None: as the deployment says."""
        return await self._set(tenant, retention_days=days)

    async def _set(self, tenant: str, **values: Any) -> TenantRow:
        statement = (
            upsert(tenants)
            .values(id=tenant, **values)
            .on_conflict_do_update(index_elements=[tenants.c.id], set_=values)
            .returning(tenants)
        )
        return TenantRow(**(await self._connection.execute(statement)).mappings().one())

    async def ask_consent(self, tenant: str, rule: dict[str, Any] | None) -> None:
        """Say what a tenant asks of its shoppers; None: nothing."""
        values = {"consent": null() if rule is None else rule}
        statement = upsert(tenants).values(id=tenant, **values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=[tenants.c.id], set_=values))
