"""A real gateway on real servers, and hands that do a tailor's and a weaver's work through the real queue."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from redis.asyncio import Redis

from databases import Databases
from first_tryon import FirstTryon
from gateway import listening
from gateway.api.inner import InnerApp
from gateway.app import make_app
from gateway.composition import build
from gateway.rules.tokens import Tokens
from gateway.services import Services
from gateway.settings import (
    AdmissionSettings,
    AuthSettings,
    DatabaseSettings,
    EdgeSettings,
    GatewaySettings,
    LimitSettings,
    TailorSettings,
    TokenSettings,
    UploadSettings,
)
from guests import NO_AUTHORITIES, Guest
from hands import Hands, png
from lending import addresses_of_roles, lent_store
from proteus.clock import SystemClock
from proteus.settings import LeaseSettings, LogSettings, RedisSettings, StorageSettings
from proteus.storage import ObjectStore
from waiting import PATIENCE_SECONDS
from wire_watch import WireWatch

SIGNING_KEY = "a-key-for-tests-that-is-long-enough-to-sign"


@pytest.fixture
def gateway_settings(
    role_url: Callable[[str], str], database_url: str, storage_settings: StorageSettings
) -> GatewaySettings:
    """Settings of a gateway on this test's own servers."""
    return settings_on(role_url("gateway"), database_url, storage_settings)


def settings_on(redis_url: str, database_url: str, storage: StorageSettings) -> GatewaySettings:
    """Settings of a gateway on these servers."""
    return GatewaySettings(
        redis=RedisSettings(url=redis_url),
        database=DatabaseSettings(url=database_url),
        storage=storage,
        tokens=TokenSettings(signing_key=SIGNING_KEY),
        auth=AuthSettings(guests="open"),
        uploads=UploadSettings(),
        limits=LimitSettings(),
        admission=AdmissionSettings(),
        edge=EdgeSettings(),
        tailor=TailorSettings(url=""),
        engines="puppet,timed",
        lease=LeaseSettings(seconds=2, beat_seconds=0.5, reap_seconds=0.2),
        log=LogSettings(),
    )


@dataclass
class Gateway:
    """A running gateway, as clients see it; `services` for what a test cannot wait for from outside."""

    url: str
    inner_url: str
    settings: GatewaySettings
    stop: Callable[[], None]
    services: Services
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    async def guest(self, *, address: str | None = None) -> Guest:
        """A fresh guest with his own client; behind a trusted proxy, if `address` names where he is."""
        forwarded = {"X-Forwarded-For": address} if address else {}
        client = httpx.AsyncClient(base_url=self.url, timeout=30, headers=forwarded, verify=NO_AUTHORITIES)
        self.clients.append(client)
        made = (await client.post("/v1/auth/guest")).raise_for_status().json()
        return self.bearer(made["access_token"], made["user_id"], client)

    def bearer(self, token: str, user_id: str = "", client: httpx.AsyncClient | None = None) -> Guest:
        """A client with this token."""
        if client is None:
            client = httpx.AsyncClient(base_url=self.url, timeout=30, verify=NO_AUTHORITIES)
            self.clients.append(client)
        client.headers["Authorization"] = f"Bearer {token}"
        return Guest(http=client, user_id=user_id, token=token, url=self.url)


@pytest.fixture
async def gateway(gateway_settings: GatewaySettings, store: ObjectStore) -> AsyncIterator[Gateway]:
    """One running gateway."""
    async with serving(gateway_settings) as found:
        yield found


