"""A picture that its engine's gate does not show: through the real queue to another engine, or refused with reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from proteus import keys
from proteus.artefacts import WarningCode
from proteus.engines import FASHN, KLEIN, EngineCard, canvas_of
from proteus.errors import QualityTooLow
from proteus.jobs import JobId, JobState, WorkerId
from proteus.keys import QueueKeys
from proteus.payloads import TryonResult, TryonWork
from proteus.queue import Claimed, JobQueue, QueuePolicy, Submission
from proteus.registry import WorkerCard, WorkerState, register
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from weaver.delivery import Delivery
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem
from weaver.pipelines.contract import Finished, Pixels, WeaveJob
from weaver.progress import ProgressReporter
from worker_parts import worker_parts

JOB = JobId("job_a")
PHOTO = np.full((8, 6, 3), 90, np.uint8)
NAMES = QueueKeys(keys.JOBS)
POLICY = QueuePolicy(backoff_base_ms=1, backoff_cap_ms=1)


@dataclass(frozen=True)
class OnlyItsCard:
    """As much of an engine as a delivery sees."""

    card: EngineCard


class Weaver:
    """One worker's claims and deliveries at the real queue and store."""

    def __init__(self, card: EngineCard, redis: Redis, store: ObjectStore, *, registry: Redis | None = None) -> None:
        self.card = card
        self.claims = Claims(JobQueue(redis, keys.JOBS, policy=POLICY), WorkerId(f"weaver-{card.name}"))
        self.delivery = Delivery(
            {card.name: OnlyItsCard(card)},  # type: ignore[dict-item]
            worker_parts(self.claims, keys.JOBS, redis=registry or redis, store=store, policy=POLICY),
            progress=ProgressReporter(self.claims.queue),
            metrics=Metrics(CollectorRegistry()),
            patience_seconds=5,
        )

    async def take(self) -> list[Claimed]:
        return await self.claims.take(4, engines=[self.card.name])

    async def deliver(self, job: Claimed, picture: Any) -> None:
        cut = np.zeros((8, 6, 4), np.uint8)
        inputs = WeaveJob(id=job.id, person=PHOTO, garment=cut, garment_category="upper")
        outcome = Finished(id=job.id, picture=picture)
        await self.delivery.deliver([BatchItem(job=job, inputs=inputs, outcome=outcome)])


def not_shown() -> Pixels:
    raise QualityTooLow("klein made a picture that is not shown: the face changed.", made=True)


def submission(**work: Any) -> Submission:
    fields = {"user_id": "u", "tryon_job_id": "tj", "n": 1, "person_key": "p", "garment_key": "g", "engine": "klein"}
    key, small = KLEIN.batch_key("fast"), KLEIN.batch_key("balanced", degraded=True)
    return Submission(
        id=JOB,
        epoch=1,
        payload={"id": JOB},
        body=TryonWork(**{**fields, "garment_category": "upper", "quality": "fast", **work}).write(),
        engine="klein",
        batch_key=key,
        canvas_key=canvas_of(key),
        degraded_batch_key=small,
        degraded_canvas_key=canvas_of(small),
        may_degrade=True,
    )


async def offers(redis: Redis, *engines: str, state: WorkerState = WorkerState.READY) -> None:
    await register(redis, NAMES, WorkerCard(id=WorkerId("w-" + "-".join(engines)), state=state, engines=engines))


async def view(redis: Redis) -> Any:
    (found,) = await JobQueue(redis, keys.JOBS).look(JOB)
    assert found is not None
    return found


