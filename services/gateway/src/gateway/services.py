"""Everything the running gateway is made of: built once by the composition root, handed to every request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from gateway.addresses import Addresses
from gateway.callers import Callers
from gateway.erasure import Eraser
from gateway.fleet import FleetWatch
from gateway.intake import Intake
from gateway.ledger.engine import Ledger
from gateway.photos import Photos
from gateway.rates import Rates
from gateway.realtime.relay import Relay
from gateway.recorder import Recorder
from gateway.settings import GatewaySettings
from gateway.shares import Shares
from gateway.statuses import Statuses
from gateway.submission import Submitter
from gateway.tokens import Tokens
from proteus.queue import AnyQueue
from proteus.storage import ObjectStore
from proteus.supervision import Loops


@dataclass(frozen=True, kw_only=True)
class Services:
    """The gateway's parts. `stopping` is set when the process is asked to end: whoever waits for a client lets go."""

    settings: GatewaySettings
    redis: Redis
    ledger: Ledger
    store: ObjectStore
    queues: Mapping[str, AnyQueue]
    tokens: Tokens
    callers: Callers
    rates: Rates
    shares: Shares
    addresses: Addresses
    fleet: FleetWatch
    submitter: Submitter
    photos: Photos
    intake: Intake
    recorder: Recorder
    eraser: Eraser
    relay: Relay
    statuses: Statuses
    loops: Loops
    stopping: asyncio.Event
