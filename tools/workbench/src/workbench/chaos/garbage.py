"""Writes malformed data to Redis: one piece for every place that a service reads.

The pieces are such as another program, an older or a newer version, or a bug could leave: wrong types, unknown states
and fields, half JSON, text that no database can store, bytes that are no text. None names a job that a client ordered.
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from proteus import fleet_config, keys
from proteus.keys import JOBS, TAILOR, QueueKeys

NOT_UTF8: Final = b"\xff\xfe\x00\xc3("
HUGE: Final = "x" * 200_000
CONFIG_SECONDS: Final = 15
POPPED: Final = 3

EVENTS: Final[Sequence[dict[Any, Any]]] = (
    {"kind": "completed", "id": "job_\0", "token": "1", "state": "completed"},
    {"kind": "exploded", "id": "job_a", "token": "1", "state": "queued"},
    {"kind": "completed", "id": "job_a", "token": "1", "state": "exploded", "new_field": "of a later version"},
    {"kind": "completed", "id": "job_a", "token": "many", "state": "completed"},
    {"kind": "failed", "id": "job_a", "token": "9" * 40, "state": "failed", "code": "x\0y", "message": "\0"},
    {"kind": "completed", "id": "job_a", "token": "1", "state": "completed", "result": "{"},
    {"kind": "completed", "id": "job_a", "token": "1", "state": "completed", "result": "[]"},
    {"kind": "completed", "id": "job_a", "token": "1", "state": "completed", "wait_ms": "NaN"},
    {"kind": NOT_UTF8, "id": NOT_UTF8, "token": NOT_UTF8, "state": NOT_UTF8},
    {"note": "hello"},
)
MESSAGES: Final[Sequence[bytes | str]] = (
    "hello",
    "",
    "[]",
    "null",
    "{",
    "1e999",
    NOT_UTF8,
    '{"user_id": null, "seq": "x"}',
    '{"kind": "ping"}',
    '{"kind": "cancel", "id": {"a": 1}}',
    '{"kind": "cancel", "id": "\\u0000"}',
    HUGE,
)
PAYLOADS: Final[Sequence[bytes | str]] = (
    "",
    "hello",
    "[]",
    "null",
    "{}",
    NOT_UTF8,
    '{"id": "job_\\u0000", "user_photo_url": "x", "cloth_clean_url": "y", "created_at": 1}',
    '{"id": "job_evil-1", "user_photo_url": "http://[", "cloth_clean_url": "http://[::1/x", "created_at": 1}',
    '{"id": ["job_a"], "user_photo_url": {}, "cloth_clean_url": 1, "created_at": "yesterday"}',
    '{"id": "job_evil-2", "user_photo_url": "\\ud800", "cloth_clean_url": "\\ud800", "created_at": 1e999}',
    json.dumps({"id": "job_evil-3", "user_photo_url": HUGE, "cloth_clean_url": HUGE, "created_at": 1}),
)
CARDS: Final[Sequence[dict[str, str | bytes]]] = (
    {"state": "meditating"},
    {"state": "ready", "engines": '[["a"]]', "cost": "x"},
    {"state": "ready", "engines": '["timed"]', "cost": "NaN", "slots": "-5"},
    {"state": "ready", "engines": "{", "cost": '{"timed": [1, -1, "a"]}', "a_later_version": "1"},
    {"state": NOT_UTF8},
)
COUNTERS: Final[Sequence[bytes | str]] = ("nan", "-inf", "1e308", "9" * 400, "x", NOT_UTF8)
SETTINGS: Final[Sequence[bytes | str]] = ("x", "-1", "1e999", "NaN", "", "{", NOT_UTF8, HUGE)


async def scatter(redis: Redis, user_ids: Sequence[str], *, rng: random.Random) -> int:
    """Write one piece of each kind, in an order drawn from `rng`; return how many it wrote.

    Args:
        redis: A client of the server itself.
        user_ids: Users with open sockets: services read a malformed message for one of them further than another.
        rng: Draws the order.
    """
    pieces = [*_queue_pieces(redis, QueueKeys(JOBS)), *_queue_pieces(redis, QueueKeys(TAILOR))]
    pieces += [*_channel_pieces(redis, user_ids), *_config_pieces(redis)]
    rng.shuffle(pieces)
    for piece in pieces:
        await piece()
    return len(pieces)


Piece = Callable[[], Awaitable[Any]]


def _queue_pieces(redis: Any, queue: QueueKeys) -> list[Piece]:
    return [
        *(partial(redis.xadd, queue.events, event) for event in EVENTS),
        *(partial(redis.lpush, queue.list, payload) for payload in PAYLOADS),
        *(partial(redis.rpush, queue.list, payload) for payload in PAYLOADS),
        *(partial(redis.lpush, queue.foreign, payload) for payload in PAYLOADS),
        *(partial(redis.publish, queue.control, message) for message in MESSAGES),
        *(partial(_card, redis, queue, f"odd-{n}", card) for n, card in enumerate(CARDS)),
        partial(_string_card, redis, queue, "odd-string"),
        partial(redis.hset, queue.job("job_odd"), mapping={"state": "exploded", "token": "x", "body": "{"}),
        partial(redis.set, queue.job("job_string"), "no hash"),
        partial(redis.hset, queue.waits, mapping={"x": "y", "1": "a:b:c", "31": "NaN"}),
        partial(redis.zadd, queue.leases, {"job_nowhere": 1, "job_odd": 1, NOT_UTF8: 1}),
        partial(redis.zadd, queue.retry, {"job_nowhere-2": 1, "job_string": 1}),
        partial(redis.zadd, queue.deadlines, {"job_nowhere-3": 1, "job_nowhere-4": "-inf", "job_nowhere-5": "inf"}),
        *(partial(redis.set, counter, value) for counter in (queue.order, queue.sweep) for value in COUNTERS),
        partial(redis.zadd, queue.busy, {"nobody": 1, NOT_UTF8: 1}),
    ]


def _channel_pieces(redis: Any, user_ids: Sequence[str]) -> list[Piece]:
    known = user_ids[0] if user_ids else "user_nobody"
    progress = (
        {"user_id": known, "job_id": "job_a:b", "stage": "denoising", "step": 1, "steps": 2},
        {"user_id": known, "job_id": "job_a", "stage": "levitating", "step": -1, "steps": "two"},
        {"user_id": known},
        {"user_id": known, "job_id": None, "stage": None, "step": None, "steps": None},
    )
    messages = [*MESSAGES, *(json.dumps(one) for one in progress)]
    channels = (keys.RECORDED, keys.PROGRESS, keys.JOB_DONE)
    return [partial(redis.publish, channel, message) for channel in channels for message in messages]


def _config_pieces(redis: Any) -> list[Piece]:
    return [
        *(partial(redis.set, name, value, ex=CONFIG_SECONDS) for name in fleet_config.KEYS for value in SETTINGS),
        *(partial(_wrong_type, redis, name) for name in fleet_config.KEYS),
        partial(redis.xadd, keys.DECISIONS, {"decision": "{", "x": NOT_UTF8}),
    ]


async def _card(redis: Redis, queue: QueueKeys, name: str, card: dict[str, str | bytes]) -> None:
    now_ms = int((await redis.time())[0]) * 1000
    await redis.hset(queue.worker(name), mapping=card)  # type: ignore[arg-type]
    await redis.expire(queue.worker(name), 30)
    await redis.zadd(queue.workers, {name: now_ms})


async def _string_card(redis: Redis, queue: QueueKeys, name: str) -> None:
    now_ms = int((await redis.time())[0]) * 1000
    await redis.set(queue.worker(name), "no hash", ex=30)
    await redis.zadd(queue.workers, {name: now_ms})


async def _wrong_type(redis: Redis, name: str) -> None:
    await redis.delete(name)
    try:
        await redis.lpush(name, "x")
    except ResponseError:
        return  # The arbitrator wrote it again in between.
    await redis.expire(name, CONFIG_SECONDS)


async def lose_a_part(redis: Redis, *, rng: random.Random) -> tuple[str, dict[str, int]]:
    """Delete a part of the queue of pictures; return its name and the fencing tokens of the affected jobs."""
    queue = QueueKeys(JOBS)
    if rng.random() < 0.5:
        taken = [await redis.rpop(queue.list) for _ in range(POPPED)]
        ids = [_id_of(element) for element in taken if isinstance(element, str)]
        what = f"RPOP {queue.list}"
    else:
        ids = [str(one) for one in await redis.zrange(queue.leases, 0, -1)]
        await redis.delete(queue.leases)
        what = f"DEL {queue.leases}"
    tokens = {job_id: await redis.hget(queue.job(job_id), "token") for job_id in ids if job_id}
    return what, {job_id: int(token) for job_id, token in tokens.items() if token and token.isdigit()}


def _id_of(element: str) -> str:
    try:
        return str(json.loads(element)["id"])
    except (ValueError, TypeError, KeyError):
        return ""
