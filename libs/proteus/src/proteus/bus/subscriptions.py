"""Subscriptions to Redis channels over a connection that may break.

A subscription reconnects for ever and reports each gap, so that its caller can read the current state instead of
waiting for a lost message.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from redis.exceptions import RedisError

from proteus.queue.wire import text

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

PING_SECONDS: Final = 5.0
"""Silence on a subscription after which the client pings the server; twice as long: the connection is dead."""

RECONNECT_CAP_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Message:
    """A published message."""

    channel: str
    data: str


@dataclass(frozen=True)
class SubscriptionGap:
    """The connection was dead for up to this long and is back: messages published meanwhile are lost."""

    seconds: float


class Subscription:
    """A connection to some channels; made by `subscribe`."""

    def __init__(self, redis: Redis, channels: tuple[str, ...], *, ping_seconds: float) -> None:
        self._redis = redis
        self._channels = channels
        self._ping_seconds = ping_seconds
        self._pubsub: PubSub | None = None
        self._heard_at = time.monotonic()
        self._pause_seconds = 0.05

    @property
    def has_gap(self) -> bool:
        """Whether the connection is dead right now."""
        return self._pubsub is None

    async def next(self, *, timeout_seconds: float = 1.0) -> Message | SubscriptionGap | None:
        """Return the next message or gap; None if none comes within the timeout. Never raises when Redis is away."""
        deadline = time.monotonic() + timeout_seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._pubsub is None:
                since = self._heard_at
                if await self.connect(left):
                    return SubscriptionGap(time.monotonic() - since)
                continue
            try:
                # Half: a wait that ends a millisecond early must not delay the ping until the connection is dead.
                if message := await self._hear(self._pubsub, min(left, self._ping_seconds / 2)):
                    return message
            except (RedisError, OSError):
                await self.close()
        return None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message | SubscriptionGap:
        while True:
            if (message := await self.next(timeout_seconds=self._ping_seconds)) is not None:
                return message

    async def connect(self, patience_seconds: float) -> bool:
        """Subscribe, and wait until the server confirms it; False, after a pause, if it does not."""
        pubsub = self._redis.pubsub()
        try:
            async with asyncio.timeout(max(patience_seconds, 0.1)):
                await pubsub.subscribe(*self._channels)
                confirmed = 0
                while confirmed < len(self._channels):
                    message = await pubsub.get_message(timeout=patience_seconds)
                    confirmed += message is not None and message["type"] == "subscribe"
        except (RedisError, OSError):
            await _drop(pubsub)
            await asyncio.sleep(min(self._pause_seconds, patience_seconds))
            self._pause_seconds = min(2 * self._pause_seconds, RECONNECT_CAP_SECONDS)
            return False
        except BaseException:
            await _drop(pubsub)
            raise
        self._pubsub, self._heard_at, self._pause_seconds = pubsub, time.monotonic(), 0.05
        return True

    async def close(self) -> None:
        """Close the connection."""
        if self._pubsub is not None:
            pubsub, self._pubsub = self._pubsub, None
            await _drop(pubsub)

    async def _hear(self, pubsub: PubSub, timeout_seconds: float) -> Message | None:
        silent_seconds = time.monotonic() - self._heard_at
        if silent_seconds > 2 * self._ping_seconds:
            raise RedisError("the line is silent")
        if silent_seconds > self._ping_seconds:
            await pubsub.ping()
        message = await pubsub.get_message(timeout=timeout_seconds)
        if message is None:
            return None
        self._heard_at = time.monotonic()
        return Message(text(message["channel"]), text(message["data"])) if message["type"] == "message" else None


@asynccontextmanager
async def subscribe(redis: Redis, *channels: str, ping_seconds: float = PING_SECONDS) -> AsyncIterator[Subscription]:
    """Subscribe to channels for a `with` block; a Redis that is away is no error: the subscription waits for it.

    The first `next` after an outage, one at the start included, returns `SubscriptionGap`. A connection that is silent
    for `ping_seconds` is pinged, and is dead after twice that.
    """
    subscription = Subscription(redis, channels, ping_seconds=ping_seconds)
    await subscription.connect(1.0)
    try:
        yield subscription
    finally:
        await asyncio.shield(subscription.close())


async def _drop(pubsub: PubSub) -> None:
    with contextlib.suppress(RedisError, OSError):
        await pubsub.aclose()  # type: ignore[no-untyped-call]
