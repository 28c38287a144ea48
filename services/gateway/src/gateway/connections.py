"""Sockets and event streams over all gateways: counted in Redis for user, key, tenant and address.

    opened  ─▶ `hold`: one round trip for all its holders, a lease for each
    ended   ─▶ `Place.leave` ─▶ the next `hold` or `keep` takes it away
    each second ─▶ `keep`: takes away what ended, and prolongs what is open

A gateway that dies prolongs nothing: its connections are free again when their leases end. What each process counts by
itself (`gateway.rules.shares`) is checked before this. While Redis is away or refuses, that alone counts: nobody is
refused because a server is away, and what opened meanwhile is counted once it is back.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import count
from typing import Any, Final
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from gateway.rules.shares import WORDS, Connecting, Connection, Place, TooManyAtOnce, holder_of
from gateway.rules.tokens import Caller
from proteus.keys import LIMITS

log = structlog.get_logger()

ANSWER_SECONDS: Final = 0.5
"""Longest wait for the counters: a connection must not hang because they cannot be read."""

ALONE_SECONDS: Final = 1.0
"""After a failure connections do not ask Redis for so long."""

LEASE_SECONDS: Final = 30.0
"""How long a dead gateway's connections count."""

KEEP_SECONDS: Final = 10.0
"""A third of the lease: two lost rounds do no harm."""

_WHOSE: Final[Mapping[Connecting, str]] = {
    "guest": "of yours", "account": "of yours", "address": "from your address", "key": "of your key",
    "tenant": "of your tenant",
}  # fmt: skip


class Connections:
    """Counts the connections of all gateways.

    Args:
        limits: The most of each kind, by the holder's class; 0 limits nothing.
        redis: Holds the counters.
        lease_seconds: How long a connection counts after its gateway last prolonged it.
        now: A monotonic clock in seconds.
    """

    def __init__(
        self,
        limits: Mapping[Connecting, Mapping[Connection, int]],
        redis: Redis,
        *,
        lease_seconds: float = LEASE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._redis = redis
        self._lease_ms = int(lease_seconds * 1000)
        self._now = now
        self._me, self._numbers = uuid4().hex[:12], count(1)
        self._open: defaultdict[str, set[str]] = defaultdict(set)
        self._ended: defaultdict[str, set[str]] = defaultdict(set)
        self._kept_at = now()
        self._alone, self._alone_until = False, float("-inf")
        self._script = (files("gateway") / "hold.lua").read_text(encoding="utf-8")
        self._digest = ""

    async def hold(
        self, place: Place, kind: Connection, *, caller: Caller | None = None, address: str | None = None
    ) -> None:
        """Count a connection until its place is left.

        Args:
            place: What the connection holds of this process.
            kind: A socket or a stream.
            caller: Whose it is: its user, its key and its tenant have limits; None: not known yet.
            address: Where it comes from, if that counts.

        Raises:
            TooManyAtOnce: One of the holders has as many as it may have, on all gateways together.
        """
        wanted = [(of, f"{LIMITS}:open:{{{kind}/{of}:{name}}}") for of, name in _holders(caller, address)]
        limited = [(of, key, self._limits[of][kind]) for of, key in wanted if self._limits[of][kind]]
        member = f"{self._me}:{next(self._numbers)}"
        keys = [key for _, key, _ in limited]
        place.at_leave(lambda: self._end(member, keys))
        for _, key, _ in limited:
            self._open[key].add(member)
        if not limited or self._now() < self._alone_until:
            return
        held = await self._ask([(key, limit, [member]) for _, key, limit in limited])
        for (of, _, limit), fits in zip(limited, held, strict=True):
            if not fits:
                self._end(member, keys)
                await self._ask([])  # At once: one who is refused again and again must take no place of the others.
                raise TooManyAtOnce(f"{limit} {WORDS[kind]} {_WHOSE[of]} at the same time are the most.")

    async def keep(self) -> None:
        """Take away the connections that ended, and prolong the open ones."""
        due = self._now() - self._kept_at >= KEEP_SECONDS
        if self._now() < self._alone_until or not (due or self._ended):
            return
        held = await self._ask([(key, 0, sorted(members)) for key, members in self._open.items()] if due else [])
        if due and not self._alone:
            self._kept_at = self._now()
        assert all(held), "without a limit everything is held"

    def _end(self, member: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._open[key].discard(member)
            if not self._open[key]:
                del self._open[key]
            self._ended[key].add(member)

    async def _ask(self, wanted: Sequence[tuple[str, int, list[str]]]) -> list[bool]:
        """Take away what ended and hold these, in one round trip; without an answer all of them are let through."""
        ended, self._ended = self._ended, defaultdict(set)
        try:
            replies = await self._pipelined(ended, wanted)
        except (RedisError, OSError, TimeoutError) as error:
            for key, members in ended.items():
                self._ended[key] |= members
            if not self._alone:
                log.warning("connections_counted_alone", reason=f"{type(error).__name__}: {error}"[:200])
            self._alone, self._alone_until = True, self._now() + ALONE_SECONDS
            return [True] * len(wanted)
        except BaseException:  # Cancelled: whether it was taken away is not known, and doing it twice does no harm.
            for key, members in ended.items():
                self._ended[key] |= members
            raise
        if self._alone:
            self._alone, self._kept_at = False, float("-inf")
        return [reply == 1 for reply in replies[len(ended) :]]

    async def _pipelined(
        self, ended: Mapping[str, set[str]], wanted: Sequence[tuple[str, int, list[str]]]
    ) -> list[Any]:
        """Return the replies to all calls; load the script if Redis does not have it."""
        async with asyncio.timeout(ANSWER_SECONDS):
            for loaded in (False, True):
                if loaded or not self._digest:
                    self._digest = str(await self._redis.script_load(self._script))
                pipe = self._redis.pipeline(transaction=False)
                for key, members in ended.items():
                    pipe.zrem(key, *members)
                for key, limit, names in wanted:
                    pipe.evalsha(self._digest, 1, key, limit, self._lease_ms, *names)
                replies: list[Any] = await pipe.execute(raise_on_error=False)
                wrong = next((reply for reply in replies if isinstance(reply, Exception)), None)
                if wrong is None:
                    return replies
                if loaded or not isinstance(wrong, NoScriptError):
                    raise wrong
        raise AssertionError("unreachable: the second round returns or raises")


def _holders(caller: Caller | None, address: str | None) -> list[tuple[Connecting, str]]:
    holders: list[tuple[Connecting, str]] = []
    if caller is not None:
        holders += [holder_of(caller), ("tenant", caller.tenant)]
        if caller.key_id:
            holders.append(("key", caller.key_id))
    if address and (caller is None or caller.is_person):
        holders.append(("address", address))
    return holders
