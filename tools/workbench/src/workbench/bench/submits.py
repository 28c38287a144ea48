"""`python -m workbench.bench.submits [NAME …]`: the gateway's submits beside a bare FastAPI + one INSERT + one LPUSH.

Each runs as one process on the same Postgres and Valkey, in turns, driven by the same keep-alive connections. Ours
checks token, ownership, rate, admission and needs, and queues with a fencing token; the bar is 70 % of the bare one.
The same gateway is asked in other forms: with an API key instead of a token, with an Origin, with an Idempotency-Key,
and with the last two, as a browser asks. With names, only `ours` and these run.
The last line is JSON; `cpu_us` is the server's own processor time per request, which a busy machine disturbs least.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil

from gateway.ledger.engine import Ledger
from gateway.rules import api_keys
from gateway.rules.tokens import Tokens
from gateway.settings import DatabaseSettings
from proteus import object_keys
from proteus.artefacts import IngestedImage
from proteus.clock import SystemClock
from proteus.jobs import ImageId, UserId
from workbench.stack.ports import free_port
from workbench.stack.postgres import Postgres, psql
from workbench.stack.process import Process
from workbench.stack.valkey import Valkey
from workbench.unlimited import UNLIMITED

CONNECTIONS: Final = 16
SECONDS: Final = 3.0
ROUNDS: Final = 5
ORIGIN: Final = "Origin: http://shop.test\r\n"
ONCE: Final = "Idempotency-Key: {once}\r\n"
FORMS: Final = {
    "ours": "",
    "ours_by_key": "",
    "ours_of_origin": ORIGIN,
    "ours_once": ONCE,
    "ours_of_browser": ORIGIN + ONCE,
}
"""Headers that each form of a submit to the same gateway has beside the usual ones; `once` differs each time."""
RIVALS: Final = ("ours_unlimited", "bare", "bare_sqlalchemy")
NAMES: Final = (*FORMS, *RIVALS)
KEY: Final = "a-signing-key-for-benchmarks-only!"
USER: Final = UserId("user_bench")
STORE: Final = "http://127.0.0.1:9/bench"
API_KEY: Final = api_keys.compose("benchkey", bytes(32))
PARSE: Final = object_keys.parse_keys(USER, "abc", parser="classic", parser_version="1")
CUT: Final = object_keys.cut_keys(USER, "abc", parser="classic", parser_version="1", category="auto")


async def seed(database_url: str) -> None:
    """Insert a user whose photo is parsed and whose garment is cut."""
    ledger = Ledger(DatabaseSettings(url=database_url))
    now = datetime.now(UTC)
    async with ledger.write() as writes:
        await writes.users.add(USER, kind="guest", tenant="guests")
        await writes.api_keys.add(
            id=api_keys.claimed_id(API_KEY), tenant="guests", user_id=USER, name="bench", scopes=[], limits={},
            digest=api_keys.digest_of(API_KEY), created_by=USER,
        )  # fmt: skip
        for kind, task, variant, key in (
            ("person", "parse", "classic", PARSE.description),
            ("garment", "cut", "auto/classic", CUT.picture),
        ):
            image_id = ImageId(f"img_{kind}")
            await writes.images.add(
                image_id,
                user_id=USER,
                kind=kind,
                declared_type="image/png",
                declared_bytes=9,
                sweep_at=datetime.now(UTC) + timedelta(days=1),
            )
            image = IngestedImage(
                key=object_keys.photo_key(USER, kind, "png"),
                sha256="abc",
                width=768,
                height=1024,
                content_type="image/png",
                size_bytes=9,
            )
            await writes.images.describe(image_id, image)
            await writes.jobs.add_tailor_job(
                id=f"seg_{task}", kind=task, user_id=USER, tenant="guests", image_id=image_id, engine=task,
                batch_key=task, variant=variant, state="completed", trace_id="t",
                result={"result_key": key, "cut": {"category": "upper", "worn": False}}, result_key=key,
                finished_at=now,
            )  # fmt: skip
    await ledger.close()


@contextmanager
def server(command: list[str], environment: Mapping[str, str], port: int) -> Iterator[psutil.Process]:
    """Run a server until the block ends; yield its process once it answers."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/openapi.json")
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{command} does not answer")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


async def drive(port: int, token: str, headers: str) -> list[float]:
    """Submit over keep-alive connections for a while; return the seconds each submit took."""
    body = json.dumps(
        {
            "user_photo_url": f"{STORE}/{object_keys.upload_key(USER, 'img_person')}",
            "cloth_clean_url": f"{STORE}/{CUT.picture}",
        }
    )
    head_of_all = (
        f"POST /api/snap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
    )
    ends_at = time.perf_counter() + SECONDS
    taken: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (start := time.perf_counter()) < ends_at:
            own = headers.format(once=uuid4()) if headers else ""
            writer.write(f"{head_of_all}{own}\r\n{body}".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                raise RuntimeError((head + await reader.read(2_000)).decode())
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            taken.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*[client() for _ in range(CONNECTIONS)])
    return taken


