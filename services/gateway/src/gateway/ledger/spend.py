"""Spend: caps of tenants and keys, what they have used of them, and what their unfinished pictures will use.

`spend_days` counts the billed GPU seconds of each holder and day; the recorder adds to it with every attempt's end. A
reservation stands for a picture from the moment when it is admitted until it ends; one whose picture never got a row
(the request failed, its gateway died) counts for `UNCOMMITTED`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Column, Date, DateTime, Float, Index, Table, Text, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.api_keys import api_keys
from gateway.ledger.schema import METADATA, NOW
from gateway.ledger.statements import Statements
from gateway.rules.spend import Spent, first_of_month

UNCOMMITTED: Final = timedelta(seconds=60)
"""Longer than any submit takes."""

spend_caps = Table(
    "spend_caps",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("per_day", Float),
    Column("per_month", Float),
)
"""`subject`: `tenant:<name>` or `key:<id>`. GPU seconds; NULL: any number."""

spend_days = Table(
    "spend_days",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("gpu_seconds", Float, nullable=False),
)

spend_reservations = Table(
    "spend_reservations",
    METADATA,
    Column("job_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("gpu_seconds", Float, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_spend_reservations_subject", "subject"),
)

_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 7)) FROM (SELECT 1) AS once")
_STALE: Final = text("""
    DELETE FROM spend_reservations AS held
    WHERE subject = ANY(:subjects)
      AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = held.job_id AND jobs.state IN ('queued', 'running'))
      AND (made_at < now() - make_interval(secs => :uncommitted)
           OR EXISTS (SELECT FROM jobs WHERE jobs.id = held.job_id))
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class CapRow:
    """What a holder may use."""

    subject: str
    per_day: float | None
    per_month: float | None


class SpendReads(Statements):
    """Reads of spend."""

    async def caps(self) -> list[CapRow]:
        """Every cap."""
        return await self._all(CapRow, select(spend_caps))

    async def subjects_of_keys(self, tenant: str) -> list[str]:
        """The keys of a tenant, as holders of caps."""
        subject = func.concat("key:", api_keys.c.id).label("subject")
        found = await self._connection.execute(select(subject).where(api_keys.c.tenant == tenant))
        return [row.subject for row in found]

    async def spent(self, subjects: Sequence[str], *, today: date) -> list[Spent]:
        """Those of these holders that have a cap, with what they used and reserved."""
        caps = spend_caps.c
        days, held = spend_days.c, spend_reservations.c
        month = (
            select(func.coalesce(func.sum(days.gpu_seconds), 0.0))
            .where(days.subject == caps.subject, days.day >= first_of_month(today), days.day <= today)
            .scalar_subquery()
        )
        day = (
            select(func.coalesce(func.sum(days.gpu_seconds), 0.0))
            .where(days.subject == caps.subject, days.day == today)
            .scalar_subquery()
        )
        reserved = (
            select(func.coalesce(func.sum(held.gpu_seconds), 0.0)).where(held.subject == caps.subject).scalar_subquery()
        )
        statement = (
            select(
                caps.subject,
                caps.per_day,
                caps.per_month,
                day.label("today"),
                month.label("this_month"),
                reserved.label("reserved"),
            )
            .where(caps.subject.in_(list(subjects)))
            .order_by(caps.subject)
        )
        return await self._all(Spent, statement)


class SpendWrites(SpendReads):
    """Changes of spend."""

    async def lock(self, subjects: Sequence[str]) -> None:
        """Let no other submit of these holders decide until we commit, on any gateway."""
        for subject in sorted(subjects):
            await self._connection.execute(_LOCK, {"subject": subject})

    async def drop_stale(self, subjects: Sequence[str]) -> None:
        """Forget the reservations of pictures that ended, and of submits that came to nothing."""
        await self._connection.execute(_STALE, {"subjects": list(subjects), "uncommitted": UNCOMMITTED.total_seconds()})

    async def reserve(self, job_ids: Sequence[str], subjects: Sequence[str], *, gpu_seconds: float) -> None:
        """Reserve seconds for each of these pictures."""
        values = [
            {"job_id": job_id, "subject": subject, "gpu_seconds": gpu_seconds}
            for job_id in job_ids
            for subject in subjects
        ]
        await self._connection.execute(upsert(spend_reservations).values(values).on_conflict_do_nothing())

    async def release(self, job_ids: Sequence[str]) -> None:
        """Give up reservations."""
        await self._connection.execute(delete(spend_reservations).where(spend_reservations.c.job_id.in_(list(job_ids))))

    async def add(self, used: Mapping[tuple[str, date], float]) -> None:
        """Count billed seconds of holders on days. In one order everywhere: transactions wait in no circle."""
        if not used:
            return
        values = [{"subject": subject, "day": day, "gpu_seconds": used[subject, day]} for subject, day in sorted(used)]
        statement = upsert(spend_days).values(values)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[spend_days.c.subject, spend_days.c.day],
                set_={"gpu_seconds": spend_days.c.gpu_seconds + statement.excluded.gpu_seconds},
            )
        )

    async def set_cap(self, subject: str, *, per_day: float | None, per_month: float | None) -> None:
        """Say what a holder may use; None twice: anything."""
        if per_day is None and per_month is None:
            await self._connection.execute(delete(spend_caps).where(spend_caps.c.subject == subject))
            return
        values = {"per_day": per_day, "per_month": per_month}
        statement = upsert(spend_caps).values(subject=subject, **values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[spend_caps.c.subject], set_=values)
        )

    async def forget_days(self, *, before: datetime) -> int:
        """Delete the counts of days long past; return how many."""
        return (await self._connection.execute(delete(spend_days).where(spend_days.c.day < before.date()))).rowcount
