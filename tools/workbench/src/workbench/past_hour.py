"""An hour of a fleet's past, for the pictures of its page: what an operator sees after an hour of work.

One real try-on is made; its job is copied once for each picture of the hour, and Redis gets what a gateway would have
noted in each minute. A queue in the small says when each picture came, was taken and ended: two weavers that make
up to four pictures in a batch, and a rush that one of them cannot serve.
"""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp
from typing import Any, Final

import asyncpg
from redis.asyncio import Redis

from gateway.fleet.minutes import KEPT_SECONDS
from proteus.keys import JOBS, QueueKeys
from proteus_client import AsyncProteus
from workbench import assets
from workbench.assets import people
from workbench.stack.plan import Plan

SECONDS: Final = 3_600
SEED: Final = 7
QUIET, RUSH, RUSH_AT, RUSH_WIDTH = 7.0, 37.0, 2_400, 420
"""Pictures a minute outside the rush and added at its height; when that is and how long it swells, in seconds."""

MOST_IN_BATCH: Final = 4
FIXED_SECONDS, PICTURE_SECONDS = 8.0, 1.0
"""As the engine `timed` of the pictures' fleet: 9 s for one, 12 s for four."""

SECOND_WEAVER_FROM: Final = 8
"""Waiting pictures; the second weaver leaves when none waits."""

FAILED, REFUSED_FROM = 0.008, 20
"""The share of pictures that fail; how many wait when the next is refused."""

TEMPLATE: Final = "SELECT to_jsonb(jobs) FROM jobs WHERE kind = 'tryon' ORDER BY created_at DESC LIMIT 1"
COPY: Final = "INSERT INTO jobs SELECT * FROM jsonb_populate_recordset(NULL::jobs, $1::jsonb)"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of the hour; times in seconds from its beginning, `share` of the engine's time."""

    came: float
    taken: float
    ended: float
    share: float
    failed: bool


def worked(chance: random.Random) -> tuple[list[Picture], list[Counter[str]]]:
    """Return the pictures that ended within the hour, and what was seen in each of its minutes."""
    waiting: deque[float] = deque()
    free, weavers = [0.0, 0.0], 1
    running: list[tuple[float, int]] = []
    pictures, minutes = [], []
    for second in range(SECONDS):
        if second % 60 == 0:
            minutes.append(Counter[str]())
        seen = minutes[-1]
        rate = QUIET + RUSH * exp(-(((second - RUSH_AT) / RUSH_WIDTH) ** 2))
        if chance.random() < rate / 60:
            if len(waiting) < REFUSED_FROM:
                waiting.append(second)
            else:
                seen["refused:queue_full"] += 1
        weavers = 2 if len(waiting) >= SECOND_WEAVER_FROM else weavers if running else 1
        for place in range(weavers):
            if free[place] <= second and waiting:
                batch = [waiting.popleft() for _ in range(min(MOST_IN_BATCH, len(waiting)))]
                free[place] = second + FIXED_SECONDS + PICTURE_SECONDS * len(batch)
                running.append((free[place], len(batch)))
                for came in batch:
                    failed = chance.random() < FAILED
                    share = (free[place] - second) / len(batch)
                    pictures.append(Picture(came=came, taken=second, ended=free[place], share=share, failed=failed))
        running = [(end, many) for end, many in running if end > second]
        oldest = 1000 * (second - waiting[0]) if waiting else 0
        now = {"waiting": len(waiting), "running": sum(many for _, many in running), "oldest_ms": int(oldest)}
        seen |= Counter(now)  # The larger of each.
        seen["ready"] = seen["wanted"] = weavers
    return [one for one in pictures if one.ended < SECONDS], minutes


def rows(template: dict[str, Any], pictures: list[Picture], start: datetime) -> Iterator[dict[str, Any]]:
    """Copy a completed job's row for every picture."""
    chance = random.Random(SEED)
    for one in pictures:
        timings = {
            "fetch_seconds": chance.uniform(0.08, 0.3),
            "weave_seconds": one.share,
            "store_seconds": chance.uniform(0.1, 0.25),
        }
        ready = min(one.came + chance.uniform(0.4, 1.6), one.taken)
        moments = {
            "created_at": one.came,
            "waiting_since": ready,
            "started_at": one.taken,
            "finished_at": one.ended,
            "updated_at": one.ended,
        }
        error = {"code": "engine_failed", "message": "The engine could not make this picture.", "retryable": True}
        yield {
            **template,
            **{name: (start + timedelta(seconds=at)).isoformat() for name, at in moments.items()},
            "id": f"job_{uuid.UUID(int=chance.getrandbits(128)).hex}",
            "state": "failed" if one.failed else "completed",
            "result": None if one.failed else {**template["result"], "timings": timings},
            "error": error if one.failed else None,
        }


async def give(plan: Plan) -> None:
    """Write the hour before now into a running fleet that has the engine `timed`."""
    async with AsyncProteus(plan.gateway_url) as client:
        person, garment = people.photo_file(people.DEMO), assets.GARMENT
        await client.tryon(person.read_bytes(), garment.read_bytes(), model="timed")
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(seconds=SECONDS)
    pictures, minutes = worked(random.Random(SEED))
    ledger = await asyncpg.connect(plan.reach["DATABASE_URL"].replace("+asyncpg", ""))
    try:
        template = json.loads(await ledger.fetchval(TEMPLATE))
        await ledger.execute(COPY, json.dumps(list(rows(template, pictures, start))))
    finally:
        await ledger.close()
    async with Redis.from_url(plan.reach["REDIS_URL"]) as redis:
        for number, seen in enumerate(minutes, start=int(start.timestamp() // 60)):
            key, fields = QueueKeys(JOBS).minute(number), dict[Any, Any](seen)
            await redis.hset(key, mapping=fields)
            await redis.expire(key, KEPT_SECONDS)