def measure(port: int, process: psutil.Process, token: str, headers: str) -> dict[str, float]:
    """Return submits per second, server time per submit and latency of one round."""
    before = process.cpu_times()
    started = time.perf_counter()
    taken = asyncio.run(drive(port, token, headers))
    seconds = time.perf_counter() - started
    after = process.cpu_times()
    busy = after.user + after.system - before.user - before.system
    return {
        "per_second": len(taken) / seconds,
        "cpu_us": busy / len(taken) * 1e6,
        "p50_ms": statistics.median(taken) * 1e3,
        "p99_ms": sorted(taken)[int(len(taken) * 0.99)] * 1e3,
    }


def main(*asked: str) -> None:
    """Measure all names, or `ours` and those asked for, in turns and print."""
    names = [name for name in NAMES if not asked or name in {"ours", *asked}]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        valkey = Valkey(root / "valkey", port=free_port(), durable=True)
        postgres = Postgres(root / "postgres", port=free_port(), password="bench", durable=True)  # noqa: S106
        for one in (valkey, postgres):
            one.prepare()
            process = Process(one.program(), log=root / f"{one.name}.log")
            stack.callback(process.stop)
            process.wait_ready()
        url = postgres.url("postgres")
        psql(url, "CREATE DATABASE bench")
        database = urlsplit(url)._replace(scheme="postgresql", path="/bench").geturl()
        psql(database, "CREATE TABLE bare_jobs (id text PRIMARY KEY, person text, garment text, status text, "
                       "created_at timestamptz DEFAULT now())")  # fmt: skip
        ports = {name: free_port() for name in ("ours", *RIVALS)}
        environment = {
            "DATABASE_URL": database, "REDIS_URL": valkey.url, "PROTEUS_SIGNING_KEY": KEY, "LOG_LEVEL": "WARNING",
            "AUTH_GUESTS": "open", "OBJECT_STORAGE_ENDPOINT": "http://127.0.0.1:9", "OBJECT_STORAGE_BUCKET": "bench",
            "OBJECT_STORAGE_ACCESS_KEY": "bench", "OBJECT_STORAGE_SECRET_KEY": "a-secret-for-benchmarks-only",
            **UNLIMITED, **COUNTED, "LIMIT_TENANT_QUEUED": "100000000", "LIMIT_TENANT_TOTAL": "100000000",
            "ADMISSION_MAX_REPLICAS": "10000000", "GATEWAY_INNER_PORT": "0",
        }  # fmt: skip
        python = sys.executable
        subprocess.run(
            [python, "-c", "from gateway.ledger.migrate import upgrade; from gateway.settings import DatabaseSettings; "
             "upgrade(DatabaseSettings())"], env={**os.environ, **environment}, check=True,
        )  # fmt: skip
        asyncio.run(seed(database))
        token = Tokens(KEY, clock=SystemClock()).mint(USER, tenant="guests", seconds=3_600, kind="guest")
        serve = [python, "-m", "gateway", "serve", "--host", "127.0.0.1", "--port", str(ports["ours"])]
        processes = {"ours": stack.enter_context(server(serve, environment, ports["ours"]))}
        for name in FORMS:
            processes[name], ports[name] = processes["ours"], ports["ours"]
        tokens = dict.fromkeys(NAMES, token) | {"ours_by_key": API_KEY}
        unlimited = [*serve[:-1], str(ports["ours_unlimited"])], environment | UNLIMITED
        bare = [python, "-m", "workbench.bench.bare"]
        programs = {"ours_unlimited": unlimited} | {
            name: (bare, environment | {"PORT": str(ports[name]), "DRIVER": driver})
            for name, driver in (("bare", "asyncpg"), ("bare_sqlalchemy", "sqlalchemy"))
        }
        for name in set(names) & programs.keys():
            processes[name] = stack.enter_context(server(*programs[name], ports[name]))
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for name in names:
            measure(ports[name], processes[name], tokens[name], FORMS.get(name, ""))
        for number in range(ROUNDS):
            for name in names if number % 2 else reversed(names):
                found = measure(ports[name], processes[name], tokens[name], FORMS.get(name, ""))
                rounds[name].append(found)
                print(name, {key: round(value, 1) for key, value in found.items()})
        print(json.dumps(_report(rounds)))


COUNTED: Final = {"LIMIT_SUBMITS_PER_MINUTE": "100000000", "LIMIT_GUEST_REQUESTS_PER_MINUTE": "100000000"}
"""Limits that nobody reaches: every submit is counted in Redis all the same."""


def _report(rounds: Mapping[str, list[dict[str, float]]]) -> dict[str, Any]:
    median = {
        name: {key: round(statistics.median(one[key] for one in found), 1) for key in found[0]}
        for name, found in rounds.items()
    }

    def ratios(key: str, names: Sequence[str]) -> dict[str, float]:
        return {
            name: round(
                statistics.median(
                    ours[key] / other[key] for ours, other in zip(rounds["ours"], rounds[name], strict=True)
                ),
                3,
            )
            for name in names
        }

    forms, rivals = ([name for name in rounds if (name in FORMS) is ours and name != "ours"] for ours in (True, False))
    return {
        **median,
        **{f"ratio_to_{name}": found for name, found in ratios("per_second", rivals).items()},
        **{f"cpu_ratio_to_{name}": round(1 / found, 3) for name, found in ratios("cpu_us", rivals).items()},
        **{f"cpu_ratio_of_{name}": round(1 / found, 3) for name, found in ratios("cpu_us", forms).items()},
        **{f"rate_ratio_of_{name}": round(1 / found, 3) for name, found in ratios("per_second", forms).items()},
        "bar": 0.7,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
