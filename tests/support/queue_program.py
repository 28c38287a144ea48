"""A queue's client as a program: reads one call a line, answers one line. Any version's package can run it.

Usage: python queue_program.py REDIS_URL, with `PYTHONPATH` leading to the package `proteus` of that version.
"""

import asyncio
import json
import sys
from typing import Any

from redis.asyncio import Redis

from proteus import keys
from proteus.jobs import JobId, WorkerId
from proteus.queue import Completion, Failure, JobQueue, QueuePolicy, Submission
from proteus.registry import WorkerCard, WorkerState, list_workers, register

LONG_AGO_MS = 10**9
POLICY = QueuePolicy(backoff_base_ms=1, backoff_cap_ms=1, solo_patience_ms=10**9)


class Program:
    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.queue = JobQueue(redis, keys.JOBS, policy=POLICY)

    async def submit(self, job_id: str, engine: str, high: bool) -> Any:
        payload = {"id": job_id, "user_photo_url": "p", "cloth_clean_url": "c", "created_at": 1}
        body = {"user_id": "user_1", "vton_id": "vton_1", "job_type": "tryon", "result_url": f"/v1/results/{job_id}/1"}
        one = Submission(
            id=JobId(job_id), epoch=1, payload=payload, body=body, engine=engine, batch_key=engine, high=high
        )
        return await self.queue.submit(one)

    async def claim(self, worker: str, free: int, engines: list[str]) -> Any:
        return [
            (job.id, job.token) for job in (await self.queue.claim(WorkerId(worker), free=free, engines=engines)).jobs
        ]

    async def complete(self, worker: str, job_id: str, token: int) -> Any:
        result = {"result_key": f"results/{job_id}"}
        return [
            str(one)
            for one in await self.queue.complete(
                WorkerId(worker), [Completion(id=JobId(job_id), token=token, result=result)]
            )
        ]

    async def fail(self, worker: str, job_id: str, token: int) -> Any:
        failure = Failure(id=JobId(job_id), token=token, code="engine_failed", message="it broke", retryable=True)
        return [str(one) for one in await self.queue.fail(WorkerId(worker), [failure])]

    async def hand_back(self, worker: str, job_id: str, token: int) -> Any:
        return await self.queue.hand_back(WorkerId(worker), {JobId(job_id): token})

    async def crash(self, worker: str, job_id: str, token: int) -> Any:
        await self.queue.renew(WorkerId(worker), {JobId(job_id): token}, idle_ms=LONG_AGO_MS)

    async def cancel(self, job_id: str) -> Any:
        return [str(one) for one in await self.queue.cancel(JobId(job_id))]

    async def reap(self) -> Any:
        return await self.queue.reap()

    async def states(self, *ids: str) -> Any:
        return [None if view is None else str(view.state) for view in await self.queue.look(*map(JobId, ids))]

    async def stats(self) -> Any:
        read = await self.queue.stats()
        return [read.waiting, read.running, read.retrying]

    async def register(self, worker: str) -> Any:
        card = WorkerCard(
            id=WorkerId(worker), state=WorkerState.READY, engines=("puppet",), weights={"puppet": "puppet 1"}
        )
        await register(self.redis, self.queue.keys, card)

    async def workers(self) -> Any:
        return [(card.id, card.engines, card.weights) for card in await list_workers(self.redis, self.queue.keys)]


async def main(url: str) -> None:
    redis = Redis.from_url(url, decode_responses=True)
    program = Program(redis)
    while line := await asyncio.to_thread(sys.stdin.readline):
        verb, *words = json.loads(line)
        print(json.dumps(await getattr(program, verb)(*words)), flush=True)
    await redis.aclose()


asyncio.run(main(sys.argv[1]))
