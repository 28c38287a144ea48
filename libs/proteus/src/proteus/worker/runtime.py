"""Every worker's side tasks: following its queue's control channel, and keeping its card in the registry.

Both are bodies for `proteus.service.supervision.Loops`, which counts their errors and restarts them: the safety poll
and the heartbeat learn the same a little later, and a card that is not renewed expires by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Final

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError

from proteus import redis_client
from proteus.bus import SubscriptionGap, subscribe
from proteus.jobs import JobId, WorkerId
from proteus.keys import QueueKeys
from proteus.registry import REGISTER_SECONDS, WorkerCard, WorkerState, deregister, register
from proteus.service.lifecycle import wait
from proteus.service.supervision import Pulse
from proteus.worker.claims import Claims

log = structlog.get_logger()

SERVER_PATIENCE_SECONDS: Final = 10.0
"""Socket timeout of a worker's client; no call of a worker blocks."""

LISTEN_SECONDS: Final = 5.0
"""How long the loop waits for the control channel before it turns."""

MALFORMED: Final = Counter("proteus_control_messages_malformed_total", "Messages to the workers that were none.")

STUCK_EXIT: Final = 70
"""Exit status of a worker in which a task never returned."""


UNREGISTERED_SECONDS: Final = 3 * REGISTER_SECONDS
"""A worker whose card Redis has not taken for so long is not ready: it can claim nothing either."""


@dataclass
class WorkerStatus:
    """A worker's status, for probes and registry. Each change sets both events."""

    service: str
    state: WorkerState = WorkerState.LOADING
    now: Callable[[], float] = time.monotonic
    registered_at: float = -inf
    """When Redis last took the worker's card, by `now`."""
    waits_for: str = ""
    """Why it is not ready, beside its state; empty: no further reason."""
    drained: bool = False
    """An operator wants it to take no more jobs."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    work_available: asyncio.Event = field(default_factory=asyncio.Event)

    def become(self, state: WorkerState) -> None:
        """Change the state, and set both events."""
        self.state = state
        self.changed.set()
        self.work_available.set()

    @property
    def shown(self) -> WorkerState:
        """The state that its card has: a worker that an operator drains is ready to go."""
        return WorkerState.DRAINING if self.drained and self.state is WorkerState.READY else self.state

    def drain(self, drained: bool) -> None:
        """Take no more jobs, or take jobs again."""
        if drained != self.drained:
            self.drained = drained
            log.info("drained" if drained else "takes_jobs_again")
            self.changed.set()
            self.work_available.set()

    def not_ready(self) -> str | None:
        """Return why no work is taken."""
        if self.drained and self.state is WorkerState.READY:
            return f"an operator drains the {self.service}"
        if self.state is WorkerState.READY:
            since = self.now() - self.registered_at
            return f"Redis does not take the card of the {self.service}" if since > UNREGISTERED_SECONDS else None
        return f"the {self.service} is {self.state}{f': {self.waits_for}' if self.waits_for else ''}"

    def registered(self) -> None:
        """Record that Redis has taken the worker's card."""
        self.registered_at = self.now()

    def wait_for(self, what: str) -> None:
        """Set why it is not ready."""
        self.waits_for = what

    async def drain_at(self, stop: asyncio.Event) -> None:
        """Take nothing more once `stop` is set."""
        await stop.wait()
        self.become(WorkerState.DRAINING)


def worker_client(url: str) -> Redis:
    """Return a client for a worker: it decodes answers of any bytes, and retries a broken connection once."""
    return redis_client.client(
        url,
        decode_responses=True,
        encoding_errors="replace",
        socket_timeout=SERVER_PATIENCE_SECONDS,
        socket_connect_timeout=3,
        retry=Retry(ConstantBackoff(0.05), 1),
    )


async def follow_control_channel(
    redis: Redis, names: QueueKeys, pulse: Pulse, *, claims: Claims, status: WorkerStatus
) -> None:
    """Wake the worker when there is work, record cancels at once, and have it ask whether it is to drain."""
    work_available = status.work_available
    async with subscribe(redis, names.control) as messages:
        while True:
            pulse.turn()
            message = await messages.next(timeout_seconds=LISTEN_SECONDS)
            if message is None:
                continue
            if isinstance(message, SubscriptionGap):
                log.warning("control_was_deaf", seconds=round(message.seconds, 1))
                work_available.set()
                continue
            try:
                said = json.loads(message.data)
                kind = said["kind"]
                named = str(said["id"]) if kind in ("cancel", "drain") else ""
            except (ValueError, TypeError, KeyError, RecursionError):
                MALFORMED.inc()
                log.warning("control_message_not_understood", message=message.data[:200])
                continue
            if kind == "cancel":
                claims.hears_gone((), [JobId(named)])
            elif kind == "drain":
                if named == claims.worker:
                    status.changed.set()  # The next card is written now, and its answer says what is wanted.
            else:
                work_available.set()


async def keep_registered(
    redis: Redis, names: QueueKeys, card: Callable[[], WorkerCard], pulse: Pulse, *, status: WorkerStatus
) -> None:
    """Write the worker's card every few seconds, and at once when the status changes."""
    while True:
        pulse.turn()
        status.changed.clear()
        drained = await register(redis, names, card())
        status.registered()
        status.drain(drained)
        await wait(status.changed, seconds=REGISTER_SECONDS)


async def leave(redis: Redis, names: QueueKeys, worker: WorkerId) -> None:
    """Remove the worker's card, if Redis answers: it expires by itself."""
    with contextlib.suppress(RedisError, OSError):
        await deregister(redis, names, worker)
