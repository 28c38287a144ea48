"""The keepers: small rounds that run for ever beside the requests. A round that fails is counted and comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from redis.exceptions import RedisError

from gateway import metrics
from gateway.adoption import Adopter
from gateway.promoter import Promoter
from gateway.realtime.server import SocketServer
from gateway.reconciler import Reconciler
from gateway.services import Services
from gateway.sweeps import Sweeper
from proteus.clock import SystemClock
from proteus.errors import DependencyUnavailable
from proteus.lifecycle import wait

log = structlog.get_logger()

Round = Callable[[], Awaitable[object]]


async def keep(services: Services, sockets: SocketServer, stop: asyncio.Event) -> None:
    """Run every keeper until told to stop."""
    clock = SystemClock()
    queues = services.queues.values()
    reap_seconds = services.settings.lease.reap_seconds
    rounds: dict[str, tuple[float, Round]] = {
        "fleet": (1.0, services.fleet.refresh),
        "outbox": (2.0, services.submitter.sweep),
        "sockets": (5.0, lambda: sockets.close_expired(clock)),
        "deletions": (30.0, services.eraser.run_due),
    }
    reconciler = Reconciler(services.ledger, services.redis, services.queues, services.recorder, services.submitter)
    promoter = Promoter(services.ledger, services.queues, services.recorder, services.fleet)
    sweeper = Sweeper(services.ledger, services.store, services.eraser, services.settings.uploads)
    adopter = Adopter(services.ledger, services.store, services.photos, services.intake, services.queues)
    rounds |= {
        "epoch": (1.0, reconciler.watch),
        "reconcile": (60.0, reconciler.periodic),
        "promote": (0.5, promoter.promote),
        "overdue": (1.0, promoter.expire),
        "adopt": (2.0, adopter.adopt),
        "incoming": (60.0, sweeper.incoming),
        "orphans": (300.0, sweeper.orphans),
        "expired": (30.0, sweeper.expired),
        "keys": (3600.0, sweeper.old_keys),
    }
    async with asyncio.TaskGroup() as tasks:
        for name, (seconds, one) in rounds.items():
            tasks.create_task(repeat(name, one, seconds=seconds, stop=stop))
        for queue in queues:
            tasks.create_task(repeat("reap", queue.reap, seconds=reap_seconds, stop=stop))


async def repeat(name: str, one: Round, *, seconds: float, stop: asyncio.Event) -> None:
    """Run a round, then again `seconds` after it ended, until told to stop."""
    while not stop.is_set():
        try:
            await one()
        except (RedisError, DependencyUnavailable, OSError) as error:
            metrics.LOOP_ERRORS.labels(name).inc()
            log.warning("keeper_waits", keeper=name, error=str(error))
        except Exception:  # The loop's edge: a bug in one round must not stop the gateway.
            metrics.LOOP_ERRORS.labels(name).inc()
            log.exception("keeper_failed", keeper=name)
        await wait(stop, seconds=seconds)
