"""Real servers for tests: each test process starts what its tests ask for, once, and every test gets a clean piece.

A process of pytest (or of xdist) owns its own Valkey, Postgres and S3 server, so tests in parallel never see each
other's keys or messages. They start on first use and die with the process, however it ends. Servers named by
`PROTEUS_TEST_REDIS_URL`, `PROTEUS_TEST_DATABASE_URL` (an account that may create databases) or
`PROTEUS_TEST_S3_ENDPOINT` (with `_ACCESS_KEY`, `_SECRET_KEY`, `_REGION`) are used instead; the Redis one is FLUSHED.
`PROTEUS_TEST_SERVERS=docker` starts the images of docker-compose.yml as containers: the way wherever the embedded
servers do not run.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import hypothesis
import pytest
import redis as sync_redis
import structlog
from pydantic import SecretStr
from redis.asyncio import Redis

from databases import Databases, database
from lending import addresses_of_roles, lent_store
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from workbench.deploy import standins
from workbench.stack.errors import EMBEDDED_ON
from workbench.stack.ports import free_port
from workbench.stack.postgres import Postgres
from workbench.stack.process import Process
from workbench.stack.s3 import S3
from workbench.stack.valkey import Valkey
from workbench.weights import fetch_pose

hypothesis.settings.register_profile("proteus", deadline=None)
hypothesis.settings.load_profile("proteus")  # How long an example takes says how busy the machine is.

sys.modules.setdefault("trio", None)  # type: ignore[arg-type]
"""httpx looks for it at each of its locks, and would search every folder for it again and again."""

structlog.get_config()["processors"][-1] = structlog.dev.ConsoleRenderer(
    colors=False, exception_formatter=structlog.dev.plain_traceback
)
"""What services log inside a test's own process: plain tracebacks, which cost the event loop nothing."""

CONTAINERS = (
    os.environ.get("PROTEUS_TEST_SERVERS") == "docker" or (platform.system(), platform.machine()) not in EMBEDDED_ON
)
"""Whether servers that nobody named are containers."""


gc.disable()
"""Until everything is imported: what comes stays, and to look through it again and again is a fifth of that time."""


def pytest_collection_finish() -> None:
    """Keep the collector from walking, again and again, through everything that was imported: a tenth of all time."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def servers_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The servers' data and logs."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def redis_server_url(servers_folder: Path, worker_number: int) -> Iterator[str]:
    """A Redis database of this process's own."""
    if url := os.environ.get("PROTEUS_TEST_REDIS_URL"):
        yield urlsplit(url)._replace(path=f"/{worker_number}").geturl()
        return
    if CONTAINERS:
        command = "valkey-server --protected-mode no --save ''"
        with container(standins.REDIS, 6379, command=command, ready="valkey-cli ping") as address:
            yield f"redis://{address}/0"
        return
    server = Valkey(servers_folder / "valkey", port=free_port(), durable=False)
    with running(server, servers_folder):
        yield server.url


@pytest.fixture(scope="session")
def worker_number() -> int:
    """This process's number among xdist's, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """The address of an empty Redis database."""
    with sync_redis.Redis.from_url(redis_server_url) as client:
        client.flushdb()
    return redis_server_url


@pytest.fixture
def role_url(redis_url: str) -> Callable[[str], str]:
    """Return the address at which a role (`proteus.redis_roles`) connects to that database."""
    return addresses_of_roles(redis_url)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Redis database; answers are `str`."""
    client: Redis = Redis.from_url(redis_url, decode_responses=True)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def postgres_url(servers_folder: Path) -> Iterator[str]:
    """The maintenance database of a Postgres server."""
    if url := os.environ.get("PROTEUS_TEST_DATABASE_URL"):
        yield url
        return
    if CONTAINERS:
        account = {"POSTGRES_USER": "tests", "POSTGRES_PASSWORD": uuid4().hex, "POSTGRES_DB": "tests"}
        with container(standins.POSTGRES, 5432, environment=account, ready="pg_isready -h 127.0.0.1") as address:
            yield f"postgresql+asyncpg://tests:{account['POSTGRES_PASSWORD']}@{address}/tests"
        return
    server = Postgres(servers_folder / "postgres", port=free_port(), password=uuid4().hex, durable=False)
    with running(server, servers_folder):
        yield server.url("postgres")


