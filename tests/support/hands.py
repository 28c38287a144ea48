"""Hands that do a tailor's and a weaver's work through the real queue, and the pictures they hand out."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from PIL import Image
from redis.asyncio import Redis

from flat_parser import PARSER, FlatParser
from proteus import object_keys
from proteus.artefacts import CLOTHES, LAYERS, CategoryScore, GarmentCut, Landmark, PersonParse, WarningCode
from proteus.errors import ProteusError
from proteus.imaging import Limits
from proteus.jobs import WorkerId
from proteus.keys import JOBS, TAILOR
from proteus.payloads import (
    CutFacts,
    CutResult,
    CutWork,
    IngestWork,
    ParseFacts,
    ParseResult,
    ParseWork,
    Result,
    TryonResult,
    TryonWork,
)
from proteus.picture_warnings import quality_of, warn, warn_all
from proteus.queue import Claimed, Completion, JobQueue, QueuePolicy
from proteus.stages import TAILOR_WORKS, read_tailor_work
from proteus.storage import ObjectStore
from proteus.worker.claims import failure_of
from proteus.worker.safety import SafetyCheck
from tailor import tasks
from tailor.bench import Bench
from waiting import PATIENCE_SECONDS

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
        self.safety = SafetyCheck()
        self.bench = Bench([FlatParser()], pose_model=PARSER)

    async def take(self, list_name: str = JOBS) -> Claimed:
        """Claim the next job, waiting for it to come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if job := await self.take_now(list_name):
                    return job
                await asyncio.sleep(0.01)

    async def take_now(self, list_name: str) -> Claimed | None:
        """Claim the next job if there is one."""
        engines = ["puppet", "timed"] if list_name == JOBS else list(TAILOR_WORKS)
        claim = await self.queues[list_name].claim(self.worker, free=1, engines=engines, spare=True)
        return claim.jobs[0] if claim.jobs else None

    async def finish(self, job: Claimed, **more: Any) -> dict[str, Any]:
        """Do a job and complete it; return its result. What goes wrong fails as the workers would have it.

        Args:
            job: What was claimed.
            more: Fields of a result that this version does not know.
        """
        queue = self.queues[TAILOR if job.engine in TAILOR_WORKS else JOBS]
        try:
            result = {**(await asyncio.to_thread(self._do, job)).write(), **more}
        except ProteusError as error:
            failure = failure_of(job, error)
            if not failure.retryable and job.engine in TAILOR_WORKS:
                await asyncio.to_thread(self.store.delete, *tasks.leftovers(job.body))
            await queue.fail(self.worker, [failure])
            return {}
        await queue.complete(self.worker, [Completion(id=job.id, token=job.token, result=result)])
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
                    await asyncio.sleep(0.08)

        async with asyncio.TaskGroup() as tasks:
            for name in lists or (JOBS, TAILOR):
                tasks.create_task(work(name))
            try:
                yield
            finally:
                stop.set()

    def _do(self, job: Claimed) -> Result:
        if job.engine not in TAILOR_WORKS:
            return self._weave(job, TryonWork.read(job.body))
        work = read_tailor_work(job.body)
        match work:
            case IngestWork():
                return tasks.ingest(self.store, work, Limits(), self.safety)
            case CutWork():
                return self._cut(work)
            case ParseWork():
                return self._parse(work)
            case _:
                return tasks.run(self.store, job.body, FlatParser(), self.bench)

    def _cut(self, work: CutWork) -> CutResult:
        self.store.get(work.image_key)  # A photo that is not there fails here as it does in the tailor.
        keys = object_keys.cut_keys(
            work.user_id, work.image_sha256, parser=PARSER, parser_version="1", category=work.category
        )
        described = GarmentCut(
            image_key=work.image_key,
            cut_key=keys.picture,
            width=64,
            height=96,
            category="upper" if work.category == "auto" else work.category,  # type: ignore[arg-type] # a garment's
            confidence=0.9,
            bounding_box=(0, 0, 64, 96),
            worn=False,
            parser=PARSER,
            parser_version="1",
            categories=(CategoryScore(category="upper", score=0.8), CategoryScore(category="dress", score=0.2)),
            warnings=(warn(WarningCode.LOW_RESOLUTION, "garment"),),
        )
        self.store.put(keys.picture, png(mode="RGBA"), content_type="image/png")
        self.store.put_json(keys.description, described.model_dump(mode="json"))
        return CutResult(
            result_key=keys.picture,
            cut_key_json=keys.description,
            cut=CutFacts.of(described),
            blurhash="L00000fQfQfQfQfQfQfQfQfQfQfQ",
        )

    def _parse(self, work: ParseWork) -> ParseResult:
        self.store.get(work.image_key)
        keys = object_keys.parse_keys(
            work.user_id,
            work.image_sha256,
            parser=PARSER,
            parser_version="1",
            person_index=getattr(work, "person_index", None),
        )
        described = PersonParse(
            image_key=work.image_key,
            width=96,
            height=128,
            parser=PARSER,
            parser_version="1",
            pose_model=PARSER,
            landmarks=tuple(Landmark(x=48, y=64, visibility=1) for _ in range(33)),
            person_mask_key=keys.person_mask,
            agnostic_mask_keys={one: keys.agnostic_mask(one) for one in CLOTHES if one not in LAYERS},
            layer_mask_keys={one: keys.agnostic_mask(one) for one in LAYERS},
            people=2,
            person_index=1,
            warnings=(warn(WarningCode.LOW_RESOLUTION, "person"),),
        )
        for key in (described.person_mask_key, *map(keys.agnostic_mask, described.masks)):
            self.store.put(key, png(mode="L"), content_type="image/png")
        self.store.put_json(keys.description, described.model_dump(mode="json"))
        return ParseResult(result_key=keys.description, parse=ParseFacts.of(described))

    def _weave(self, job: Claimed, work: TryonWork) -> TryonResult:
        key = object_keys.result_key(
            work.user_id, work.tryon_job_id, work.n, token=job.token, worker=self.worker, extension="png"
        )
        self.store.put(key, png(), content_type="image/png")
        warnings = warn_all(work.garment_warnings, "garment")
        return TryonResult(
            result_key=key,
            width=64,
            height=96,
            content_type="image/png",
            size_bytes=1,
            engine=work.engine,
            engine_version="1",
            seed=work.seed,
            degraded=job.degraded,
            worker=self.worker,
            notes={},
            warnings=warnings,
            quality_score=quality_of(work.garment_confidence, warnings),
            blurhash="L00000fQfQfQfQfQfQfQfQfQfQfQ",
            timings={"fetch_seconds": 0.01, "weave_seconds": 0.02, "store_seconds": 0.01},
        )


def png(size: tuple[int, int] = (96, 128), mode: str = "RGB") -> bytes:
    """A small picture; each size is another one."""
    buffer = io.BytesIO()
    Image.new(mode, size, "white").save(buffer, "PNG")
    return buffer.getvalue()
