"""Hands that do a tailor's and a weaver's work through the real queue, and the pictures they hand out."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from PIL import Image
from redis.asyncio import Redis

from proteus.errors import ProteusError
from proteus.jobs import WorkerId
from proteus.keys import JOBS, TAILOR
from proteus.queue import Claimed, Completion, Failure, JobQueue, QueuePolicy
from proteus.storage import ObjectStore
from tailor.ingest import ingest

PATIENCE_SECONDS = 20

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]]) -> T:
    """Look again and again until there is something to see; return it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if seen := await look():
                return seen
            await asyncio.sleep(0.02)


class Hands:
    """Does jobs by hand: claims through the real queue, stores real objects, completes as the workers do."""

    def __init__(self, redis: Redis, store: ObjectStore, *, lease_ms: int) -> None:
        policy = QueuePolicy(lease_ms=lease_ms, backoff_base_ms=1, backoff_cap_ms=1)
        self.queues = {name: JobQueue(redis, name, policy=policy) for name in (JOBS, TAILOR)}
        self.store = store
        self.worker = WorkerId("hands")

    async def take(self, list_name: str = JOBS) -> Claimed:
        """Claim the next job, waiting for it to come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if job := await self.take_now(list_name):
                    return job
                await asyncio.sleep(0.01)

    async def take_now(self, list_name: str) -> Claimed | None:
        """Claim the next job if there is one."""
        engines = ["puppet", "timed"] if list_name == JOBS else ["ingest", "cut", "parse"]
        claim = await self.queues[list_name].claim(self.worker, free=1, engines=engines)
        return claim.jobs[0] if claim.jobs else None

    async def finish(self, job: Claimed, **more: Any) -> dict[str, Any]:
        """Do a job and complete it; return its result. A photo that is none fails as the tailor would have it.

        Args:
            job: What was claimed.
            more: Fields of a result that this version does not know.
        """
        list_name = JOBS if job.body["job_type"] == "tryon" else TAILOR
        try:
            result = {**await asyncio.to_thread(self._do, job), **more}
        except ProteusError as error:
            failure = Failure(id=job.id, token=job.token, code=error.code, message=error.message, retryable=False)
            await self.queues[list_name].fail(self.worker, [failure])
            return {}
        await self.queues[list_name].complete(self.worker, [Completion(id=job.id, token=job.token, result=result)])
        return result

    @asynccontextmanager
    async def working(self, *lists: str) -> AsyncIterator[None]:
        """Do everything that comes, for a `with` block."""
        stop = asyncio.Event()

        async def work(list_name: str) -> None:
            # Ended by a flag: a cancellation can get lost in `asyncio.wait_for` of Python 3.11.
            while not stop.is_set():
                if job := await self.take_now(list_name):
                    await self.finish(job)
                else:
                    await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as tasks:
            for name in lists or (JOBS, TAILOR):
                tasks.create_task(work(name))
            try:
                yield
            finally:
                stop.set()

    def _do(self, job: Claimed) -> dict[str, Any]:
        body = job.body
        match body.get("task"):
            case "ingest":
                data = self.store.get(body["incoming_key"])
                image, made = ingest(data, declared_type=body["content_type"], user_id=body["user_id"])
                self.store.put(image.key, made, content_type=image.content_type)
                self.store.delete(body["incoming_key"])
                return {"image": image.model_dump(mode="json")}
            case "cut":
                key = f"derived/{body['user_id']}/{body['image_sha256']}/cut/hands-1-{body['category']}/cut.png"
                self.store.put(key, png(mode="RGBA"), content_type="image/png")
                category = "upper" if body["category"] == "auto" else body["category"]
                return {
                    "result_key": key,
                    "cut": {
                        "image_key": body["image_key"],
                        "cut_key": key,
                        "width": 64,
                        "height": 96,
                        "category": category,
                        "confidence": 0.9,
                        "bounding_box": [0, 0, 64, 96],
                        "worn": False,
                        "parser": "hands",
                        "parser_version": "1",
                    },
                }
            case "parse":
                key = f"derived/{body['user_id']}/{body['image_sha256']}/parse/hands-1/parse.json"
                self.store.put_json(key, {"hands": True})
                return {"result_key": key, "parse": {"parser": "hands", "parser_version": "1"}}
        key = f"results/{body['user_id']}/{body['tryon_job_id']}/{body['n']}-{job.token}.png"
        self.store.put(key, png(), content_type="image/png")
        return {
            "result_key": key,
            "width": 64,
            "height": 96,
            "content_type": "image/png",
            "size_bytes": 1,
            "engine": body["engine"],
            "engine_version": "1",
            "seed": body["seed"],
            "degraded": job.degraded,
            "worker": self.worker,
            "timings": {"fetch_seconds": 0.01, "weave_seconds": 0.02, "store_seconds": 0.01},
            "notes": {},
        }


def png(size: tuple[int, int] = (96, 128), mode: str = "RGB") -> bytes:
    """A small picture; each size is another one."""
    buffer = io.BytesIO()
    Image.new(mode, size, "white").save(buffer, "PNG")
    return buffer.getvalue()
