"""Our queue. `produce COUNT SECONDS` submits one by one; `work BATCH` claims and completes up to BATCH at once.

The worker is the bare loop of a worker: claim, run, complete, its heart in a thread of its own. The engine and what
belongs to it are left out, as they are for the others.
"""

import asyncio
import os
import sys
import threading
import time

import redis as sync_redis
import witness
from redis.asyncio import Redis

from proteus.jobs import JobId, WorkerId
from proteus.object_keys import photo_key, result_prefix
from proteus.queue import Completion, JobQueue, LeaseKeeper, Submission

URL = os.environ["BENCH_REDIS_URL"]
LIST = "queue:jobs"
BEAT_SECONDS = 10.0
POLL_SECONDS = 1.0


def order(number: int, seconds: float) -> Submission:
    job_id = JobId(f"job_{number:032x}")
    address = f"http://127.0.0.1:8333/proteus/{photo_key('user_1', '0' * 64, 'png')}"
    payload = {"id": job_id, "user_photo_url": address, "cloth_clean_url": address, "created_at": 1706956800}
    body = {"number": number, "seconds": seconds, "user_id": "user_1", "vton_id": "vton_1", "job_type": "tryon"}
    return Submission(id=job_id, epoch=1, payload=payload, body=body, engine="timed", batch_key="timed/1/0x0/0")


async def produce(count: int, seconds: float) -> None:
    async with Redis.from_url(URL) as redis:
        queue = JobQueue(redis, LIST)
        for number in range(count):
            await queue.submit(order(number, seconds))


async def work(batch: int) -> None:
    worker, held = WorkerId(f"worker-{os.getpid()}"), {}
    threading.Thread(target=beat, args=(worker, held), daemon=True).start()
    async with Redis.from_url(URL) as redis:
        queue = JobQueue(redis, LIST)
        while True:
            claim = await queue.claim(worker, free=batch, engines=["timed"])
            if not claim.jobs:
                await asyncio.sleep(POLL_SECONDS)
                continue
            held.update({job.id: job.token for job in claim.jobs})
            for job in claim.jobs:
                witness.run(job.body["number"], job.body["seconds"])
            held.clear()
            result = {"result_key": result_prefix("user_1", "x"), "width": 768, "height": 1024}
            await queue.complete(worker, [Completion(id=job.id, token=job.token, result=result) for job in claim.jobs])


def beat(worker: WorkerId, held: dict) -> None:
    with sync_redis.Redis.from_url(URL) as redis:
        keeper = LeaseKeeper(redis, LIST)
        while True:
            time.sleep(BEAT_SECONDS)
            if now := dict(held):
                keeper.renew(worker, now)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        asyncio.run(work(int(sys.argv[2])))
    else:
        asyncio.run(produce(int(sys.argv[2]), float(sys.argv[3])))
