"""arq as it comes, without results kept. `produce COUNT SECONDS` enqueues one by one; the worker is arq's own."""

import asyncio
import os
import sys

import witness
from arq import create_pool
from arq.connections import RedisSettings


async def work(context: dict, number: int, seconds: float) -> None:
    if seconds:
        await asyncio.to_thread(witness.run, number, seconds)
    else:
        witness.run(number, seconds)


class WorkerSettings:
    functions = (work,)
    redis_settings = RedisSettings.from_dsn(os.environ["BENCH_REDIS_URL"])
    keep_result = 0


async def produce(count: int, seconds: float) -> None:
    pool = await create_pool(WorkerSettings.redis_settings)
    for number in range(count):
        await pool.enqueue_job("work", number, seconds)
    await pool.aclose()


if __name__ == "__main__":
    asyncio.run(produce(int(sys.argv[2]), float(sys.argv[3])))
