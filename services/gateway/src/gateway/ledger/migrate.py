"""Brings a database to this version's tables. Blocks: call it before an event loop runs, or in a thread.

Gateways of the version before work meanwhile. A change of a table needs a lock that nothing passes, and whoever waits
for it holds up everybody behind; so no migration waits longer than a moment. One that does not get its lock, or would
deadlock, gives way and is tried again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from gateway.ledger.engine import translated
from gateway.settings import DatabaseSettings
from proteus.errors import DependencyUnavailable

log = structlog.get_logger()

LOCK_SECONDS: Final = 2.0
"""How long a migration waits for a lock: requests that queue behind it wait as long, and give up after 5 s."""

PAUSE_SECONDS: Final = 1.0
"""Pause before the next try, for those who were held up."""

PATIENCE_SECONDS: Final = 300.0
"""How long it is tried again: a backup that reads a table keeps its lock for minutes."""

_GIVES_WAY: Final = frozenset({"40P01", "55P03"})
"""SQLSTATEs of a deadlock and of a lock that did not come in time."""


def config(settings: DatabaseSettings) -> Config:
    """Alembic's configuration, without any file on disk."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["url"] = settings.url
    made.attributes["lock_seconds"] = LOCK_SECONDS
    return made


def upgrade(settings: DatabaseSettings) -> None:
    """Run every migration that is missing, each in a transaction of its own.

    Raises:
        DependencyUnavailable: The database is away, refuses this account, or gave no lock for minutes.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    try:
        with translated():
            while not _upgraded(settings, last=time.monotonic() > give_up):
                time.sleep(PAUSE_SECONDS)
    except DependencyUnavailable as error:
        where = urlsplit(settings.url).netloc.rpartition("@")[2] or "a socket"
        raise DependencyUnavailable(f"DATABASE_URL names a database at {where}: {error.message}") from error


def _upgraded(settings: DatabaseSettings, *, last: bool) -> bool:
    """Try once; False: it gave way."""
    try:
        command.upgrade(config(settings), "head")
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if last or state not in _GIVES_WAY:
            raise
        log.info("migration_gave_way", sqlstate=state)
        return False
    return True


def check(settings: DatabaseSettings) -> None:
    """Raise if the tables in code and in the database differ."""
    command.check(config(settings))
