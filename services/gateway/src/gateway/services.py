"""The parts of the running gateway: built once by the composition root, passed to every request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from redis.asyncio import Redis

from gateway.accounts.callers import Callers
from gateway.accounts.consents import Consents
from gateway.accounts.keeping import Keeping
from gateway.accounts.keys import ApiKeys
from gateway.accounts.logins import Logins
from gateway.accounts.shoppers import Shoppers
from gateway.addresses import Addresses
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
from gateway.rules.shares import Shares
from gateway.rules.tokens import Tokens
from gateway.settings import GatewaySettings
from gateway.submitting.accept import Acceptor
from gateway.submitting.external_payloads import ExternalPayloadImporter
from gateway.submitting.idempotency import Idempotency
from gateway.submitting.outfits import OutfitAcceptor
from gateway.submitting.photos import Photos
from gateway.submitting.preparer import Preparer
from gateway.submitting.spending import SpendGuard
from gateway.submitting.variants import Variants
from gateway.submitting.verifier import Verifier
from gateway.upkeep.erasure import Eraser
from gateway.upkeep.exports import Exports
from gateway.upkeep.retention import Retention
from gateway.upkeep.sweeps import Sweeper
from gateway.webhooks.dispatcher import Dispatcher
from gateway.webhooks.endpoints import Endpoints
from proteus.queue import AnyQueue
from proteus.service.supervision import Loops
from proteus.storage import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Services:
    """The gateway's parts.

    Attributes:
        stopping: Set when the process is to end: streams and long polls end.
        redis_has_answered: Set once; until then this gateway is not ready.
    """

    settings: GatewaySettings
    redis: Redis
    ledger: Ledger
    store: ObjectStore
    queues: Mapping[str, AnyQueue]
    tokens: Tokens
    callers: Callers
    api_keys: ApiKeys
    shoppers: Shoppers
    logins: Logins
    consents: Consents
    limiter: Limiter
    shares: Shares
    connections: Connections
    addresses: Addresses
    fleet: FleetWatch
    submitter: Submitter
    photos: Photos
    idempotency: Idempotency
    acceptor: Acceptor
    outfits: OutfitAcceptor
    batches: Batches
    spend: SpendGuard
    preparer: Preparer
    variants: Variants
    verifier: Verifier
    recorder: Recorder
    reconciler: Reconciler
    promoter: Promoter
    parker: Parker
    importer: ExternalPayloadImporter
    eraser: Eraser
    keeping: Keeping
    exports: Exports
    sweeper: Sweeper
    retention: Retention
    relay: Relay
    dispatcher: Dispatcher
    endpoints: Endpoints
    statuses: Statuses
    loops: Loops
    stopping: asyncio.Event
    redis_has_answered: asyncio.Event = field(default_factory=asyncio.Event)
