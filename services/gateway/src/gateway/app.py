"""The composition root: settings in, one ASGI application out. Nothing happens before its lifespan starts.

    HTTP ─▶ api ─▶ submitting ─▶ ledger (commit) ─▶ outbox ─▶ queue
    queue events ─▶ recorder ─▶ ledger (commit) ─▶ relay ─▶ sockets, streams, long polls

Beside the requests run the loops that `background` lists.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import socketio
import structlog
from fastapi import FastAPI
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.types import ASGIApp

from gateway import api, background, metrics
from gateway.accounts.callers import Callers
from gateway.accounts.consents import Consents
from gateway.accounts.keys import ApiKeys
from gateway.accounts.logins import Logins
from gateway.accounts.shoppers import Shoppers
from gateway.addresses import Addresses, networks
from gateway.api import fairness
from gateway.api.batches.routes import BATCHES, BODY_BYTES
from gateway.api.bodies import MAX_BODY_BYTES, BodyLimits, BodySizes, ByteBudget
from gateway.api.headers import CommonHeaders
from gateway.api.inner import InnerApp
from gateway.api.middleware import RequestEnvelope
from gateway.api.segmentations import uploads
from gateway.api.tryons import form
from gateway.api.tryons.shortcut import SubmitShortcut
from gateway.api.tryons.submit import TRYONS
from gateway.batches.parts import Batches
from gateway.fleet.parking import Parker
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.limiting import Limiter
from gateway.outbox import Submitter
from gateway.realtime.frames import SocketFrames
from gateway.realtime.relay import Relay
from gateway.realtime.server import PATH, SocketServer
from gateway.realtime.statuses import Statuses
from gateway.recording.promoter import Promoter
from gateway.recording.reconciler import Reconciler
from gateway.recording.recorder import Recorder
from gateway.rules.options import AUTO, card_of, default_engine
from gateway.rules.prices import PriceTable
from gateway.rules.shares import Shares, limits_of
from gateway.rules.text import DATA_URI_LENGTH_MOST
from gateway.rules.tokens import tokens_of
from gateway.rules.webhook_targets import TargetRules
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.submitting.accept import Acceptor
from gateway.submitting.accept_ready import ReadyAcceptor
from gateway.submitting.admit import Admitter
from gateway.submitting.external_payloads import ExternalPayloadImporter
from gateway.submitting.idempotency import Idempotency
from gateway.submitting.outfits import OutfitAcceptor
from gateway.submitting.photos import Photos
from gateway.submitting.preparer import Preparer
from gateway.submitting.spending import SpendGuard
from gateway.upkeep.erasure import Eraser
from gateway.upkeep.retention import Retention
from gateway.upkeep.sweeps import Sweeper
from gateway.webhooks.dispatcher import Dispatcher
from gateway.webhooks.endpoints import Endpoints
from gateway.webhooks.sender import Sender
from proteus.clock import SystemClock
from proteus.deadlines import EDGE_CALL_SECONDS
from proteus.keys import JOBS, TAILOR
from proteus.queue import JobQueue, QueuePolicy
from proteus.service.supervision import Loops
from proteus.storage import ObjectStore

log = structlog.get_logger()

STORE_SECONDS: Final = 4.0
"""Longest silence of the object store, per try: two of them fit into a loop's deadline."""

TITLE = "Proteus"
CLOSE_SECONDS: Final = 1.0
REDIS_SECONDS: Final = EDGE_CALL_SECONDS - 0.4
"""Longest wait for a reply of Redis: the edge answers within its deadline. A broken connection is retried once, a
server that does not answer is not."""

SUMMARY = "Turns a photo of a person and a photo of a garment into a photo of that person wearing that garment."


