"""The audit log: what administrators, tenants' staff and API keys did. Written in the transaction of the deed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Index, Table, Text, insert, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements, oldest_gone
from proteus.jobs import new_id

audit_log = Table(
    "audit_log",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("actor", Text, nullable=False),
    Column("key_id", Text),
    Column("tenant", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Index("ix_audit_log_created_at_id", "created_at", "id"),
)
"""`actor`: a user's id, or `console` for a command beside the gateway; `tenant`: whose things were changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """One deed."""

    id: str
    created_at: datetime
    actor: str
    key_id: str | None
    tenant: str
    action: str
    target: str
    request_id: str
    details: dict[str, Any]


class AuditReads(Statements):
    """Reads of deeds."""

    async def page(
        self,
        before: tuple[datetime, str] | None,
        *,
        limit: int,
        tenant: str | None = None,
        action: str | None = None,
        key_id: str | None = None,
    ) -> list[AuditRow]:
        """Deeds, newest first."""
        statement = select(audit_log).order_by(audit_log.c.created_at.desc(), audit_log.c.id.desc()).limit(limit)
        if before:
            statement = statement.where(tuple_(audit_log.c.created_at, audit_log.c.id) < before)
        for column, wanted in (
            (audit_log.c.tenant, tenant),
            (audit_log.c.action, action),
            (audit_log.c.key_id, key_id),
        ):
            if wanted is not None:
                statement = statement.where(column == wanted)
        return await self._all(AuditRow, statement)


class AuditWrites(AuditReads):
    """Changes of the log: it grows, and old deeds go."""

    async def add(
        self,
        action: str,
        *,
        actor: str,
        tenant: str,
        target: str,
        request_id: str,
        key_id: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Write a deed down. `details` must hold no secret."""
        await self._connection.execute(
            insert(audit_log).values(
                id=new_id("aud"),
                actor=actor,
                key_id=key_id,
                tenant=tenant,
                action=action,
                target=target,
                request_id=request_id,
                details=details or {},
            )
        )

    async def forget(self, *, done_before: datetime, limit: int) -> int:
        """Delete old deeds, so many at most; return how many."""
        at = audit_log.c.created_at
        return (await self._connection.execute(oldest_gone(audit_log, at < done_before, by=at, limit=limit))).rowcount
