"""Reading a queue's event stream as a consumer group.

`EventReader` is one member of the consumer group `recorder` on a queue's stream. The group gives each event to one
reader, and again to another if the first dies before it acknowledged. The reader sets aside an entry that is no event,
with the reason.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import structlog
from redis.exceptions import ResponseError

from proteus.documents import parse_object, storable_text
from proteus.jobs import QUEUE_EVENTS, EventKind, JobId, JobState
from proteus.keys import QueueKeys
from proteus.queue.model import QueueEvent
from proteus.queue.wire import text

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger()

GROUP: Final = "recorder"

STALE_MS: Final = 5_000
"""An event that stayed unacknowledged for this long is given to another reader: its first one died, or its commit
failed. Recording a batch takes milliseconds."""

SWEEP_SECONDS: Final = 1.0
"""How often a reader checks for stale events."""

CONSUMER_LIFE_MS: Final = 3_600_000
"""A member that has read nothing for an hour and has nothing to acknowledge is removed."""

BAD_EVENTS_MOST: Final = 1_000
"""Entries kept of those that could not be recorded: for people, never read by a program."""

REASON_CHARS: Final = 500

_COUNTERS: Final = ("attempts", "crashes", "solo_crashes")
_JOB_ID: Final = re.compile(r"[A-Za-z0-9_.:\-]{1,200}")
_NUMBER_MOST: Final = 10**16
"""Beyond every token, count and time that the scripts write; Postgres keeps tokens in 64 bits."""

_COUNT_MOST: Final = 2**31 - 1
_LATEST_MS: Final = 253_402_300_799_000
"""The year 9999: an entry may carry any id, and times beyond it are no dates."""


class EventReader:
    """Reads one queue's events as a member of the group.

    Args:
        redis: A client whose socket timeout is longer than the reads block.
        names: The queue's keys.
        consumer: This process's own name in the group.
        stale_ms: Age at which an unacknowledged event is given to another reader.
        on_bad: Called for each entry that is set aside.
    """

    def __init__(
        self,
        redis: Redis,
        names: QueueKeys,
        *,
        consumer: str,
        stale_ms: int = STALE_MS,
        on_bad: Callable[[], None] = lambda: None,
    ) -> None:
        self._redis = redis
        self._stream = names.events
        self._bad_stream = names.bad_events
        self._on_bad = on_bad
        self._consumer = consumer
        self._group = GROUP
        self._stale_ms = stale_ms
        self._swept_at = 0.0
        self._cursor = "0-0"

    async def read(self, count: int = 100, block_ms: int = 1_000) -> list[QueueEvent]:
        """Return events to record, oldest first; empty if none came within `block_ms`.

        They come again, here or elsewhere, until `ack`: record first, acknowledge after the commit.
        """
        try:
            entries = await self._stale(count) or await self._fresh(count, block_ms)
        except ResponseError as error:
            # NOGROUP: first use, or the server was emptied. UNBLOCKED: it was emptied while this read waited.
            if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                raise
            await self._make_group()
            return []
        events: list[QueueEvent] = []
        for entry_id, fields in entries:
            try:
                events.append(parse_event(text(entry_id), fields))
            except (KeyError, ValueError) as error:
                reason = set_aside_words(fields) or f"not an event: {type(error).__name__}: {error}"
                await self._put_aside(text(entry_id), fields, reason)
        return events

    async def ack(self, *entry_ids: str) -> None:
        """Acknowledge these events: they are recorded."""
        if entry_ids:
            await self._redis.xack(self._stream, self._group, *entry_ids)

    async def deliveries(self, entry_id: str) -> int:
        """Return how often an unacknowledged event was given to a reader; 0 if it is acknowledged."""
        found = await self._redis.xpending_range(self._stream, self._group, entry_id, entry_id, 1)
        return int(found[0]["times_delivered"]) if found else 0

    async def set_aside(self, entry_id: str, reason: str) -> None:
        """Move an event that cannot be recorded to the bad ones, with the reason, and acknowledge it."""
        found = await self._redis.xrange(self._stream, entry_id, entry_id)
        await self._put_aside(entry_id, (found[0][1] if found else None) or {}, reason)

    async def _put_aside(self, entry_id: str, fields: Mapping[Any, Any], reason: str) -> None:
        reason = storable_text(reason)[:REASON_CHARS]
        kept: dict[Any, Any] = {text(name): text(value) for name, value in fields.items()} | {
            "entry": entry_id,
            "reason": reason,
        }
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xadd(self._bad_stream, kept, maxlen=BAD_EVENTS_MOST)
            pipeline.xack(self._stream, self._group, entry_id)
            await pipeline.execute()
        self._on_bad()
        log.error("event_set_aside", stream=self._stream, entry=entry_id, reason=reason)

    async def lag(self) -> int:
        """Return how many events wait to be recorded: not yet read, or read and not acknowledged."""
        if not await self._redis.exists(self._stream):
            return 0
        groups = await self._redis.xinfo_groups(self._stream)
        own = next((group for group in groups if text(group["name"]) == self._group), None)
        if own is None:
            return int(await self._redis.xlen(self._stream))
        return int(own["pending"]) + int(own["lag"] or 0)

    async def _fresh(self, count: int, block_ms: int) -> list[Any]:
        reply: Any = await self._redis.xreadgroup(
            self._group, self._consumer, {self._stream: ">"}, count=count, block=block_ms
        )
        return list(reply[0][1]) if reply else []

    async def _stale(self, count: int) -> list[Any]:
        if time.monotonic() - self._swept_at < SWEEP_SECONDS:
            return []
        cursor, entries, *_ = await self._redis.xautoclaim(
            self._stream, self._group, self._consumer, self._stale_ms, self._cursor, count=count
        )
        self._cursor = text(cursor)
        if self._cursor == "0-0":
            self._swept_at = time.monotonic()
            await self._forget_the_dead()
        return [entry for entry in entries if entry[1]]

    async def _forget_the_dead(self) -> None:
        for member in await self._redis.xinfo_consumers(self._stream, self._group):
            if member["pending"] == 0 and member["idle"] > CONSUMER_LIFE_MS:
                await self._redis.xgroup_delconsumer(self._stream, self._group, text(member["name"]))

    async def _make_group(self) -> None:
        try:
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise


async def trim_recorded(redis: Redis, names: QueueKeys, *, before_ms: int, bad_before_ms: int) -> int:
    """Delete events older than a time that the group has recorded, and older bad ones; return how many went.

    What nobody has recorded yet stays, however old it is.
    """
    gone = 0
    if await redis.exists(names.events):
        groups = await redis.xinfo_groups(names.events)
        own = next((group for group in groups if text(group["name"]) == GROUP), None)
        if own is not None:
            unread = _place(text(own["last-delivered-id"]), after=1)
            unrecorded = await redis.xpending_range(names.events, GROUP, "-", "+", 1) if own["pending"] else []
            first = min((before_ms, 0), unread, *(_place(text(one["message_id"])) for one in unrecorded))
            gone += int(await redis.xtrim(names.events, minid="{}-{}".format(*first), approximate=False))
    gone += int(await redis.xtrim(names.bad_events, minid=f"{bad_before_ms}-0", approximate=False))
    return gone


def _place(entry_id: str, *, after: int = 0) -> tuple[int, int]:
    """Return an entry's id as numbers, which compare as entries follow each other."""
    ms, _, number = entry_id.partition("-")
    return int(ms), int(number) + after


