"""The first tables: users, photos, try-ons, jobs, what they need, events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deletions",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_deletions")),
    )
    op.create_index(op.f("ix_deletions_due_at"), "deletions", ["due_at"], unique=False)
    op.create_table(
        "deployment",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_deployment")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('guest', 'account', 'foreign')", name=op.f("ck_users_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_table(
        "events",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_events_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "seq", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_job_id"), "events", ["job_id"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_idempotency_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "images",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("declared_type", sa.Text(), nullable=False),
        sa.Column("declared_bytes", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'garment')", name=op.f("ck_images_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_images_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
    )
    op.create_index(op.f("ix_images_user_id_created_at"), "images", ["user_id", "created_at"], unique=False)
    op.create_index(op.f("ix_images_user_id_key"), "images", ["user_id", "key"], unique=False)
    op.create_table(
        "tryons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("vton_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("person_image_id", sa.Text(), nullable=False),
        sa.Column("garment_image_id", sa.Text(), nullable=False),
        sa.Column("cut_id", sa.Text(), nullable=True),
        sa.Column("parse_id", sa.Text(), nullable=True),
        sa.Column("options", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("metadata", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["garment_image_id"], ["images.id"], name=op.f("fk_tryons_garment_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_image_id"], ["images.id"], name=op.f("fk_tryons_person_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tryons_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tryons")),
        sa.UniqueConstraint("vton_id", name=op.f("uq_tryons_vton_id")),
    )
    op.create_index(
        op.f("ix_tryons_expires_at"),
        "tryons",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_tryons_garment_image_id"), "tryons", ["garment_image_id"], unique=False)
    op.create_index(op.f("ix_tryons_person_image_id"), "tryons", ["person_image_id"], unique=False)
    op.create_index(op.f("ix_tryons_user_id_created_at_id"), "tryons", ["user_id", "created_at", "id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("image_id", sa.Text(), nullable=True),
        sa.Column("tryon_id", sa.Text(), nullable=True),
        sa.Column("n", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("variant", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("hold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("submitted_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("token", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("batch_key", sa.Text(), nullable=False),
        sa.Column("degraded_batch_key", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("crashes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("solo_crashes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("result_key", sa.Text(), nullable=True),
        sa.Column("error", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('ingest', 'cut', 'parse', 'tryon')", name=op.f("ck_jobs_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'failed', 'canceled', 'expired')", name=op.f("ck_jobs_state")
        ),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_jobs_image_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tryon_id"], ["tryons.id"], name=op.f("fk_jobs_tryon_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_jobs_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_alive",
        "jobs",
        ["kind", "stage", "tenant"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "ix_jobs_ended", "jobs", ["finished_at"], unique=False, postgresql_where=sa.text("finished_at IS NOT NULL")
    )
    op.create_index(
        "ix_jobs_failed", "jobs", ["created_at"], unique=False, postgresql_where=sa.text("state = 'failed'")
    )
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND stage = 'waiting'"),
    )
    op.create_index(
        "ix_jobs_result_key",
        "jobs",
        ["result_key"],
        unique=False,
        postgresql_where=sa.text("result_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_jobs_tryon_id"), "jobs", ["tryon_id"], unique=False)
    op.create_index(op.f("ix_jobs_user_id_created_at"), "jobs", ["user_id", "created_at"], unique=False)
    op.create_index(
        "uq_jobs_one_live_per_image",
        "jobs",
        ["image_id", "kind", "variant"],
        unique=True,
        postgresql_where=sa.text("image_id IS NOT NULL AND state IN ('queued', 'running', 'completed')"),
    )
    op.create_table(
        "job_needs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("needs_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_needs_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["needs_id"], ["jobs.id"], name=op.f("fk_job_needs_needs_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "needs_id", name=op.f("pk_job_needs")),
    )
    op.create_index(op.f("ix_job_needs_needs_id"), "job_needs", ["needs_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_job_needs_needs_id"), table_name="job_needs")
    op.drop_table("job_needs")
    op.drop_index(
        "uq_jobs_one_live_per_image",
        table_name="jobs",
        postgresql_where=sa.text("image_id IS NOT NULL AND state IN ('queued', 'running', 'completed')"),
    )
    op.drop_index(op.f("ix_jobs_user_id_created_at"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_tryon_id"), table_name="jobs")
    op.drop_index("ix_jobs_result_key", table_name="jobs", postgresql_where=sa.text("result_key IS NOT NULL"))
    op.drop_index(
        "ix_jobs_waiting",
        table_name="jobs",
        postgresql_where=sa.text("state = 'queued' AND stage = 'waiting'"),
    )
    op.drop_index("ix_jobs_failed", table_name="jobs", postgresql_where=sa.text("state = 'failed'"))
    op.drop_index("ix_jobs_ended", table_name="jobs", postgresql_where=sa.text("finished_at IS NOT NULL"))
    op.drop_index("ix_jobs_alive", table_name="jobs", postgresql_where=sa.text("state IN ('queued', 'running')"))
    op.drop_table("jobs")
    op.drop_index(op.f("ix_tryons_user_id_created_at_id"), table_name="tryons")
    op.drop_index(op.f("ix_tryons_person_image_id"), table_name="tryons")
    op.drop_index(op.f("ix_tryons_garment_image_id"), table_name="tryons")
    op.drop_index(op.f("ix_tryons_expires_at"), table_name="tryons", postgresql_where=sa.text("expires_at IS NOT NULL"))
    op.drop_table("tryons")
    op.drop_index(op.f("ix_images_user_id_key"), table_name="images")
    op.drop_index(op.f("ix_images_user_id_created_at"), table_name="images")
    op.drop_table("images")
    op.drop_index(op.f("ix_idempotency_created_at"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_index(op.f("ix_events_job_id"), table_name="events")
    op.drop_table("events")
    op.drop_table("users")
    op.drop_table("deployment")
    op.drop_index(op.f("ix_deletions_due_at"), table_name="deletions")
    op.drop_table("deletions")
