"""Makes every part of a gateway, once, from its settings; nothing is connected before it runs (`gateway.app`)."""

from __future__ import annotations

import asyncio
from typing import Final

from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway import metrics
from gateway.accounts.callers import Callers
from gateway.accounts.consents import Consents
from gateway.accounts.keeping import Keeping
from gateway.accounts.keys import ApiKeys
from gateway.accounts.logins import Logins
from gateway.accounts.shoppers import Shoppers
from gateway.addresses import Addresses, networks
from gateway.api import fairness
from gateway.batches.parts import Batches
from gateway.connections import Connections
from gateway.fleet.parking import Parker
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.limiting import Limiter
from gateway.outbox import Submitter
from gateway.realtime.relay import Relay
from gateway.realtime.statuses import Statuses
from gateway.recording.promoter import Promoter
from gateway.recording.reconciler import Reconciler
from gateway.recording.recorder import Recorder
from gateway.rules.options import AUTO, card_of, default_engine
from gateway.rules.prices import PriceTable
from gateway.rules.shares import Shares, connection_limits_of, limits_of
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
from gateway.submitting.short_list import ShortList
from gateway.submitting.spending import SpendGuard
from gateway.submitting.variants import Variants
from gateway.submitting.verifier import Verifier
from gateway.upkeep.erasure import Eraser
from gateway.upkeep.exports import Exports
from gateway.upkeep.retention import Retention
from gateway.upkeep.sweeps import Sweeper
from gateway.webhooks.dispatcher import Dispatcher
from gateway.webhooks.endpoints import Endpoints
from gateway.webhooks.sender import Sender
from proteus import redis_client
from proteus.clock import SystemClock
from proteus.deadlines import EDGE_CALL_SECONDS
from proteus.keys import JOBS, TAILOR
from proteus.queue import JobQueue, QueuePolicy
from proteus.service.supervision import Loops
from proteus.storage import ObjectStore

STORE_SECONDS: Final = 4.0
"""Longest silence of the object store, per try: two of them fit into a loop's deadline."""

REDIS_SECONDS: Final = EDGE_CALL_SECONDS - 0.4
"""Longest wait for a reply of Redis: the edge answers within its deadline. A broken connection is retried once, a
server that does not answer is not."""


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
    redis = redis_client.client(
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
        slo_seconds=settings.admission.slo_seconds,
    )
    keeping = Keeping(ledger, default_days=settings.retention.tenant_days)
    eraser = Eraser(ledger, store, queues, limiter)
    short_list = ShortList(fleet)
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
        connections=Connections(connection_limits_of(settings.limits), redis),
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
            ledger,
            store,
            queues,
            acceptor,
            admitter,
            fleet,
            eraser=eraser,
            recorder=recorder,
            prices=prices,
            wake=dispatcher.wake,
        ),
        spend=spend,
        preparer=Preparer(
            ledger,
            idempotency=idempotency,
            photos=photos,
            submitter=submitter,
            fleet=fleet,
            short_list=short_list,
            parser_version=parser_version,
        ),
        variants=Variants(store, queues[TAILOR], short_list),
        verifier=Verifier(store, queues[TAILOR]),
        recorder=recorder,
        reconciler=Reconciler(ledger, redis, queues, recorder, submitter),
        promoter=Promoter(ledger, queues, recorder, fleet, limits=settings.limits),
        parker=Parker(ledger, queues[JOBS], fleet),
        importer=ExternalPayloadImporter(ledger, store, photos, acceptor, queues, fleet),
        eraser=eraser,
        keeping=keeping,
        exports=Exports(ledger, store, redis),
        sweeper=Sweeper(ledger, store, eraser, settings.uploads),
        retention=Retention(ledger, eraser, settings.retention),
        relay=relay,
        dispatcher=dispatcher,
        endpoints=Endpoints(ledger, targets, wake=dispatcher.wake),
        statuses=Statuses(ledger, queues, fleet, relay, address_of=store.url_of, keeping=keeping, stopping=stopping),
        loops=Loops(on_error=lambda name: metrics.LOOP_ERRORS.labels(name).inc()),
        stopping=stopping,
    )
