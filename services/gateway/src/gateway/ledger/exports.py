"""Everything that the tables keep of a user, as documents to hand out: a walk of all tables, page by page.

A table is either in `EXPORTED`, with the condition that makes a row the user's, or in `NOT_EXPORTED`, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, or_, select, tuple_

from gateway.ledger.accounts import accounts
from gateway.ledger.api_keys import api_keys
from gateway.ledger.audit_log import audit_log
from gateway.ledger.batches import batch_items, batches
from gateway.ledger.consents import consents
from gateway.ledger.events import events
from gateway.ledger.idempotency import idempotency
from gateway.ledger.images import images
from gateway.ledger.jobs import jobs
from gateway.ledger.needs import job_needs
from gateway.ledger.outfits import outfit_garments
from gateway.ledger.refresh_tokens import refresh_tokens
from gateway.ledger.spend import spend_reservations
from gateway.ledger.statements import Statements
from gateway.ledger.tryons import tryons
from gateway.ledger.usage import usage
from gateway.ledger.users import users
from gateway.ledger.webhook_deliveries import webhook_attempts, webhook_deliveries
from gateway.ledger.webhooks import webhooks
from proteus.jobs import UserId

Owned = Callable[[UserId], ColumnElement[bool]]


def _by(column: Any) -> Owned:
    return lambda user_id: column == user_id


def _through(column: Any, parent: Table) -> Owned:
    """Return the condition that the row's parent is the user's."""
    return lambda user_id: column.in_(select(parent.c.id).where(parent.c.user_id == user_id))


EXPORTED: Final[Mapping[Table, Owned]] = {
    users: _by(users.c.id),
    accounts: _by(accounts.c.user_id),
    refresh_tokens: _by(refresh_tokens.c.user_id),
    consents: _by(consents.c.user_id),
    api_keys: _by(api_keys.c.user_id),
    images: _by(images.c.user_id),
    tryons: _by(tryons.c.user_id),
    outfit_garments: _through(outfit_garments.c.tryon_id, tryons),
    jobs: _by(jobs.c.user_id),
    batches: _by(batches.c.user_id),
    batch_items: _through(batch_items.c.batch_id, batches),
    job_needs: _through(job_needs.c.job_id, jobs),
    events: _by(events.c.user_id),
    idempotency: _by(idempotency.c.user_id),
    webhooks: _by(webhooks.c.user_id),
    webhook_deliveries: _by(webhook_deliveries.c.user_id),
    webhook_attempts: _through(webhook_attempts.c.delivery_id, webhook_deliveries),
    usage: _by(usage.c.user_id),
    spend_reservations: _through(spend_reservations.c.job_id, jobs),
    audit_log: lambda user_id: or_(audit_log.c.actor == user_id, audit_log.c.target == user_id),
}

NOT_EXPORTED: Final[Mapping[str, str]] = {
    "deletions": "prefixes of what is deleted already",
    "deployment": "facts of the deployment",
    "engine_offers": "facts of the deployment",
    "spend_caps": "limits of tenants and keys",
    "spend_days": "sums of tenants and keys",
    "tenants": "rules of tenants",
}

SECRET: Final[Mapping[str, frozenset[str]]] = {
    "accounts": frozenset({"password_hash"}),
    "api_keys": frozenset({"digest"}),
    "refresh_tokens": frozenset({"digest"}),
    "webhooks": frozenset({"secret", "previous_secret"}),
}
"""Columns of exported tables that open something: whoever steals an export must not get in."""


TABLES: Final[Mapping[str, Table]] = {table.name: table for table in EXPORTED}
"""The exported tables by name, in the order in which they are handed out."""


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Rows of one table without what opens something, and where the next page begins; None: this is the last one."""

    rows: list[dict[str, Any]]
    next: tuple[Any, ...] | None


class ExportReads(Statements):
    """Reads of all that is kept of a user."""

    async def page(self, name: str, user_id: UserId, *, after: tuple[Any, ...] | None, limit: int) -> ExportPage:
        """A page of the user's rows of an exported table, in the order of its primary key."""
        table = TABLES[name]
        key = list(table.primary_key.columns)
        statement = select(table).where(EXPORTED[table](user_id)).order_by(*key).limit(limit)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(*after))
        found = (await self._connection.execute(statement)).mappings().all()
        hidden = SECRET.get(name, frozenset())
        rows = [{column: value for column, value in row.items() if column not in hidden} for row in found]
        return ExportPage(
            rows=[_own_deed(row, user_id) for row in rows] if table is audit_log else rows,
            next=tuple(found[-1][column.name] for column in key) if len(found) == limit else None,
        )


def _own_deed(row: dict[str, Any], user_id: UserId) -> dict[str, Any]:
    """Return a deed as its user may see it: of one that somebody else did to the user, not who it was."""
    return row if row["actor"] == user_id else {**row, "actor": "another", "key_id": None}
