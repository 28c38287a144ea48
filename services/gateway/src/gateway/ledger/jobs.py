"""Jobs: every element that a queue ever got, one row per picture to weave or photo to prepare.

`epoch` counts how often a job was pushed to its queue anew, `submitted_epoch` says which of these has arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA, NOW, Failure, Words, owner
from gateway.ledger.statements import Statements, among
from proteus.jobs import (
    ALIVE,
    EPOCH_TOKENS,
    WITHOUT_RESULT,
    ImageId,
    Job,
    JobId,
    JobState,
    Stage,
    TryonId,
    UserId,
)
from proteus.stages import STAGES, JobKind

CHANGES: Final = {"changes": True}
"""Marks the columns of a job that change after it was made."""

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Words(JobKind), nullable=False),
    owner(),
    Column("tenant", Text, nullable=False),
    Column("key_id", Text),
    Column("image_id", Text, ForeignKey("images.id", ondelete="CASCADE")),
    Column("tryon_id", Text, ForeignKey("tryons.id", ondelete="CASCADE")),
    Column("n", SmallInteger, nullable=False, server_default=text("1")),
    Column("variant", Text, nullable=False, server_default=text("''")),
    Column("state", Words(JobState), nullable=False, info=CHANGES),
    Column("stage", Words(Stage), info=CHANGES),
    Column("hold", Boolean, nullable=False, server_default=text("false"), info=CHANGES),
    Column("epoch", Integer, nullable=False, server_default=text("1"), info=CHANGES),
    Column("submitted_epoch", Integer, nullable=False, server_default=text("0"), info=CHANGES),
    Column("token", BigInteger, nullable=False, server_default=text("0"), info=CHANGES),
    Column("engine", Text, nullable=False),
    Column("batch_key", Text, nullable=False),
    Column("degraded_batch_key", Text, nullable=False, server_default=text("''")),
    Column("priority", SmallInteger, nullable=False, server_default=text("1")),
    Column("deadline_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0"), info=CHANGES),
    Column("crashes", Integer, nullable=False, server_default=text("0"), info=CHANGES),
    Column("solo_crashes", Integer, nullable=False, server_default=text("0"), info=CHANGES),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false"), info=CHANGES),
    Column("trace_id", Text, nullable=False),
    Column("result", JSONB(none_as_null=True), info=CHANGES),
    Column("result_key", Text, info=CHANGES),
    Column("error", Failure, info=CHANGES),
    Column("usage", JSONB(none_as_null=True), info=CHANGES),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("waiting_since", DateTime(timezone=True), info=CHANGES),
    Column("started_at", DateTime(timezone=True), info=CHANGES),
    Column("finished_at", DateTime(timezone=True), info=CHANGES),
    CheckConstraint("kind ~ '^[a-z][a-z0-9_]{0,31}$'", name="kind"),  # `proteus.stages` lists them.
    CheckConstraint("state IN ('queued', 'running', 'completed', 'failed', 'canceled', 'expired')", name="state"),
    Index(
        "uq_jobs_one_live_per_image",
        "image_id",
        "kind",
        "variant",
        unique=True,
        postgresql_where=text("image_id IS NOT NULL AND state IN ('queued', 'running', 'completed')"),
    ),
    Index("ix_jobs_alive", "kind", "stage", "tenant", postgresql_where=text("state IN ('queued', 'running')")),
    # Without `submitted_epoch`: marking a job as submitted then changes no index at all.
    Index("ix_jobs_waiting", "created_at", postgresql_where=text("state = 'queued' AND stage = 'waiting'")),
    Index("ix_jobs_ended", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    Index("ix_jobs_failed", "created_at", postgresql_where=text("state = 'failed'")),
    # BRIN: rows come in the order of time, and a submit pays next to nothing for it.
    Index("ix_jobs_created_at", "created_at", postgresql_using="brin"),
    Index(None, "tryon_id"),
    Index(None, "user_id", "created_at"),
    # With the owner: otherwise Postgres would scan all jobs of a user for one cut-out.
    Index(None, "result_key", "user_id", postgresql_where=text("result_key IS NOT NULL")),
    # Room for the row version that marks the job as submitted, which then changes no index.
    postgresql_with={"fillfactor": 50},
)

_COLUMNS: Final = tuple(column.name for column in jobs.c)
_CHANGING: Final = tuple(column.name for column in jobs.c if column.info == CHANGES)
_LOCK_ORDER: Final = case({kind: rank for rank, kind in enumerate(STAGES)}, value=jobs.c.kind)

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


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """One element of a queue, by default as new as the table makes it. `priority`: 0 low, 1 normal, 2 high.

    Attributes:
        key_id: The API key that submitted it, or that made the token which did.
        usage: What its attempts used (`rules.usage.JobUsage`); None: no attempt has ended.
        waiting_since: When it could first be queued; its age counts from here.
    """

    id: JobId
    kind: JobKind
    user_id: UserId
    tenant: str
    key_id: str | None = None
    image_id: ImageId | None = None
    tryon_id: TryonId | None = None
    n: int = 1
    variant: str = ""
    state: JobState
    stage: Stage | None
    hold: bool = False
    epoch: int = 1
    submitted_epoch: int = 0
    token: int = 0
    engine: str
    batch_key: str
    degraded_batch_key: str = ""
    priority: int = 1
    deadline_at: datetime | None = None
    attempts: int = 0
    crashes: int = 0
    solo_crashes: int = 0
    cancel_requested: bool = False
    trace_id: str
    result: dict[str, Any] | None = None
    result_key: str | None = None
    error: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def job(self) -> Job:
        """The state machine's view."""
        return Job(id=self.id, state=self.state, stage=self.stage)

    @property
    def terminal(self) -> bool:
        return self.state.terminal

    @property
    def public_id(self) -> str:
        """The id that clients know: the try-on's, or the tailor job's own."""
        return self.tryon_id or self.id


