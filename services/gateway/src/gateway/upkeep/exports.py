"""Everything that is kept of a user, as a ZIP that is made while it is sent.

    rows of every exported table ─▶ data/<table>.json   ┐
    objects of every area        ─▶ <area>/<name>       ├─▶ ZIP entries ─▶ pieces of at most some hundred kB
    what was written             ─▶ export.json, last   ┘

Neither the tables nor an object nor the archive is ever held as a whole; only the archive's directory grows, by some
hundred bytes for each object. The directory comes last: an export that breaks off has none, so no program takes it
for a whole one.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.ledger.engine import Ledger
from gateway.ledger.exports import TABLES
from gateway.zip_sink import ZipSink
from proteus import keys, object_keys
from proteus.errors import Conflict, DependencyUnavailable, NotFound
from proteus.jobs import UserId
from proteus.storage import ObjectInfo, ObjectStore

log = structlog.get_logger()

ROWS: Final = 200
"""Rows of one read: some 200 kB."""

PART_BYTES: Final = 262_144
"""Read from the store at a time. Each part is a call of its own, so a slow reader keeps no connection to the store."""

LISTED: Final = 500

KEPT_SECONDS: Final = 60
"""How long an export whose gateway died keeps the next one away."""

MANIFEST: Final = "export.json"


class ExportRunning(Conflict):
    """An export of yours is running."""

    code = "export_running"
    hint = "Let it end, or close its connection and wait a minute."


class Exports:
    """Makes exports, one of a user at a time over all gateways."""

    def __init__(self, ledger: Ledger, store: ObjectStore, redis: Redis) -> None:
        self._ledger = ledger
        self._store = store
        self._redis = redis

    @asynccontextmanager
    async def alone(self, user_id: UserId) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Keep the user's other exports away while the block runs; yields what says that it still does.

        Raises:
            ExportRunning: Another one runs.
            DependencyUnavailable: Redis cannot tell.
        """
        name, mark = keys.export_of(user_id), secrets.token_hex(8)
        with _redis_needed():
            if not await self._redis.set(name, mark, nx=True, ex=KEPT_SECONDS):
                raise ExportRunning
        renewed_at = time.monotonic()

        async def renew() -> None:
            nonlocal renewed_at
            if time.monotonic() - renewed_at > KEPT_SECONDS / 4:
                with _redis_needed():
                    await self._redis.set(name, mark, ex=KEPT_SECONDS)
                renewed_at = time.monotonic()

        try:
            yield renew
        finally:
            await asyncio.shield(self._end(name, mark))

    async def pieces(self, user_id: UserId, *, now: datetime) -> AsyncGenerator[bytes, None]:
        """Yield the archive.

        Raises:
            DependencyUnavailable: Postgres or the store does not answer. What was yielded is no whole archive.
        """
        sink = ZipSink()
        archive = sink.archive()  # Closed only where all went well.
        moment = now.timetuple()[:6]
        rows = dict.fromkeys(TABLES, 0)
        for table in TABLES:
            with archive.open(_entry(f"data/{table}.json", moment, packed=True), "w") as file:
                async for page in self._rows(table, user_id):
                    words = ",\n".join(json.dumps(row, default=_word, ensure_ascii=False) for row in page)
                    file.write(((",\n" if rows[table] else "[\n") + words).encode())
                    rows[table] += len(page)
                    yield sink.taken()
                file.write(b"\n]\n" if rows[table] else b"[]\n")
            yield sink.taken()
        files, missing = 0, []
        async for info in self._objects(user_id):
            found = object_keys.split(info.key)
            name = f"{found.area}/{found.name}"
            try:
                first = await self._part(info, 0)
            except NotFound:  # It was deleted since it was listed.
                missing.append(name)
                continue
            with archive.open(_entry(name, info.modified.timetuple()[:6]), "w") as file:
                file.write(first)
                yield sink.taken()
                for start in range(PART_BYTES, info.size_bytes, PART_BYTES):
                    file.write(await self._part(info, start))
                    yield sink.taken()
            files += 1
        manifest = {"user_id": user_id, "exported_at": now.isoformat(), "rows": rows, "files": files,
                    "deleted_meanwhile": missing}  # fmt: skip
        archive.writestr(_entry(MANIFEST, moment, packed=True), json.dumps(manifest, indent=1))
        archive.close()
        yield sink.taken()

    async def _end(self, name: str, mark: str) -> None:
        """Let the next export begin; one that another gateway has begun since stays."""
        try:
            if await self._redis.get(name) == mark:
                await self._redis.delete(name)
        except (RedisError, OSError) as error:
            log.warning("export_not_ended", error=str(error), seconds=KEPT_SECONDS)

    async def _rows(self, table: str, user_id: UserId) -> AsyncIterator[list[dict[str, Any]]]:
        after = None
        while True:
            async with self._ledger.read() as reads:
                found = await reads.exports.page(table, user_id, after=after, limit=ROWS)
            if found.rows:
                yield found.rows
            if found.next is None:
                return
            after = found.next

    async def _objects(self, user_id: UserId) -> AsyncIterator[ObjectInfo]:
        for prefix in object_keys.user_prefixes(user_id):
            found = self._store.list(prefix)
            while page := await asyncio.to_thread(lambda found=found: list(islice(found, LISTED))):  # type: ignore[misc]
                for info in page:
                    yield info

    async def _part(self, info: ObjectInfo, start: int) -> bytes:
        length = min(PART_BYTES, info.size_bytes - start)
        if length <= 0:
            return b""
        found = await asyncio.to_thread(self._store.get, info.key, start=start, limit_bytes=length - 1)
        if len(found) != length:
            raise DependencyUnavailable(f"The object store sent {len(found)} of {length} bytes.")
        return found


@contextmanager
def _redis_needed() -> Iterator[None]:
    """Turn an error of Redis into ours: whether another export runs is unknown then."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise DependencyUnavailable("Redis does not answer.") from error


def _entry(name: str, moment: Any, *, packed: bool = False) -> zipfile.ZipInfo:
    """Return the head of a file in the archive; pictures are packed already."""
    entry = zipfile.ZipInfo(name, date_time=moment)
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


def _word(value: Any) -> str:
    """Return what JSON has no form for: moments, days."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
