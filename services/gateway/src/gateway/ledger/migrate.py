"""Brings a database to this version's tables. Blocks: call it before an event loop runs, or in a thread."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from gateway.settings import DatabaseSettings


def config(settings: DatabaseSettings) -> Config:
    """Alembic's configuration, without any file on disk."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["url"] = settings.url
    return made


def upgrade(settings: DatabaseSettings) -> None:
    """Run every migration that is missing."""
    command.upgrade(config(settings), "head")


def check(settings: DatabaseSettings) -> None:
    """Raise if the tables in code and in the database differ."""
    command.check(config(settings))
