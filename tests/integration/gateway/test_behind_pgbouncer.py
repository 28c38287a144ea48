"""Gateways reach Postgres through PgBouncer in session mode: they migrate, work, and outlive its restart.

`pgbouncer` comes with Debian's package of that name.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import httpx
import pytest

from gateway.ledger.migrate import upgrade
from gateway.settings import DatabaseSettings
from waiting import until
from workbench.stack.ports import free_port

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed here: apt-get install pgbouncer"),
]


class PgBouncer:
    """PgBouncer in session mode before one Postgres server."""

    def __init__(self, folder: Path, postgres_url: str) -> None:
        at = urlsplit(postgres_url)
        port = free_port()
        self.url = at._replace(netloc=f"{at.netloc.rpartition(':')[0]}:{port}").geturl()
        self._file, users = folder / "pgbouncer.ini", folder / "users.txt"
        users.write_text(f'"{unquote(at.username or "")}" "{unquote(at.password or "")}"\n')
        self._file.write_text(
            f"[databases]\n* = host=127.0.0.1 port={at.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\n"
            "pool_mode = session\ndefault_pool_size = 45\nmax_client_conn = 200\n"
        )
        # Root may not run it: it becomes nobody, who has to read both files.
        self._identity = ["-u", "nobody"] if os.geteuid() == 0 else []
        folder.chmod(0o755)
        for path in (self._file, users):
            path.chmod(0o644)

    async def start(self) -> None:
        """Start it; return once it answers."""
        command = [str(PGBOUNCER), "-q", *self._identity, str(self._file)]
        self._process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)

        async def answers() -> bool:
            try:
                connection = await asyncpg.connect(self.url.replace("+asyncpg", ""))
            except (OSError, asyncpg.PostgresError):
                return False
            await connection.close()
            return True

        await until(answers, what="a PgBouncer that answers")

    async def kill(self) -> None:
        """End it at once, with all its connections."""
        self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def bounced(postgres_url: str) -> AsyncIterator[PgBouncer]:
    with tempfile.TemporaryDirectory() as folder:
        bouncer = PgBouncer(Path(folder), postgres_url)
        await bouncer.start()
        try:
            yield bouncer
        finally:
            await bouncer.kill()


async def test_two_gateways_make_tryons_and_outlive_its_restart(
    gateway_settings, store, serve, hands, prepare, database_url
) -> None:
    async with bounced(database_url) as bouncer:
        settings = gateway_settings.model_copy(update={"database": DatabaseSettings(url=bouncer.url)})
        async with serve(settings) as one, serve(settings) as other:
            ready = await prepare(one, await one.guest())
            elsewhere = other.bearer(ready.guest.token, ready.guest.user_id)
            first = await ready.snap()
            await hands.finish(await hands.take())
            assert (await elsewhere.wait(first["job_id"], 60))["status"] == "completed"

            async def submit() -> httpx.Response:
                pair = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
                return await elsewhere.http.post("/v1/tryons", json=pair, headers={"Idempotency-Key": "again"})

            async def accepted() -> str | None:
                answer = await submit()
                return str(answer.json()["job_id"]) if answer.is_success else None

            await bouncer.kill()
            assert (await submit()).status_code == 503, "the gateway goes past PgBouncer"
            await bouncer.start()
            second = await until(accepted, what="a submit after the restart")
            await hands.finish(await hands.take())
            assert (await ready.guest.wait(second, 60))["status"] == "completed"


async def test_migrations_run_through_it(empty_database_url: str) -> None:
    async with bounced(empty_database_url) as bouncer:
        for _ in range(2):
            await asyncio.to_thread(upgrade, DatabaseSettings(url=bouncer.url))
