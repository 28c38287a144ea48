"""Reads the ledger and the store from outside while the fleet is under attack.

Every few hundred milliseconds it reads the changed rows from Postgres, with its own connection and statements. So it
knows how often a job was claimed, when a lost worker's jobs came back, and whether a result ever changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from proteus.jobs import EPOCH_TOKENS, TERMINAL
from proteus.object_keys import Area, split
from proteus.storage import ObjectStore

AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""The errors of a server that is cut off in the middle of an answer."""

POLL_SECONDS: Final = 0.3
LOOK_BACK: Final = timedelta(seconds=8)
"""Rows are stamped when their transaction begins and seen when it commits: look back further than one can last."""

CHANGED: Final = """
SELECT id, user_id, state, stage, epoch, submitted_epoch, token, crashes, result_key, error->>'code' AS code,
       (result->'timings'->>'weave_seconds')::float AS weave_seconds, now() AS looked_at
FROM jobs WHERE kind = 'tryon' AND updated_at >= $1
"""
EVENTS: Final = """
SELECT user_id, seq, job_id, data->>'status' AS status,
       ARRAY(SELECT jsonb_array_elements(data->'results')->>'status') AS pictures,
       extract(epoch FROM recorded_at)::float AS at
FROM events ORDER BY user_id, seq
"""
NEWEST: Final = "SELECT id, last_seq FROM users"


@dataclass(frozen=True, kw_only=True)
class Row:
    """The columns of a job's row that chaos reads."""

    id: str
    user_id: str
    state: str
    stage: str | None
    epoch: int
    submitted_epoch: int
    token: int
    crashes: int
    result_key: str | None
    code: str | None
    weave_seconds: float | None

    @property
    def over(self) -> bool:
        return self.state in TERMINAL


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A row of the table `events`."""

    user_id: str
    seq: int
    job_id: str
    status: str
    pictures: tuple[str, ...] = ()
    """Each picture's own status."""
    at: float = 0.0
    """When its transaction began, in Unix seconds."""


@dataclass(kw_only=True)
class Recovery:
    """Jobs that a fault removed, and how long each was away.

    Attributes:
        waiting: Job id -> the fencing token it had; a row with a higher one is back.
        emptied: The whole queue was lost: a job is back when it was submitted again.
    """

    name: str
    since: float
    waiting: dict[str, int]
    emptied: bool = False
    seconds: dict[str, float] = field(default_factory=dict)