async def test_another_engine_makes_it_once_and_the_result_names_it(redis: Redis, store: ObjectStore) -> None:
    klein, fashn = Weaver(KLEIN, redis, store), Weaver(FASHN, redis, store)
    await offers(redis, "fashn")
    await klein.claims.queue.submit(submission())
    (job,) = await klein.take()
    await klein.deliver(job, not_shown)
    waiting = await view(redis)
    assert (waiting.state, waiting.code, waiting.attempts) == (JobState.QUEUED, "quality_too_low", 1)
    assert waiting.message.endswith("the face changed. fashn makes it instead.")
    assert not list(store.list("results/")), "nothing of the first picture is kept"
    assert await klein.take() == []

    (again,) = await fashn.take()
    assert again.batch_key == FASHN.batch_key("fast")
    assert again.shared_key == canvas_of(FASHN.batch_key("fast"))
    await fashn.deliver(again, PHOTO)
    done = await view(redis)
    assert done.state is JobState.COMPLETED
    made = TryonResult.read(done.result)
    assert (made.engine, made.engine_version) == ("fashn", FASHN.full_version)
    assert [one.code for one in made.warnings] == [WarningCode.ENGINE_REPLACED]
    assert [found.key for found in store.list("results/")] == [made.result_key]
    await klein.deliver(job, PHOTO)  # A worker that was thought dead tells its own picture too late.
    assert (await view(redis)).result == done.result
    assert [found.key for found in store.list("results/")] == [made.result_key]


@pytest.mark.parametrize(
    ("engines", "state", "work"),
    [
        ((), WorkerState.READY, {}),
        (("klein", "puppet"), WorkerState.READY, {}),
        (("fashn",), WorkerState.LOADING, {}),
        (("fashn",), WorkerState.DRAINING, {}),
        (("fashn",), WorkerState.READY, {"garment_category": "shoes"}),
        (("fashn",), WorkerState.READY, {"garment_category": "bag"}),
        (("fashn",), WorkerState.READY, {"garment_category": "hat"}),
    ],
)
async def test_where_no_other_engine_can_make_it_the_job_is_refused_with_the_reason(
    redis: Redis, store: ObjectStore, engines: tuple[str, ...], state: WorkerState, work: dict[str, Any]
) -> None:
    klein = Weaver(KLEIN, redis, store)
    if engines:
        await offers(redis, *engines, state=state)
    await klein.claims.queue.submit(submission(**work))
    (job,) = await klein.take()
    await klein.deliver(job, not_shown)
    ended = await view(redis)
    assert (ended.state, ended.code) == (JobState.FAILED, "quality_too_low")
    assert ended.message == "klein made a picture that is not shown: the face changed."
    assert (await klein.claims.queue.stats()).dead == 0, "no operator could repair it"
    assert not list(store.list("results/"))


async def test_photos_that_are_too_poor_are_refused_by_every_engine_alike(redis: Redis, store: ObjectStore) -> None:
    klein = Weaver(KLEIN, redis, store)
    await offers(redis, "fashn")
    await klein.claims.queue.submit(submission())
    (job,) = await klein.take()

    def too_poor() -> Pixels:
        raise QualityTooLow("The picture's quality would be 0.01.")

    await klein.deliver(job, too_poor)
    assert (await view(redis)).state is JobState.FAILED


async def test_a_registry_that_cannot_be_read_is_no_empty_one(redis: Redis, store: ObjectStore) -> None:
    away = Redis.from_url("redis://127.0.0.1:1")
    klein = Weaver(KLEIN, redis, store, registry=away)
    await klein.claims.queue.submit(submission())
    (job,) = await klein.take()
    await klein.deliver(job, not_shown)
    back = await view(redis)
    assert (back.state, back.attempts, back.crashes) == (JobState.QUEUED, 0, 0)
    assert [again.id for again in await klein.take()] == [JOB]
    await away.aclose()


async def test_a_picture_of_the_chosen_engine_carries_no_such_warning(redis: Redis, store: ObjectStore) -> None:
    klein = Weaver(KLEIN, redis, store)
    await klein.claims.queue.submit(submission())
    (job,) = await klein.take()
    await klein.deliver(job, PHOTO)
    made = TryonResult.read((await view(redis)).result)
    assert (made.engine, made.warnings) == ("klein", ())
