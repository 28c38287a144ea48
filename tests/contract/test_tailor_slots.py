"""The tailor's slots: what comes while one is busy is begun in another at once, and a crashed job runs alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from flat_parser import FlatParser
from hands import png
from proteus import object_keys
from proteus.jobs import JobId, JobState, WorkerId
from proteus.keys import TAILOR
from proteus.payloads import CutWork, ParseWork
from proteus.queue import JobQueue, Submission
from proteus.service.supervision import Pulse
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from tailor.bench import Bench
from tailor.metrics import Metrics
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.settings import TailorSettings
from tailor.worker import Worker
from waiting import PATIENCE_SECONDS, until
from worker_parts import worker_parts

USER = "user_ann"
Submit = Callable[..., Awaitable[list[bool]]]


class SlowCut(FlatParser):
    """Cuts only once it may; notes what it began."""

    def __init__(self) -> None:
        self.may_cut = threading.Event()
        self.begun: list[str] = []

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        self.begun.append("cut")
        assert self.may_cut.wait(30)
        return super().find_garment(photo, category=category)

    def find_person(self, photo: Pixels, *, index: int | None = None) -> PersonMasks:
        self.begun.append("parse")
        return super().find_person(photo, index=index)


@pytest.fixture
def queue(redis: Redis) -> JobQueue:
    return JobQueue(redis, TAILOR)


@asynccontextmanager
async def tailor(redis: Redis, store: ObjectStore, queue: JobQueue, parser: SlowCut) -> AsyncIterator[None]:
    """Run a tailor of two slots for a `with` block."""
    stop, claims = asyncio.Event(), Claims(queue, WorkerId("tailor"))
    parts = worker_parts(claims, TAILOR, redis=redis, store=store, policy=queue.policy)
    bench = Bench([parser, parser], pose_model="none")
    settings = TailorSettings(poll_seconds=0.05)
    worker = Worker(settings, parts, bench=bench, metrics=Metrics(CollectorRegistry()))
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(worker.run(stop, Pulse("work")))
        try:
            yield
        finally:
            parser.may_cut.set()
            stop.set()
            parts.status.work_available.set()
    bench.close()


@pytest.fixture
def submit(queue: JobQueue, store: ObjectStore) -> Submit:
    key = object_keys.photo_key(USER, "abc", "png")
    store.put(key, png(), content_type="image/png")
    known = {"user_id": USER, "image_id": "img_1", "image_key": key, "image_sha256": "abc"}

    async def push(name: str, *, crashes: int = 0) -> list[bool]:
        work = CutWork(**known) if name.startswith("cut") else ParseWork(**known)
        body = work.write()
        job = Submission(
            id=JobId(name),
            epoch=1,
            payload={"id": name},
            body=body,
            engine=str(body["task"]),
            batch_key=str(body["task"]),
        )
        return await queue.submit(replace(job, crashes=crashes))

    return push


async def state(queue: JobQueue, name: str) -> JobState:
    (view,) = await queue.look(JobId(name))
    assert view is not None
    return view.state


async def test_a_parse_that_comes_during_a_cut_ends_before_it(
    redis: Redis, store: ObjectStore, queue: JobQueue, submit: Submit
) -> None:
    parser = SlowCut()
    async with tailor(redis, store, queue, parser):
        await submit("cut")
        await until(lambda: _begun(parser, 1))
        await submit("parse")
        await until(lambda: _is(queue, "parse", JobState.COMPLETED))
        assert await state(queue, "cut") is JobState.RUNNING
        parser.may_cut.set()
        await until(lambda: _is(queue, "cut", JobState.COMPLETED))


async def test_a_job_that_crashed_a_tailor_runs_with_nothing_beside_it(
    redis: Redis, store: ObjectStore, queue: JobQueue, submit: Submit
) -> None:
    parser = SlowCut()
    async with tailor(redis, store, queue, parser):
        await submit("cut", crashes=1)
        await until(lambda: _begun(parser, 1))
        await submit("parse")
        await asyncio.wait_for(until(lambda: _waits(queue)), PATIENCE_SECONDS)
        assert parser.begun == ["cut"]
        parser.may_cut.set()
        await until(lambda: _is(queue, "parse", JobState.COMPLETED))


async def _begun(parser: SlowCut, many: int) -> bool:
    return len(parser.begun) >= many


async def _is(queue: JobQueue, name: str, wanted: JobState) -> bool:
    return await state(queue, name) is wanted


async def _waits(queue: JobQueue) -> bool:
    stats = await queue.stats()
    return (stats.waiting, stats.running) == (1, 1)
