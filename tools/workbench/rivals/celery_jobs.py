"""celery on Redis, set to lose as little as it can: acks_late, one job prefetched, no result backend.

`produce COUNT SECONDS` enqueues one by one; the worker is celery's own, pool `solo`.
"""

import os
import sys

import witness
from celery import Celery

app = Celery("celery_jobs", broker=os.environ["BENCH_REDIS_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
)


@app.task(name="work")
def work(number: int, seconds: float) -> None:
    witness.run(number, seconds)


if __name__ == "__main__":
    for number in range(int(sys.argv[2])):
        work.delay(number, float(sys.argv[3]))