class JobReads(Statements):
    """Reads of jobs."""

    async def by_ids(self, ids: Iterable[str]) -> dict[str, JobRow]:
        found = await self._all(JobRow, select(jobs).where(jobs.c.id.in_(list(ids))))
        return {row.id: row for row in found}

    async def tailor_job(self, job_id: str, *, user_id: UserId) -> JobRow | None:
        return await self._one(
            JobRow, select(jobs).where(jobs.c.id == job_id, jobs.c.user_id == user_id, jobs.c.tryon_id.is_(None))
        )

    async def of_images(self, image_ids: Iterable[ImageId]) -> list[JobRow]:
        """All tailor jobs of these photos, newest last."""
        statement = select(jobs).where(jobs.c.image_id.in_(list(image_ids))).order_by(jobs.c.created_at)
        return await self._all(JobRow, statement)

    async def cut_by_key(self, key: str, *, user_id: UserId) -> JobRow | None:
        """The cut whose cut-out is `key`."""
        return await self._one(
            JobRow,
            select(jobs)
            .where(jobs.c.result_key == key, jobs.c.user_id == user_id, jobs.c.kind == JobKind.CUT)
            .order_by(jobs.c.created_at.desc())
            .limit(1),
        )

    async def photos_of_cuts(self, keys: Iterable[str], *, user_id: UserId) -> dict[str, ImageId]:
        """The photo of each of these cut-outs."""
        statement = select(jobs.c.result_key, jobs.c.image_id).where(
            among(jobs.c.result_key, keys),
            jobs.c.user_id == user_id,
            jobs.c.kind == JobKind.CUT,
            jobs.c.image_id.is_not(None),
        )
        return {row.result_key: row.image_id for row in await self._connection.execute(statement)}

    async def alive_of_user(self, user_id: UserId) -> list[JobRow]:
        return await self._all(JobRow, select(jobs).where(jobs.c.user_id == user_id, jobs.c.state.in_(ALIVE)))

    async def queues_of_user(self, user_id: UserId) -> dict[JobId, str]:
        """All jobs of a user, ended ones too, with the queue that each is or was in."""
        found = await self._connection.execute(select(jobs.c.id, jobs.c.kind).where(jobs.c.user_id == user_id))
        return {row.id: row.kind.queue for row in found}

    async def units_of(self, tryon_ids: Iterable[TryonId]) -> dict[str, list[JobRow]]:
        """Every try-on's pictures in order."""
        statement = select(jobs).where(jobs.c.tryon_id.in_(list(tryon_ids))).order_by(jobs.c.tryon_id, jobs.c.n)
        found: dict[str, list[JobRow]] = {}
        for row in await self._all(JobRow, statement):
            found.setdefault(row.public_id, []).append(row)
        return found

    async def ended_since(
        self, since: datetime, *, before: tuple[datetime, str] | None = None, limit: int
    ) -> list[JobRow]:
        """A page of rows that ended lately other than by completion, newest first: a queue may have missed it."""
        statement = (
            select(jobs)
            .where(jobs.c.finished_at > since, jobs.c.state.in_(WITHOUT_RESULT))
            .order_by(jobs.c.finished_at.desc(), jobs.c.id.desc())
            .limit(limit)
        )
        if before:
            statement = statement.where(tuple_(jobs.c.finished_at, jobs.c.id) < before)
        return await self._all(JobRow, statement)

    async def done_more_than_once(self, *, since: datetime, until: datetime, limit: int) -> list[JobRow]:
        """Pictures that ended in this time and that several workers may have stored, or one without completing them."""
        claims = jobs.c.token % EPOCH_TOKENS
        statement = (
            select(jobs)
            .where(
                jobs.c.kind == JobKind.TRYON,
                jobs.c.finished_at.between(since, until),
                jobs.c.started_at.is_not(None),
                or_(jobs.c.state != JobState.COMPLETED, claims > 1, jobs.c.epoch > 1),
            )
            .limit(limit)
        )
        return await self._all(JobRow, statement)


