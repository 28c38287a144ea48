"""Every loop that runs for ever beside the requests, in one list: recorders, relay, and rounds.

The composition root builds what turns; this module says how often. It makes only the recorders' readers, because they
live as long as one run: each run reads under a name of its own.
All of them run through the process's one `Loops`: a turn that fails is counted and comes again, and a loop that does
not turn is named at `/healthz`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from gateway import metrics
from gateway.accounts import grants
from gateway.realtime.server import SocketServer
from gateway.recording.following import Follower
from gateway.services import Services
from proteus.bus import EventReader
from proteus.bus.events import trim_recorded
from proteus.deadlines import LOOP_CALL_SECONDS
from proteus.keys import JOBS, TAILOR, QueueKeys
from proteus.service.lifecycle import cancel

SWEEP_SECONDS: Final = 300.0
"""Longest that a round over many objects or rows may take; its single calls have their own deadlines."""

INSPECT_SECONDS: Final = 5.0
"""How long a key of another type may stay where no script meets it; one check costs Redis some microseconds."""

CALM_SECONDS: Final = 10.0
"""What tidies up waits for this after the start: a gateway that has just come has clients to answer first."""

RECORDED_LIFE: Final = timedelta(hours=1)
"""How long a queue's stream keeps what the ledger has: the ids of deleted users' jobs are among it."""

STOP_SECONDS: Final = 1.0
"""How long a loop may take to end by itself. Work cut off afterwards was not committed and comes again."""


@dataclass(frozen=True)
class Round:
    """A loop's action, and how often it runs."""

    turn: Callable[[], Awaitable[object]]
    every_seconds: float
    call_seconds: float = LOOP_CALL_SECONDS
    after_seconds: float = 0.0


async def run(services: Services, sockets: SocketServer, stop: asyncio.Event) -> None:
    """Run every loop until `stop` is set."""
    loops = services.loops
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(services.relay.run(loops, stop), name="relay")]
        dispatcher = loops.keep("webhooks", lambda pulse: services.dispatcher.run(stop, pulse), stop)
        tasks.append(group.create_task(dispatcher, name="webhooks"))
        for name, follower in _followers(services, stop).items():
            tasks.append(group.create_task(loops.keep(name, follower.run, stop), name=name))
        for name, one in _rounds(services, sockets).items():
            loop = loops.repeat(
                name, one.turn, stop,
                every_seconds=one.every_seconds, after_seconds=one.after_seconds, call_seconds=one.call_seconds,
            )  # fmt: skip
            tasks.append(group.create_task(loop, name=name))
        await stop.wait()
        await asyncio.wait(tasks, timeout=STOP_SECONDS)
        await cancel(*tasks)


def _followers(services: Services, stop: asyncio.Event) -> dict[str, Follower]:
    consumer = f"gateway-{uuid4().hex[:12]}"
    return {
        name: Follower(
            EventReader(
                services.redis,
                QueueKeys(list_name),
                consumer=consumer,
                on_bad=metrics.EVENTS_SET_ASIDE.labels(list_name).inc,
            ),
            services.recorder,
            stop,
        )
        for name, list_name in (("recorder", JOBS), ("recorder_tailor", TAILOR))
    }


def _rounds(services: Services, sockets: SocketServer) -> dict[str, Round]:
    reap_seconds = services.settings.lease.reap_seconds
    reconciler, promoter, sweeper, retention = (
        services.reconciler, services.promoter, services.sweeper, services.retention,
    )  # fmt: skip
    return {
        "reap": Round(services.queues[JOBS].reap, reap_seconds),
        "reap_tailor": Round(services.queues[TAILOR].reap, reap_seconds),
        "inspect": Round(services.queues[JOBS].inspect, INSPECT_SECONDS),
        "inspect_tailor": Round(services.queues[TAILOR].inspect, INSPECT_SECONDS),
        "fleet": Round(services.fleet.refresh, 1.0),
        "minutes": Round(lambda: services.fleet.minutes.note(services.fleet.view, now=time.time()), 2.0),
        "outbox": Round(services.submitter.sweep, 2.0),
        "callers": Round(services.callers.refresh, 1.0),
        "limits": Round(services.limiter.settle, 1.0),
        "connections": Round(services.connections.keep, 1.0),
        "grants": Round(services.callers.grants.refresh, grants.REFRESH_SECONDS),
        "sockets": Round(sockets.close_ended, grants.REFRESH_SECONDS),
        "deletions": _sweep(services.eraser.run_due, 30.0),
        "epoch": Round(reconciler.watch, 1.0),
        "counts": Round(reconciler.watch_counts, 1.0, SWEEP_SECONDS),
        "reconcile": Round(reconciler.periodic, 60.0, SWEEP_SECONDS),
        "park": Round(services.parker.park, 1.0, SWEEP_SECONDS),
        "promote": Round(promoter.promote, 0.5),
        "batches": Round(services.batches.feeder.turn, 1.0, SWEEP_SECONDS),
        "overdue": Round(promoter.expire, 1.0),
        "too_old": Round(promoter.expire_old, 5.0),
        "adopt": Round(services.importer.adopt, 2.0, SWEEP_SECONDS),
        "incoming": _sweep(sweeper.incoming, 60.0),
        "incoming_check": _sweep(sweeper.check_incoming, 3600.0),
        "orphans": _sweep(sweeper.orphans, 300.0),
        "expired": _sweep(sweeper.expired, 30.0),
        "streams": _sweep(lambda now: _trim_streams(services, now), 60.0),
        "keys": _sweep(sweeper.old_keys, 3600.0),
        "idle_guests": _sweep(retention.guests, 60.0),
        "old_work": _sweep(retention.work, 60.0),
        "old_usage": _sweep(retention.usage, 600.0),
        "keeping": Round(services.keeping.refresh, 5.0),
        "old_traces": _sweep(retention.traces, 600.0),
        "retention": Round(lambda: retention.announce(datetime.now(UTC)), 86_400.0, SWEEP_SECONDS),
    }


async def _trim_streams(services: Services, now: datetime) -> None:
    """Keep what the queues told for an hour, and what could not be recorded as long as events."""
    bad_before = now - timedelta(days=services.settings.retention.event_days)
    for name in (JOBS, TAILOR):
        await trim_recorded(
            services.redis,
            QueueKeys(name),
            before_ms=int((now - RECORDED_LIFE).timestamp() * 1000),
            bad_before_ms=int(bad_before.timestamp() * 1000),
        )


def _sweep(turn: Callable[[datetime], Awaitable[object]], every_seconds: float) -> Round:
    """A round over many objects or rows that tidies up; nothing waits for it."""
    return Round(lambda: turn(datetime.now(UTC)), every_seconds, SWEEP_SECONDS, CALM_SECONDS)
