"""Weavers that only say that they are there: cards in the registry, renewed while a block runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from proteus.jobs import WorkerId
from proteus.keys import JOBS, QueueKeys
from proteus.registry import WorkerCard, WorkerState, deregister, register

NAMES = QueueKeys(JOBS)


@asynccontextmanager
async def weavers(redis: Redis, many: int, *, engines: tuple[str, ...] = ("puppet", "timed")) -> AsyncIterator[None]:
    """Keep so many ready weavers registered."""
    cards = [WorkerCard(id=WorkerId(f"weaver-{n}"), state=WorkerState.READY, engines=engines) for n in range(many)]
    stop = asyncio.Event()

    async def renew() -> None:
        while not stop.is_set():
            for card in cards:
                await register(redis, NAMES, card)
            try:
                async with asyncio.timeout(1):
                    await stop.wait()
            except TimeoutError:
                continue

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(renew())
        try:
            yield
        finally:
            stop.set()
    for card in cards:
        await deregister(redis, NAMES, card.id)
