"""What the gateway changes in the ledger, inside one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Integer, Text, bindparam, case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.repository.questions import IDEMPOTENCY_LIFE, TICKET_LIFE_MOST
from gateway.ledger.repository.reads import Reads
from gateway.ledger.repository.submit_ready import STATEMENT, Ready, argument
from gateway.ledger.repository.upkeep_writes import UpkeepWrites
from gateway.ledger.rows import JobRow, Material, TryonRow, UserRow
from gateway.ledger.tables import (
    deployment,
    engine_offers,
    events,
    idempotency,
    images,
    job_needs,
    jobs,
    tryons,
    users,
)
from proteus.artefacts import IngestedImage

_MUTABLE: Final = (
    "state",
    "stage",
    "hold",
    "epoch",
    "submitted_epoch",
    "token",
    "attempts",
    "crashes",
    "solo_crashes",
    "cancel_requested",
    "result",
    "result_key",
    "error",
    "waiting_since",
    "started_at",
    "finished_at",
)
"""Columns of a job that change after it was made."""

_LOCK_ORDER: Final = case({"ingest": 0, "cut": 1, "parse": 2}, value=jobs.c.kind, else_=3)


_ARRIVED: Final = (
    func.unnest(bindparam("ids", type_=ARRAY(Text)), bindparam("epochs", type_=ARRAY(Integer)))
    .table_valued("id", "epoch", name="arrived")
    .render_derived()
)
_MARK_SUBMITTED: Final = (
    update(jobs)
    .where(jobs.c.id == _ARRIVED.c.id, jobs.c.submitted_epoch < _ARRIVED.c.epoch)
    .values(submitted_epoch=_ARRIVED.c.epoch)
)


class Writes(UpkeepWrites, Reads):
    """Changes. Everything becomes visible together, when the transaction commits."""

    async def add_user(
        self, user_id: str, *, kind: str, tenant: str, display_name: str | None = None, origin: str | None = None
    ) -> UserRow:
        """Make a user; one that is there already keeps its kind and name and changes its tenant."""
        statement = (
            upsert(users)
            .values(id=user_id, kind=kind, tenant=tenant, display_name=display_name, origin=origin)
            .on_conflict_do_update(index_elements=[users.c.id], set_={"tenant": tenant})
            .returning(users)
        )
        return UserRow(**(await self._connection.execute(statement)).mappings().one())

    async def rename_user(self, user_id: str, display_name: str | None) -> UserRow | None:
        statement = update(users).where(users.c.id == user_id).values(display_name=display_name).returning(users)
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else UserRow(**found)

    async def add_image(
        self,
        image_id: str,
        *,
        user_id: str,
        kind: str,
        declared_type: str,
        declared_bytes: int,
        sweep_at: datetime,
    ) -> None:
        """Make a photo's record; `sweep_at`: when to look whether its upload may be deleted."""
        await self._connection.execute(
            insert(images).values(
                id=image_id,
                user_id=user_id,
                kind=kind,
                declared_type=declared_type,
                declared_bytes=declared_bytes,
                sweep_at=sweep_at,
            )
        )

    async def describe_image(self, image_id: str, described: IngestedImage) -> None:
        """Write down what ingest found; the upload has served, so the sweep looks at it soon."""
        # LEAST ignores a null: where nothing is to be swept that stays so.
        soon = case((images.c.sweep_at.is_not(None), func.least(images.c.sweep_at, func.now() + TICKET_LIFE_MOST)))
        values = described.model_dump() | {"sweep_at": soon}
        await self._connection.execute(update(images).where(images.c.id == image_id).values(values))

    async def add_tryon(self, **values: Any) -> TryonRow:
        found = (await self._connection.execute(insert(tryons).values(**values).returning(tryons))).mappings().one()
        return TryonRow(**found)

    async def submit_ready(self, asked: Sequence[Ready]) -> dict[str, Material]:
        """Insert a try-on and its picture wherever all it needs is there; return what they are woven from, by unit."""
        found = await self._connection.exec_driver_sql(STATEMENT, (argument(asked),))
        cut_keys = {one.unit.id: one.cut_key for one in asked}
        return {
            row.unit_id: Material(
                person_key=row.person_key,
                garment_key=cut_keys[row.unit_id],
                garment_category=row.garment_category or "upper",
                garment_worn=bool(row.garment_worn),
                parse_key=row.parse_key,
            )
            for row in found
        }

    async def change_tryon(self, tryon_id: str, **values: Any) -> TryonRow:
        statement = update(tryons).where(tryons.c.id == tryon_id).values(**values).returning(tryons)
        return TryonRow(**(await self._connection.execute(statement)).mappings().one())

    async def add_job(self, **values: Any) -> JobRow:
        stamped = values | {"updated_at": func.now()}
        found = (await self._connection.execute(insert(jobs).values(**stamped).returning(jobs))).mappings().one()
        return JobRow(**found)

    async def add_tailor_job(self, **values: Any) -> JobRow | None:
        """Make a tailor job, or return None if the same one is alive or done (ask again for it)."""
        statement = upsert(jobs).values(**values).on_conflict_do_nothing().returning(jobs)
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else JobRow(**found)

    async def add_needs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Say that jobs wait for others: (job, what it needs)."""
        values = [{"job_id": job_id, "needs_id": needs_id} for job_id, needs_id in pairs]
        if values:
            await self._connection.execute(insert(job_needs), values)

    async def pin_jobs(self, ids: Sequence[str]) -> dict[str, JobRow]:
        """Read jobs and keep them from being settled until we commit: nobody can miss our new dependents."""
        statement = select(jobs).where(jobs.c.id.in_(ids)).order_by(_LOCK_ORDER, jobs.c.id).with_for_update(read=True)
        return {row.id: row for row in await self._all(JobRow, statement)}

    async def lock_jobs(self, ids: Iterable[str]) -> dict[str, JobRow]:
        """Read jobs for changing them."""
        statement = select(jobs).where(jobs.c.id.in_(sorted(ids))).order_by(_LOCK_ORDER, jobs.c.id).with_for_update()
        return {row.id: row for row in await self._all(JobRow, statement)}

    async def lock_tryons(self, ids: Iterable[str]) -> dict[str, TryonRow]:
        statement = select(tryons).where(tryons.c.id.in_(sorted(ids))).order_by(tryons.c.id).with_for_update()
        return {row.id: row for row in await self._all(TryonRow, statement)}

    async def save_jobs(self, rows: Sequence[JobRow]) -> None:
        """Write what changed in these rows."""
        if not rows:
            return
        statement = (
            update(jobs)
            .where(jobs.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}") for name in _MUTABLE} | {"updated_at": func.now()})
        )
        values = [{"row_id": row.id} | {f"new_{name}": getattr(row, name) for name in _MUTABLE} for row in rows]
        await self._connection.execute(statement, values)

    async def save_tryon_states(self, rows: Sequence[TryonRow]) -> None:
        """Write status and end of these try-ons."""
        if not rows:
            return
        statement = (
            update(tryons)
            .where(tryons.c.id == bindparam("row_id"))
            .values(status=bindparam("new_status"), finished_at=bindparam("new_finished_at"))
        )
        await self._connection.execute(
            statement,
            [{"row_id": row.id, "new_status": row.status, "new_finished_at": row.finished_at} for row in rows],
        )

    async def mark_submitted(self, epochs: Mapping[str, int]) -> None:
        """Note that jobs have arrived in their queues with these epochs."""
        if epochs:
            values = {"ids": sorted(epochs), "epochs": [epochs[job_id] for job_id in sorted(epochs)]}
            await self._connection.execute(_MARK_SUBMITTED, values)

    async def dependents(self, ids: Iterable[str]) -> list[str]:
        """Jobs at `preparing` that wait for any of these."""
        statement = (
            select(jobs.c.id)
            .join(job_needs, job_needs.c.job_id == jobs.c.id)
            .where(job_needs.c.needs_id.in_(list(ids)), jobs.c.state == "queued", jobs.c.stage == "preparing")
            .distinct()
        )
        return list((await self._connection.execute(statement)).scalars())

    async def take_seqs(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Advance each user's counter by so many; return the new values. Commit order is number order."""
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

    async def add_events(self, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            await self._connection.execute(insert(events), list(values))

    async def remember(self, key: str, *, user_id: str, request_hash: str, job_id: str) -> bool:
        """Bind an Idempotency-Key to a job; False: it is bound already."""
        statement = (
            upsert(idempotency)
            .values(user_id=user_id, key=key, request_hash=request_hash, job_id=job_id)
            .on_conflict_do_update(
                index_elements=[idempotency.c.user_id, idempotency.c.key],
                set_={"request_hash": request_hash, "job_id": job_id, "created_at": func.now()},
                where=idempotency.c.created_at <= func.now() - IDEMPOTENCY_LIFE,
            )
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def delete_tryon(self, tryon_id: str) -> None:
        """Remove a try-on and its pictures' rows; its past events keep their numbers and lose their content."""
        await self.empty_events([tryon_id])
        await self._connection.execute(delete(tryons).where(tryons.c.id == tryon_id))

    async def empty_events(self, job_ids: Sequence[str]) -> None:
        await self._connection.execute(
            update(events)
            .where(events.c.job_id.in_(job_ids))
            .values(
                data=func.jsonb_build_object(
                    "kind", "job", "job_id", events.c.data["job_id"], "job_type", events.c.data["job_type"],
                    "status", events.c.data["status"], "at", events.c.data["at"],
                )
            )
        )  # fmt: skip

    async def delete_image(self, image_id: str) -> None:
        await self._connection.execute(delete(images).where(images.c.id == image_id))

    async def delete_user(self, user_id: str) -> bool:
        return (await self._connection.execute(delete(users).where(users.c.id == user_id))).rowcount == 1

    async def request_cancel(self, ids: Iterable[str]) -> None:
        await self._connection.execute(update(jobs).where(jobs.c.id.in_(list(ids))).values(cancel_requested=True))

    async def note_engines(self, names: Iterable[str]) -> None:
        """Remember that workers offer these engines now."""
        statement = upsert(engine_offers).values([{"engine": name, "offered_at": func.now()} for name in sorted(names)])
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[engine_offers.c.engine], set_={"offered_at": statement.excluded.offered_at}
            )
        )

    async def set_fact(self, name: str, value: str) -> None:
        statement = upsert(deployment).values(name=name, value=value)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[deployment.c.name], set_={"value": value})
        )
