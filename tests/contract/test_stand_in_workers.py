"""The tests' stand-in for the workers leaves the traces of the real ones: events, results, objects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from flat_parser import HEIGHT, WIDTH, FlatParser
from hands import PARSER, Hands, png
from proteus import object_keys
from proteus.artefacts import IngestedImage
from proteus.bus import parse_event
from proteus.engines import TIMED
from proteus.jobs import JobId, WorkerId
from proteus.keys import JOBS, TAILOR
from proteus.payloads import CutWork, IngestWork, ParseWork, TailorWork, TryonWork
from proteus.queue import JobQueue, Submission
from proteus.service.supervision import Pulse
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from proteus.worker.safety import SafetyCheck
from tailor.bench import Bench
from tailor.metrics import Metrics
from tailor.settings import TailorSettings
from tailor.worker import Worker
from waiting import PATIENCE_SECONDS, until
from weaver.pipelines.contract import Finished, WeaveJob
from weaver.results import Treatment, store_picture
from worker_parts import worker_parts

USER = "user_ann"


Do = Callable[[Redis, ObjectStore], Awaitable[None]]


async def by_stand_in(redis: Redis, store: ObjectStore) -> None:
    """Do one job as the gateway's tests do."""
    hands = Hands(redis, store, lease_ms=30_000)
    await hands.finish(await hands.take(TAILOR))


async def by_tailor(redis: Redis, store: ObjectStore) -> None:
    """Do one job with the tailor's own loop."""
    queue = JobQueue(redis, TAILOR)
    claims = Claims(queue, WorkerId("tailor"))

    async def idle() -> bool:
        stats = await queue.stats()
        return stats.waiting == stats.running == 0

    stop, parts = asyncio.Event(), worker_parts(claims, TAILOR, redis=redis, store=store, policy=queue.policy)
    bench = Bench([FlatParser()], pose_model=PARSER)
    worker = Worker(TailorSettings(), parts, bench=bench, metrics=Metrics(CollectorRegistry()))
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(worker.run(stop, Pulse("work")))
        await until(idle)
        stop.set()
        parts.status.work_available.set()
    bench.close()


async def do(redis: Redis, store: ObjectStore, name: str, work: TailorWork, worker: Do) -> list[Any]:
    """Submit one task, have it done, and return its events."""
    queue = JobQueue(redis, TAILOR)
    body = work.write()
    job = Submission(
        id=JobId(f"seg_{name}"),
        epoch=1,
        payload={"id": f"seg_{name}"},
        body=body,
        engine=body["task"],
        batch_key=body["task"],
    )
    await queue.submit(job)
    await worker(redis, store)
    entries = await redis.xrange(queue.keys.events)
    return [event for one in entries if (event := parse_event(*one)).job_id == job.id]


async def traces(redis: Redis, store: ObjectStore, worker: Do) -> dict[str, Any]:
    """Let a worker do every task, and two that must be refused; return what it leaves."""
    await redis.flushdb()
    store.delete(*[found.key for found in store.list("")])
    uploads = {"photo": png((WIDTH, HEIGHT)), "no_picture": b"%PDF-1.7 no picture at all", "missing": None}
    events: dict[str, list[Any]] = {}
    left: dict[str, list[str]] = {}
    for name, data in uploads.items():
        key = object_keys.upload_key(USER, f"img_{name}")
        if data is not None:
            store.put(key, data, content_type="image/png")
        work = IngestWork(user_id=USER, image_id=f"img_{name}", incoming_key=key, content_type="image/png")
        events[name] = await do(redis, store, name, work, worker)
        left[name] = sorted(found.key for found in store.list(""))
    photo = IngestedImage(**events["photo"][-1].data["result"]["image"])
    known = {"user_id": USER, "image_id": "img_photo", "image_key": photo.key, "image_sha256": photo.sha256}
    prepared: dict[str, CutWork | ParseWork] = {
        "cut": CutWork(**known),
        "cut_lower": CutWork(**known, category="lower"),
        "parse": ParseWork(**known),
        "no_object": ParseWork(**known | {"image_key": object_keys.photo_key(USER, "none", "png")}),
    }
    for name, job in prepared.items():
        events[name] = await do(redis, store, name, job, worker)
        left[name] = sorted(found.key for found in store.list(""))
    return {
        "events": {name: [(one.kind, one.state, _told(one.data)) for one in found] for name, found in events.items()},
        "codes": {name: found[-1].data.get("code") for name, found in events.items()},
        "objects": left,
        "parse": shape(store.get_json(events["parse"][-1].data["result"]["result_key"])),
    }


def _told(data: Mapping[str, Any]) -> Any:
    """The shape of an event's data, without what the attempt used: a stand-in measures nothing."""
    return shape({name: value for name, value in data.items() if name != "usage"})


def shape(value: Any) -> Any:
    """Names and types of a JSON value; a list is as its first element is."""
    if isinstance(value, Mapping):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return float.__name__ if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


async def test_the_stand_in_leaves_the_traces_of_the_real_tailor(redis: Redis, store: ObjectStore) -> None:
    real = await traces(redis, store, by_tailor)
    stand_in = await traces(redis, store, by_stand_in)
    assert stand_in["codes"] == real["codes"]
    assert real["codes"] | {"photo": None, "cut": None} == real["codes"], "what is well is not refused"
    assert stand_in["objects"] == real["objects"]
    assert stand_in["events"] == real["events"]
    assert stand_in["parse"] == real["parse"]


async def test_the_stand_in_tells_of_a_picture_what_a_weaver_tells(redis: Redis, store: ObjectStore) -> None:
    hands = Hands(redis, store, lease_ms=30_000)
    work = TryonWork(
        user_id=USER,
        tryon_job_id="job_a",
        n=1,
        person_key="person",
        garment_key="garment",
        garment_category="upper",
        engine=TIMED.name,
        output_format="png",
    )
    submission = Submission(
        id=JobId("job_a"), epoch=1, payload={"id": "job_a"}, body=work.write(), engine=TIMED.name, batch_key="k"
    )
    await hands.queues[JOBS].submit(submission)
    job = await hands.take(JOBS)
    image = np.zeros((96, 64, 3), np.uint8)
    finished = Finished(id=job.id, picture=image)
    inputs = WeaveJob(id=job.id, person=image, garment=np.zeros((8, 8, 4), np.uint8), garment_category="upper")
    real = await asyncio.to_thread(
        store_picture,
        store,
        job,
        finished,
        inputs=inputs,
        card=TIMED,
        worker=hands.worker,
        treatment=Treatment(safety=SafetyCheck()),
    )
    objects = [found.key for found in store.list("")]
    assert len(objects) == 1
    store.delete(*objects)
    told = await hands.finish(job)
    assert shape(told) == shape(replace(real, timings=told["timings"]).write())
    assert [found.key for found in store.list("")] == objects
