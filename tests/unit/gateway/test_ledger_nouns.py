"""The nouns of the ledger: rows have their tables' columns, and a session for reading offers no change."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

from gateway.ledger.events import EventRow, events
from gateway.ledger.images import ImageRow, images
from gateway.ledger.jobs import JobRow, jobs
from gateway.ledger.session import METADATA, Reads, Writes
from gateway.ledger.submit_ready import STATEMENT
from gateway.ledger.tryons import TryonRow, tryons
from gateway.ledger.users import UserRow, users

CHANGING_SQL = ("insert(", "update(", "delete(", "upsert(", "with_for_update(")


@pytest.mark.parametrize(
    ("row", "table"), [(UserRow, users), (ImageRow, images), (TryonRow, tryons), (JobRow, jobs)], ids=str
)
def test_a_row_has_the_columns_of_its_table(row, table) -> None:
    assert [one.name for one in fields(row)] == [column.name for column in table.c]


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
        "deployment",
    }  # fmt: skip


def test_the_fast_submit_writes_columns_that_its_tables_have() -> None:
    for table in (tryons, jobs):
        listed = STATEMENT.split(f"INSERT INTO {table.name} (")[1].split(")")[0].split(", ")
        assert set(listed) <= {column.name for column in table.c}
        needed = {column.name for column in table.c if not column.nullable and column.server_default is None}
        assert needed <= set(listed)