class Watch:
    """The state as seen from outside.

    Args:
        database_url: `postgresql+asyncpg://…`, as for services.
        store: To list and read results.
    """

    def __init__(self, database_url: str, store: ObjectStore) -> None:
        self.rows: dict[str, Row] = {}
        self.claims: dict[str, dict[int, int]] = {}
        """Job id -> epoch -> claims seen in it."""
        self.results: dict[str, str] = {}
        """Job id -> the key of the first result seen."""
        self.changed_results: set[str] = set()
        self.recoveries: list[Recovery] = []
        self._dsn = database_url.replace("postgresql+asyncpg://", "postgresql://")
        self._store = store
        self._objects: dict[str, tuple[int, datetime]] = {}
        self._looked_at: datetime | None = None
        """The database's time of the last read that returned rows: a gateway's clock may be off."""

    @property
    def unfinished(self) -> int:
        return sum(not row.over for row in self.rows.values())

    async def run(self) -> None:
        """Poll until cancelled; retry while the database is away."""
        while True:
            with suppress(*AWAY):
                connection = await asyncpg.connect(self._dsn, timeout=5)
                try:
                    while True:
                        await self._poll(connection)
                        await asyncio.sleep(POLL_SECONDS)
                finally:
                    connection.terminate()
            await asyncio.sleep(POLL_SECONDS)

    async def _poll(self, connection: Any) -> None:
        since = self._looked_at - LOOK_BACK if self._looked_at else datetime(2000, 1, 1, tzinfo=UTC)
        for record in await connection.fetch(CHANGED, since, timeout=10):
            values = dict(record)
            self._looked_at = values.pop("looked_at")
            self._see(Row(**values))
        self._settle_recoveries(time.time())

    def _see(self, row: Row) -> None:
        self.rows[row.id] = row
        epoch, claims = divmod(row.token, EPOCH_TOKENS)
        known = self.claims.setdefault(row.id, {})
        known[epoch] = max(known.get(epoch, 0), claims)
        if row.result_key is not None and self.results.setdefault(row.id, row.result_key) != row.result_key:
            self.changed_results.add(row.id)

    def lost(self, name: str, held: Mapping[str, int], *, since: float) -> Recovery:
        """Note the jobs that a worker held when it was hit, with their tokens."""
        recovery = Recovery(name=name, since=since, waiting=dict(held))
        self.recoveries.append(recovery)
        return recovery

    def emptied(self, *, since: float) -> Recovery:
        """Note every job that was in the queue when it was emptied."""
        queued = {
            row.id: row.epoch * EPOCH_TOKENS
            for row in self.rows.values()
            if not row.over and row.stage not in ("held", "preparing") and row.submitted_epoch == row.epoch
        }
        recovery = Recovery(name="valkey emptied", since=since, waiting=queued, emptied=True)
        self.recoveries.append(recovery)
        return recovery

    def stranded(self, what: str, tokens: Mapping[str, int], *, since: float) -> None:
        """Note jobs that a fault removed from every structure; their tokens show when they are back."""
        waiting = {job_id: token for job_id, token in tokens.items() if job_id in self.rows}
        self.recoveries.append(Recovery(name=what, since=since, waiting=waiting, emptied=True))

    def user_ids(self) -> list[str]:
        """Return the users that have jobs."""
        return sorted({row.user_id for row in self.rows.values()})

    async def lock_jobs(self, *, seconds: float) -> None:
        """Lock the table of jobs: every statement that needs it waits."""
        connection = await asyncpg.connect(self._dsn, timeout=10)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(seconds)
        finally:
            await connection.close()

    def _settle_recoveries(self, now: float) -> None:
        for recovery in self.recoveries:
            for job_id, token in tuple(recovery.waiting.items()):
                row = self.rows.get(job_id)
                if row is not None and _is_back(row, token, emptied=recovery.emptied):
                    del recovery.waiting[job_id]
                    recovery.seconds[job_id] = now - recovery.since

    async def events(self) -> list[Recorded]:
        """Return every recorded event."""
        connection = await asyncpg.connect(self._dsn, timeout=10)
        try:
            found = await connection.fetch(EVENTS)
            return [Recorded(**{**record, "pictures": tuple(record["pictures"])}) for record in found]
        finally:
            await connection.close()

    async def newest(self) -> dict[str, int]:
        """Return each user's last `seq`."""
        connection = await asyncpg.connect(self._dsn, timeout=10)
        try:
            return {record["id"]: record["last_seq"] for record in await connection.fetch(NEWEST)}
        finally:
            await connection.close()

    async def look_at_objects(self) -> frozenset[str]:
        """Return the keys of every stored picture; remember them, to notice one that is written again."""
        found = await asyncio.to_thread(lambda: list(self._store.list(Area.RESULTS.prefix)))
        for info in found:
            stamp = (info.size_bytes, info.modified)
            if self._objects.setdefault(info.key, stamp) != stamp:
                self.changed_results.add(split(info.key).tryon_id or info.key)
        return frozenset(info.key for info in found)


def _is_back(row: Row, token: int, *, emptied: bool) -> bool:
    if row.over:
        return True
    if emptied:
        return row.epoch > token // EPOCH_TOKENS and row.submitted_epoch == row.epoch
    if row.epoch > token // EPOCH_TOKENS or row.token > token:
        return True
    return row.token == token and row.state == "queued"
