"""What the gateway asks the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from gateway.ledger.repository.questions import ALIVE, IDEMPOTENCY_LIFE
from gateway.ledger.repository.upkeep import UpkeepReads
from gateway.ledger.rows import EventRow, ImageRow, JobRow, Material, Order, TryonRow, UserRow
from gateway.ledger.tables import deployment, events, idempotency, images, job_needs, jobs, tryons, users
from proteus.payloads import CutFacts, CutResult


class Reads(UpkeepReads):
    """Questions of requests, beside those of the keepers."""

    async def ping(self) -> None:
        """Raise unless the migrations' newest table answers."""
        await self._connection.execute(select(func.count()).select_from(deployment))

    async def now(self) -> datetime:
        """Return the database's time, which rows are stamped with: a gateway's own clock may be off."""
        found: datetime = (await self._connection.execute(select(func.clock_timestamp()))).scalar_one()
        return found

    async def user(self, user_id: str) -> UserRow | None:
        return await self._one(UserRow, select(users).where(users.c.id == user_id))

    async def users_among(self, ids: Iterable[str]) -> set[str]:
        """Which of these users exist."""
        return set((await self._connection.execute(select(users.c.id).where(users.c.id.in_(list(ids))))).scalars())

    async def users_after(self, after: tuple[datetime, str] | None, *, limit: int) -> list[UserRow]:
        """Users, oldest first (operators only)."""
        statement = select(users).order_by(users.c.created_at, users.c.id).limit(limit)
        if after:
            statement = statement.where(tuple_(users.c.created_at, users.c.id) > after)
        return await self._all(UserRow, statement)

    async def last_seqs(self, user_ids: Iterable[str]) -> dict[str, int]:
        """Each user's newest event number."""
        statement = select(users.c.id, users.c.last_seq).where(users.c.id.in_(list(user_ids)))
        return {row.id: row.last_seq for row in await self._connection.execute(statement)}

    async def image(self, image_id: str, *, user_id: str) -> ImageRow | None:
        return await self._one(ImageRow, select(images).where(images.c.id == image_id, images.c.user_id == user_id))

    async def image_by_key(self, key: str, *, user_id: str) -> ImageRow | None:
        """The newest upload that was ingested as `key`."""
        return await self._one(
            ImageRow,
            select(images)
            .where(images.c.key == key, images.c.user_id == user_id)
            .order_by(images.c.created_at.desc())
            .limit(1),
        )

    async def images(self, ids: Iterable[str]) -> dict[str, ImageRow]:
        found = await self._all(ImageRow, select(images).where(images.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    async def images_before(self, before: tuple[datetime, str] | None, *, user_id: str, limit: int) -> list[ImageRow]:
        return await self._all(ImageRow, _newest_first(images, user_id, before, limit))

    async def images_of_content(self, sha256: str | None, *, user_id: str) -> list[ImageRow]:
        """The user's uploads of the very same picture."""
        return await self._all(ImageRow, select(images).where(images.c.user_id == user_id, images.c.sha256 == sha256))

    async def alive_jobs_of(self, user_id: str) -> list[JobRow]:
        return await self._all(JobRow, select(jobs).where(jobs.c.user_id == user_id, jobs.c.state.in_(ALIVE)))

    async def jobs(self, ids: Iterable[str]) -> dict[str, JobRow]:
        found = await self._all(JobRow, select(jobs).where(jobs.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    async def tailor_job(self, job_id: str, *, user_id: str) -> JobRow | None:
        return await self._one(
            JobRow, select(jobs).where(jobs.c.id == job_id, jobs.c.user_id == user_id, jobs.c.tryon_id.is_(None))
        )

    async def jobs_of_images(self, image_ids: Iterable[str]) -> list[JobRow]:
        """All tailor jobs of these photos, newest last."""
        statement = select(jobs).where(jobs.c.image_id.in_(list(image_ids))).order_by(jobs.c.created_at)
        return await self._all(JobRow, statement)

    async def cut_by_key(self, key: str, *, user_id: str) -> JobRow | None:
        """The cut whose picture is `key`."""
        return await self._one(
            JobRow,
            select(jobs)
            .where(jobs.c.result_key == key, jobs.c.user_id == user_id, jobs.c.kind == "cut")
            .order_by(jobs.c.created_at.desc())
            .limit(1),
        )

    async def tryon(self, job_or_vton_id: str, *, user_id: str) -> TryonRow | None:
        column = tryons.c.vton_id if job_or_vton_id.startswith("vton_") else tryons.c.id
        return await self._one(TryonRow, select(tryons).where(column == job_or_vton_id, tryons.c.user_id == user_id))

    async def tryons(self, ids: Iterable[str]) -> dict[str, TryonRow]:
        found = await self._all(TryonRow, select(tryons).where(tryons.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    async def tryons_before(
        self, before: tuple[datetime, str] | None, *, user_id: str, limit: int, drafts: bool, status: str | None = None
    ) -> list[TryonRow]:
        """A page of the user's try-ons, newest first."""
        statement = _newest_first(tryons, user_id, before, limit)
        if status is not None:
            statement = statement.where(tryons.c.status == status)
        elif not drafts:
            statement = statement.where(tryons.c.status.is_not(None))
        return await self._all(TryonRow, statement)

    async def tryons_of_image(self, image_id: str) -> list[TryonRow]:
        statement = select(tryons).where(
            or_(tryons.c.person_image_id == image_id, tryons.c.garment_image_id == image_id)
        )
        return await self._all(TryonRow, statement)

    async def expired_tryons(self, now: datetime, *, limit: int) -> list[TryonRow]:
        """Try-ons whose `expires_at` has passed: to be deleted."""
        return await self._all(TryonRow, select(tryons).where(tryons.c.expires_at < now).limit(limit))

    async def units(self, tryon_ids: Iterable[str]) -> dict[str, list[JobRow]]:
        """Every try-on's pictures in order."""
        statement = select(jobs).where(jobs.c.tryon_id.in_(list(tryon_ids))).order_by(jobs.c.tryon_id, jobs.c.n)
        found: dict[str, list[JobRow]] = {}
        for row in await self._all(JobRow, statement):
            found.setdefault(row.public_id, []).append(row)
        return found

    async def orders(self, ids: Iterable[str]) -> list[Order]:
        """Jobs with everything their queue elements are made of (four statements at most)."""
        rows = await self.jobs(ids)
        entries = await self.tryons({row.tryon_id for row in rows.values() if row.tryon_id})
        made = await self.jobs({i for entry in entries.values() for i in (entry.cut_id, entry.parse_id) if i})
        photos = await self.images(
            {row.image_id for row in rows.values() if row.image_id}
            | {entry.person_image_id for entry in entries.values()}
        )
        found = []
        for row in rows.values():
            if row.tryon_id is None:
                found.append(Order(job=row, image=photos.get(row.image_id or "")))
                continue
            entry = entries[row.tryon_id]
            material = material_of(
                photos.get(entry.person_image_id), made.get(entry.cut_id or ""), made.get(entry.parse_id or "")
            )
            found.append(Order(job=row, tryon=entry, material=material))
        return found

    async def needs_of(self, ids: Iterable[str]) -> dict[str, list[JobRow]]:
        """What each of these jobs waits for, as it is now."""
        statement = (
            select(job_needs.c.job_id.label("dependent"), jobs)
            .join(jobs, jobs.c.id == job_needs.c.needs_id)
            .where(job_needs.c.job_id.in_(list(ids)))
        )
        found: dict[str, list[JobRow]] = {}
        for row in (await self._connection.execute(statement)).mappings():
            values = dict(row)
            found.setdefault(values.pop("dependent"), []).append(JobRow(**values))
        return found

    async def events_after(self, cursors: Mapping[str, int], *, limit: int) -> list[EventRow]:
        """Events beyond each user's cursor, in order, `limit` in all."""
        after = (
            func.unnest(
                bindparam("ids", list(cursors), type_=ARRAY(Text)),
                bindparam("seqs", list(cursors.values()), type_=ARRAY(BigInteger)),
            )
            .table_valued("user_id", "seq", name="cursors")
            .render_derived()
        )
        statement = (
            select(events.c.user_id, events.c.seq, events.c.job_id, events.c.data)
            .join(after, and_(events.c.user_id == after.c.user_id, events.c.seq > after.c.seq))
            .order_by(events.c.user_id, events.c.seq)
            .limit(limit)
        )
        return [EventRow(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def remembered(self, key: str, *, user_id: str) -> tuple[str, str] | None:
        """(request hash, job id) of an Idempotency-Key that is younger than a day."""
        row = (
            await self._connection.execute(
                select(idempotency.c.request_hash, idempotency.c.job_id).where(
                    idempotency.c.user_id == user_id,
                    idempotency.c.key == key,
                    idempotency.c.created_at > func.now() - IDEMPOTENCY_LIFE,
                )
            )
        ).first()
        return None if row is None else (row.request_hash, row.job_id)

    async def fact(self, name: str) -> str | None:
        """A fact about the deployment."""
        return (
            await self._connection.execute(select(deployment.c.value).where(deployment.c.name == name))
        ).scalar_one_or_none()


def material_of(person: ImageRow | None, cut: JobRow | None, parse: JobRow | None) -> Material | None:
    """Return what a picture is woven from; None while the photo is not ingested or the garment not cut."""
    if person is None or person.key is None or cut is None or cut.result_key is None:
        return None
    made = CutResult.read(cut.result).cut if cut.result else CutFacts()
    return Material(
        person_key=person.key,
        garment_key=cut.result_key,
        garment_category=made.category or "upper",
        garment_worn=bool(made.worn),
        parse_key=parse.result_key if parse else None,
    )


def _newest_first(table: Table, user_id: str, before: tuple[datetime, str] | None, limit: int) -> Select[Any]:
    statement = select(table).where(table.c.user_id == user_id)
    if before:
        statement = statement.where(tuple_(table.c.created_at, table.c.id) < before)
    return statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