class JobWrites(JobReads):
    """Changes of jobs."""

    async def add(self, row: JobRow) -> JobRow:
        """Insert a job; return it with the database's time of the change."""
        stamped = {name: getattr(row, name) for name in _COLUMNS} | {"updated_at": func.now()}
        found = (await self._connection.execute(insert(jobs).values(**stamped).returning(jobs))).mappings().one()
        return JobRow(**found)

    async def add_tailor_job(self, **values: Any) -> JobRow | None:
        """Make a tailor job, or return None if the same one is alive or done (read it again)."""
        statement = upsert(jobs).values(**values).on_conflict_do_nothing().returning(jobs)
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else JobRow(**found)

    async def pin(self, ids: Sequence[str]) -> dict[str, JobRow]:
        """Read jobs and lock them against the recorder until we commit: it cannot miss our new dependents."""
        statement = select(jobs).where(jobs.c.id.in_(ids)).order_by(_LOCK_ORDER, jobs.c.id).with_for_update(read=True)
        return {row.id: row for row in await self._all(JobRow, statement)}

    async def lock(self, ids: Iterable[str]) -> dict[str, JobRow]:
        """Read jobs for changing them."""
        statement = select(jobs).where(jobs.c.id.in_(sorted(ids))).order_by(_LOCK_ORDER, jobs.c.id).with_for_update()
        return {row.id: row for row in await self._all(JobRow, statement)}

    async def save(self, rows: Sequence[JobRow]) -> None:
        """Write the changed columns of these rows."""
        if not rows:
            return
        statement = (
            update(jobs)
            .where(jobs.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}") for name in _CHANGING} | {"updated_at": func.now()})
        )
        values = [{"row_id": row.id} | {f"new_{name}": getattr(row, name) for name in _CHANGING} for row in rows]
        await self._connection.execute(statement, values)

    async def mark_submitted(self, epochs: Mapping[JobId, int]) -> None:
        """Mark jobs as arrived in their queues with these epochs."""
        if epochs:
            values = {"ids": sorted(epochs), "epochs": [epochs[job_id] for job_id in sorted(epochs)]}
            await self._connection.execute(_MARK_SUBMITTED, values)

    async def request_cancel(self, ids: Iterable[str]) -> None:
        await self._connection.execute(update(jobs).where(jobs.c.id.in_(list(ids))).values(cancel_requested=True))
