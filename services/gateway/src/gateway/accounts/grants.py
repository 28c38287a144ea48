"""API keys and logins that are valid now, remembered for a second at most.

    a request ─▶ Grants.key, Grants.session ─▶ remembered, else one statement
    twice a second ─▶ Grants.refresh ─▶ one statement for all recent keys, one for all recent logins

A key that was revoked on another replica therefore ends here within a second, and no request of a key in use waits for
the ledger. While the ledger is away requests ask it themselves and are refused; open sockets and streams go on for some
seconds, because nobody can revoke a key in a database that does not answer.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.ledger.api_keys import LiveKeyRow
from gateway.ledger.engine import Ledger
from gateway.rules.rights import Rights
from gateway.rules.tokens import Caller
from proteus.errors import Overloaded

FRESH_SECONDS: Final = 1.0
"""How long what the ledger said of a grant may serve a request."""

REFRESH_SECONDS: Final = 0.4
"""How often it is asked about all recent ones: a turn may come late, and a socket needs a moment to close."""

OPEN_SECONDS: Final = 5.0
"""How long open sockets and streams go on while the ledger does not answer."""

ACTIVE_SECONDS: Final = 60.0
"""A grant without a request and without an open socket for so long is forgotten."""

NOTE_SECONDS: Final = 30.0
"""How often the use of keys is written."""

KNOWN_MOST: Final = 50_000
LOOKUPS_AT_ONCE: Final = 2
LOOKUPS_WAITING_MOST: Final = 50
"""Beyond these a look-up is refused: invented keys must not take the connections of everybody else's requests."""

T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T
    asked_at: float
    used_at: float


class Grants(Generic[T]):
    """What the ledger said of grants of one kind, by id.

    Args:
        ask: Returns those of some grants that are valid.
        now: A monotonic clock in seconds.
    """

    def __init__(
        self, ask: Callable[[Collection[str]], Awaitable[Mapping[str, T]]], *, now: Callable[[], float]
    ) -> None:
        self._ask = ask
        self._now = now
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[T | None]] = {}
        self._turns = asyncio.Semaphore(LOOKUPS_AT_ONCE)
        self._used: set[str] = set()

    async def find(self, grant_id: str) -> T | None:
        """Return a grant if it is valid.

        Raises:
            Overloaded: Too many unknown grants are being looked up.
            DependencyUnavailable: The ledger is away.
        """
        found = self.look(grant_id)
        if found is not None:
            return found
        task = self._asking.get(grant_id)
        if task is None:
            if len(self._asking) >= LOOKUPS_WAITING_MOST:
                raise Overloaded("Too many unknown keys are being looked up.", retry_after_seconds=1)
            task = self._asking[grant_id] = asyncio.create_task(self._looked_up(grant_id))
            task.add_done_callback(lambda done: self._forget_task(grant_id, done))
        return await asyncio.shield(task)  # Others wait for the same answer.

    def look(self, grant_id: str) -> T | None:
        """Return a grant if it is remembered as valid; nothing is looked up."""
        entry = self._entries.get(grant_id)
        now = self._now()
        if entry is None or now - entry.asked_at > FRESH_SECONDS:
            return None
        entry.used_at = now
        self._used.add(grant_id)
        self._entries.move_to_end(grant_id)
        return entry.value

    def still(self, grant_id: str) -> bool:
        """Tell whether what a grant opened may stay open."""
        entry = self._entries.get(grant_id)
        now = self._now()
        if entry is None or now - entry.asked_at > OPEN_SECONDS:
            return False
        entry.used_at = now
        return True

    async def refresh(self) -> None:
        """Ask about all recent grants; forget those that ended."""
        now = self._now()
        for grant_id in [one for one, entry in self._entries.items() if now - entry.used_at > ACTIVE_SECONDS]:
            del self._entries[grant_id]
        if not self._entries:
            return
        asked = list(self._entries)
        there = await self._ask(asked)
        for grant_id in asked:
            if grant_id not in there:
                self._entries.pop(grant_id, None)
            elif (entry := self._entries.get(grant_id)) and entry.asked_at <= now:
                entry.value, entry.asked_at = there[grant_id], now

    def take_used(self) -> set[str]:
        """Return which grants were used since the last call."""
        used, self._used = self._used, set()
        return used

    async def _looked_up(self, grant_id: str) -> T | None:
        async with self._turns:
            asked_at = self._now()  # What changes after this moment is seen by the next question at the latest.
            there = await self._ask([grant_id])
        if grant_id not in there:
            self._entries.pop(grant_id, None)
            return None
        if len(self._entries) >= KNOWN_MOST:
            self._entries.popitem(last=False)
        self._entries[grant_id] = _Entry(there[grant_id], asked_at, asked_at)
        self._used.add(grant_id)
        return there[grant_id]

    def _forget_task(self, grant_id: str, done: asyncio.Task[T | None]) -> None:
        self._asking.pop(grant_id, None)
        if not done.cancelled():
            done.exception()  # Whoever waits gets it; if nobody does any more, it is no leftover for the loop.


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveKey:
    """A valid key: what proves it, and as whom it acts."""

    digest: bytes
    caller: Caller

    @classmethod
    def of(cls, row: LiveKeyRow) -> LiveKey:
        """Return a stored key."""
        of_tenant = Rights.of(
            row.tenant_engines,
            row.tenant_samples_most,
            row.tenant_limits,
            qualities=row.tenant_qualities,
            priorities=row.tenant_priorities,
        )
        rights = Rights.of(row.engines, row.samples_most, qualities=row.qualities, priorities=row.priorities).within(
            of_tenant
        )
        caller = Caller(
            user_id=row.user_id,
            tenant=row.tenant,
            scopes=frozenset(row.scopes),
            expires_at=row.expires_at.timestamp() if row.expires_at else float("inf"),
            key_id=row.id,
            rights=rights,
            key_limits=row.limits,
        )
        return cls(digest=row.digest, caller=caller)


class LiveGrants:
    """The deployment's valid keys and logins, as this process knows them."""

    def __init__(self, ledger: Ledger, *, now: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._now = now
        self._noted_at = now()
        self.keys: Grants[LiveKey] = Grants(self._live_keys, now=now)
        self.sessions: Grants[bool] = Grants(self._live_sessions, now=now)

    async def refresh(self) -> None:
        """Forget what ended; write from time to time which keys are in use."""
        await self.keys.refresh()
        await self.sessions.refresh()
        if self._now() - self._noted_at >= NOTE_SECONDS:
            self._noted_at = self._now()
            self.sessions.take_used()
            if used := self.keys.take_used():
                async with self._ledger.write() as writes:
                    await writes.api_keys.note_used(used)

    async def _live_keys(self, ids: Collection[str]) -> dict[str, LiveKey]:
        async with self._ledger.read() as reads:
            rows = await reads.api_keys.live(ids)
        return {key_id: LiveKey.of(row) for key_id, row in rows.items()}

    async def _live_sessions(self, ids: Collection[str]) -> dict[str, bool]:
        async with self._ledger.read() as reads:
            return dict.fromkeys(await reads.refresh_tokens.live_sessions(ids), True)
