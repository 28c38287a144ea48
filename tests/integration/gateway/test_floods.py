"""Many requests of every kind at once, with the fewest connections to the database: nothing worse than 503.

The limits of one guest and one address are off: nothing but the pool stands between the flood and the inside.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import DatabaseSettings, LimitSettings
from waiting import until

OPENAPI = json.loads((Path(__file__).parents[3] / "docs/openapi.json").read_text())
FLOOD_SECONDS = 6.0
"""Longer than a call may wait for a connection. A slow machine's flood lasts until every operation was answered."""

AT_ONCE = 48
LIMITS = (
    "submits_per_minute",
    "uploads_per_minute",
    "guests_per_minute",
    "address_guests_per_minute",
    "guest_requests_per_minute",
    "guest_requests_at_once",
    "guest_waits_at_once",
    "guest_streams_at_once",
)
STREAMS = {"/v1/events", "/v1/tryons/{job_id}/events"}
BEGUN = {"/v1/users/me/export"}
"""Their answer begins before all of it is read: where Postgres does not answer in time, it ends in the middle."""

NEVER = {("DELETE", "/users/{user_id}"), ("DELETE", "/v1/consent")}
"""They would end the one who floods."""

TAKEN = {200, 201, 202, 204, 302, 307}


def operations(user_id: str) -> list[tuple[str, str, str]]:
    """(method, path as the API names it, path as it is asked) of every operation."""
    ids = {"{job_id}": "job_none", "{n}": "1", "{image_id}": "img_none", "{vton_id}": "vton_none", "{user_id}": user_id}
    found = []
    for path, methods in OPENAPI["paths"].items():
        asked = path
        for name, value in ids.items():
            asked = asked.replace(name, value)
        found += [(method.upper(), path, asked) for method in methods if (method.upper(), path) not in NEVER]
    return found


@pytest.mark.slow
async def test_a_flood_of_every_operation_leaves_the_gateway_serving_everybody_else(
    gateway_settings: Any, hands: Any, prepare: Any, serve: Any
) -> None:
    database = DatabaseSettings(url=gateway_settings.database.url, pool_size=2)
    settings = gateway_settings.model_copy(
        update={"database": database, "limits": LimitSettings(**dict.fromkeys(LIMITS, 0))}
    )
    async with serve(settings) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        flooder = await gateway.guest()
        every = operations(flooder.user_id)
        random.Random(1).shuffle(every)
        turns: Iterator[tuple[str, str, str]] = itertools.cycle(every)
        answers: Counter[tuple[str, int]] = Counter()
        stop = asyncio.Event()

        async def ask() -> None:
            while not stop.is_set():
                method, path, asked = next(turns)
                if path in STREAMS:
                    async with flooder.http.stream(method, asked) as answer:
                        answers[f"{method} {path}", answer.status_code] += 1
                    continue
                try:
                    answer = await flooder.http.request(
                        method, asked, params={"wait": 1} if path == "/api/status/{job_id}" else None
                    )
                    answers[f"{method} {path}", answer.status_code] += 1
                except httpx.RemoteProtocolError:
                    if path not in BEGUN:
                        raise
                    answers[f"{method} {path}", 503] += 1

        async def all_answered() -> bool:
            return {name for name, _ in answers} == {f"{method} {path}" for method, path, _ in every}

        async with flooder.listening(), asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(ask())
            await asyncio.sleep(
                FLOOD_SECONDS
            )  # How long the flood lasts at least, not how long something is waited for.
            try:
                await until(all_answered, what="every operation is answered")
            finally:
                stop.set()
        odd = {one: many for one, many in answers.items() if one[1] >= 500 and one[1] != 503}
        assert odd == {}
        assert TAKEN & {status for (_, status) in answers}, "the flood reached nothing"

        async def is_ready() -> bool:
            try:
                return (await ready.guest.http.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await until(is_ready, what="readiness")
        snap = await ready.snap()
        async with hands.working():
            assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"
        assert (await ready.guest.http.get("/healthz")).status_code == 200
