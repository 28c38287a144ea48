"""What a weaver stores and tells: a picture whose completion is refused does not stay."""

from __future__ import annotations

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from proteus import keys
from proteus.jobs import JobId, WorkerId
from proteus.payloads import TryonWork
from proteus.queue import Completion, MemoryJobQueue, Submission
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from weaver.delivery import Delivery
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem
from weaver.pipelines.contract import Finished, WeaveJob
from weaver.pipelines.timed import TimedEngine
from weaver.progress import ProgressReporter
from worker_parts import worker_parts

WORKER = WorkerId("w1")


@pytest.fixture
def queue() -> MemoryJobQueue:
    return MemoryJobQueue()


def submission(job_id: str) -> Submission:
    work = TryonWork(
        user_id="u",
        tryon_job_id=job_id,
        n=1,
        person_key="person",
        garment_key="garment",
        garment_category="upper",
        output_format="png",
    )
    return Submission(
        id=JobId(job_id),
        epoch=1,
        payload={"id": job_id},
        body=work.write(),
        engine="timed",
        batch_key="timed/1/384x512/8",
    )


async def test_a_picture_whose_completion_is_refused_is_deleted_and_the_others_stay(
    queue: MemoryJobQueue, store: ObjectStore
) -> None:
    """The job was lost and done by another worker while this one was storing."""
    await queue.submit(submission("job_lost"), submission("job_kept"))
    claims = Claims(queue, WORKER)
    jobs = await claims.take(2, engines=["timed"])
    lost = jobs[0]
    await queue.complete(WORKER, [Completion(id=lost.id, token=lost.token, result={"result_key": "results/other"})])
    await queue.forget(lost.id)
    image = np.zeros((8, 6, 3), np.uint8)
    cut = np.zeros((8, 6, 4), np.uint8)
    items = [
        BatchItem(
            job=job,
            inputs=WeaveJob(id=job.id, person=image, garment=cut, garment_category="upper"),
            outcome=Finished(id=job.id, picture=image),
        )
        for job in jobs
    ]
    delivery = Delivery(
        {"timed": TimedEngine({1: 0.0})},
        worker_parts(claims, keys.JOBS, store=store, policy=queue.policy),
        progress=ProgressReporter(queue),
        metrics=Metrics(CollectorRegistry()),
        patience_seconds=5,
    )
    await delivery.deliver(items)
    assert [found.key.split("/")[2] for found in store.list("results/")] == ["job_kept"]
