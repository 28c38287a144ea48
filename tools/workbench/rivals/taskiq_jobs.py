"""taskiq on its stream broker (its list broker loses jobs by design). `produce COUNT SECONDS` enqueues one by one."""

import asyncio
import os
import sys

import witness
from taskiq_redis import RedisStreamBroker

broker = RedisStreamBroker(url=os.environ["BENCH_REDIS_URL"])


@broker.task(task_name="work")
async def work(number: int, seconds: float) -> None:
    if seconds:
        await asyncio.to_thread(witness.run, number, seconds)
    else:
        witness.run(number, seconds)


async def produce(count: int, seconds: float) -> None:
    await broker.startup()
    for number in range(count):
        await work.kiq(number, seconds)
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(produce(int(sys.argv[2]), float(sys.argv[3])))