async def list_bad_events(redis: Redis, names: QueueKeys, *, limit: int) -> list[dict[str, str]]:
    """Return the newest entries that were set aside, newest first: their fields, `entry` and `reason`."""
    found = await redis.xrevrange(names.bad_events, count=limit)
    return [{text(name): text(value) for name, value in (fields or {}).items()} for _, fields in found or ()]


def set_aside_words(fields: Mapping[Any, Any]) -> str:
    """Return a script's message about a key that it set aside; empty if the entry is about something else."""
    told = {text(name): text(value) for name, value in fields.items()}
    if told.get("kind") != "set_aside":
        return ""
    return f"the key {told.get('key', '')!r} was set aside: it had {told.get('found', '')}"


def parse_event(entry_id: str, fields: Mapping[Any, Any]) -> QueueEvent:
    """Return the event in a stream entry; its id holds the server time, missing counters are 0.

    Texts of libraries (messages, results) come out storable; an id, a kind, a state or a number must be one of ours.

    Raises:
        KeyError, ValueError: It is not an event.
    """
    data: dict[str, Any] = {storable_text(text(name)): storable_text(text(value)) for name, value in fields.items()}
    head = {name: data.pop(name) for name in ("kind", "id", "token", "state")}
    if head["kind"] not in QUEUE_EVENTS:
        raise ValueError(f"{head['kind'][:40]!r} is not a kind of event in this version")
    if not _JOB_ID.fullmatch(head["id"]):
        raise ValueError(f"{head['id'][:40]!r} is no job's id")
    data = dict.fromkeys(_COUNTERS, "0") | data
    data |= {name: _number(data[name], _COUNT_MOST) for name in _COUNTERS}
    for name in {"wait_ms", "due_ms"} & data.keys():
        data[name] = _number(data[name].removeprefix("-"), _NUMBER_MOST)  # A clock may have been set back.
    if "result" in data:
        data["result"] = parse_object(data["result"])
    if "usage" in data:
        with contextlib.suppress(ValueError):  # Of another version or a hand: the usage is unknown, the fact is not.
            data["usage"] = parse_object(data["usage"])
    if "degraded" in data:
        data["degraded"] = data["degraded"] == "1"
    return QueueEvent(
        entry_id=entry_id,
        kind=EventKind(head["kind"]),
        job_id=JobId(head["id"]),
        token=_number(head["token"], _NUMBER_MOST),
        state=JobState(head["state"]),
        at_ms=min(int(entry_id.partition("-")[0]), _LATEST_MS),
        data=data,
    )


def _number(words: str, most: int) -> int:
    if not (words.isascii() and words.isdigit() and len(words) < 20 and int(words) <= most):
        raise ValueError(f"{words[:40]!r} is no number from 0 to {most}")
    return int(words)
