"""Rate limits over all replicas, counted in Redis.

    submits, uploads, guests, logins, …  ─▶ `take`: counted here below half of a limit, else in Redis: one round trip
    requests of any kind                 ─▶ `count`: counted here
    each second                          ─▶ `settle`: what was counted here is added up in Redis

The counters and their scripts are those of the package `limits` (sliding window counter); this module sends several of
them in one pipeline. While Redis is away or refuses, each process counts alone and lets its share through: no request
is refused because a server is away.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import redis as redis_package
import structlog
from limits.aio.storage import MemoryStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from gateway.rules.rates import Allowance, Demand, Rate, Window, allowance_of, refuse
from proteus.keys import LIMITS

log = structlog.get_logger()

ANSWER_SECONDS: Final = 0.5
"""Longest wait for the counters: a request must not hang because a limit cannot be read."""

ALONE_SECONDS: Final = 1.0
"""After a failure requests do not ask Redis for so long."""

HOLDERS_MOST: Final = 50_000
"""Holders whose requests are counted here; beyond it the least recently seen one is forgotten."""

SETTLED_AT_ONCE: Final = 500

ANY_NUMBER: Final = 2**53
"""The limit for what was let through already: it is added up even where gateways together gave away too much."""

UNASKED_SHARE: Final = 8
"""The part of a limit that is given away without asking, as its divisor."""

IDLE_SECONDS: Final = 60.0
"""A holder without a request for so long is forgotten here, and read anew."""


@dataclass(slots=True)
class _Seen:
    """What this process knows of a holder: its window in Redis at `at`, and the units counted here since.

    `new` units wait to be sent; `sent` units are on their way to Redis, each with one call alone.
    """

    rate: Rate
    window: Window
    new: int
    at: float
    sent: int = 0


class Limiter:
    """Counts requests; refuses those that come too often.

    Args:
        rates: The limit of each kind of request.
        redis: Holds the counters.
        replicas: How many gateways there are: each one's share while it counts alone.
        now: A monotonic clock in seconds.
    """

    def __init__(
        self, rates: Mapping[str, Rate], redis: Redis, *, replicas: int = 1, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rates = dict(rates)
        self._redis = redis
        self._replicas = replicas
        self._now = now
        self._scripts = RedispyBridge("redis://", redis_package, LIMITS)
        self._scripts.use_basic(connection_pool=redis.connection_pool)  # type: ignore[arg-type]
        self._scripts.register_scripts()
        self._here = MemoryStorage()
        self._alone, self._alone_until = False, float("-inf")
        self._seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()

    def demand(self, kind: str, holder: str, *, units: int = 1, most: int | None = None) -> Demand:
        """Return what a request takes from a holder.

        Args:
            kind: Kind of request.
            holder: Whose units they are.
            units: What the request costs.
            most: A limit of the holder's own; it counts where it is lower.
        """
        return Demand(kind=kind, holder=holder, rate=self._rates[kind].narrowed(most), units=units)

    async def take(self, *demands: Demand) -> Allowance | None:
        """Count a request for all its holders; return the smallest rest, None if nothing limits it.

        Raises:
            RateLimited: One of them has too little left.
        """
        limited = [demand for demand in demands if demand.rate.limit > 0]
        for demand in limited:
            if demand.units > demand.rate.limit:
                raise refuse(demand, Window())
        if not limited:
            return None
        if self._now() >= self._alone_until and all(self._is_far_from(demand) for demand in limited):
            return min((self._add(demand) for demand in limited), key=_left)
        found = await self._ask(limited)
        for demand, taken, window in found:
            if not taken:
                raise refuse(demand, window)
        return min((allowance_of(demand, window) for demand, _, window in found), key=_left)

    def count(self, kind: str, holder: str) -> Allowance | None:
        """Count one request of any kind for one holder, without asking Redis; None: it is not limited.

        Raises:
            RateLimited: The holder has none left.
        """
        demand = self.demand(kind, holder)
        if demand.rate.limit <= 0:
            return None
        if self._now() < self._alone_until:
            demand = replace(demand, rate=demand.rate.share(self._replicas))
        seen = self._of(demand)
        window = _with(seen)
        if window.left(demand.rate) < 1:
            raise refuse(demand, window)
        return self._add(demand)

    async def forget(self, *holders: str) -> None:
        """Drop every counter of these holders. What other gateways counted last comes back for two windows at most."""
        names = [(kind, holder) for holder in holders for kind in self._rates]
        for name in names:
            self._seen.pop(name, None)
        present = [_key(kind, holder) for kind, holder in names]
        try:
            for first in range(0, len(present), SETTLED_AT_ONCE):
                some = present[first : first + SETTLED_AT_ONCE]
                await self._redis.delete(*some, *(f"{key}/-1" for key in some))
        except (RedisError, OSError) as error:
            log.warning("limits_not_forgotten", holders=len(holders), reason=f"{type(error).__name__}: {error}"[:200])

    async def settle(self) -> None:
        """Add what was counted here to the counters in Redis, and read what the other replicas counted."""
        now = self._now()
        for key in [
            key for key, one in self._seen.items() if now - one.at > IDLE_SECONDS and not (one.new or one.sent)
        ]:
            del self._seen[key]
        waiting = [
            Demand(kind=kind, holder=holder, rate=one.rate, units=0)
            for (kind, holder), one in self._seen.items()
            if one.new or _with(one).left(one.rate) < 1  # A full window fades in Redis alone.
        ]
        for first in range(0, len(waiting), SETTLED_AT_ONCE):
            try:
                await self._ask_redis(waiting[first : first + SETTLED_AT_ONCE])
            except (RedisError, OSError, TimeoutError) as error:
                self._go_alone(error)
                return

    def _is_far_from(self, demand: Demand) -> bool:
        """Tell whether a demand may be counted here alone.

        Below half of a limit all replicas together may give away an eighth of it before they ask: by so much a limit
        can be exceeded, within the second until they settle.
        """
        seen = self._seen.get((demand.kind, demand.holder))
        if seen is None:
            return False
        limit = demand.rate.limit
        unasked = limit / UNASKED_SHARE / self._replicas
        return seen.window.counted(demand.rate.seconds) <= limit / 2 and seen.new + seen.sent + demand.units <= unasked

    def _add(self, demand: Demand) -> Allowance:
        seen = self._of(demand)
        seen.new += demand.units
        return allowance_of(demand, _with(seen))

    def _of(self, demand: Demand) -> _Seen:
        key, now = (demand.kind, demand.holder), self._now()
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= HOLDERS_MOST:
                self._seen.popitem(last=False)
            seen = self._seen[key] = _Seen(demand.rate, Window(), 0, now)
        elif now - seen.at >= demand.rate.seconds and seen.new:  # Redis is away for a whole window.
            seen.window, seen.new, seen.at = Window(), 0, now
        if now >= self._alone_until:
            seen.rate = demand.rate
        self._seen.move_to_end(key)
        return seen

    async def _ask(self, demands: Sequence[Demand]) -> list[tuple[Demand, bool, Window]]:
        if self._now() >= self._alone_until:
            try:
                return await self._ask_redis(demands)
            except (RedisError, OSError, TimeoutError) as error:
                self._go_alone(error)
        return [await self._ask_here(demand) for demand in demands]

    async def _ask_redis(self, demands: Sequence[Demand]) -> list[tuple[Demand, bool, Window]]:
        """Add what was counted here, take the units, and read the window: of all holders, in one round trip."""
        acquire, read = self._scripts.lua_acquire_sliding_window, self._scripts.lua_sliding_window
        known = [self._of(demand) for demand in demands]
        sent = [seen.new for seen in known]
        for seen, new in zip(known, sent, strict=True):  # Calls at the same time must not send these units again.
            seen.new, seen.sent = seen.new - new, seen.sent + new

        def ask(pipe: Any) -> None:
            for demand, new in zip(demands, sent, strict=True):
                present = _key(demand.kind, demand.holder)
                keys, rate = (f"{present}/-1", present), demand.rate
                pipe.evalsha(acquire.sha, 2, *keys, ANY_NUMBER, rate.seconds, new)
                pipe.evalsha(acquire.sha, 2, *keys, rate.limit, rate.seconds, demand.units)
                pipe.evalsha(read.sha, 2, *keys, rate.seconds)

        unsent = sent
        try:
            replies = await self._pipelined(ask)
            unsent = [0] * len(sent)
        finally:
            for seen, new, back in zip(known, sent, unsent, strict=True):
                seen.sent, seen.new = seen.sent - new, seen.new + back
        found = []
        for demand, seen, taken, read_now in zip(demands, known, replies[1::3], replies[2::3], strict=True):
            seen.window, seen.at = _window(*read_now), self._now()
            found.append((demand, bool(taken), seen.window))
        return found

    async def _ask_here(self, demand: Demand) -> tuple[Demand, bool, Window]:
        own = Demand(kind=demand.kind, holder=demand.holder, rate=demand.rate.share(self._replicas), units=demand.units)
        key, rate = f"{own.kind}/{own.holder}", own.rate
        taken = await self._here.acquire_sliding_window_entry(key, max(rate.limit, own.units), rate.seconds, own.units)
        before, before_seconds, now, now_seconds = await self._here.get_sliding_window(key, rate.seconds)
        return own, taken, Window(before=before, before_seconds=before_seconds, now=now, now_seconds=now_seconds)

    async def _pipelined(self, ask: Callable[[Any], None]) -> list[Any]:
        """Return the replies to all calls of a pipeline; load the scripts if Redis has lost them."""
        for loaded in (False, True):
            pipe = self._redis.pipeline(transaction=False)
            ask(pipe)
            async with asyncio.timeout(ANSWER_SECONDS):
                replies: list[Any] = await pipe.execute(raise_on_error=False)
                wrong = next((reply for reply in replies if isinstance(reply, Exception)), None)
                if wrong is None:
                    self._alone = False
                    return replies
                if loaded or not isinstance(wrong, NoScriptError):
                    raise wrong
                scripts = self._scripts
                for one in (scripts.lua_acquire_sliding_window, scripts.lua_sliding_window):
                    await self._redis.script_load(one.script)
        raise AssertionError("unreachable: the second round returns or raises")

    def _go_alone(self, error: Exception) -> None:
        if not self._alone:
            log.warning("limits_counted_alone", reason=f"{type(error).__name__}: {error}"[:200])
        self._alone, self._alone_until = True, self._now() + ALONE_SECONDS


def _key(kind: str, holder: str) -> str:
    """Return the name of a holder's present window; the last one's ends in `/-1`."""
    return f"{LIMITS}:{{{kind}/{holder}}}"


def _left(allowance: Allowance) -> int:
    return allowance.left


def _with(seen: _Seen) -> Window:
    """Return a holder's window with what was counted here since."""
    return replace(seen.window, now=seen.window.now + seen.new + seen.sent)


def _window(before: Any, before_ms: Any, now: Any, now_ms: Any) -> Window:
    return Window(
        before=int(before or 0),
        before_seconds=max(0, int(before_ms or 0)) / 1000,
        now=int(now or 0),
        now_seconds=max(0, int(now_ms or 0)) / 1000,
    )
