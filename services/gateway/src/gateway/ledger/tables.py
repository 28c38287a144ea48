"""The tables. Migrations make them; `alembic check` holds the two together.

`users.last_seq` numbers a user's events; `jobs` holds every element a queue ever got, one row per picture to weave or
photo to prepare; `tryons` is the VTON entry a client sees (`status` is null while it is a draft); `job_needs` says
which job waits for which; `events` is what clients replay. No column holds a signed URL.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NOW: Final = text("now()")


def _owner() -> Column[str]:
    return Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


users = Table(
    "users",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("display_name", Text),
    Column("last_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("origin", Text),
    CheckConstraint("kind IN ('guest', 'account', 'foreign')", name="kind"),
    Index("ix_users_idle_guests", "last_seen_at", postgresql_where=text("kind = 'guest'")),
    Index("ix_users_origins", "created_at", postgresql_where=text("origin IS NOT NULL")),
)
"""`origin`: of a guest, the address from which he was made as a keyed hash; emptied after a day."""

images = Table(
    "images",
    METADATA,
    Column("id", Text, primary_key=True),
    _owner(),
    Column("kind", Text, nullable=False),
    Column("declared_type", Text, nullable=False),
    Column("declared_bytes", BigInteger, nullable=False),
    Column("key", Text),
    Column("sha256", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("content_type", Text),
    Column("size_bytes", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("sweep_at", DateTime(timezone=True)),
    CheckConstraint("kind IN ('person', 'garment')", name="kind"),
    Index(None, "user_id", "created_at"),
    Index(None, "user_id", "key"),
    Index("ix_images_sweep_at", "sweep_at", postgresql_where=text("sweep_at IS NOT NULL")),
)
"""`sweep_at`: when to look for what lies under `incoming/`; null: nothing does any more."""

tryons = Table(
    "tryons",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("vton_id", Text, nullable=False, unique=True),
    _owner(),
    Column("status", Text),
    Column("person_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("garment_image_id", Text, ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("cut_id", Text),
    Column("parse_id", Text),
    Column("options", JSONB(none_as_null=True), nullable=False),
    Column("metadata", JSONB(none_as_null=True)),
    Column("trace_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("finished_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Index(None, "user_id", "created_at", "id"),
    Index(None, "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    Index(None, "person_image_id"),
    Index(None, "garment_image_id"),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    _owner(),
    Column("tenant", Text, nullable=False),
    Column("image_id", Text, ForeignKey("images.id", ondelete="CASCADE")),
    Column("tryon_id", Text, ForeignKey("tryons.id", ondelete="CASCADE")),
    Column("n", SmallInteger, nullable=False, server_default=text("1")),
    Column("variant", Text, nullable=False, server_default=text("''")),
    Column("state", Text, nullable=False),
    Column("stage", Text),
    Column("hold", Boolean, nullable=False, server_default=text("false")),
    Column("epoch", Integer, nullable=False, server_default=text("1")),
    Column("submitted_epoch", Integer, nullable=False, server_default=text("0")),
    Column("token", BigInteger, nullable=False, server_default=text("0")),
    Column("engine", Text, nullable=False),
    Column("batch_key", Text, nullable=False),
    Column("degraded_batch_key", Text, nullable=False, server_default=text("''")),
    Column("priority", SmallInteger, nullable=False, server_default=text("1")),
    Column("deadline_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("crashes", Integer, nullable=False, server_default=text("0")),
    Column("solo_crashes", Integer, nullable=False, server_default=text("0")),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("trace_id", Text, nullable=False),
    Column("result", JSONB(none_as_null=True)),
    Column("result_key", Text),
    Column("error", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("waiting_since", DateTime(timezone=True)),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    CheckConstraint("kind IN ('ingest', 'cut', 'parse', 'tryon')", name="kind"),
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
    # Without `submitted_epoch`: noting that a job has arrived in its queue then changes no index at all.
    Index("ix_jobs_waiting", "created_at", postgresql_where=text("state = 'queued' AND stage = 'waiting'")),
    Index("ix_jobs_ended", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    Index("ix_jobs_failed", "created_at", postgresql_where=text("state = 'failed'")),
    # BRIN: rows come in the order of time, and a submit pays next to nothing for it.
    Index("ix_jobs_created_at", "created_at", postgresql_using="brin"),
    Index(None, "tryon_id"),
    Index(None, "user_id", "created_at"),
    # With the owner: whoever has many jobs would else have all of them looked through for one cut-out.
    Index(None, "result_key", "user_id", postgresql_where=text("result_key IS NOT NULL")),
    # Room for the version that notes the arrival, which then changes no index.
    postgresql_with={"fillfactor": 50},
)

job_needs = Table(
    "job_needs",
    METADATA,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("needs_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "needs_id"),
)

events = Table(
    "events",
    METADATA,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("data", JSONB(none_as_null=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Index(None, "job_id"),
    # BRIN: rows come in the order of time.
    Index("ix_events_recorded_at", "recorded_at", postgresql_using="brin"),
)

idempotency = Table(
    "idempotency",
    METADATA,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Index(None, "created_at"),
)

deletions = Table(
    "deletions",
    METADATA,
    Column("prefix", Text, primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Index(None, "due_at"),
)
"""Prefixes to empty once more: a worker that held a job while it was deleted may still have stored its picture."""

engine_offers = Table(
    "engine_offers",
    METADATA,
    Column("engine", Text, primary_key=True),
    Column("offered_at", DateTime(timezone=True), nullable=False),
)
"""When a worker last offered each engine: what a fleet that has scaled to zero can run."""

deployment = Table(
    "deployment",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the deployment as a whole: the Redis epoch this ledger last agreed with."""
