"""Following the stream and the channels of a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from redis.asyncio import Redis

from proteus import keys
from proteus.bus import EventReader, Message, SubscriptionGap, subscribe
from proteus.bus.events import trim_recorded
from proteus.queue import JobQueue

NAMES = keys.QueueKeys(keys.JOBS)


async def ids(reader: EventReader) -> list[str]:
    return [event.job_id for event in await reader.read(10, block_ms=1)]


async def test_a_group_is_made_on_first_use_and_reads_from_the_beginning(redis, make_order):
    await JobQueue(redis, keys.JOBS).submit(make_order("job_a"), make_order("job_b"))
    reader = EventReader(redis, NAMES, consumer="gateway-1")
    assert await reader.lag() == 2
    assert await ids(reader) == []
    assert await ids(reader) == ["job_a", "job_b"]
    assert await ids(reader) == []
    assert await reader.lag() == 2


async def test_each_event_goes_to_one_reader(redis, make_order):
    one, other = (EventReader(redis, NAMES, consumer=name) for name in ("gateway-1", "gateway-2"))
    await one.read(1, block_ms=1)
    await JobQueue(redis, keys.JOBS).submit(make_order("job_a"))
    assert await ids(one) == ["job_a"]
    assert await ids(other) == []


async def test_what_a_dead_reader_did_not_acknowledge_goes_to_another(redis, make_order):
    dead = EventReader(redis, NAMES, consumer="gateway-1")
    await dead.read(1, block_ms=1)
    await JobQueue(redis, keys.JOBS).submit(*(make_order(f"job_{n}") for n in range(3)))
    first, *_ = await dead.read(10, block_ms=1)
    await dead.ack(first.entry_id)
    heir = EventReader(redis, NAMES, consumer="gateway-2", stale_ms=0)
    assert await ids(heir) == ["job_1", "job_2"]


async def test_acknowledged_events_do_not_come_again(redis, make_order):
    reader = EventReader(redis, NAMES, consumer="gateway-1", stale_ms=0)
    await reader.read(1, block_ms=1)
    await JobQueue(redis, keys.JOBS).submit(make_order("job_a"))
    events = await reader.read(10, block_ms=1)
    await reader.ack(*(event.entry_id for event in events))
    assert await ids(EventReader(redis, NAMES, consumer="gateway-2", stale_ms=0)) == []
    assert await reader.lag() == 0


async def test_an_emptied_server_gets_a_new_group(redis, make_order):
    reader = EventReader(redis, NAMES, consumer="gateway-1")
    await reader.read(1, block_ms=1)
    await redis.flushall()
    assert await reader.lag() == 0
    await JobQueue(redis, keys.JOBS).submit(make_order("job_a"))
    assert await ids(reader) == []
    assert await ids(reader) == ["job_a"]


async def test_a_server_emptied_while_a_reader_waits_is_no_error(redis, redis_url):
    reader = EventReader(redis, NAMES, consumer="gateway-1")
    await reader.read(1, block_ms=1)
    async with Redis.from_url(redis_url) as other, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(reader.read(1, block_ms=5_000))
        while not any(client["cmd"] == "xreadgroup" for client in await other.client_list()):
            pass  # asking is the waiting
        await other.flushall()
    assert waiting.result() == []


async def test_entries_that_are_no_events_are_counted_and_set_aside_with_the_reason(redis, make_order):
    counted = []
    reader = EventReader(redis, NAMES, consumer="gateway-1", on_bad=lambda: counted.append(1))
    await reader.read(1, block_ms=1)
    await redis.xadd(NAMES.events, {"kind": "nonsense"})
    await redis.xadd(NAMES.events, {"kind": "a", "id": "b", "state": "odd", "token": "1"})
    await JobQueue(redis, keys.JOBS).submit(make_order("job_a"))
    assert await ids(reader) == ["job_a"]
    assert len(counted) == 2
    assert await reader.lag() == 1
    aside = [fields for _, fields in await redis.xrange(NAMES.bad_events)]
    assert [entry["kind"] for entry in aside] == ["nonsense", "a"]
    assert all(entry["reason"].startswith("not an event: ") and entry["entry"] for entry in aside)


async def test_a_subscription_hears_what_is_published_after_it(redis):
    async with subscribe(redis, "one", "two") as line:
        await redis.publish("two", "words")
        assert await line.next(timeout_seconds=5) == Message("two", "words")
        assert await line.next(timeout_seconds=0.01) is None


async def test_a_client_that_does_not_decode_hears_the_same(redis_url):
    async with Redis.from_url(redis_url) as redis, subscribe(redis, "one") as line:
        await redis.publish("one", "words")
        assert await line.next(timeout_seconds=5) == Message("one", "words")


async def test_a_cut_line_is_mended_and_says_that_it_was_deaf(redis):
    async with subscribe(redis, "one") as line:
        await redis.client_kill_filter(_type="pubsub")
        assert isinstance(await line.next(timeout_seconds=5), SubscriptionGap)
        assert not line.has_gap
        await redis.publish("one", "words")
        assert await line.next(timeout_seconds=5) == Message("one", "words")


async def test_a_server_that_is_away_at_the_start_is_waited_for(unused_tcp_port):
    async with (
        Redis(host="127.0.0.1", port=unused_tcp_port) as nobody,
        subscribe(nobody, "one") as line,
    ):
        assert await line.next(timeout_seconds=0.1) is None
        assert line.has_gap


async def test_an_idle_line_stays_alive(redis):
    async with subscribe(redis, "one", ping_seconds=0.2) as line:
        assert await line.next(timeout_seconds=1) is None
        assert not line.has_gap


async def test_a_line_that_fell_silent_is_noticed(redis_url):
    async with (
        Wire.between(redis_url) as wire,
        Redis(host="127.0.0.1", port=wire.port) as redis,
        subscribe(redis, "one", ping_seconds=0.03) as line,
    ):
        wire.silent = True
        while not line.has_gap:
            assert await line.next(timeout_seconds=0.05) is None
        wire.silent = False
        while (answer := await line.next(timeout_seconds=1)) is None:
            pass
        assert isinstance(answer, SubscriptionGap)
        assert answer.seconds > 0.03


class Wire:
    """A TCP line to the server that can swallow everything, as a broken network does: no error, no end."""

    def __init__(self, url: str) -> None:
        self._host, self._port = urlsplit(url).hostname, urlsplit(url).port
        self.silent = False
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def between(cls, url: str) -> AsyncIterator[Wire]:
        wire = cls(url)
        server = await asyncio.start_server(wire._serve, "127.0.0.1", 0)
        wire.port = server.sockets[0].getsockname()[1]
        async with server:
            yield wire

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self._host, self._port)
        await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                if not self.silent:
                    writer.write(data)
        finally:
            writer.close()


async def test_what_is_recorded_goes_after_its_time_and_what_is_not_stays(redis, make_order):
    reader = EventReader(redis, NAMES, consumer="gateway-1")
    await reader.read(1, block_ms=1)
    await JobQueue(redis, keys.JOBS).submit(*(make_order(f"job_{n}") for n in range(4)))
    later = await redis.time()
    later_ms = (later[0] + 60) * 1000
    assert await trim_recorded(redis, NAMES, before_ms=later_ms, bad_before_ms=0) == 0, "nobody has read them"
    one, two, three, four = await reader.read(10, block_ms=1)
    await reader.ack(one.entry_id, three.entry_id)
    assert await trim_recorded(redis, NAMES, before_ms=0, bad_before_ms=0) == 0, "it is not time yet"
    await trim_recorded(redis, NAMES, before_ms=later_ms, bad_before_ms=0)
    left = [entry_id for entry_id, _ in await redis.xrange(NAMES.events)]
    assert left == [two.entry_id, three.entry_id, four.entry_id], "from the oldest that is not recorded"
    await reader.ack(two.entry_id, four.entry_id)
    await trim_recorded(redis, NAMES, before_ms=later_ms, bad_before_ms=0)
    assert await redis.xlen(NAMES.events) == 0
    assert await reader.lag() == 0
    await JobQueue(redis, keys.JOBS).submit(make_order("job_9"))
    assert await ids(reader) == ["job_9"]
