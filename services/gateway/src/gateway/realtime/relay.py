"""`events:recorded` -> ledger -> subscribers. Replay and live delivery are one mechanism.

A subscriber has a cursor: the last `seq` delivered to it. Whenever a user may have new events, the pump reads those
beyond the cursors and delivers them in order; a subscriber that joins with an old cursor simply has new events. So the
relay delivers nothing uncommitted and skips nothing, and a lost message costs time, never events: `_catch_up` compares
cursors with the ledger every few seconds, and a ping that does not come back reveals a subscription gap.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import structlog
from redis.asyncio import Redis

from gateway import metrics
from gateway.ledger.engine import Ledger
from gateway.status.views import recorded_event
from proteus import keys
from proteus.bus import SubscriptionGap, subscribe
from proteus.errors import NotFound
from proteus.events import ClientEvent, ProgressEvent
from proteus.jobs import UserId
from proteus.service.lifecycle import wait
from proteus.service.supervision import Loops, Pulse

log = structlog.get_logger()

READ_LIMIT: Final = 1_000
"""Events per reading of the ledger; more follow in the next one."""

CHECK_SECONDS: Final = 5.0
"""How long an event can be late when Redis lost its announcement."""

LISTEN_SECONDS: Final = 0.5
"""How soon the listener notices that it is to stop or to start over."""

IDLE_SECONDS: Final = 5.0
"""How long the pump waits for news before it reports that it is alive."""

DELIVER_SECONDS: Final = 5.0
"""Longest that one subscriber may hold up the others."""

Deliver = Callable[[ClientEvent], Awaitable[None]]


@dataclass(eq=False)
class Subscriber:
    """A receiver of one user's events: a socket, a stream or a long poll."""

    user_id: UserId
    cursor: int
    deliver: Deliver


