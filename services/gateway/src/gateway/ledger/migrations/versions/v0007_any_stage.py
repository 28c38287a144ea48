"""A job's kind has a form instead of a list: which kinds there are, the code says alone.

The present rows are looked at in a transaction of its own, under a lock that lets reads and writes pass; the one that
nothing passes is held for a moment. If the look is cut off, the next start does both again.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FORM = "kind ~ '^[a-z][a-z0-9_]{0,31}$'"
_LIST = "kind IN ('ingest', 'cut', 'parse', 'tryon')"


def upgrade() -> None:
    _check(_FORM)


def downgrade() -> None:
    _check(_LIST)


def _check(rule: str) -> None:
    op.execute(f"ALTER TABLE jobs DROP CONSTRAINT ck_jobs_kind, ADD CONSTRAINT ck_jobs_kind CHECK ({rule}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT ck_jobs_kind")
