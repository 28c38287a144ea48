"""The proxies of `make chaos` before the real servers, with the clients that the services use."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError

from proteus.errors import DependencyUnavailable
from proteus.storage import ObjectStore
from workbench.chaos.proxies import Answer, PostgresProxy, RedisProxy, StoreProxy
from workbench.stack.ports import free_port


@asynccontextmanager
async def before(kind, url, **options):
    """Run a proxy of this kind before the server at `url`."""
    proxy = kind(port=free_port(), upstream_port=urlsplit(url).port, rng=random.Random(1), **options)
    async with proxy.listening():
        yield proxy


@asynccontextmanager
async def answering(proxy, answer):
    """Have the proxy answer while the block runs."""
    task = asyncio.create_task(proxy.answering(answer, seconds=60))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def redis_proxy(redis_url):
    async with before(RedisProxy, redis_url) as proxy:
        yield proxy


@pytest.fixture
async def client(redis_proxy, redis_url):
    url = urlsplit(redis_url)._replace(netloc=f"127.0.0.1:{redis_proxy.port}").geturl()
    made = Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0))
    yield made
    await made.aclose()


async def test_redis_passes_unharmed_while_nothing_answers(client):
    assert await client.eval("return {KEYS[1], {1, 'x'}, {ok='fine'}}", 1, "k") == ["k", [1, "x"], "fine"]
    async with client.pipeline() as pipe:
        pipe.set("a", "line\r\nbreak").hset("h", mapping={"x": "1"}).hgetall("h").get("a").get("none")
        assert await pipe.execute() == [True, 1, {"x": "1"}, "line\r\nbreak", None]
    async with client.pubsub() as pubsub:
        await pubsub.subscribe("c")
        assert (await pubsub.get_message(timeout=5))["type"] == "subscribe"
        await client.publish("c", "hello")
        assert (await pubsub.get_message(timeout=5))["data"] == "hello"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("OOM", OutOfMemoryError),
        ("READONLY", ReadOnlyError),
        ("LOADING", BusyLoadingError),
        ("MISCONF", ResponseError),
        ("BUSY", ResponseError),
    ],
)
async def test_redis_answers_an_error_and_nothing_is_written(client, redis_proxy, redis, code, error):
    await client.ping()
    async with answering(redis_proxy, Answer(kind="error", code=code)):
        with pytest.raises(error):
            await client.set("a", "1")
        with pytest.raises(error):
            await client.eval("return redis.call('SET', KEYS[1], '1')", 1, "a")
    assert await redis.get("a") is None
    await client.set("a", "2")
    assert await redis.get("a") == "2"
    assert redis_proxy.answered >= 2


async def test_redis_still_reads_while_it_refuses_writes(client, redis_proxy, redis):
    await redis.set("a", "1")
    async with answering(redis_proxy, Answer(kind="error", code="OOM")):
        assert await client.get("a") == "1"


async def test_half_a_reply_of_redis_is_a_broken_line_after_the_effect(client, redis_proxy, redis):
    async with answering(redis_proxy, Answer(kind="half")):
        with pytest.raises(RedisError):
            await client.set("a", "1")
    assert await redis.get("a") == "1"


@pytest.fixture
async def postgres_proxy(database_url):
    async with before(PostgresProxy, database_url) as proxy:
        yield proxy


@pytest.fixture
async def connection(postgres_proxy, database_url):
    url = urlsplit(database_url)
    made = await asyncpg.connect(
        host="127.0.0.1",
        port=postgres_proxy.port,
        user=url.username,
        password=url.password,
        database=url.path[1:],
        timeout=10,
    )
    await made.execute("CREATE TABLE noted (n int PRIMARY KEY)")
    yield made
    made.terminate()


@pytest.mark.parametrize(
    ("code", "error"), [("25006", asyncpg.ReadOnlySQLTransactionError), ("53100", asyncpg.DiskFullError)]
)
async def test_postgres_refuses_a_write_and_the_connection_goes_on(connection, postgres_proxy, code, error):
    await connection.execute("INSERT INTO noted VALUES ($1)", 1)
    async with answering(postgres_proxy, Answer(kind="error", code=code)):
        with pytest.raises(error):
            await connection.execute("INSERT INTO noted VALUES ($1)", 2)
        with pytest.raises(error):
            await connection.execute("INSERT INTO noted VALUES (3)")
        assert await connection.fetchval("SELECT count(*) FROM noted") == 1
    await connection.execute("INSERT INTO noted VALUES ($1)", 4)
    assert await connection.fetchval("SELECT count(*) FROM noted") == 2


async def test_a_transaction_in_which_postgres_refused_is_rolled_back_whole(connection, postgres_proxy):
    async def two_rows():
        async with connection.transaction():
            await connection.execute("INSERT INTO noted VALUES ($1)", 1)
            async with answering(postgres_proxy, Answer(kind="error", code="53100")):
                await connection.execute("INSERT INTO noted VALUES ($1)", 2)

    with pytest.raises(asyncpg.DiskFullError):
        await two_rows()
    assert await connection.fetchval("SELECT count(*) FROM noted") == 0
    async with connection.transaction():
        await connection.execute("INSERT INTO noted VALUES ($1)", 5)
    assert await connection.fetchval("SELECT count(*) FROM noted") == 1


async def test_half_a_reply_of_postgres_is_a_broken_connection_after_the_effect(
    connection, postgres_proxy, database_url
):
    async with answering(postgres_proxy, Answer(kind="half")):
        with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
            await connection.execute("INSERT INTO noted VALUES (1)")
    direct = await asyncpg.connect(database_url.replace("+asyncpg", ""), timeout=10)
    assert await direct.fetchval("SELECT count(*) FROM noted") == 1
    await direct.close()


@pytest.fixture
async def store_before(store, storage_settings):
    async with before(StoreProxy, storage_settings.endpoint) as proxy:
        settings = storage_settings.model_copy(update={"endpoint": f"http://127.0.0.1:{proxy.port}"})
        yield proxy, ObjectStore(settings)


async def test_the_store_passes_unharmed_while_nothing_answers(store_before, store):
    _, through = store_before
    picture = random.Random(2).randbytes(300_000)
    await asyncio.to_thread(through.put, "results/u/a.bin", picture, content_type="image/png")
    assert await asyncio.to_thread(through.get, "results/u/a.bin") == picture


@pytest.mark.parametrize("answer", [Answer(kind="error", code="503"), Answer(kind="half")], ids=str)
async def test_a_store_that_answers_badly_is_away_and_serves_again_afterwards(store_before, answer):
    proxy, through = store_before
    await asyncio.to_thread(through.put, "results/u/a.bin", b"before", content_type="image/png")
    async with answering(proxy, answer):
        with pytest.raises(DependencyUnavailable):
            await asyncio.to_thread(through.get, "results/u/a.bin")
    assert await asyncio.to_thread(through.get, "results/u/a.bin") == b"before"
