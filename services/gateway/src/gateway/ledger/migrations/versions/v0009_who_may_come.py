"""Tenants, accounts, API keys, refresh tokens, consents and the audit log; a shop's own name of a shopper.

Users keep their ids and tenants. A gateway of the version before goes on beside this one: it reads none of the new
tables, and what it inserts needs nothing of them.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('guest', 'member', 'account', 'foreign')"
_KINDS_BEFORE = "kind IN ('guest', 'account', 'foreign')"


def upgrade() -> None:
    _check_kinds(_KINDS)  # It commits, so it comes first: after it, all or nothing.
    _tables()
    op.add_column("users", sa.Column("subject", sa.Text()))
    op.create_index(
        "ix_users_subjects", "users", ["tenant", "subject"], unique=True, postgresql_where=text("subject IS NOT NULL")
    )
    op.execute("INSERT INTO tenants (id) SELECT DISTINCT tenant FROM users")


def downgrade() -> None:
    op.execute("UPDATE users SET kind = 'account' WHERE kind = 'member'")
    _check_kinds(_KINDS_BEFORE)
    op.drop_index("ix_users_subjects", table_name="users")
    op.drop_column("users", "subject")
    for table in ("consents", "audit_log", "refresh_tokens", "api_keys", "accounts", "tenants"):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("engines", sa.ARRAY(sa.Text())),
        sa.Column("samples_most", sa.Integer()),
        sa.Column("consent", postgresql.JSONB()),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
    )
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        _moment("created_at"),
        _moment("password_changed_at"),
        sa.CheckConstraint("role IN ('user', 'owner', 'admin')", name="ck_accounts_role"),
        _of_user("accounts"),
        sa.PrimaryKeyConstraint("user_id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("engines", sa.ARRAY(sa.Text())),
        sa.Column("samples_most", sa.Integer()),
        sa.Column("limits", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        _moment("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        _of_user("api_keys"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_tenant_created_at_id", "api_keys", ["tenant", "created_at", "id"])
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        _moment("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        _of_user("refresh_tokens"),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
    )
    for column in ("session_id", "user_id", "expires_at"):
        op.create_index(f"ix_refresh_tokens_{column}", "refresh_tokens", [column])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Text(), nullable=False),
        _moment("created_at"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text()),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_table(
        "consents",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("scope", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("region", sa.Text()),
        sa.Column("age_confirmed", sa.Boolean(), nullable=False),
        _moment("given_at"),
        _of_user("consents"),
        sa.PrimaryKeyConstraint("user_id", name="pk_consents"),
    )
    op.create_index("ix_audit_log_created_at_id", "audit_log", ["created_at", "id"])


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=text("now()"))


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id", ondelete="CASCADE")


def _check_kinds(rule: str) -> None:
    op.execute(
        f"ALTER TABLE users DROP CONSTRAINT ck_users_kind, ADD CONSTRAINT ck_users_kind CHECK ({rule}) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_kind")