class Relay:
    """Delivers committed events to this process's subscribers."""

    def __init__(self, ledger: Ledger, redis: Redis) -> None:
        self._ledger = ledger
        self._redis = redis
        self._subscribers: dict[UserId, set[Subscriber]] = {}
        self._news: set[UserId] = set()
        self._wake = asyncio.Event()
        self._ping = uuid4().hex
        self._heard = asyncio.Event()
        self._deaf = asyncio.Event()
        self._stopping = False

    async def subscribe(self, user_id: UserId, last_seq: int | None, deliver: Deliver) -> Subscriber:
        """Deliver everything beyond `last_seq` (None: from now on) until `unsubscribe`.

        Nothing is delivered before the caller awaits again.

        Raises:
            NotFound: The user does not exist any more.
        """
        async with self._ledger.read() as reads:
            newest = (await reads.users.last_seqs([user_id])).get(user_id)
        if newest is None:
            raise NotFound("This user does not exist any more.")
        subscriber = Subscriber(user_id, newest if last_seq is None else min(last_seq, newest), deliver)
        self._subscribers.setdefault(user_id, set()).add(subscriber)
        metrics.SOCKETS.inc()
        self._tell(user_id)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Stop delivering; doing it twice is no error."""
        listeners = self._subscribers.get(subscriber.user_id, set())
        if subscriber in listeners:
            listeners.remove(subscriber)
            metrics.SOCKETS.dec()
        if not listeners:
            self._subscribers.pop(subscriber.user_id, None)

    async def run(self, loops: Loops, stop: asyncio.Event) -> None:
        """Listen, pump and check until `stop` is set."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(loops.keep("relay_listen", self._listen, stop))
            tasks.create_task(loops.keep("relay_pump", self._pump, stop))
            for name, turn in {"relay_ping": self._ping_back, "relay_check": self._catch_up}.items():
                checks = loops.repeat(name, turn, stop, every_seconds=CHECK_SECONDS, after_seconds=CHECK_SECONDS)
                tasks.create_task(checks)
            await stop.wait()
            self._stopping = True
            self._wake.set()
            self._deaf.set()

    def _tell(self, *user_ids: UserId) -> None:
        self._news.update(user_id for user_id in user_ids if user_id in self._subscribers)
        if self._news:
            self._wake.set()

    async def _listen(self, pulse: Pulse) -> None:
        """Follow Redis; start over whenever a missing ping reveals a subscription gap."""
        while not self._stopping:
            self._deaf.clear()
            async with subscribe(self._redis, keys.RECORDED, keys.PROGRESS) as messages:
                while not (self._deaf.is_set() or self._stopping):
                    pulse.turn()
                    message = await messages.next(timeout_seconds=LISTEN_SECONDS)
                    if isinstance(message, SubscriptionGap):
                        self._tell(*self._subscribers)
                    elif message is not None:
                        await self._take(message.channel, message.data)

    async def _take(self, channel: str, data: str) -> None:
        """Act on a message; count and drop one that cannot be read."""
        try:
            if channel == keys.RECORDED:
                self._on_recorded(json.loads(data))
            else:
                await self._on_progress(json.loads(data))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            metrics.MESSAGES_DROPPED.labels(channel).inc()
            log.warning("message_not_understood", channel=channel, message=data[:200], error=f"{error}"[:200])

    def _on_recorded(self, message: Any) -> None:
        if message.get("kind") == "ping":
            if message.get("id") == self._ping:
                self._heard.set()
        else:
            self._tell(UserId(str(message["user_id"])))

    async def _on_progress(self, message: Any) -> None:
        listeners = self._subscribers.get(UserId(str(message.get("user_id"))))
        if not listeners:
            return
        job_id, _, n = str(message["job_id"]).partition(":")
        progress = ProgressEvent(
            job_id=job_id, n=int(n or 1), stage=message["stage"], step=message["step"], steps=message["steps"]
        )
        for subscriber in tuple(listeners):
            await _delivered(subscriber, progress)

    async def _pump(self, pulse: Pulse) -> None:
        while not self._stopping:
            pulse.turn()
            await wait(self._wake, seconds=IDLE_SECONDS)
            self._wake.clear()
            news, self._news = self._news, set()
            try:
                await self._deliver(news)
            except BaseException:
                self._tell(*news)  # After any error the next start delivers it.
                raise

    async def _deliver(self, news: set[UserId]) -> None:
        # Only those subscribed before the read: one that joins meanwhile may need more than was read.
        listeners = {user_id: tuple(self._subscribers[user_id]) for user_id in news if self._subscribers.get(user_id)}
        if not listeners:
            return
        cursors = {user_id: min(one.cursor for one in those) for user_id, those in listeners.items()}
        async with self._ledger.read() as reads:
            events = await reads.events.after(cursors, limit=READ_LIMIT)
        failed: set[Subscriber] = set()
        for row in events:
            event = recorded_event(row)
            for subscriber in listeners[row.user_id]:
                if row.seq > subscriber.cursor and subscriber not in failed:
                    if await _delivered(subscriber, event):
                        subscriber.cursor = row.seq
                        metrics.EVENTS_SENT.inc()
                    else:
                        failed.add(subscriber)  # Its cursor stays: the next check delivers from there, in order.
        if len(events) == READ_LIMIT:
            self._tell(*news)

    async def _ping_back(self) -> None:
        """Notice a subscription gap: a ping of this process must come back to it."""
        self._heard.clear()
        await self._redis.publish(keys.RECORDED, json.dumps({"kind": "ping", "id": self._ping}))
        if not await wait(self._heard, seconds=1.0):
            metrics.RELAY_DEAF.inc()
            log.warning("relay_deaf", subscribers=await self._count_listeners())
            self._deaf.set()

    async def _catch_up(self) -> None:
        """Compare every cursor with the ledger."""
        cursors = {
            user_id: min(subscriber.cursor for subscriber in listeners)
            for user_id, listeners in self._subscribers.items()
            if listeners
        }
        if not cursors:
            return
        async with self._ledger.read() as reads:
            newest = await reads.users.last_seqs(cursors)
        self._tell(*(user_id for user_id, cursor in cursors.items() if newest.get(user_id, 0) > cursor))

    async def _count_listeners(self) -> int:
        """How many relays Redis counts as subscribed; this one is missing if its subscription has a gap."""
        return int((await self._redis.pubsub_numsub(keys.RECORDED))[0][1])


async def _delivered(subscriber: Subscriber, event: ClientEvent) -> bool:
    """Deliver to one subscriber; tell whether it worked. One that fails or blocks must not stop the others."""
    try:
        async with asyncio.timeout(DELIVER_SECONDS):
            await subscriber.deliver(event)
    except Exception as error:  # Any transport's error: it concerns this subscriber alone.
        log.warning("not_delivered", user_id=subscriber.user_id, error=f"{type(error).__name__}: {error}"[:200])
        return False
    return True
