"""The nouns of the ledger: rows have their tables' columns, and a session for reading offers no change."""

from __future__ import annotations

import inspect
from ast import literal_eval
from dataclasses import MISSING, fields

import pytest
from sqlalchemy import DefaultClause
from sqlalchemy.dialects.postgresql import dialect

from gateway.ledger.accounts import AccountRow, accounts
from gateway.ledger.api_keys import ApiKeyRow, api_keys
from gateway.ledger.audit_log import AuditRow, audit_log
from gateway.ledger.batches import BatchItemRow, BatchRow, batch_items, batches
from gateway.ledger.consents import ConsentRow, consents
from gateway.ledger.events import EventRow, events
from gateway.ledger.images import ImageRow, images
from gateway.ledger.jobs import JobRow, jobs
from gateway.ledger.refresh_tokens import RefreshTokenRow, refresh_tokens
from gateway.ledger.schema import Words
from gateway.ledger.session import METADATA, Reads, Writes
from gateway.ledger.submit_ready import STATEMENT
from gateway.ledger.tenants import TenantRow, tenants
from gateway.ledger.tryons import TryonRow, tryons
from gateway.ledger.usage import UsageRow, usage
from gateway.ledger.users import UserRow, users
from proteus.jobs import JobState

CHANGING_SQL = ("insert(", "update(", "delete(", "upsert(", "with_for_update(")


@pytest.mark.parametrize(
    ("row", "table"),
    [
        (UserRow, users),
        (ImageRow, images),
        (TryonRow, tryons),
        (JobRow, jobs),
        (TenantRow, tenants),
        (AccountRow, accounts),
        (ApiKeyRow, api_keys),
        (RefreshTokenRow, refresh_tokens),
        (AuditRow, audit_log),
        (ConsentRow, consents),
        (UsageRow, usage),
        (BatchRow, batches),
        (BatchItemRow, batch_items),
    ],
    ids=str,
)
def test_a_row_has_the_columns_of_its_table(row, table) -> None:
    assert [one.name for one in fields(row)] == [column.name for column in table.c]


def test_a_new_job_is_by_default_what_the_table_would_make_it() -> None:
    of_rows = {one.name: one.default for one in fields(JobRow) if one.default is not MISSING}
    stamped = {"created_at", "updated_at"}
    of_table = {
        column.name: literal_eval(str(column.server_default.arg).capitalize())
        if isinstance(column.server_default, DefaultClause)
        else None
        for column in jobs.c
        if (column.nullable or column.server_default) and column.name not in stamped | {"stage"}
    }
    assert of_rows == of_table


def test_an_event_is_read_without_the_time_of_its_record() -> None:
    assert {one.name for one in fields(EventRow)} == {column.name for column in events.c} - {"recorded_at"}


def test_a_session_for_reading_offers_no_change() -> None:
    for noun, statements in vars(Reads(None)).items():  # type: ignore[arg-type]
        if noun.startswith("_"):
            continue
        for name, method in inspect.getmembers(type(statements), inspect.isfunction):
            source = inspect.getsource(method)
            assert not [sql for sql in CHANGING_SQL if sql in source], f"{noun}.{name}"


def test_a_transaction_answers_the_questions_about_what_it_changes() -> None:
    asked, changed = vars(Reads(None)), vars(Writes(None))  # type: ignore[arg-type]
    for noun in changed.keys() - {"_connection"}:
        assert isinstance(changed[noun], type(asked[noun])), noun


def test_every_table_is_known_to_migrations() -> None:
    assert set(METADATA.tables) == {
        "users", "images", "tryons", "jobs", "job_needs", "events", "idempotency", "deletions", "engine_offers",
        "deployment", "tenants", "accounts", "api_keys", "refresh_tokens", "audit_log",
        "consents", "webhooks", "webhook_deliveries", "webhook_attempts", "outfit_garments",
        "usage_records", "spend_caps", "spend_days", "spend_reservations", "batches", "batch_items",
    }  # fmt: skip


def test_the_fast_submit_writes_columns_that_its_tables_have() -> None:
    for table in (tryons, jobs):
        listed = STATEMENT.split(f"INSERT INTO {table.name} (")[1].split(")")[0].split(", ")
        assert set(listed) <= {column.name for column in table.c}
        needed = {column.name for column in table.c if not column.nullable and column.server_default is None}
        assert needed <= set(listed)


def test_a_column_of_words_takes_and_gives_members_of_its_enum_alone() -> None:
    states = Words(JobState)
    assert states.process_result_value("failed", dialect()) is JobState.FAILED
    assert states.process_result_value(None, dialect()) is None
    assert states.process_bind_param(JobState.FAILED, dialect()) == states.process_bind_param("failed", dialect())
    with pytest.raises(ValueError, match="'exploded' is not a valid JobState"):
        states.process_bind_param("exploded", dialect())
    with pytest.raises(ValueError, match="'exploded' is not a valid JobState"):
        states.process_result_value("exploded", dialect())