def build(settings: GatewaySettings, stopping: asyncio.Event) -> Services:
    """Make every part. Connects to nothing yet.

    Args:
        settings: The settings from the environment.
        stopping: Set when the process is to end: streams and long polls end.

    Raises:
        ModelUnavailable: The default engine does not exist.
        LicenceRefused: The licence policy forbids the weights of the default engine, or of one that the settings name.
    """
    rules = settings.licences
    for name in sorted(settings.named_engines | {settings.default_engine} - {AUTO}):
        card_of(name, rules=rules)
    clock = SystemClock()
    redis: Redis = Redis.from_url(
        settings.redis.url,
        decode_responses=True,
        encoding_errors="replace",  # A client's malformed bytes are read, not raised on.
        socket_connect_timeout=2,
        socket_timeout=REDIS_SECONDS,
        health_check_interval=15,
        retry=Retry(ConstantBackoff(0.05), 1, supported_errors=(RedisConnectionError,)),
    )
    ledger = Ledger(settings.database)
    store = ObjectStore(settings.storage, answer_seconds=STORE_SECONDS, tries=2)
    policy = QueuePolicy(lease_ms=int(settings.lease.seconds * 1000))
    queues = {name: JobQueue(redis, name, policy=policy) for name in (JOBS, TAILOR)}
    fleet = FleetWatch(
        redis,
        ledger,
        queues,
        admission=settings.admission,
        limits=settings.limits,
        named_engines=settings.named_engines,
        default_engine=default_engine(settings.default_engine, (), rules=rules),
    )
    submitter = Submitter(
        ledger,
        queues,
        address_of=store.url_of,
        copy=store.copy,
        job_age_seconds=settings.limits.job_age_seconds,
    )
    relay = Relay(ledger, redis)
    photos = Photos(ledger, store, settings.uploads, settings.limits)
    idempotency = Idempotency(ledger)
    limiter = Limiter(fairness.rates_of(settings.limits), redis, replicas=settings.limits.replicas)
    spend = SpendGuard(ledger, fleet)
    admitter = Admitter(fleet, settings, limiter, spend)
    parser_version = settings.parser_version
    acceptor = Acceptor(
        ledger,
        idempotency=idempotency,
        admitter=admitter,
        ready=ReadyAcceptor(ledger, photos, submitter, admitter, parser_version=parser_version),
        photos=photos,
        submitter=submitter,
        parser_version=parser_version,
    )
    targets = TargetRules(networks(settings.webhooks.allowed_networks), settings.webhooks.allow_http)
    dispatcher = Dispatcher(ledger, Sender(targets))
    prices = PriceTable.of(settings.prices)
    recorder = Recorder(
        ledger,
        redis,
        submitter,
        address_of=store.url_of,
        discard=lambda keys: store.delete(*keys),
        on_messages=dispatcher.wake,
        prices=prices,
    )
    eraser = Eraser(ledger, store, queues)
    tokens = tokens_of(settings.tokens, clock=clock)
    callers = Callers(tokens, ledger, settings.auth)
    return Services(
        settings=settings,
        redis=redis,
        ledger=ledger,
        store=store,
        queues=queues,
        tokens=tokens,
        callers=callers,
        api_keys=ApiKeys(ledger),
        consents=Consents(ledger),
        logins=Logins(ledger, tokens, settings.tokens, settings.auth),
        shoppers=Shoppers(ledger, tokens, callers, settings.auth),
        limiter=limiter,
        shares=Shares(limits_of(settings.limits)),
        addresses=Addresses(
            networks(settings.edge.trusted_proxies), key=settings.tokens.signing_key.get_secret_value()
        ),
        fleet=fleet,
        submitter=submitter,
        photos=photos,
        idempotency=idempotency,
        acceptor=acceptor,
        outfits=OutfitAcceptor(ledger, idempotency, admitter, photos, submitter, parser_version=parser_version),
        batches=Batches.of(
            ledger, store, queues, acceptor, admitter, fleet, recorder=recorder, prices=prices, wake=dispatcher.wake
        ),
        spend=spend,
        preparer=Preparer(
            ledger,
            idempotency=idempotency,
            photos=photos,
            submitter=submitter,
            fleet=fleet,
            parser_version=parser_version,
        ),
        recorder=recorder,
        reconciler=Reconciler(ledger, redis, queues, recorder, submitter),
        promoter=Promoter(ledger, queues, recorder, fleet, limits=settings.limits),
        parker=Parker(ledger, queues[JOBS], fleet),
        importer=ExternalPayloadImporter(ledger, store, photos, acceptor, queues, fleet),
        eraser=eraser,
        sweeper=Sweeper(ledger, store, eraser, settings.uploads),
        retention=Retention(ledger, eraser, settings.retention),
        relay=relay,
        dispatcher=dispatcher,
        endpoints=Endpoints(ledger, targets, wake=dispatcher.wake),
        statuses=Statuses(ledger, queues, fleet, relay, address_of=store.url_of, stopping=stopping),
        loops=Loops(on_error=lambda name: metrics.LOOP_ERRORS.labels(name).inc()),
        stopping=stopping,
    )


