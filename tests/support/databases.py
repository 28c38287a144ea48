"""Databases of the tests: made from a migrated template, emptied after a test and used again by the next one.

To make and drop a database costs a third of a second of CPU, to empty one a hundredth. A database that a test has left
with another shape (tables, constraints, triggers, settings) is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

from workbench.stack.postgres import psql

SHAPE = """
    SELECT concat_ws(' ',
        (SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM pg_attribute),
        (SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM pg_attrdef),
        (SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM pg_constraint),
        (SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM pg_index),
        (SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM pg_trigger),
        (SELECT md5(string_agg(relname, ' ' ORDER BY relname)) FROM pg_class
         WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(setconfig::text, ' ') FROM pg_db_role_setting
         JOIN pg_database ON setdatabase = pg_database.oid WHERE datname = current_database()),
        (SELECT string_agg(version_num, ' ') FROM alembic_version))
"""
"""One line that differs when anything changes that rows live in: how many parts, and the newest's transaction."""


@contextmanager
def database(server_url: str, *, template: str = "template0") -> Iterator[str]:
    """Make a database for a `with` block; yield its address."""
    url = make(server_url, template=template)
    try:
        yield url
    finally:
        drop(server_url, url)


def make(server_url: str, *, template: str) -> str:
    """Make a database; return its address."""
    name = f"test_{uuid4().hex}"
    psql(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def drop(server_url: str, url: str) -> None:
    """Drop a database, whoever is connected to it."""
    psql(server_url, f"DROP DATABASE {urlsplit(url).path.strip('/')} WITH (FORCE)")


class Databases:
    """Migrated databases without a row, for one test after another.

    Args:
        server_url: The maintenance database of a server.
        template_url: A database with every migration run and no row.
        tables: Its tables, those that refer to others first.
    """

    def __init__(self, server_url: str, template_url: str, tables: list[str]) -> None:
        self._server_url = server_url
        self._template = urlsplit(template_url).path.strip("/")
        shape = psql(template_url, SHAPE)
        sequences = psql(template_url, "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'").split()
        empty = [f"DELETE FROM {table}" for table in tables] + [f"ALTER SEQUENCE {name} RESTART" for name in sequences]
        self._tidy = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            f"DO $$ BEGIN IF ({SHAPE}) = '{shape}' THEN {'; '.join(empty)}; END IF; END $$",
            f"SELECT ({SHAPE}) = '{shape}'",
        )
        self._free: list[str] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lend a database for a `with` block; yield its address."""
        url = self._free.pop() if self._free else make(self._server_url, template=self._template)
        try:
            yield url
        finally:
            if psql(url, *self._tidy).splitlines()[-1] == "t":
                self._free.append(url)
            else:
                drop(self._server_url, url)

    def close(self) -> None:
        """Drop what is left."""
        while self._free:
            drop(self._server_url, self._free.pop())
