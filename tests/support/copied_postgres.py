"""A primary Postgres and a standby that copies it, on loopback; each commit waits for the standby, or does not."""

from __future__ import annotations

from pathlib import Path

from gateway.ledger import migrate
from gateway.settings import DatabaseSettings
from workbench.stack.ports import free_port
from workbench.stack.postgres import Postgres
from workbench.stack.process import Process

NAME = "standby"


class CopiedPostgres:
    """Two servers; `url` is the address of whichever is the primary, as a service or a virtual address is.

    Args:
        folder: Of both.
        synchronous: Whether the primary answers a commit only when the standby has it on its disk.
    """

    def __init__(self, folder: Path, *, synchronous: bool) -> None:
        self._folder = folder
        self._synchronous = synchronous
        self._primary, self._standby = (
            Postgres(folder / name, port=free_port(), password="copied") for name in ("primary", "standby")
        )
        self._running: dict[str, Process] = {}

    @property
    def url(self) -> str:
        """What `DATABASE_URL` holds."""
        return self._primary.url()

    def start(self) -> None:
        """Run both, with this version's tables."""
        self._primary.prepare()
        self._start(self._primary)
        self._primary.ensure_database()
        migrate.upgrade(DatabaseSettings(url=self.url))
        self._standby.follow(self._primary, name=NAME)
        self._start(self._standby)
        names = NAME if self._synchronous else ""
        self._primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "SELECT pg_reload_conf()")

    def stop(self) -> None:
        """Stop what runs."""
        for process in self._running.values():
            process.kill()
            process.stop()

    def follows(self) -> bool:
        """Tell whether the standby has caught up, and commits wait for it if they shall."""
        state = self._primary.execute("SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'")
        return state == ("sync" if self._synchronous else "async")

    def part(self) -> None:
        """Take the standby away: what is committed from now on does not reach it."""
        self._running.pop("standby").stop()

    def kill_primary(self) -> None:
        """Kill the primary as a lost node would be."""
        dead = self._running.pop("primary")
        dead.kill()
        dead.stop()

    def promote(self) -> None:
        """Make the standby the primary, at the primary's address."""
        if "standby" not in self._running:
            self._start(self._standby)
        self._standby.execute("SELECT pg_promote()")
        self._standby.execute("ALTER SYSTEM RESET synchronous_standby_names")
        self.part()
        self._standby.port = self._primary.port
        self._start(self._standby)

    def jobs(self) -> set[str]:
        """Return the ids of the try-ons that the promoted standby has."""
        return set(self._standby.execute("SELECT id FROM tryons", database="proteus").split())

    def _start(self, server: Postgres) -> None:
        process = Process(server.program(), log=self._folder / f"{server.folder.name}.log")
        self._running[server.folder.name] = process
        process.wait_ready()
