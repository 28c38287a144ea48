"""Brings a database to this version's tables. Blocks: call it before an event loop runs, or in a thread."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from alembic import command
from alembic.config import Config

from gateway.ledger.engine import translated
from gateway.settings import DatabaseSettings
from proteus.errors import DependencyUnavailable


def config(settings: DatabaseSettings) -> Config:
    """Alembic's configuration, without any file on disk."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["url"] = settings.url
    return made


def upgrade(settings: DatabaseSettings) -> None:
    """Run every migration that is missing.

    Raises:
        DependencyUnavailable: The database is away, or refuses this account.
    """
    try:
        with translated():
            command.upgrade(config(settings), "head")
    except DependencyUnavailable as error:
        where = urlsplit(settings.url).netloc.rpartition("@")[2] or "a socket"
        raise DependencyUnavailable(f"DATABASE_URL names a database at {where}: {error.message}") from error


def check(settings: DatabaseSettings) -> None:
    """Raise if the tables in code and in the database differ."""
    command.check(config(settings))
