"""`events:recorded` -> ledger -> whoever listens. Replay and live delivery are one mechanism.

A subscriber has a cursor: the last `seq` it has seen. Whenever a user may have news, the pump reads what lies beyond
the cursors and hands it out in order; a subscriber that joins with an old cursor simply has news. So nothing is pushed
that is not committed, nothing is skipped, and a lost message costs time, never events: `_check` compares cursors with
the ledger every few seconds, and a ping that does not come back shows that the subscription has gone deaf.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import metrics
from gateway.ledger.engine import Ledger
from proteus import keys
from proteus.bus import WasDeaf, subscribe
from proteus.errors import DependencyUnavailable, NotFound
from proteus.events import ProgressEvent
from proteus.lifecycle import wait

log = structlog.get_logger()

READ_LIMIT: Final = 1_000
"""Events per reading of the ledger; more follow in the next one."""

CHECK_SECONDS: Final = 5.0
"""How long an event can be late when Redis lost its announcement."""

LISTEN_SECONDS: Final = 0.5
"""How soon the listener sees that it is to stop or to start over."""

ERROR_PAUSE_SECONDS: Final = 0.5

Name = Literal["job", "progress"]
Deliver = Callable[[Name, dict[str, Any]], Awaitable[None]]


@dataclass(eq=False)
class Subscriber:
    """Someone who listens for one user: a socket, a stream or a long poll."""

    user_id: str
    cursor: int
    deliver: Deliver


class Relay:
    """Hands committed events to this process's subscribers."""

    def __init__(self, ledger: Ledger, redis: Redis) -> None:
        self._ledger = ledger
        self._redis = redis
        self._subscribers: dict[str, set[Subscriber]] = {}
        self._news: set[str] = set()
        self._wake = asyncio.Event()
        self._ping = uuid4().hex
        self._heard = asyncio.Event()
        self._deaf = asyncio.Event()

    async def subscribe(self, user_id: str, last_seq: int | None, deliver: Deliver) -> Subscriber:
        """Deliver everything beyond `last_seq` (None: from now on) until `unsubscribe`.

        Nothing is delivered before the caller awaits again.

        Raises:
            NotFound: There is no such user any more.
        """
        async with self._ledger.read() as reads:
            newest = (await reads.last_seqs([user_id])).get(user_id)
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

    async def run(self, stop: asyncio.Event) -> None:
        """Listen, pump and check until told to stop."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(stop))
            tasks.create_task(self._pump(stop))
            tasks.create_task(self._check(stop))
            await stop.wait()
            self._wake.set()
            self._deaf.set()

    def _tell(self, *user_ids: str) -> None:
        self._news.update(user_id for user_id in user_ids if user_id in self._subscribers)
        if self._news:
            self._wake.set()

    async def _listen(self, stop: asyncio.Event) -> None:
        """Follow Redis; start over whenever `_check` finds this subscription deaf."""
        while not stop.is_set():
            self._deaf.clear()
            async with subscribe(self._redis, keys.RECORDED, keys.PROGRESS) as messages:
                while not self._deaf.is_set():
                    message = await messages.next(timeout_seconds=LISTEN_SECONDS)
                    if isinstance(message, WasDeaf):
                        self._tell(*self._subscribers)
                    elif message is not None and message.channel == keys.RECORDED:
                        self._on_recorded(message.data)
                    elif message is not None:
                        await self._on_progress(message.data)

    def _on_recorded(self, data: str) -> None:
        message = json.loads(data)
        if message.get("kind") == "ping":
            if message.get("id") == self._ping:
                self._heard.set()
        else:
            self._tell(str(message["user_id"]))

    async def _on_progress(self, data: str) -> None:
        message = json.loads(data)
        listeners = self._subscribers.get(str(message.get("user_id")))
        if not listeners:
            return
        job_id, _, n = str(message["job_id"]).partition(":")
        progress = ProgressEvent(
            job_id=job_id, n=int(n or 1), stage=message["stage"], step=message["step"], steps=message["steps"]
        ).model_dump(mode="json")
        for subscriber in tuple(listeners):
            await subscriber.deliver("progress", progress)

    async def _pump(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._wake.wait()
            self._wake.clear()
            news, self._news = self._news, set()
            try:
                await self._deliver(news)
            except (DependencyUnavailable, OSError) as error:
                log.warning("relay_waits", error=str(error))
                await wait(stop, seconds=ERROR_PAUSE_SECONDS)
                self._tell(*news)

    async def _deliver(self, news: set[str]) -> None:
        # Only those who were there before the reading: whoever joins meanwhile may need more than was read.
        listeners = {user_id: tuple(self._subscribers[user_id]) for user_id in news if self._subscribers.get(user_id)}
        if not listeners:
            return
        cursors = {user_id: min(one.cursor for one in those) for user_id, those in listeners.items()}
        async with self._ledger.read() as reads:
            events = await reads.events_after(cursors, limit=READ_LIMIT)
        for event in events:
            message = {**event.data, "seq": event.seq}
            for subscriber in listeners[event.user_id]:
                if event.seq > subscriber.cursor:
                    subscriber.cursor = event.seq
                    await subscriber.deliver("job", message)
                    metrics.EVENTS_SENT.inc()
        if len(events) == READ_LIMIT:
            self._tell(*news)

    async def _check(self, stop: asyncio.Event) -> None:
        """Notice deafness: by a ping that must come back, and by comparing every cursor with the ledger."""
        while not await wait(stop, seconds=CHECK_SECONDS):
            try:
                self._heard.clear()
                await self._redis.publish(keys.RECORDED, json.dumps({"kind": "ping", "id": self._ping}))
                if not await wait(self._heard, seconds=1.0):
                    metrics.RELAY_DEAF.inc()
                    log.warning("relay_deaf", subscribers=await self._count_listeners())
                    self._deaf.set()
            except (RedisError, OSError) as error:
                log.warning("relay_check_failed", error=str(error))
            try:
                await self._catch_up()
            except (DependencyUnavailable, OSError) as error:
                log.warning("relay_check_failed", error=str(error))

    async def _catch_up(self) -> None:
        cursors = {
            user_id: min(subscriber.cursor for subscriber in listeners)
            for user_id, listeners in self._subscribers.items()
            if listeners
        }
        if not cursors:
            return
        async with self._ledger.read() as reads:
            newest: Mapping[str, int] = await reads.last_seqs(cursors)
        self._tell(*(user_id for user_id, cursor in cursors.items() if newest.get(user_id, 0) > cursor))

    async def _count_listeners(self) -> int:
        """How many relays Redis knows of, this one included (or not: that is the question)."""
        return int((await self._redis.pubsub_numsub(keys.RECORDED))[0][1])