@asynccontextmanager
async def serving(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """Run a gateway inside this event loop, on a free port, for a `with` block.

    What it sends is held to its published description: a test that brings about anything else fails.
    """
    # Bound here and now: a port that is only free may be somebody else's a moment later.
    bound = [socket.create_server(("127.0.0.1", 0), backlog=2_048) for _ in range(2)]
    port, inner_port = [one.getsockname()[1] for one in bound]
    stopping, inside = asyncio.Event(), InnerApp()
    services = build(settings, stopping)
    watch = WireWatch(make_app(settings, stopping, inside, services))
    configs = (
        listening.public(watch, settings.edge),
        listening.inner(inside),
    )
    servers = [uvicorn.Server(config) for config in configs]
    for server in servers:
        server.config.timeout_graceful_shutdown = 3
        server.capture_signals = no_signals  # type: ignore[method-assign,assignment]
    running = [asyncio.create_task(server.serve(sockets=[one])) for server, one in zip(servers, bound, strict=True)]

    def stop() -> None:
        stopping.set()
        for server in servers:
            server.should_exit = True

    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not all(server.started for server in servers):
                assert not any(one.done() for one in running), "the gateway did not start"
                await asyncio.sleep(0.01)
        inner_url = f"http://127.0.0.1:{inner_port}"
        url = f"http://127.0.0.1:{port}"
        made = Gateway(url=url, inner_url=inner_url, settings=settings, stop=stop, services=services)
        try:
            yield made
        finally:
            for client in made.clients:
                await client.aclose()
    finally:
        stop()
        await asyncio.gather(*running)
    assert watch.mismatches == [], "sent, and described otherwise in docs/openapi.json or docs/events.schema.json"


class no_signals:
    """Leaves the test process's signals alone."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
async def parts(gateway_settings: GatewaySettings) -> AsyncIterator[Services]:
    """The parts of a gateway that does not run: for looking behind the scenes, and for single rounds."""
    made = build(gateway_settings, asyncio.Event())
    yield made
    await made.redis.aclose()
    await made.ledger.close()


@pytest.fixture
def hands(redis: Redis, store: ObjectStore, gateway_settings: GatewaySettings) -> Hands:
    """Somebody who can do a tailor's and a weaver's work."""
    return Hands(redis, store, lease_ms=int(gateway_settings.lease.seconds * 1000))


def objects(store: ObjectStore) -> list[str]:
    """Every key in the bucket."""
    return sorted(found.key for found in store.list(""))


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Makes small pictures."""
    return png


@pytest.fixture
def objects_left(store: ObjectStore) -> Callable[[], list[str]]:
    """Lists the bucket."""
    return lambda: objects(store)


@pytest.fixture
def serve() -> Callable[[GatewaySettings], Any]:
    """Runs further gateways."""
    return serving


@pytest.fixture
def tokens() -> Tokens:
    """Mints tokens with the deployment's key."""
    return Tokens(SIGNING_KEY, clock=SystemClock())


@pytest.fixture
def account(parts: Services, tokens: Tokens) -> Callable[..., Awaitable[Guest]]:
    """Makes a tenant's account with a client of its own, as `gateway token` does."""

    async def make(gateway: Gateway, tenant: str, *, scopes: Sequence[str] = ()) -> Guest:
        user_id = f"user_{tenant}"
        async with parts.ledger.write() as writes:
            await writes.users.add(user_id, kind="account", tenant=tenant)
        return gateway.bearer(tokens.mint(user_id, tenant=tenant, scopes=scopes, seconds=600), user_id)

    return make


@pytest.fixture
async def owner(gateway: Gateway, account: Callable[..., Awaitable[Guest]]) -> Guest:
    """The owner of the tenant acme."""
    return await account(gateway, "acme", scopes=["keys", "tokens"])


@dataclass
class Ready:
    """A guest whose photo and garment are prepared: his next try-on waits for a weaver only."""

    guest: Guest
    person: str
    garment: str

    async def snap(self, **options: Any) -> dict[str, Any]:
        return await self.guest.snap(self.person, self.garment, **options)


@pytest.fixture(scope="session")
def first_tryon(
    migrated_databases: Databases, s3_settings: StorageSettings, buckets: list[ObjectStore], redis_server_url: str
) -> FirstTryon:
    """A guest's first try-on, done once in this process. A test's own Redis database is empty after it, as always."""

    async def do(database_url: str, store: ObjectStore) -> FirstTryon:
        redis_url = addresses_of_roles(redis_server_url)("gateway")
        settings = settings_on(redis_url, database_url, store.settings)
        async with Redis.from_url(redis_server_url, decode_responses=True) as redis, serving(settings) as gateway:
            done = await prepared(gateway, Hands(redis, store, lease_ms=2_000))
        return FirstTryon.take(done.guest.user_id, done.person, done.garment, database_url=database_url, store=store)

    bucket = s3_settings.model_copy(update={"bucket": f"test-{uuid4().hex}"})
    with migrated_databases.lent() as database_url, lent_store(bucket, buckets) as store:
        return asyncio.run(do(database_url, store))


@pytest.fixture
async def ready(gateway: Gateway, first_tryon: FirstTryon, database_url: str, store: ObjectStore) -> Ready:
    """A guest who has tried something on before."""
    guest = await gateway.guest()
    addresses = await asyncio.to_thread(first_tryon.give, guest.user_id, database_url=database_url, store=store)
    return Ready(guest, *addresses)


@pytest.fixture
def prepare(hands: Hands) -> Callable[[Gateway, Guest], Any]:
    """Prepares a photo and a garment for a user."""
    return lambda gateway, guest: prepared(gateway, hands, guest)


async def prepared(gateway: Gateway, hands: Hands, guest: Guest | None = None) -> Ready:
    """Do a first try-on, so that photo, cut-out and parse are there."""
    guest = guest or await gateway.guest()
    async with hands.working():
        person = await guest.upload()
        garment = await guest.upload(png((80, 80)), kind="garment")
        first = await guest.snap(person, garment)
        assert (await guest.wait(first["job_id"]))["status"] == "completed"
        cut = await guest.http.post("/v1/segmentations", json={"image_url": garment})
    return Ready(guest, person, str(cut.json()["cloth_clean_url"]))