@pytest.fixture(scope="session")
def migrated_databases(postgres_url: str) -> Iterator[Databases]:
    """Databases with every migration run."""
    # Here and not above: unit tests need not wait for SQLAlchemy and Alembic.
    from gateway.ledger.migrate import upgrade
    from gateway.ledger.schema import METADATA
    from gateway.settings import DatabaseSettings

    with database(postgres_url) as url:
        upgrade(DatabaseSettings(url=url))
        made = Databases(postgres_url, url, [table.name for table in reversed(METADATA.sorted_tables)])
        yield made
        made.close()


@pytest.fixture
def database_url(migrated_databases: Databases) -> Iterator[str]:
    """The address (`postgresql+asyncpg://…`) of a migrated database of this test's own, without a row."""
    with migrated_databases.lent() as url:
        yield url


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """The address of a database of this test's own, without a table."""
    with database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def s3_settings(servers_folder: Path) -> Iterator[StorageSettings]:
    """An S3 server; its bucket is not made yet."""
    if endpoint := os.environ.get("PROTEUS_TEST_S3_ENDPOINT"):
        rest = {
            name: os.environ.get(f"PROTEUS_TEST_S3_{name.upper()}") for name in ("access_key", "secret_key", "region")
        }
        given = {name: value for name, value in rest.items() if value}
        yield StorageSettings.model_validate({"endpoint": endpoint, "bucket": "not-made", **given})
        return
    if CONTAINERS:
        keys = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": uuid4().hex}
        command = "mini -dir=/data -ip=127.0.0.1 -ip.bind=0.0.0.0 -s3.port=8333 -master.telemetry=false"
        with container(standins.OBJECT_STORAGE, 8333, entrypoint="weed", command=command, environment=keys) as address:
            yield StorageSettings(
                endpoint=f"http://{address}",
                bucket="not-made",
                access_key=keys["AWS_ACCESS_KEY_ID"],
                secret_key=SecretStr(keys["AWS_SECRET_ACCESS_KEY"]),
            )
        return
    server = S3(servers_folder / "s3", port=free_port(with_grpc=True), access_key="tests", secret_key=uuid4().hex)
    with running(server, servers_folder):
        yield server.settings("not-made")


@pytest.fixture(scope="session")
def buckets(s3_settings: StorageSettings) -> Iterator[list[ObjectStore]]:
    """Empty buckets that a test has given back: to make one costs a small server a third of a second."""
    free: list[ObjectStore] = []
    yield free
    for made in free:
        made._s3.delete_bucket(Bucket=made.settings.bucket)


@pytest.fixture
def storage_settings(
    request: pytest.FixtureRequest, s3_settings: StorageSettings, buckets: list[ObjectStore]
) -> StorageSettings:
    """Settings that name the bucket of `store`; without it, one that nobody has made."""
    if "store" in request.fixturenames and buckets:
        return buckets[-1].settings
    return s3_settings.model_copy(update={"bucket": f"test-{uuid4().hex}"})


@pytest.fixture
def store(storage_settings: StorageSettings, buckets: list[ObjectStore]) -> Iterator[ObjectStore]:
    """An object store on an empty bucket, which the next test gets when it is empty again."""
    with lent_store(storage_settings, buckets) as made:
        yield made


@pytest.fixture(scope="session")
def pose_folder() -> Path:
    """The pose models, fetched on first use into the local stack's folder."""
    return fetch_pose(Path(__file__).parents[1] / ".proteus" / "models" / "pose")


@contextmanager
def container(
    image: str,
    port: int,
    *,
    command: str = "",
    entrypoint: str | None = None,
    environment: dict[str, str] | None = None,
    ready: str = "",
) -> Iterator[str]:
    """Run a container for a `with` block; yield the host:port at which its port is reached.

    It is ready once the command `ready` succeeds in it or, without one, once it refuses a stranger's GET.
    """
    # Here and not above: only machines without the embedded servers need it.
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import ExecWaitStrategy, HttpWaitStrategy

    made = DockerContainer(image, command=command or None, env=environment, ports=[port], entrypoint=entrypoint)
    made.waiting_for(ExecWaitStrategy(ready.split()) if ready else HttpWaitStrategy(port).for_status_code(403))
    with made:
        yield f"{made.get_container_host_ip()}:{made.get_exposed_port(port)}"


@contextmanager
def running(server: Valkey | Postgres | S3, folder: Path) -> Iterator[None]:
    """Run a server for a `with` block.

    The S3 server is killed: its data is worthless by then and it takes seconds to stop. The others stop properly;
    a killed Postgres would leave a segment of shared memory behind on every run.
    """
    server.prepare()
    process = Process(server.program(), log=folder / f"{server.name}.log")
    try:
        process.wait_ready()
        yield
    finally:
        if isinstance(server, S3):
            process.kill()
        process.stop()
