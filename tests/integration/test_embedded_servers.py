"""The embedded servers do what the services rely on, and nothing of them stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from redis.asyncio import Redis

from proteus.storage import ObjectStore
from workbench.stack.errors import StackError
from workbench.stack.ports import free_port, is_free
from workbench.stack.postgres import Postgres
from workbench.stack.process import Process
from workbench.stack.valkey import Valkey


async def test_redis_pops_many_and_runs_scripts(redis: Redis) -> None:
    await redis.rpush("list", "a", "b", "c")
    assert await redis.lmpop(1, "list", direction="RIGHT", count=2) == ["list", ["c", "b"]]
    assert await redis.eval("return redis.call('TIME')[1]", 0)


async def test_a_database_has_every_table_and_no_row(database_url: str) -> None:
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        assert await connection.fetchval("SELECT version_num FROM alembic_version")
        assert await connection.fetchval("SELECT count(*) FROM jobs") == 0
    finally:
        await connection.close()


def test_a_presigned_put_takes_exactly_what_was_signed(store: ObjectStore) -> None:
    signed = store.presign_put("incoming/u/1", content_type="image/png", size_bytes=3, expires_seconds=60)
    assert httpx.put(signed.url, content=b"abcd", headers={"Content-Type": "image/png"}).status_code == 403
    assert httpx.put(signed.url, content=b"abc", headers={"Content-Type": "text/plain"}).status_code == 403
    assert httpx.put(signed.url, content=b"abc", headers=signed.headers).status_code == 200
    assert store.get("incoming/u/1") == b"abc"


def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import os, sys; from pathlib import Path; from workbench.stack.process import Process\n"
        "from workbench.stack.valkey import Valkey\n"
        f"server = Valkey(Path({str(tmp_path)!r}), port={port}, durable=False); server.prepare()\n"
        f"process = Process(server.program(), log=Path({str(tmp_path / 'log')!r})); process.wait_ready()\n"
        "print(process.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    psutil.wait_procs([psutil.Process(int(done.stdout))] if psutil.pid_exists(int(done.stdout)) else [], timeout=10)
    assert is_free(port)


def test_postgres_starts_again_after_it_was_killed(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "data", port=free_port(), password="it's a %secret", durable=True)
    server.prepare()
    first = Process(server.program(), log=tmp_path / "log")
    first.wait_ready()
    server.ensure_database("kept")
    os.kill(first.pid, signal.SIGKILL)
    first.stop()
    server.prepare()
    again = Process(server.program(), log=tmp_path / "log")
    again.wait_ready()
    assert server.execute("SELECT 1 FROM pg_database WHERE datname = 'kept'") == "1"
    with pytest.raises(StackError, match="already uses"):
        server.prepare()
    assert again.stop() == 0


def test_a_server_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    port = free_port()
    server = Valkey(tmp_path, port=port, durable=False)
    server.prepare()
    first = Process(server.program(), log=tmp_path / "log")
    first.wait_ready()
    with pytest.raises(StackError, match=rf"{port}: process {first.pid} \(valkey-server\)"):
        Process(server.program(), log=tmp_path / "second-log")
    first.stop()