@asynccontextmanager
async def running(services: Services, sockets: SocketServer) -> AsyncIterator[None]:
    """Run the background loops while the block runs; afterwards close every connection.

    If the loops end before the block, `stopping` is set: the process has to go, and `gateway.commands` ends it.
    """
    stop = asyncio.Event()
    if not services.addresses.trusts_proxies:
        log.warning(
            "address_limits_off", for_peers="private", reason="GATEWAY_TRUSTED_PROXIES names no proxy to be believed"
        )

    async def loops() -> None:
        try:
            await background.run(services, sockets, stop)
        finally:
            services.stopping.set()

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(loops(), name="background")
            sockets.attach(services.relay, services.callers, services.shares)
            try:
                yield
            finally:
                services.stopping.set()
                await sockets.shutdown()
                stop.set()
    finally:
        await _closed(services)


async def _closed(services: Services) -> None:
    """Close every connection, without waiting for a server that does not answer."""
    services.dispatcher.close()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await services.redis.aclose()
            await services.ledger.close()


def make_api(
    settings: GatewaySettings,
    sockets: SocketServer,
    stopping: asyncio.Event,
    inner: InnerApp | None = None,
    built: Services | None = None,
) -> FastAPI:
    """Return the HTTP application; its lifespan runs the services, and builds them if they are not built."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        services = built or build(settings, stopping)
        async with running(services, sockets):
            if inner is not None:
                inner.services = services
            yield {"services": services}

    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version="0.1.0",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    api.install(app, origins=settings.origins, storage_endpoint=settings.storage.client_endpoint)
    return app


def make_app(
    settings: GatewaySettings,
    stopping: asyncio.Event,
    inner: InnerApp | None = None,
    built: Services | None = None,
) -> ASGIApp:
    """Return the whole edge: HTTP, and the socket at `/updates`.

    Args:
        settings: The settings from the environment.
        stopping: Ends streams and long polls.
        inner: The application of the inner port; it gets the services as soon as they run.
        built: The services, where the caller built them early to catch errors of building.
    """
    sockets = SocketServer(origins=settings.origins)
    engine: ASGIApp = socketio.ASGIApp(sockets.io, socketio_path=PATH)
    http_api = make_api(settings, sockets, stopping, inner, built)
    photo = settings.uploads.max_bytes
    sizes = BodySizes(
        forms={uploads.PATH: photo + form.ENVELOPE_BYTES, TRYONS: form.FILES * photo + form.ENVELOPE_BYTES},
        others={TRYONS: DATA_URI_LENGTH_MOST + MAX_BODY_BYTES, BATCHES: BODY_BYTES},
    )
    budget = ByteBudget(settings.edge.body_bytes_most)

    def limited(app: ASGIApp) -> ASGIApp:
        return BodyLimits(app, budget, seconds=settings.edge.body_seconds, sizes=sizes)

    fair = fairness.Fair(limited(SubmitShortcut(http_api)), origins=settings.origins, sizes=sizes)
    plain = CommonHeaders(RequestEnvelope(fair))
    # Polling is refused, so a request for the socket's path without a socket gets the engine's own 400.
    polling = CommonHeaders(limited(engine))
    frames = SocketFrames(
        engine, connect_seconds=settings.edge.connect_seconds, send_seconds=settings.edge.send_seconds
    )
    socket = fairness.FairSockets(frames)

    async def edge(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await http_api(scope, receive, send)
        elif (scope["path"] + "/").startswith(f"/{PATH}/"):
            await (socket if scope["type"] == "websocket" else polling)(scope, receive, send)
        elif scope["type"] == "http":
            await plain(scope, receive, send)
        else:
            await http_api(scope, receive, send)

    return edge
